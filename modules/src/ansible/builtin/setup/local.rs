//! Facts that the node keeps itself: files and programs in `facts.d`, and the facts of Facter and Ohai.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{Access, access};
use serde_json::Value;

use super::collector::Facts;
use crate::attributes::path_text;
use crate::error::os_error;
use crate::python_repr::quoted;
use crate::{CommandSpec, Context, Map};

pub(super) fn collect(facts: &mut Facts<'_, '_>) {
    let dir = facts.args.opt_path("fact_path").filter(|dir| dir.is_dir());
    let mut local = Map::new();
    for path in dir.and_then(|dir| facts.cx.list_dir(dir).ok()).unwrap_or_default() {
        let is_hidden = path.file_name().is_some_and(|name| name.as_bytes().starts_with(b"."));
        if is_hidden || path.extension().is_none_or(|extension| extension != "fact") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let value = read(&path, facts.cx).unwrap_or_else(|problems| {
            problems.iter().for_each(|problem| facts.cx.warn(problem.clone()));
            Value::from(problems.last().cloned().unwrap_or_default())
        });
        local.insert(name, value);
    }
    facts.set("local", local);
}

/// What a file says or a program prints: JSON, or INI when it is not.
fn read(path: &Path, cx: &mut Context<'_>) -> Result<Value, Vec<String>> {
    let text = text_of(path, cx).map_err(|problem| vec![problem])?;
    if let Ok(value) = serde_json::from_str(&text) {
        return Ok(value);
    }
    let place = path.display();
    let sections = ini(&text)
        .ok_or_else(|| vec![format!("error loading facts as JSON or ini - please check content: {place}")])?;
    interpolated(sections).map(Value::Object).map_err(|problems| {
        let of_file = |problem| format!("error loading facts as ini - please check content: {place} ({problem})");
        problems.into_iter().map(of_file).collect()
    })
}

fn text_of(path: &Path, cx: &mut Context<'_>) -> Result<String, String> {
    if let Err(error) = fs_err::metadata(path) {
        return Err(format!("Could not stat fact ({}): {}", path.display(), os_error(&error, &path_text(path))));
    }
    if access(path, Access::EXEC_OK).is_ok() && is_executable(path) {
        let output = cx
            .run_read(&CommandSpec::new([path_text(path)]))
            .map_err(|error| format!("Could not execute fact script ({}): {error}", path.display()))?;
        if !output.ok() {
            let (path, rc, stderr) = (path.display(), output.rc, output.stderr());
            return Err(format!("Failure executing fact script ({path}), rc: {rc}, err: {stderr}"));
        }
        Ok(output.stdout())
    } else {
        let bytes = fs_err::read(path).map_err(|error| error.to_string())?;
        // What is no text counts as nothing.
        Ok(String::from_utf8(bytes).unwrap_or_default())
    }
}

/// For root every file passes `access`; the mode says whether it is meant to be run.
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs_err::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o111 != 0)
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
            if sections.insert(name.to_owned(), Value::Object(Map::new())).is_some() {
                return None;
            }
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
        if values.insert(key.clone(), value[1..].trim().into()).is_some() {
            return None;
        }
        *last = Some(key);
    }
    Some(sections)
}

/// The sections with the values of `DEFAULT` in each of them, and `%(name)s` and `%%` in values replaced.
fn interpolated(mut sections: Map) -> Result<Map, Vec<String>> {
    let defaults = match sections.shift_remove("DEFAULT") {
        Some(Value::Object(defaults)) => defaults,
        _ => Map::new(),
    };
    let mut problems = Vec::new();
    for (name, section) in &mut sections {
        let Some(values) = section.as_object_mut() else { continue };
        for (key, value) in &defaults {
            values.entry(key.clone()).or_insert_with(|| value.clone());
        }
        let raw = values.clone();
        for (option, value) in values.iter_mut() {
            let text = value.as_str().unwrap_or_default();
            match (Interpolation { section: name, option, values: &raw }).of(text, 0) {
                Ok(text) => *value = text.into(),
                Err(problem) => problems.push(problem),
            }
        }
    }
    if problems.is_empty() { Ok(sections) } else { Err(problems) }
}

struct Interpolation<'a> {
    section: &'a str,
    option: &'a str,
    values: &'a Map,
}

impl Interpolation<'_> {
    fn of(&self, text: &str, depth: usize) -> Result<String, String> {
        const DEEPEST: usize = 10;
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('%') {
            out.push_str(before);
            if let Some(after) = after.strip_prefix('%') {
                out.push('%');
                rest = after;
                continue;
            }
            let Some(inner) = after.strip_prefix('(') else {
                return Err(format!("'%' must be followed by '%' or '(', found: {}", quoted(&format!("%{after}"))));
            };
            let Some((name, after)) = inner.split_once(")s") else {
                return Err(format!("bad interpolation variable reference {}", quoted(&format!("%({inner}"))));
            };
            let value = self.values.get(&name.to_lowercase()).and_then(Value::as_str).filter(|_| depth < DEEPEST);
            let Some(value) = value else {
                let (option, section) = (quoted(self.option), quoted(self.section));
                return Err(format!(
                    "Bad value substitution: option {option} in section {section} contains an interpolation key {} \
                     which is not a valid option name. Raw value: {}",
                    quoted(&name.to_lowercase()),
                    quoted(text)
                ));
            };
            out.push_str(&self.of(value, depth + 1)?);
            rest = after;
        }
        Ok(out + rest)
    }
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

    use super::{Value, ini, interpolated};

    fn parse(text: &str) -> Option<Value> {
        serde_json::from_str(text).ok().or_else(|| interpolated(ini(text)?).ok().map(Value::Object))
    }

    #[test]
    fn values_may_refer_to_others() {
        let text = "[DEFAULT]\nx = 1\n[a]\nb = a%%b\nc = %(b)s-%(x)s\n";
        assert_eq!(parse(text), Some(json!({"a": {"b": "a%b", "c": "a%b-1", "x": "1"}})));
        let problems = interpolated(ini("[a]\nb = 50%\nc = %(zz)s\n").unwrap()).unwrap_err();
        assert_eq!(problems[0], "'%' must be followed by '%' or '(', found: '%'");
        assert!(problems[1].ends_with("which is not a valid option name. Raw value: '%(zz)s'"));
        assert_eq!(parse("[a]\n[a]\n"), None);
    }

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
