//! What a `dnf` task asks for, and the options that every dnf command of it gets.

use std::path::PathBuf;

use crate::http::{Client, Download, Request as HttpRequest};
use crate::{Args, Context, ModuleError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Present,
    Latest,
    Absent,
}

pub(super) struct Request {
    /// Packages, provides and groups; files and URLs are in `sources`.
    pub names: Vec<String>,
    sources: Vec<String>,
    pub state: State,
    pub upgrade_all: bool,
    pub update_only: bool,
    pub autoremove: bool,
    pub allow_downgrade: bool,
    pub download_only: bool,
    pub refresh: bool,
    pub root: String,
    pub program: String,
    pub options: Vec<String>,
    validate_certs: bool,
}

/// Package files on this node; downloaded ones go away with this value.
#[derive(Default)]
pub(super) struct Files {
    pub paths: Vec<String>,
    dir: Option<tempfile::TempDir>,
}

impl Request {
    pub(super) fn new(args: &Args, cx: &Context<'_>) -> Result<Self, ModuleError> {
        let program = program(args.str("use_backend")?, cx)?;
        let is_dnf5 = program.ends_with("dnf5") || is_dnf5(&program);
        let names: Vec<String> = args.list_of_str("name").iter().map(|name| name.trim().to_owned()).collect();
        let names: Vec<String> = names.into_iter().filter(|name| !name.is_empty()).collect();
        let autoremove = args.bool("autoremove");
        let state = match args.opt_str("state") {
            Some("latest") => State::Latest,
            Some("absent" | "removed") => State::Absent,
            None if autoremove => State::Absent,
            _ => State::Present,
        };
        if autoremove && args.has("state") && state != State::Absent {
            return Err(ModuleError::failed("Autoremove should be used alone or with state=absent")
                .with("results", Vec::<String>::new()));
        }
        let is_source = |name: &String| name.to_ascii_lowercase().ends_with(".rpm") || name.contains("://");
        let (sources, names): (Vec<_>, Vec<_>) = names.into_iter().partition(is_source);
        let upgrade_all = state == State::Latest && names == ["*"];
        Ok(Self {
            names,
            sources,
            state,
            upgrade_all,
            update_only: args.bool("update_only"),
            autoremove,
            allow_downgrade: args.bool("allow_downgrade"),
            download_only: args.bool("download_only"),
            refresh: args.bool("update_cache"),
            root: args.str("installroot")?.to_owned(),
            program,
            options: options(args, state, is_dnf5),
            validate_certs: args.bool("validate_certs"),
        })
    }

    /// Package files; what is behind a URL is downloaded.
    pub(super) fn fetch_files(&self, cx: &Context<'_>) -> Result<Files, ModuleError> {
        let mut files = Files::default();
        for (index, source) in self.sources.iter().enumerate() {
            if !source.contains("://") {
                files.paths.push(source.clone());
                continue;
            }
            let dir = match files.dir.take() {
                Some(dir) => dir,
                None => cx.temp_dir()?,
            };
            let path = self.download(source, &dir.path().join(format!("{index}.rpm")), cx)?;
            files.paths.push(path.to_string_lossy().into_owned());
            files.dir = Some(dir);
        }
        Ok(files)
    }

    fn download(&self, url: &str, path: &std::path::Path, cx: &Context<'_>) -> Result<PathBuf, ModuleError> {
        let failed = |reason: String| ModuleError::failed(format!("Failure downloading {url}, {reason}"));
        let request = HttpRequest { validate_certs: self.validate_certs, ..HttpRequest::get(url) };
        let mut response = Client::new(cx).send(&request).map_err(|error| failed(error.to_string()))?;
        if !response.is_success() {
            return Err(failed(response.summary()));
        }
        Download::save(&mut response, path, cx)?;
        Ok(path.to_owned())
    }
}

