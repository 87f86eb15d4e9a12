//! The playbooks of `tests/aws/compared` under both engines, against an emulator that has forgotten everything: what each
//! task's result says has to be the same, but for names that are made up anew in every run.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value};

use super::Bench;
use super::bindings::Bindings;
use crate::command::command;

/// Lines `PLAYBOOK: TASK: reason`.
const KNOWN: &str = "tests/aws/compared/known_differences.txt";
/// Counted up when results are written down in another way.
const VERSION: u32 = 4;
/// What only one engine has a use for, and what nobody can repeat.
const IGNORED: &[&str] = &[
    "invocation",
    "action",
    "exception",
    "warnings",
    "deprecations",
    "boto3_version",
    "botocore_version",
    "response_metadata",
    "error",
    "spec",
    "client_token",
    "mac_address",
    "fingerprint",
    "private_key",
    // Not every engine's report has it.
    "diff",
];
/// Messages of failures that boto or a traceback wrote say the same in other words.
const FOREIGN_MESSAGES: &[&str] = &[
    "Task failed: ",
    "An error occurred (",
    "Failed to ",
    "Error ",
    "[Errno ",
    "Unsupported parameters for ",
    "Unable to terminate instances: ",
];

impl Bench {
    pub(super) fn compared(&self) -> Result<()> {
        let known = self.known_differences()?;
        let (mut tasks, mut found) = (0, Vec::new());
        let mut paths: Vec<_> = fs_err::read_dir(self.place.join("tests/aws/compared"))?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "yml"));
        paths.sort();
        for path in paths {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let (theirs, ours) = (self.remembered(&path)?, self.results(&path, false)?);
            ensure!(theirs.len() == ours.len(), "{name}: {} tasks, not {}", ours.len(), theirs.len());
            let mut bindings = Bindings::default();
            for ((task, theirs), (_, ours)) in theirs.iter().zip(&ours) {
                tasks += 1;
                let mut differences = Vec::new();
                let before = bindings.clone();
                bindings.next_task();
                compare("", theirs, ours, &mut bindings, &mut differences);
                let reason = known.get(&(name.clone(), task.clone()));
                if reason.is_some() {
                    // What differs says nothing about names.
                    bindings = before;
                }
                match (differences.is_empty(), reason) {
                    (false, None) => found.extend(differences.iter().map(|line| format!("{name}: {task}: {line}"))),
                    (true, Some(_)) => found.push(format!("{name}: {task}: is no longer different; see {KNOWN}")),
                    _ => {}
                }
            }
        }
        ensure!(found.is_empty(), "results differ from the collection's:\n{}", found.join("\n"));
        println!("results: {tasks} tasks say what the collection's say, {} of them differ as listed", known.len());
        Ok(())
    }

    fn known_differences(&self) -> Result<BTreeMap<(String, String), String>> {
        let text = fs_err::read_to_string(self.place.join(KNOWN))?;
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let entry = |line: &str| {
            let mut parts = line.splitn(3, ": ").map(str::to_owned);
            let parts = (parts.next(), parts.next(), parts.next());
            let (Some(playbook), Some(task), Some(reason)) = parts else {
                anyhow::bail!("{KNOWN}: not 'PLAYBOOK: TASK: reason': {line}");
            };
            Ok(((playbook, task), reason))
        };
        lines.map(entry).collect()
    }

    /// What the collection's modules said, asked once for each version of a playbook.
    fn remembered(&self, playbook: &Path) -> Result<Vec<(String, Value)>> {
        let mut hash = DefaultHasher::new();
        (fs_err::read(playbook)?, IGNORED, VERSION).hash(&mut hash);
        let memory = self.place.with_file_name("aws-memory");
        let name = playbook.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let file = memory.join(format!("{name}-{:016x}.json", hash.finish()));
        if let Ok(text) = fs_err::read(&file) {
            return Ok(serde_json::from_slice(&text)?);
        }
        let results = self.results(playbook, true)?;
        fs_err::create_dir_all(memory)?;
        fs_err::write(file, serde_json::to_vec(&results)?)?;
        Ok(results)
    }

    /// Each task's name and result.
    fn results(&self, playbook: &Path, reference: bool) -> Result<Vec<(String, Value)>> {
        self.forget()?;
        self.prepare(playbook)?;
        let mut words = if reference {
            command([self.environment.join("bin/ansible-playbook")])
        } else {
            let mut words = command([self.kapell.as_os_str()]);
            words.arg("playbook");
            words
        };
        words.arg(playbook);
        let settings = [
            ("AWS_REGION", "us-west-1"),
            ("ANSIBLE_STDOUT_CALLBACK", if reference { "ansible.posix.json" } else { "json" }),
        ];
        let ran = self.engine(words, &settings)?;
        let text = ran.stdout();
        let text = text.find('{').map_or(text.as_str(), |start| &text[start..]);
        let report: Value = serde_json::from_str(text).with_context(|| format!("no JSON:\n{}", ran.text()))?;
        let tasks = report.pointer("/plays/0/tasks").and_then(Value::as_array).context("no tasks")?;
        let entry = |task: &Value| {
            let name = task.pointer("/task/name").and_then(Value::as_str).unwrap_or_default();
            let result = task.pointer("/hosts/localhost").cloned().unwrap_or_default();
            (name.to_owned(), trimmed("", result))
        };
        Ok(tasks.iter().map(entry).collect())
    }

    /// What `before_PLAYBOOK.py` beside the playbook makes.
    fn prepare(&self, playbook: &Path) -> Result<()> {
        let name = playbook.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let script = playbook.with_file_name(format!("before_{name}.py"));
        if script.exists() {
            crate::command::run(command([self.environment.join("bin/python")]).arg(script).arg(&self.endpoint))?;
        }
        Ok(())
    }

    /// The emulator starts anew.
    pub(super) fn forget(&self) -> Result<()> {
        let script =
            "import sys, urllib.request; urllib.request.urlopen(urllib.request.Request(sys.argv[1], method='POST'))";
        let mut ask = command([self.environment.join("bin/python")]);
        crate::command::run(ask.args(["-c", script, &format!("{}/moto-api/reset", self.endpoint)]))?;
        Ok(())
    }
}

