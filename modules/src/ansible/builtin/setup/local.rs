//! Facts that the node keeps itself: files and programs in `facts.d`, and the facts of Facter and Ohai.

use std::path::Path;

use rustix::fs::{Access, access};
use serde_json::Value;

use super::collector::Facts;
use crate::attributes::path_text;
use crate::{CommandSpec, Context, Map};

pub(super) fn collect(facts: &mut Facts<'_, '_>) {
    let dir = facts.args.opt_path("fact_path").filter(|dir| dir.is_dir());
    let mut local = Map::new();
    for path in dir.and_then(|dir| facts.cx.list_dir(dir).ok()).unwrap_or_default() {
        if path.extension().is_none_or(|extension| extension != "fact") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let value = read(&path, facts.cx).unwrap_or_else(|problem| {
            facts.cx.warn(problem.clone());
            Value::from(problem)
        });
        local.insert(name, value);
    }
    facts.set("local", local);
}

/// What a file says or a program prints: JSON, or INI when it is not.
fn read(path: &Path, cx: &mut Context<'_>) -> Result<Value, String> {
    let text = if access(path, Access::EXEC_OK).is_ok() && is_executable(path) {
        let output = cx
            .run_read(&CommandSpec::new([path_text(path)]))
            .map_err(|error| format!("Could not execute fact script ({}): {error}", path.display()))?;
        if !output.ok() {
            let (path, rc, stderr) = (path.display(), output.rc, output.stderr());
            return Err(format!("Failure executing fact script ({path}), rc: {rc}, err: {stderr}"));
        }
        output.stdout()
    } else {
        let bytes = fs_err::read(path).map_err(|error| error.to_string())?;
        String::from_utf8_lossy(&bytes).into_owned()
    };
    parse(&text).ok_or_else(|| format!("error loading facts as JSON or ini - please check content: {}", path.display()))
}

/// For root every file passes `access`; the mode says whether it is meant to be run.
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs_err::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o111 != 0)
}

fn parse(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().or_else(|| ini(text).map(Value::Object))
}

/// Sections of `key = value` or `key: value` lines; keys in lower case, indented lines continue a value.
fn ini(text: &str) -> Option<Map> {
    let mut sections = Map::new();
    let mut current: Option<(String, Option<String>)> = None;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(name, _)| name) {
            sections.entry(name).or_insert_with(|| Value::Object(Map::new()));
            current = Some((name.to_owned(), None));
            continue;
        }
        let (section, last) = current.as_mut()?;
        let values = sections.get_mut(section.as_str())?.as_object_mut()?;
        if let Some(key) = last.as_ref().filter(|_| line.starts_with([' ', '\t'])) {
            let old = values.get(key).and_then(Value::as_str).unwrap_or_default();
            let longer = format!("{old}\n{trimmed}");
            values.insert(key.clone(), longer.into());
            continue;
        }
        let (key, value) = trimmed.split_at(trimmed.find(['=', ':'])?);
        let key = key.trim().to_lowercase();
        values.insert(key.clone(), value[1..].trim().into());
        *last = Some(key);
    }
    Some(sections)
}

pub(super) fn facter(facts: &mut Facts<'_, '_>) {
    let program = ["facter", "cfacter"].into_iter().find(|name| facts.cx.which(name).is_some());
    if let Some(program) = program {
        foreign(facts, CommandSpec::new([program, "--puppet", "--json"]), "facter_");
    }
}

pub(super) fn ohai(facts: &mut Facts<'_, '_>) {
    if facts.cx.which("ohai").is_some() {
        foreign(facts, CommandSpec::new(["ohai"]), "ohai_");
    }
}

/// Another tool's facts, under its own prefix.
fn foreign(facts: &mut Facts<'_, '_>, spec: CommandSpec, prefix: &str) {
    let output = facts.cx.run_read(&spec).ok().filter(crate::CommandOutput::ok);
    let found: Option<Map> = output.and_then(|output| serde_json::from_slice(&output.stdout).ok());
    facts.extend(
        found.unwrap_or_default().into_iter().map(|(key, value)| (format!("{prefix}{}", key.replace('-', "_")), value)),
    );
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::parse;

    #[test]
    fn files_are_json_or_ini() {
        let text = "[General]\nFoo = 1\nBar: x y\n  more\nlist = [1,2]\n[other]\nq = \"quoted\"\n";
        let expected = json!({
            "General": {"foo": "1", "bar": "x y\nmore", "list": "[1,2]"}, "other": {"q": "\"quoted\""},
        });
        assert_eq!(parse(text), Some(expected));
        assert_eq!(parse("{\"j\": [1]}"), Some(json!({"j": [1]})));
        assert_eq!(parse("\"str\""), Some(json!("str")));
        assert_eq!(parse(""), Some(json!({})));
        assert_eq!(parse("garbage"), None);
    }
}
