//! Typed JSON: how ansible-core's own `basic.py` (2.19) writes warnings, deprecations, errors and tagged values.

use kapell_parsing::{Map, Value};

const TYPE: &str = "__ansible_type";

/// `value` with every typed object in the place of which plain data can stand.
pub(super) fn plain(value: Value) -> Value {
    match value {
        Value::List(list) => Value::list(list.iter().cloned().map(plain).collect()),
        Value::Map(map) => match map.get(TYPE).and_then(Value::as_str) {
            Some(kind) => untyped(kind, &map),
            None => Value::map(map.iter().map(|(key, value)| (key.clone(), plain(value.clone()))).collect()),
        },
        other => other,
    }
}

fn untyped(kind: &str, map: &Map) -> Value {
    let event = |name: &str| map.get("event").and_then(|event| event.get(name)).cloned().filter(|v| !v.is_null());
    let message = event("msg").unwrap_or_else(|| "".into());
    match kind {
        "WarningSummary" => message,
        "ErrorSummary" => event("formatted_traceback").unwrap_or(message),
        "DeprecationSummary" => {
            let mut entry = Map::from_iter([("msg".into(), message)]);
            for name in ["version", "date", "help_text"] {
                if let Some(value) = map.get(name).filter(|value| !value.is_null()) {
                    entry.insert(name.into(), value.clone());
                }
            }
            Value::map(entry)
        }
        _ => match map.get("value").or_else(|| map.get("iso8601")) {
            Some(value) => plain(value.clone()),
            None => {
                let rest = map.iter().filter(|(key, _)| key.as_str() != Some(TYPE));
                Value::map(rest.map(|(key, value)| (key.clone(), plain(value.clone()))).collect())
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_objects_become_plain() {
        let cases = [
            (
                r#"{"w": [{"__ansible_type": "WarningSummary", "event": {"__ansible_type": "Event", "msg": "careful"}}]}"#,
                r#"{"w":["careful"]}"#,
            ),
            (
                r#"{"__ansible_type": "DeprecationSummary", "event": {"msg": "old"}, "version": "3", "date": null}"#,
                r#"{"msg":"old","version":"3"}"#,
            ),
            (r#"[{"__ansible_type": "AnsibleTaggedStr", "value": "x"}, 1]"#, r#"["x",1]"#),
        ];
        for (written, expected) in cases {
            let value = Value::from_json(&serde_json::from_str(written).unwrap());
            assert_eq!(plain(value).to_json().to_string(), expected);
        }
    }
}
