//! JSON as Ansible's commands print it: keys in order, four spaces a level.

use serde_json::{Map, Value as Json};

pub(crate) fn indented(value: &Json) -> String {
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    let written = serde::Serialize::serialize(&sorted(value), &mut serializer);
    written.map(|()| String::from_utf8_lossy(&out).into_owned()).unwrap_or_default()
}

fn sorted(value: &Json) -> Json {
    match value {
        Json::Object(map) => {
            let mut fields: Vec<(String, Json)> = map.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            fields.sort_by(|(left, _), (right, _)| left.cmp(right));
            Json::Object(fields.into_iter().collect::<Map<_, _>>())
        }
        Json::Array(items) => Json::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn keys_come_in_order() {
        let value = serde_json::json!({"b": [{"d": 1, "c": []}], "a": {}});
        let expected = "{\n    \"a\": {},\n    \"b\": [\n        {\n            \"c\": [],\n            \"d\": 1\n        }\n    ]\n}";
        assert_eq!(super::indented(&value), expected);
    }
}