fn program(backend: &str, cx: &Context<'_>) -> Result<String, ModuleError> {
    let candidates: &[&str] = match backend {
        "dnf5" => &["dnf5"],
        "dnf4" | "yum4" => &["dnf-3", "dnf", "yum"],
        "yum" => &["yum", "dnf"],
        _ => &["dnf", "dnf5", "yum", "microdnf"],
    };
    match candidates.iter().find(|name| cx.which(name).is_some()) {
        Some(name) => Ok((*name).to_owned()),
        None => {
            Err(cx.require_program(candidates[0]).err().unwrap_or_else(|| ModuleError::failed("dnf was not found")))
        }
    }
}

/// On newer systems `dnf` is a link to dnf 5.
fn is_dnf5(program: &str) -> bool {
    let path = PathBuf::from("/usr/bin").join(program);
    std::fs::canonicalize(path).is_ok_and(|path| path.ends_with("dnf5"))
}

fn options(args: &Args, state: State, is_dnf5: bool) -> Vec<String> {
    let mut options = Vec::new();
    let mut flag = |name: &str, option: &str| {
        if args.bool(name) {
            options.push(option.to_owned());
        }
    };
    flag("update_cache", "--refresh");
    flag("allowerasing", "--allowerasing");
    flag("skip_broken", "--skip-broken");
    flag("disable_gpg_check", if is_dnf5 { "--no-gpgchecks" } else { "--nogpgcheck" });
    flag("cacheonly", "--cacheonly");
    flag("security", "--security");
    flag("bugfix", "--bugfix");
    flag("download_only", "--downloadonly");
    let setting = |name: &str, value: bool| format!("--setopt={name}={}", if value { "True" } else { "False" });
    let best = args.opt_bool("best").or_else(|| args.opt_bool("nobest").map(|nobest| !nobest));
    options.extend(best.map(|best| setting("best", best)));
    if !args.bool("install_weak_deps") {
        options.push(setting("install_weak_deps", false));
    }
    if !args.bool("sslverify") {
        options.push(setting("sslverify", false));
    }
    if state == State::Absent && !args.bool("autoremove") {
        options.push(setting("clean_requirements_on_remove", false));
    }
    let directory = if is_dnf5 { "--destdir" } else { "--downloaddir" };
    let values = [
        ("conf_file", "--config"),
        ("releasever", "--releasever"),
        ("download_dir", directory),
        ("disable_excludes", "--disableexcludes"),
    ];
    options.extend(values.iter().filter_map(|(name, option)| Some(format!("{option}={}", args.opt_str(name)?))));
    if args.opt_str("installroot").is_some_and(|root| root != "/") {
        options.extend(args.opt_str("installroot").map(|root| format!("--installroot={root}")));
        // The repositories are this system's own.
        options.push("--setopt=reposdir=/etc/yum.repos.d,/etc/yum/repos.d,/etc/distro.repos.d".to_owned());
    }
    options.extend(repositories(args, is_dnf5));
    let lists = [
        ("exclude", "--exclude"),
        ("enable_plugin", if is_dnf5 { "--enable-plugin" } else { "--enableplugin" }),
        ("disable_plugin", if is_dnf5 { "--disable-plugin" } else { "--disableplugin" }),
    ];
    for (name, option) in lists {
        let values: Vec<String> = args.list_of_str(name).into_iter().filter(|value| !value.is_empty()).collect();
        if !values.is_empty() {
            options.push(format!("{option}={}", values.join(",")));
        }
    }
    options
}

/// Which repositories are on. The older dnf is told by settings: a name that fits none is no mistake for Ansible.
fn repositories(args: &Args, is_dnf5: bool) -> Vec<String> {
    let mut options = Vec::new();
    for (name, enabled) in [("disablerepo", 0), ("enablerepo", 1)] {
        let values: Vec<String> = args.list_of_str(name).into_iter().filter(|value| !value.is_empty()).collect();
        if is_dnf5 && !values.is_empty() {
            options.push(format!("--{name}={}", values.join(",")));
        } else {
            options.extend(values.iter().map(|value| format!("--setopt={value}.enabled={enabled}")));
        }
    }
    options
}
