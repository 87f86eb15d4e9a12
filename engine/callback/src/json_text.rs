//! Values as the JSON text Python's `json.dumps` makes with sorted keys: what results look like.

use std::fmt::Write;

use kapell_parsing::{Map, Value, value::float_repr};

/// On one line, or with four spaces a level, or on lines that are not indented, or on one line without a blank after a
/// comma.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    Line,
    Indented,
    Flat,
    Tight,
}

pub(crate) fn map_text(map: &Map, layout: Layout) -> String {
    let mut text = String::new();
    write_map(&mut text, map, layout, 0);
    text
}

fn write_value(text: &mut String, value: &Value, layout: Layout, level: usize) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(b) => text.push_str(if *b { "true" } else { "false" }),
        Value::Int(i) => drop(write!(text, "{i}")),
        Value::BigInt(i) => drop(write!(text, "{i}")),
        Value::Float(f) if f.is_nan() => text.push_str("NaN"),
        Value::Float(f) if f.is_infinite() => text.push_str(if *f > 0.0 { "Infinity" } else { "-Infinity" }),
        Value::Float(f) => text.push_str(&float_repr(*f)),
        Value::Str(s) if s.is_secret() => text.push_str("\"********\""),
        Value::Str(s) => write_string(text, s),
        Value::Undefined(undefined) => write_string(text, &format!("<< {} >>", undefined.reason)),
        Value::List(items) => write_list(text, items, layout, level),
        Value::Map(map) => write_map(text, map, layout, level),
    }
}

fn write_list(text: &mut String, items: &[Value], layout: Layout, level: usize) {
    if items.is_empty() {
        text.push_str("[]");
        return;
    }
    text.push('[');
    for (index, item) in items.iter().enumerate() {
        separate(text, index, layout, level + 1);
        write_value(text, item, layout, level + 1);
    }
    close(text, ']', layout, level);
}

fn write_map(text: &mut String, map: &Map, layout: Layout, level: usize) {
    if map.is_empty() {
        text.push_str("{}");
        return;
    }
    let mut entries: Vec<(String, &Value)> = map.iter().map(|(key, value)| (key_text(key), value)).collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    text.push('{');
    for (index, (key, value)) in entries.into_iter().enumerate() {
        separate(text, index, layout, level + 1);
        write_string(text, &key);
        text.push_str(": ");
        write_value(text, value, layout, level + 1);
    }
    close(text, '}', layout, level);
}

fn key_text(key: &kapell_parsing::Key) -> String {
    match key {
        kapell_parsing::Key::Null => "null".into(),
        kapell_parsing::Key::Bool(b) => b.to_string(),
        other => other.to_string(),
    }
}

/// What stands before item `index`.
fn separate(text: &mut String, index: usize, layout: Layout, level: usize) {
    match (layout, index) {
        (Layout::Line | Layout::Tight, 0) => {}
        (Layout::Tight, _) => text.push(','),
        (Layout::Line, _) => text.push_str(", "),
        (Layout::Flat, _) => text.push_str(if index == 0 { "\n" } else { ",\n" }),
        (Layout::Indented, _) => {
            text.push_str(if index == 0 { "\n" } else { ",\n" });
            text.push_str(&" ".repeat(level * 4));
        }
    }
}

fn close(text: &mut String, bracket: char, layout: Layout, level: usize) {
    if matches!(layout, Layout::Indented | Layout::Flat) {
        text.push('\n');
    }
    if layout == Layout::Indented {
        text.push_str(&" ".repeat(level * 4));
    }
    text.push(bracket);
}

fn write_string(text: &mut String, s: &str) {
    text.push('"');
    for c in s.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            c if (c as u32) < 0x20 => drop(write!(text, "\\u{:04x}", c as u32)),
            c => text.push(c),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(json: &serde_json::Value) -> Map {
        Value::from_json(json).as_map().cloned().unwrap_or_default()
    }

    #[test]
    fn keys_are_sorted_and_separated_as_python_does() {
        let text = map_text(&map(&serde_json::json!({"b": [1, 2], "a": {"y": null, "x": 1.0}})), Layout::Line);
        assert_eq!(text, r#"{"a": {"x": 1.0, "y": null}, "b": [1, 2]}"#);
    }

    #[test]
    fn indented_text_has_four_spaces_a_level_and_empty_things_on_a_line() {
        let text = map_text(&map(&serde_json::json!({"a": [{"b": "é\n"}], "c": []})), Layout::Indented);
        assert_eq!(
            text,
            "{\n    \"a\": [\n        {\n            \"b\": \"é\\n\"\n        }\n    ],\n    \"c\": []\n}"
        );
    }

    #[test]
    fn secrets_are_not_shown() {
        let mut map = Map::new();
        map.insert("password".into(), Value::from("hunter2").with_secret());
        assert_eq!(map_text(&map, Layout::Line), r#"{"password": "********"}"#);
    }
}
