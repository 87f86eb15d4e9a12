//! `ansible.builtin.deb822_repository`: sources of packages in apt's stanza format.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::http::{Client, Request};
use crate::{Arg, Args, Content, Context, Diff, FileAttributes, Module, ModuleError, ModuleResult, WriteOptions};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.deb822_repository", ARGS, run).diff();

const ARGS: &[Arg] = &[
    Arg::bool("allow_downgrade_to_insecure"),
    Arg::bool("allow_insecure"),
    Arg::bool("allow_weak"),
    Arg::list("architectures"),
    Arg::bool("by_hash"),
    Arg::bool("check_date"),
    Arg::bool("check_valid_until"),
    Arg::list("components"),
    Arg::int("date_max_future"),
    Arg::bool("enabled"),
    Arg::list("exclude"),
    Arg::list("include"),
    Arg::str("inrelease_path"),
    // Nothing to install.
    Arg::bool("install_python_debian").default("false"),
    Arg::list("languages"),
    Arg::raw("mode").default("0644"),
    Arg::str("name").required(),
    Arg::bool("pdiffs"),
    Arg::str("signed_by"),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::list("suites"),
    Arg::list("targets"),
    Arg::bool("trusted"),
    Arg::list("types").default("deb").choices(&["deb", "deb-src"]),
    Arg::list("uris"),
];

/// Arguments that are no fields.
const NOT_FIELDS: [&str; 3] = ["install_python_debian", "mode", "state"];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let name = args.str("name")?;
    let slug = slug(name);
    let path = PathBuf::from(format!("/etc/apt/sources.list.d/{slug}.sources"));
    if args.str("state")? == "absent" {
        return remove(&path, &slug, cx);
    }
    let key = Key::of(args, &slug, cx)?;
    let mut changed = key.install(cx)?;
    let text = stanza(args, &key);
    let before = cx.read_text(&path)?;
    let differs = before.as_deref() != Some(text.as_str());
    if differs {
        let options = WriteOptions { new_mode: Some(0o644), ..WriteOptions::default() };
        cx.write_file(&path, Content::Bytes(text.as_bytes()), &options)?;
        changed = true;
    }
    if cx.exists(&path) {
        let attributes = FileAttributes::default().with_mode(args.raw("mode").cloned());
        changed |= cx.set_attributes(&path, &attributes)?;
    }
    let dest = path.to_string_lossy().into_owned();
    let result = ModuleResult::ok()
        .changed(changed)
        .set("repo", text.clone())
        .set("dest", dest.clone())
        .set("key_filename", key.path().map(|path| path.to_string_lossy().into_owned()));
    Ok(if differs && cx.diff_mode {
        result.diff(Diff::new(before.unwrap_or_default(), text).headers(dest.clone(), dest))
    } else {
        result
    })
}

fn remove(path: &Path, slug: &str, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let mut changed = false;
    let keys = ["gpg", "asc"].map(|extension| PathBuf::from(format!("/etc/apt/keyrings/{slug}.{extension}")));
    for file in keys.iter().map(PathBuf::as_path).chain([path]) {
        if cx.lstat(file)?.is_some() {
            cx.remove_file(file)?;
            changed = true;
        }
    }
    let key = keys[0].to_string_lossy().into_owned();
    let result = ModuleResult::ok().changed(changed).set("repo", Value::Null);
    Ok(result.set("dest", path.to_string_lossy().into_owned()).set("key_filename", key))
}

