//! What a foreign module wrote, read as its result: JSON, whatever stands around it.

use kapell_parsing::{Key, Map, Value};
use serde_json::Value as Json;

use super::typed_json::plain;
use crate::TaskResult;

/// The module's result from its exit code, output and errors.
pub(super) fn result(answer: &serde_json::Map<String, Json>) -> TaskResult {
    let text = |key: &str| answer.get(key).and_then(Json::as_str).unwrap_or_default();
    let (stdout, stderr) = (text("stdout"), text("stderr"));
    let rc = answer.get("rc").and_then(Json::as_i64).unwrap_or(0);
    let (mut data, junk) = match kapell_modules::find_object(stdout) {
        Ok((object, junk)) => (object.iter().map(plain_entry).collect::<Map>(), junk),
        Err(reason) => return unreadable(reason, stdout, stderr, rc),
    };
    strip_internal(&mut data);
    for (key, lines) in [("stdout", "stdout_lines"), ("stderr", "stderr_lines")] {
        if let (Some(Value::Str(text)), false) = (data.get(key), data.contains_key(lines)) {
            let lines_of = text.lines().map(Value::from).collect();
            data.insert(lines.into(), Value::list(lines_of));
        }
    }
    if !data.contains_key("changed") {
        data.insert("changed".into(), false.into());
    }
    if let Some(code) = data.get("rc").and_then(Value::as_i64)
        && code != 0
        && !data.contains_key("failed")
    {
        data.insert("failed".into(), true.into());
        data.entry("msg".into()).or_insert_with(|| "non-zero return code".into());
    }
    clean_facts(&mut data);
    let mut result = TaskResult::new(data);
    if !junk.trim().is_empty() {
        let warning = format!("Module invocation had junk after the JSON data: {}", junk.trim());
        let mut list = result.data.get("warnings").and_then(Value::as_list).map(<[Value]>::to_vec).unwrap_or_default();
        list.push(warning.into());
        result.set("warnings", Value::list(list));
    }
    result
}

fn unreadable(reason: &str, stdout: &str, stderr: &str, rc: i64) -> TaskResult {
    let mut result = TaskResult::new(Map::new());
    result.set("changed", false);
    result.set("failed", true);
    result.set("msg", format!("Module result deserialization failed: {reason}"));
    result.set("module_stdout", stdout);
    result.set("module_stderr", stderr);
    result.set("rc", rc);
    result
}

fn plain_entry((key, value): (&String, &Json)) -> (Key, Value) {
    (Key::from(key.as_str()), plain(Value::from_json(value)))
}

/// What modules say to the engine under reserved names is not part of the result.
fn strip_internal(data: &mut Map) {
    data.retain(|key, _| !key.as_str().is_some_and(|key| key.starts_with("_ansible_")));
    for value in data.values_mut() {
        if let Value::Map(map) = value {
            let mut inner = map.as_ref().clone();
            strip_internal(&mut inner);
            *value = Value::map(inner);
        }
    }
}

fn clean_facts(data: &mut Map) {
    let Some(Value::Map(facts)) = data.get("ansible_facts") else { return };
    let mut facts = facts.as_ref().clone();
    facts.retain(|key, _| !key.as_str().is_some_and(is_refused));
    data.insert("ansible_facts".into(), Value::map(facts));
}

/// The engine finds interpreters itself.
fn is_refused(fact: &str) -> bool {
    fact.strip_prefix("ansible_").unwrap_or(fact).starts_with("discovered_interpreter_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(stdout: &str, rc: i64) -> String {
        let answer = serde_json::json!({"stdout": stdout, "stderr": "e", "rc": rc});
        Value::map(result(answer.as_object().unwrap()).data).to_json().to_string()
    }

    #[test]
    fn json_is_found_among_other_lines() {
        let cases: &[(&str, i64, &str)] = &[
            ("{\"a\": 1}", 0, r#"{"a":1,"changed":false}"#),
            (
                "noise\n{\"a\": {\"_ansible_x\": 1}, \"_ansible_y\": 2}\nmore",
                0,
                r#"{"a":{},"changed":false,"warnings":["Module invocation had junk after the JSON data: more"]}"#,
            ),
            ("{\"rc\": 3}", 0, r#"{"rc":3,"changed":false,"failed":true,"msg":"non-zero return code"}"#),
            (
                "no json",
                1,
                r#"{"changed":false,"failed":true,"msg":"Module result deserialization failed: No start of json char found","module_stdout":"no json","module_stderr":"e","rc":1}"#,
            ),
            (
                "{\"ansible_facts\": {\"discovered_interpreter_python\": \"x\", \"my\": 1}}",
                0,
                r#"{"ansible_facts":{"my":1},"changed":false}"#,
            ),
        ];
        for (stdout, rc, expected) in cases {
            assert_eq!(read(stdout, *rc), *expected, "{stdout}");
        }
    }
}