/// Without what only one engine has a use for, and without times.
fn trimmed(key: &str, value: Value) -> Value {
    match value {
        Value::String(text) if key.ends_with("time") || matches!(key, "creationDate" | "ipv6_cidr_block") => {
            Value::from(text.is_empty())
        }
        Value::Array(mut items) if matches!(key, "ip_permissions" | "ip_ranges") && items.len() > 1 => {
            // In the order in which they were granted.
            items.sort_by_key(|item| {
                (item.get("from_port").map(Value::to_string), item.get("cidr_ip").map(Value::to_string))
            });
            items.into_iter().map(|item| trimmed("", item)).collect()
        }
        Value::Array(items) => items.into_iter().map(|item| trimmed(key, item)).collect(),
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(key, _)| !IGNORED.contains(&key.as_str()) && !key.starts_with('_'));
            kept.map(|(key, value)| (key.clone(), trimmed(&key, value))).collect()
        }
        other => other,
    }
}

fn compare(place: &str, theirs: &Value, ours: &Value, bindings: &mut Bindings, found: &mut Vec<String>) {
    match (theirs, ours) {
        (Value::Object(one), Value::Object(other)) => {
            let has_failed = |map: &Map<String, Value>| map.get("failed") == Some(&Value::Bool(true));
            let both_failed = place.is_empty() && has_failed(one) && has_failed(other);
            let mut keys: Vec<&String> = one.keys().chain(other.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let text = one.get(key).and_then(Value::as_str).unwrap_or_default();
                let is_foreign = key == "msg" && FOREIGN_MESSAGES.iter().any(|start| text.starts_with(start));
                if !(both_failed && is_foreign) {
                    let missing = if key == "changed" { Value::Bool(false) } else { Value::from("(missing)") };
                    let (one, other) = (one.get(key).unwrap_or(&missing), other.get(key).unwrap_or(&missing));
                    let (one, other) = (comparable(key, one, None), comparable(key, other, Some(bindings)));
                    compare(&format!("{place}.{key}"), &one, &other, bindings, found);
                }
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                compare(&format!("{place}[{index}]"), one, other, bindings, found);
            }
        }
        (Value::String(one), Value::String(other)) if bindings.are_same(one, other) => {}
        _ if theirs != ours => found.push(format!("{}: {ours}, not {theirs}", place.trim_start_matches('.'))),
        _ => {}
    }
}

/// Without what differs from run to run: the order of what was done, and times within texts.
fn comparable<'a>(key: &str, value: &'a Value, ours: Option<&Bindings>) -> Cow<'a, Value> {
    match value {
        Value::Array(items) if key.ends_with("_success") => {
            let name = |item: &Value| match (item.as_str(), ours) {
                (Some(text), Some(bindings)) => bindings.theirs(text).to_owned(),
                _ => item.as_str().map_or_else(|| item.to_string(), str::to_owned),
            };
            let mut items = items.clone();
            items.sort_by_key(name);
            Cow::Owned(items.into())
        }
        Value::String(text) if key == "state_transition_reason" => Cow::Owned(text.is_empty().into()),
        value => Cow::Borrowed(value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn differences(theirs: &Value, ours: &Value) -> Vec<String> {
        let mut found = Vec::new();
        compare("", theirs, ours, &mut Bindings::default(), &mut found);
        found
    }

    #[test]
    fn names_that_are_made_up_are_the_same_as_others_at_the_same_place() {
        let one = json!({"id": "i-0123456789abcdef0", "other": "i-0123456789abcdef0", "x": "us-west-1"});
        let other = json!({"x": "us-west-1", "other": "i-ffff456789abcdef0", "id": "i-ffff456789abcdef0"});
        assert_eq!(differences(&one, &other), Vec::<String>::new());
        let mixed = json!({"x": "us-west-1", "other": "i-aaaa456789abcdef0", "id": "i-ffff456789abcdef0"});
        let told = "other: \"i-aaaa456789abcdef0\", not \"i-0123456789abcdef0\"";
        assert_eq!(differences(&one, &mixed), [told]);
    }

    #[test]
    fn words_of_others_in_failures_do_not_count() {
        let (theirs, ours) = (json!({"failed": true, "msg": "Failed to x: y"}), json!({"failed": true, "msg": "no x"}));
        assert!(differences(&theirs, &ours).is_empty());
        assert_eq!(differences(&json!({"failed": true, "msg": "so"}), &ours).len(), 1);
    }
}
