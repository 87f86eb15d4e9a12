//! `ansible.builtin.yum_repository`: repositories of yum and dnf.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::python_repr::str_of;
use crate::{
    Arg, Args, Constraint, Content, Context, Diff, FileAttributes, Module, ModuleError, ModuleResult, WriteOptions,
};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.yum_repository", ARGS, run)
    .constraints(&[
        Constraint::RequiredIfAny("state", "present", &["baseurl", "mirrorlist", "metalink"]),
        Constraint::RequiredIf("state", "present", &["description"]),
    ])
    .file_args()
    .diff();

const ARGS: &[Arg] = &[
    Arg::str("name").required(),
    Arg::str("state").default("present").choices(&["present", "absent"]),
    Arg::str("file"),
    Arg::path("reposdir").default("/etc/yum.repos.d"),
    Arg::str("description"),
    Arg::bool("async"),
    Arg::str("bandwidth"),
    Arg::list("baseurl"),
    Arg::str("cost"),
    Arg::bool("countme"),
    Arg::str("deltarpm_metadata_percentage"),
    Arg::str("deltarpm_percentage"),
    Arg::bool("enabled"),
    Arg::bool("enablegroups"),
    Arg::list("exclude").alias(&["excludepkgs"]),
    Arg::str("failovermethod").choices(&["roundrobin", "priority"]),
    Arg::str("gpgcakey"),
    Arg::bool("gpgcheck"),
    Arg::list("gpgkey"),
    Arg::bool("module_hotfixes"),
    Arg::str("http_caching").choices(&["all", "packages", "none"]),
    Arg::str("include"),
    Arg::list("includepkgs"),
    Arg::str("ip_resolve").choices(&["4", "6", "IPv4", "IPv6", "whatever"]),
    Arg::bool("keepalive"),
    Arg::str("keepcache").choices(&["0", "1"]),
    Arg::str("metadata_expire"),
    Arg::str("metadata_expire_filter").choices(&["never", "read-only:past", "read-only:present", "read-only:future"]),
    Arg::str("metalink"),
    Arg::str("mirrorlist"),
    Arg::str("mirrorlist_expire"),
    Arg::str("password").no_log(),
    Arg::str("priority"),
    Arg::bool("protect"),
    Arg::str("proxy"),
    Arg::str("proxy_password").no_log(),
    Arg::str("proxy_username"),
    Arg::bool("repo_gpgcheck"),
    Arg::str("retries"),
    Arg::bool("s3_enabled"),
    Arg::bool("skip_if_unavailable"),
    Arg::str("sslcacert").alias(&["ca_cert"]),
    Arg::bool("ssl_check_cert_permissions"),
    Arg::str("sslclientcert").alias(&["client_cert"]),
    Arg::str("sslclientkey").alias(&["client_key"]),
    Arg::bool("sslverify").alias(&["validate_certs"]),
    Arg::str("throttle"),
    Arg::str("timeout"),
    Arg::str("ui_repoid_vars"),
    Arg::str("username"),
];

/// Arguments that are no options of a repository.
const NOT_OPTIONS: [&str; 4] = ["name", "state", "file", "reposdir"];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let (name, state) = (args.str("name")?, args.str("state")?);
    let dir = args.path("reposdir")?;
    if !dir.is_dir() {
        return Err(ModuleError::failed(format!("Repo directory '{}' does not exist.", dir.display())));
    }
    let file = file(args, &dir)?;
    let mut repos = Repositories::parse(&cx.read_utf8(&file)?.unwrap_or_default());
    let before = repos.shown();
    repos.remove(name);
    if state == "present" {
        repos.sections.push((name.to_owned(), options(args)));
    }
    let after = repos.shown();
    let mut changed = after != before;
    if changed && repos.sections.is_empty() {
        cx.remove_file(&file)?;
    } else if changed {
        let options = WriteOptions { new_mode: Some(0o644), ..WriteOptions::from_args(args) };
        cx.write_file(&file, Content::Bytes(repos.text().as_bytes()), &options)?;
    }
    if cx.exists(&file) && state == "present" {
        changed |= cx.set_attributes(&file, &FileAttributes::from_args(args))?;
    }
    let header = file.to_string_lossy().into_owned();
    Ok(ModuleResult::ok()
        .changed(changed)
        .set("repo", name)
        .set("state", state)
        .diff(Diff::new(before, after).headers(header.clone(), header)))
}

