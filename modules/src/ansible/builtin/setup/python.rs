//! The node's own Python, when it has one: Kapell does not need it, but content may ask.

use std::path::Path;

use serde_json::{Value, json};

use super::collector::Facts;

const INTERPRETERS: [&str; 3] = ["/usr/bin/python3", "/usr/libexec/platform-python", "/usr/local/bin/python3"];

/// Only what the interpreter's name says is known: major and minor version.
pub(super) fn collect(facts: &mut Facts<'_, '_>) {
    let found = INTERPRETERS.iter().find_map(|path| version_of(Path::new(path)).map(|version| (path, version)));
    let Some((path, (major, minor))) = found else { return };
    let python: Value = json!({ "executable": path, "type": "cpython", "version": { "major": major, "minor": minor } });
    facts.set("python", python);
    facts.set("python_version", format!("{major}.{minor}"));
}

fn version_of(path: &Path) -> Option<(u32, u32)> {
    let real = fs_err::canonicalize(path).ok()?;
    let name = real.file_name()?.to_str()?;
    let (major, minor) = name.strip_prefix("python")?.split_once('.')?;
    let minor: String = minor.chars().take_while(char::is_ascii_digit).collect();
    Some((major.parse().ok()?, minor.parse().ok()?))
}
