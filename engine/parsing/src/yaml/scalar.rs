//! The type of an untagged scalar: plain ones by PyYAML's YAML 1.1 patterns, quoted and block ones are text.

use super::{number, timestamp};
use crate::{Origin, Text, Trust, Value, VaultSecrets};

/// A scalar as it is written, with what making a value of it takes.
pub(super) struct Scalar<'a> {
    pub(super) text: &'a str,
    /// Its type is found by its text: neither quoted nor a block, or tagged `!`.
    pub(super) plain: bool,
    pub(super) origin: &'a Origin,
    pub(super) trust: Trust,
    pub(super) vault: &'a VaultSecrets,
}

impl Scalar<'_> {
    pub(super) fn as_text(&self) -> Text {
        self.text_of(self.text)
    }

    /// Another text in this scalar's place.
    pub(super) fn text_of(&self, text: &str) -> Text {
        Text::trusted(text, Some(self.origin.clone())).with_trust(self.trust)
    }

    /// By the patterns of plain scalars, whatever the quotes.
    pub(super) fn resolve(&self) -> Value {
        match resolve(self.text) {
            Some(value) => value,
            None => match timestamp::iso(self.text) {
                Some(iso) => Value::Str(self.text_of(&iso).as_moment()),
                None => Value::Str(self.as_text()),
            },
        }
    }
}

/// `null`, a boolean or a number, if `text` is one. `y` and `n` are texts, as they are in PyYAML.
pub(super) fn resolve(text: &str) -> Option<Value> {
    match text.as_bytes().first() {
        None => Some(Value::Null),
        Some(b'~' | b'n' | b'N') if matches!(text, "~" | "null" | "Null" | "NULL") => Some(Value::Null),
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O') => boolean(text).map(Value::Bool),
        Some(b'+' | b'-' | b'.' | b'0'..=b'9') => number::float(text).map(Value::Float).or_else(|| number::int(text)),
        Some(_) => None,
    }
}

/// The spellings of booleans that PyYAML knows.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}