fn file(args: &Args, dir: &Path) -> Result<PathBuf, ModuleError> {
    let name = args.opt_str("file").map_or_else(|| args.str("name"), Ok)?;
    let name = if name.ends_with(".repo") { name.to_owned() } else { format!("{name}.repo") };
    Ok(dir.join(name))
}

/// Keys and values, sorted by key.
fn options(args: &Args) -> Vec<(String, String)> {
    let entry = |arg: &Arg| {
        let value = args.raw(arg.name).filter(|_| !NOT_OPTIONS.contains(&arg.name))?;
        let key = match arg.name {
            "description" => "name",
            other => other,
        };
        Some((key.to_owned(), text(arg.name, value)))
    };
    let mut options: Vec<_> = ARGS.iter().filter_map(entry).collect();
    options.sort();
    options
}

fn text(name: &str, value: &Value) -> String {
    match value {
        Value::Bool(truth) => u8::from(*truth).to_string(),
        // Addresses stand on lines of their own, package names in one.
        Value::Array(items) if matches!(name, "baseurl" | "gpgkey") => {
            items.iter().map(str_of).collect::<Vec<_>>().join("\n")
        }
        Value::Array(items) => items.iter().map(str_of).collect::<Vec<_>>().join(" "),
        other => str_of(other),
    }
}

/// The sections of a file with their options, both in order. Comments do not survive.
#[derive(Debug, Default)]
struct Repositories {
    sections: Vec<(String, Vec<(String, String)>)>,
}

impl Repositories {
    fn parse(text: &str) -> Self {
        let mut repos = Self::default();
        for line in text.lines().filter(|line| !line.trim_start().starts_with(['#', ';']) && !line.trim().is_empty()) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
                repos.sections.push((name.to_owned(), Vec::new()));
                continue;
            }
            let Some((_, options)) = repos.sections.last_mut() else { continue };
            match (line.starts_with([' ', '\t']), options.last_mut()) {
                (true, Some((_, value))) => value.push_str(&format!("\n{}", line.trim())),
                _ => {
                    let (key, value) = line.split_once(['=', ':']).unwrap_or((line, ""));
                    options.push((key.trim().to_lowercase(), value.trim().to_owned()));
                }
            }
        }
        repos
    }

    fn remove(&mut self, name: &str) {
        self.sections.retain(|(section, _)| section != name);
    }

    fn text(&self) -> String {
        let option = |(key, value): &(String, String)| format!("{key} = {}\n", value.replace('\n', "\n\t"));
        let section = |(name, options): &(String, Vec<_>)| {
            format!("[{name}]\n{}\n", options.iter().map(option).collect::<String>())
        };
        self.sections.iter().map(section).collect()
    }

    /// For comparison and diff: everything sorted.
    fn shown(&self) -> String {
        let mut sections = self.sections.clone();
        sections.sort();
        let section = |(name, options): &mut (String, Vec<(String, String)>)| {
            options.sort();
            let lines = options.iter().map(|(key, value)| format!("{key} = {value}\n"));
            format!("[{name}]\n{}\n", lines.collect::<String>())
        };
        sections.iter_mut().map(section).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn files_are_read_and_written() {
        let text = "# c\n[b]\nname=B\nbaseurl = u\n  v\n\n[a]\nX: 1\n";
        let mut repos = Repositories::parse(text);
        assert_eq!(repos.text(), "[b]\nname = B\nbaseurl = u\n\tv\n\n[a]\nx = 1\n\n");
        assert_eq!(repos.shown(), "[a]\nx = 1\n\n[b]\nbaseurl = u\nv\nname = B\n\n");
        repos.remove("b");
        assert_eq!(repos.text(), "[a]\nx = 1\n\n");
    }

    #[test]
    fn options_have_their_form() {
        let values = json!({"name": "a", "description": "D", "baseurl": ["u", "v"], "enabled": true, "exclude": ["x", "y"],
            "reposdir": "/", "state": "present"});
        let options = options(&Args::of_map(values.as_object().unwrap()));
        let shown: Vec<String> = options.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(shown, ["baseurl=u\nv", "enabled=1", "exclude=x y", "name=D"]);
    }
}
