//! What is kept of a host: a JSON text under `__payload__`, in which texts say where they came from, as ansible-core's do.

use kapell_parsing::{Map, Origin, SourceFile, Text, Value};
use serde_json::{Value as Json, json};

const PAYLOAD: &str = "__payload__";
const TYPE: &str = "__ansible_type";

pub(super) fn kept(facts: &Map) -> Json {
    json!({ PAYLOAD: tagged(&Value::map(facts.clone())).to_json().to_string() })
}

/// The facts in what was kept, if it makes sense. Nothing in it is a template.
pub(super) fn facts(kept: &Json) -> Option<Map> {
    match untagged(&serde_json::from_str(kept.get(PAYLOAD)?.as_str()?).ok()?) {
        Value::Map(facts) => Some(Map::clone(&facts)),
        _ => None,
    }
}

fn tagged(value: &Value) -> Value {
    match value {
        Value::Str(text) => match text.origin() {
            Some(origin) => with_origin(text, origin),
            None => value.clone(),
        },
        Value::List(items) => Value::list(items.iter().map(tagged).collect()),
        Value::Map(map) => Value::map(map.iter().map(|(key, value)| (key.clone(), tagged(value))).collect()),
        other => other.clone(),
    }
}

fn with_origin(text: &Text, origin: &Origin) -> Value {
    let map =
        |fields: Vec<(&str, Value)>| Value::map(fields.into_iter().map(|(key, value)| (key.into(), value)).collect());
    let origin = map(vec![
        ("path", origin.path().to_string_lossy().into_owned().into()),
        ("line_num", i64::from(origin.line).into()),
        ("col_num", i64::from(origin.column).into()),
        (TYPE, "Origin".into()),
    ]);
    map(vec![("value", text.as_str().into()), ("tags", Value::list(vec![origin])), (TYPE, "_AnsibleTaggedStr".into())])
}

fn untagged(json: &Json) -> Value {
    match json {
        Json::Object(map) => match (map.get("value"), map.contains_key(TYPE)) {
            (Some(inner), true) => match untagged(inner) {
                Value::Str(text) => Value::Str(text.with_origin(map.get("tags").and_then(origin))),
                other => other,
            },
            _ => Value::map(map.iter().map(|(key, value)| (key.as_str().into(), untagged(value))).collect()),
        },
        Json::Array(items) => Value::list(items.iter().map(untagged).collect()),
        other => Value::from_json(other),
    }
}

fn origin(tags: &Json) -> Option<Origin> {
    let tag = tags.as_array()?.iter().find(|tag| tag.get(TYPE).and_then(Json::as_str) == Some("Origin"))?;
    let number = |name: &str| tag.get(name).and_then(Json::as_u64).and_then(|number| u32::try_from(number).ok());
    let source = SourceFile::new(tag.get("path")?.as_str()?, "");
    Some(Origin::new(source, number("line_num").unwrap_or(1), number("col_num").unwrap_or(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_come_back_with_their_places_and_without_trust() {
        let origin = Origin::new(SourceFile::new("/a/b.yml", "x: y"), 3, 5);
        let text = Value::Str(Text::trusted("{{ x }}", Some(origin)));
        let facts_of_host = Map::from_iter([("a".into(), Value::list(vec![text, 1.into(), "plain".into()]))]);
        let back = facts(&kept(&facts_of_host)).unwrap();
        assert_eq!(Value::map(back.clone()).to_json(), json!({"a": ["{{ x }}", 1, "plain"]}));
        let Some(Value::Str(text)) = back["a"].as_list().map(|items| items[0].clone()) else { panic!("no text") };
        assert!(!text.is_trusted());
        assert_eq!(text.origin().map(|origin| (origin.line, origin.column)), Some((3, 5)));
        assert_eq!(facts(&json!({"x": 1})), None);
    }

    #[test]
    fn what_ansible_core_notes_beside_values_is_no_part_of_them() {
        let written = json!({"c": {"value": "yes", "tags": [], "__ansible_type": "_AnsibleTaggedStr"}}).to_string();
        assert_eq!(facts(&json!({ PAYLOAD: written })), Some(Map::from_iter([("c".into(), "yes".into())])));
    }
}
