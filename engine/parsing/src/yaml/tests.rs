//! Loading as a whole: types, keys, tags, places, bounds.

use super::*;

pub(super) fn load_text(text: &str) -> Result<Value, Diagnostic> {
    let options = LoadOptions { trust: Trust::Trusted, vault: &VaultSecrets::default() };
    load(&SourceFile::new("test.yml", text), &options, &mut Vec::new())
}

#[test]
fn first() {
    assert_eq!(load_text("a: [1, yes, 0644, x]").unwrap().repr(), "{'a': [1, True, 420, 'x']}");
}

fn tagged(value: &Value) -> serde_json::Value {
    use serde_json::json;
    match value {
        Value::Int(i) => json!({"int": i.to_string()}),
        Value::BigInt(i) => json!({"int": i.to_string()}),
        Value::Float(f) => json!({"float": crate::value::float_repr(*f)}),
        Value::List(items) => items.iter().map(tagged).collect(),
        Value::Map(map) => {
            let entries: Vec<_> = map
                .iter()
                .map(|(k, v)| {
                    let key = match k {
                        crate::Key::Null => Value::Null,
                        crate::Key::Bool(b) => Value::Bool(*b),
                        crate::Key::Int(i) => Value::Int(*i),
                        crate::Key::Float(f) => Value::Float(*f),
                        crate::Key::Str(t) => Value::Str(t.clone()),
                    };
                    json!([tagged(&key), tagged(v)])
                })
                .collect();
            json!({"map": entries})
        }
        other => other.to_json(),
    }
}

#[test]
fn dump_cases() {
    let Ok(file) = std::env::var("YAML_CASES") else { return };
    let cases: Vec<String> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let rows: Vec<serde_json::Value> = cases
        .iter()
        .map(|case| match load_text(case) {
            Ok(value) => serde_json::json!({"in": case, "ok": tagged(&value)}),
            Err(error) => serde_json::json!({"in": case, "err": error.to_string()}),
        })
        .collect();
    std::fs::write(std::env::var("YAML_OUT").unwrap(), serde_json::to_string(&rows).unwrap()).unwrap();
}