/// The file's name for a repository: words joined by dashes.
fn slug(name: &str) -> String {
    let kept = name.to_lowercase().replace(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-' | ' ' | '\t'), "");
    kept.split([' ', '\t', '-']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

/// How the repository's key is given.
enum Key {
    None,
    /// A path, or fingerprints: apt understands it.
    AsIs(String),
    /// The key itself goes into the stanza.
    Inline(String),
    /// Fetched into a keyring of its own.
    File(PathBuf, Vec<u8>),
}

impl Key {
    fn of(args: &Args, slug: &str, cx: &Context<'_>) -> Result<Self, ModuleError> {
        let Some(given) = args.opt_str("signed_by") else { return Ok(Self::None) };
        if given.contains("-----BEGIN") {
            return Ok(Self::Inline(given.trim().to_owned()));
        }
        if !given.contains("://") {
            return Ok(Self::AsIs(given.to_owned()));
        }
        let failed = |reason: String| ModuleError::failed(format!("unable to fetch key from {given}: {reason}"));
        let mut response = Client::new(cx).send(&Request::get(given)).map_err(|error| failed(error.to_string()))?;
        if !response.is_success() {
            return Err(failed(response.summary()));
        }
        let content = response.read_body()?;
        let extension = if content.starts_with(b"-----BEGIN") { "asc" } else { "gpg" };
        Ok(Self::File(PathBuf::from(format!("/etc/apt/keyrings/{slug}.{extension}")), content))
    }

    fn path(&self) -> Option<&Path> {
        if let Self::File(path, _) = self { Some(path) } else { None }
    }

    fn install(&self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let Self::File(path, content) = self else { return Ok(false) };
        if cx.read(path)?.as_ref() == Some(content) {
            return Ok(false);
        }
        if let Some(dir) = path.parent().filter(|dir| !dir.exists()) {
            cx.make_dir(dir)?;
        }
        let options = WriteOptions { new_mode: Some(0o644), ..WriteOptions::default() };
        cx.write_file(path, Content::Bytes(content), &options)?;
        Ok(true)
    }

    /// The value of `Signed-By`, with the blank that separates it.
    fn value(&self) -> Option<String> {
        match self {
            Self::None => None,
            Self::AsIs(text) => Some(format!(" {text}")),
            Self::File(path, _) => Some(format!(" {}", path.display())),
            Self::Inline(key) => {
                let lines = key.lines().map(str::trim).map(|line| if line.is_empty() { "." } else { line });
                Some(lines.map(|line| format!("\n    {line}")).collect())
            }
        }
    }
}

fn stanza(args: &Args, key: &Key) -> String {
    let fields = ARGS.iter().filter(|arg| !NOT_FIELDS.contains(&arg.name));
    let line = |arg: &Arg| {
        let value =
            if arg.name == "signed_by" { key.value()? } else { format!(" {}", field_value(args.raw(arg.name)?)) };
        Some(format!("{}:{value}\n", field_name(arg.name)))
    };
    fields.filter_map(line).collect()
}

fn field_name(argument: &str) -> String {
    match argument {
        "name" => "X-Repolib-Name".to_owned(),
        "uris" => "URIs".to_owned(),
        "pdiffs" => "PDiffs".to_owned(),
        "inrelease_path" => "InRelease-Path".to_owned(),
        other => {
            let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
            other.split('_').filter(|word| !word.is_empty()).map(capital).collect::<Vec<_>>().join("-")
        }
    }
}

fn field_value(value: &Value) -> String {
    match value {
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(items) => items.iter().map(field_value).collect::<Vec<_>>().join(" "),
        other => crate::python_repr::str_of(other),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn stanzas_list_what_is_set() {
        let values = json!({"name": "x 3", "uris": ["http://a/b"], "suites": ["s"], "types": ["deb"], "enabled": false,
            "by_hash": true, "components": ["main", "contrib"], "state": "present", "mode": "0644"});
        let args = Args::of_map(values.as_object().unwrap());
        let key = Key::Inline("-----BEGIN\n\nabc".to_owned());
        assert_eq!(
            stanza(&args, &key),
            "By-Hash: yes\nComponents: main contrib\nEnabled: no\nX-Repolib-Name: x 3\n\
             Signed-By:\n    -----BEGIN\n    .\n    abc\nSuites: s\nTypes: deb\nURIs: http://a/b\n"
        );
        assert_eq!(field_name("allow_downgrade_to_insecure"), "Allow-Downgrade-To-Insecure");
        assert_eq!(slug("Debian  extra (x)"), "debian-extra-x");
    }
}
