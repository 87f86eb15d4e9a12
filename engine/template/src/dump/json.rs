//! JSON as Python's `json.dumps` writes it.

use kapell_parsing::value::float_repr;

use crate::operators::MAX_LENGTH;
use kapell_parsing::{Key, Value};

pub(crate) struct JsonStyle {
    pub(crate) indent: Option<String>,
    pub(crate) sort_keys: bool,
    pub(crate) ensure_ascii: bool,
    pub(crate) item_separator: String,
    pub(crate) key_separator: String,
}

impl Default for JsonStyle {
    fn default() -> Self {
        Self {
            indent: None,
            sort_keys: false,
            ensure_ascii: true,
            item_separator: ", ".into(),
            key_separator: ": ".into(),
        }
    }
}

impl JsonStyle {
    /// Over several lines, where separators at line ends have no space.
    pub(crate) fn indented(indent: String) -> Self {
        Self { indent: Some(indent), item_separator: ",".into(), ..Self::default() }
    }

    /// The text; it ends somewhere beyond `MAX_LENGTH`.
    pub(crate) fn dump(&self, value: &Value) -> String {
        let mut out = String::new();
        self.write(value, 0, &mut out);
        out
    }

    fn write(&self, value: &Value, level: usize, out: &mut String) {
        match value {
            _ if out.len() > MAX_LENGTH => {}
            Value::Undefined(_) | Value::Null => out.push_str("null"),
            Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
            Value::Int(i) => out.push_str(&i.to_string()),
            Value::BigInt(i) => out.push_str(&i.to_string()),
            Value::Float(f) => out.push_str(&float_text(*f)),
            Value::Str(text) => self.write_string(text, out),
            Value::List(items) => {
                self.write_all(level, ('[', ']'), items.iter(), out, |item, out| self.write(item, level + 1, out));
            }
            Value::Map(map) => {
                let mut entries: Vec<(&Key, &Value)> = map.iter().collect();
                if self.sort_keys {
                    entries.sort_by_key(|(key, _)| key_text(key));
                }
                self.write_all(level, ('{', '}'), entries.into_iter(), out, |(key, value), out| {
                    self.write_string(&key_text(key), out);
                    out.push_str(&self.key_separator);
                    self.write(value, level + 1, out);
                });
            }
        }
    }

    fn write_all<T>(
        &self,
        level: usize,
        brackets: (char, char),
        items: impl ExactSizeIterator<Item = T>,
        out: &mut String,
        mut write: impl FnMut(T, &mut String),
    ) {
        let empty = items.len() == 0;
        out.push(brackets.0);
        for (at, item) in items.enumerate() {
            if at > 0 {
                out.push_str(&self.item_separator);
            }
            self.break_line(level + 1, out);
            write(item, out);
        }
        if !empty {
            self.break_line(level, out);
        }
        out.push(brackets.1);
    }

    fn break_line(&self, level: usize, out: &mut String) {
        if let Some(indent) = &self.indent {
            out.push('\n');
            for _ in 0..level {
                if out.len() <= MAX_LENGTH {
                    out.push_str(indent);
                }
            }
        }
    }

    fn write_string(&self, text: &str, out: &mut String) {
        out.push('"');
        for c in text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                c if (c as u32) < 0x20 || self.ensure_ascii && !c.is_ascii() => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        out.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                c => out.push(c),
            }
        }
        out.push('"');
    }
}

fn float_text(float: f64) -> String {
    if float.is_nan() {
        "NaN".into()
    } else if float.is_infinite() {
        if float > 0.0 { "Infinity" } else { "-Infinity" }.into()
    } else {
        float_repr(float)
    }
}

fn key_text(key: &Key) -> String {
    match key {
        Key::Null => "null".into(),
        Key::Bool(b) => b.to_string(),
        Key::Float(f) => float_text(*f),
        other => other.to_string(),
    }
}
