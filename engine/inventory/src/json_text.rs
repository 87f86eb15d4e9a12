//! JSON as `ansible-inventory` prints it: keys sorted, four blanks for each level, Python's numbers.

use std::borrow::Cow;

use kapell_parsing::{Key, Value, value::float_repr};
use serde_json::Value as Json;

/// What a text is shown as when it must not be templated by whoever reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsafe {
    /// As a map that marks it.
    Marked,
    Plain,
}

pub(crate) fn write(value: &Value, marks: Unsafe) -> String {
    let mut out = String::new();
    write_value(&mut out, value, marks, 0);
    out
}

pub(crate) fn write_value(out: &mut String, value: &Value, marks: Unsafe, level: usize) {
    match value {
        Value::Undefined(undefined) if undefined.sealed.is_some() => {
            write_marked(out, "__ansible_vault", undefined.sealed.as_deref().unwrap_or_default(), level);
        }
        Value::Undefined(_) | Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::BigInt(number) => out.push_str(&number.to_string()),
        Value::Float(number) if number.is_nan() => out.push_str("NaN"),
        Value::Float(number) if number.is_infinite() => {
            out.push_str(if *number > 0.0 { "Infinity" } else { "-Infinity" });
        }
        Value::Float(number) => out.push_str(&float_repr(*number)),
        Value::Str(text) => match text.vault_data() {
            Some(data) => write_marked(out, "__ansible_vault", data, level),
            None if marks == Unsafe::Marked && !text.is_trusted() && !text.is_moment() => {
                write_marked(out, "__ansible_unsafe", text, level);
            }
            None => write_text(out, text),
        },
        Value::List(items) => {
            let items = items.iter().map(|item| (None, item));
            write_all(out, ['[', ']'], items, marks, level);
        }
        Value::Map(map) => {
            let mut entries: Vec<(Cow<str>, &Value)> = map.iter().map(|(key, value)| (json_key(key), value)).collect();
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            let entries = entries.iter().map(|(key, value)| (Some(&**key), *value));
            write_all(out, ['{', '}'], entries, marks, level);
        }
    }
}

/// A text of which `mark` tells how it is read back.
fn write_marked(out: &mut String, mark: &str, text: &str, level: usize) {
    let text = Value::trusted(text);
    write_all(out, ['{', '}'], std::iter::once((Some(mark), &text)), Unsafe::Plain, level);
}

fn write_all<'a>(
    out: &mut String,
    [open, close]: [char; 2],
    entries: impl ExactSizeIterator<Item = (Option<&'a str>, &'a Value)>,
    marks: Unsafe,
    level: usize,
) {
    out.push(open);
    let is_empty = entries.len() == 0;
    for (place, (key, value)) in entries.enumerate() {
        if place > 0 {
            out.push(',');
        }
        break_line(out, level + 1);
        if let Some(key) = key {
            write_text(out, key);
            out.push_str(": ");
        }
        write_value(out, value, marks, level + 1);
    }
    if !is_empty {
        break_line(out, level);
    }
    out.push(close);
}

pub(crate) fn break_line(out: &mut String, level: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("    ", level));
}

pub(crate) fn write_text(out: &mut String, text: &str) {
    let is_plain = text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\' && byte != 0x7f);
    if is_plain {
        out.extend(["\"", text, "\""]);
    } else {
        out.push_str(&Json::from(text).to_string());
    }
}

fn json_key(key: &Key) -> Cow<'_, str> {
    match key {
        Key::Null => "null".into(),
        Key::Bool(value) => value.to_string().into(),
        Key::Str(text) => text.as_str().into(),
        other => other.to_string().into(),
    }
}
