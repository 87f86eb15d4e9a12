//! `Value`: the one data type of the engine. JSON-like, cheap to clone, strings carry origin, trust and secrecy.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use indexmap::IndexMap;
use num_bigint::BigInt;

use crate::{Key, Origin, Text, Trust};

/// An insertion-ordered map. `map.get("name")` works with a plain `&str`.
pub type Map = IndexMap<Key, Value>;

#[derive(Clone, Debug)]
pub enum Value {
    /// A value that could not be had, and why. Using it is an error; passing it on is not.
    Undefined(Arc<Undefined>),
    Null,
    Bool(bool),
    Int(i64),
    BigInt(Arc<BigInt>),
    Float(f64),
    Str(Text),
    List(Arc<Vec<Value>>),
    Map(Arc<Map>),
}

/// Why a value is undefined.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Undefined {
    /// The name that was looked for, where there is one.
    pub name: Option<String>,
    /// A whole message, as the user reads it.
    pub reason: String,
    /// The vault data it stands for, where it could not be decrypted.
    pub sealed: Option<Box<str>>,
}

impl Value {
    pub fn undefined(name: Option<&str>, reason: impl Into<String>) -> Self {
        Self::Undefined(Arc::new(Undefined { name: name.map(Into::into), reason: reason.into(), sealed: None }))
    }

    /// Vault data that could not be decrypted: using it is an error, handing it on is none.
    pub fn sealed(data: &str, reason: impl Into<String>) -> Self {
        Self::Undefined(Arc::new(Undefined { name: None, reason: reason.into(), sealed: Some(data.into()) }))
    }

    /// Text the user wrote, without a place.
    pub fn trusted(text: impl Into<Box<str>>) -> Self {
        Self::Str(Text::trusted(text, None))
    }

    /// The same value, sharing no container with others.
    #[must_use]
    pub fn unshared(self) -> Self {
        match &self {
            Self::List(items) => Self::list(items.iter().cloned().map(Self::unshared).collect()),
            Self::Map(map) => {
                Self::map(map.iter().map(|(key, value)| (key.clone(), value.clone().unshared())).collect())
            }
            _ => self,
        }
    }

    pub fn list(items: Vec<Value>) -> Self {
        Self::List(Arc::new(items))
    }

    pub fn map(map: Map) -> Self {
        Self::Map(Arc::new(map))
    }

    pub fn is_undefined(&self) -> bool {
        matches!(self, Self::Undefined(_))
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    pub fn as_str(&self) -> Option<&str> {
        self.as_text().map(Text::as_str)
    }

    pub fn as_text(&self) -> Option<&Text> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            _ => None,
        }
    }

    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(i) => Some(*i),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The entry `key` of a map; `None` for anything else.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    pub fn origin(&self) -> Option<&Origin> {
        match self {
            Self::Str(text) => text.origin(),
            Self::List(items) => items.iter().find_map(Value::origin),
            Self::Map(map) => map.iter().find_map(|(key, value)| match key {
                Key::Str(text) => text.origin().or_else(|| value.origin()),
                _ => value.origin(),
            }),
            _ => None,
        }
    }

    /// Ansible's name of the type, for messages: `str`, `int`, `dict`, …
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Undefined(_) => "Undefined",
            Self::Null => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::BigInt(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) => "str",
            Self::List(_) => "list",
            Self::Map(_) => "dict",
        }
    }

    /// Python's truth: empty and zero are false.
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Undefined(_) | Self::Null => false,
            Self::Bool(b) => *b,
            Self::Int(i) => *i != 0,
            Self::BigInt(i) => **i != BigInt::ZERO,
            Self::Float(f) => *f != 0.0,
            Self::Str(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Map(map) => !map.is_empty(),
        }
    }

    /// Ansible's boolean conversion of an option's value: `yes`/`on`/`1`/`true`/`t`/`y` and their opposites, any case.
    pub fn to_bool_loose(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            Self::Int(1) => Some(true),
            Self::Int(0) => Some(false),
            #[expect(clippy::float_cmp, reason = "only exactly 1.0 is true")]
            Self::Float(f) if *f == 1.0 => Some(true),
            Self::Float(f) if *f == 0.0 => Some(false),
            Self::Str(text) => match text.trim().to_lowercase().as_str() {
                "y" | "yes" | "on" | "1" | "true" | "t" | "1.0" => Some(true),
                "n" | "no" | "off" | "0" | "false" | "f" | "0.0" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// The same value with every string in it (not the keys) marked with `trust`.
    #[must_use]
    pub fn with_trust(&self, trust: Trust) -> Self {
        self.map_strings(&|text| text.with_trust(trust))
    }

    /// The same value with every string in it marked as secret.
    #[must_use]
    pub fn with_secret(&self) -> Self {
        self.map_strings(&|text| text.with_secret(true))
    }

    /// The same value with `change` applied to every string in it, not to the keys.
    #[must_use]
    pub fn map_strings(&self, change: &dyn Fn(&Text) -> Text) -> Self {
        match self {
            Self::Str(text) => Self::Str(change(text)),
            Self::List(items) => Self::list(items.iter().map(|item| item.map_strings(change)).collect()),
            Self::Map(map) => Self::map(map.iter().map(|(k, v)| (k.clone(), v.map_strings(change))).collect()),
            other => other.clone(),
        }
    }

    /// To the wire's JSON. Keys become strings as Python's `json.dumps` makes them; undefined becomes null.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Undefined(_) | Self::Null => serde_json::Value::Null,
            Self::Bool(b) => (*b).into(),
            Self::Int(i) => (*i).into(),
            Self::BigInt(i) => u64::try_from(i.as_ref()).map_or_else(|_| i.to_string().into(), Into::into),
            Self::Float(f) => (*f).into(),
            Self::Str(text) => text.as_str().into(),
            Self::List(items) => items.iter().map(Value::to_json).collect(),
            Self::Map(map) => {
                map.iter().map(|(k, v)| (json_key(k), v.to_json())).collect::<serde_json::Map<_, _>>().into()
            }
        }
    }

    /// From the wire's JSON: everything in it is untrusted.
    pub fn from_json(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(b) => Self::Bool(*b),
            serde_json::Value::Number(n) => number_from_json(n),
            serde_json::Value::String(s) => Self::Str(s.as_str().into()),
            serde_json::Value::Array(items) => Self::list(items.iter().map(Self::from_json).collect()),
            serde_json::Value::Object(map) => {
                Self::map(map.iter().map(|(k, v)| (Key::from(k.as_str()), Self::from_json(v))).collect())
            }
        }
    }
}

fn number_from_json(n: &serde_json::Number) -> Value {
    if let Some(i) = n.as_i64() {
        Value::Int(i)
    } else if let Some(u) = n.as_u64() {
        Value::BigInt(Arc::new(BigInt::from(u)))
    } else {
        Value::Float(n.as_f64().unwrap_or(f64::NAN))
    }
}

/// A key as Python's `json.dumps` writes it.
fn json_key(key: &Key) -> String {
    match key {
        Key::Null => "null".into(),
        Key::Bool(b) => b.to_string(),
        other => other.to_string(),
    }
}

/// A float as Python's `repr` prints it: `1.0`, `1e+16`, `0.1`, `inf`, `nan`.
pub fn float_repr(f: f64) -> String {
    if f.is_nan() {
        return "nan".into();
    }
    if f.is_infinite() {
        return if f > 0.0 { "inf".into() } else { "-inf".into() };
    }
    let magnitude = f.abs();
    if magnitude != 0.0 && !(1e-4..1e16).contains(&magnitude) {
        let text = format!("{f:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    let text = format!("{f}");
    if text.contains('.') { text } else { text + ".0" }
}

/// Python's equality: `1 == 1.0 == True`; places, trust and secrecy do not count.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Undefined(_), Self::Undefined(_)) | (Self::Null, Self::Null) => true,
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            (Self::BigInt(a), Self::BigInt(b)) => a == b,
            (Self::Float(a), b) | (b, Self::Float(a)) => b.as_number().is_some_and(|b| *a == b),
            (a, b) => matches!((a.as_integer(), b.as_integer()), (Some(a), Some(b)) if a == b),
        }
    }
}

impl Value {
    fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Bool(b) => Some((*b).into()),
            Self::Int(i) => Some(*i),
            _ => None,
        }
    }

    fn as_number(&self) -> Option<f64> {
        match self {
            Self::Float(f) => Some(*f),
            other => other.as_integer().map(|i| i as f64),
        }
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}
impl From<i64> for Value {
    fn from(i: i64) -> Self {
        Self::Int(i)
    }
}
impl From<f64> for Value {
    fn from(f: f64) -> Self {
        Self::Float(f)
    }
}
impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Str(text.into())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Str(text.into())
    }
}
impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::Str(text)
    }
}
impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::list(items)
    }
}
impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::map(map)
    }
}

/// As Python's `str()` prints it: text bare, containers by `repr`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Str(text) => f.write_str(text),
            other => f.write_str(&other.repr()),
        }
    }
}

impl Value {
    /// As Python's `repr()` prints it.
    pub fn repr(&self) -> String {
        match self {
            Self::Undefined(u) => u.reason.clone(),
            Self::Null => "None".into(),
            Self::Bool(true) => "True".into(),
            Self::Bool(false) => "False".into(),
            Self::Int(i) => i.to_string(),
            Self::BigInt(i) => i.to_string(),
            Self::Float(x) => float_repr(*x),
            Self::Str(text) => str_repr(text),
            Self::List(items) => format!("[{}]", items.iter().map(Value::repr).collect::<Vec<_>>().join(", ")),
            Self::Map(map) => {
                let entries = map.iter().map(|(k, v)| format!("{}: {}", key_repr(k), v.repr()));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

fn key_repr(key: &Key) -> String {
    key.as_str().map_or_else(|| key.to_string(), str_repr)
}

/// A string as Python's `repr` quotes it: single quotes unless it holds one and no double quote.
pub fn str_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if is_printable(c) => out.push(c),
            c => {
                let _ = match c as u32 {
                    code @ ..0x100 => write!(out, "\\x{code:02x}"),
                    code @ ..0x10000 => write!(out, "\\u{code:04x}"),
                    code => write!(out, "\\U{code:08x}"),
                };
            }
        }
    }
    out.push(quote);
    out
}

/// Python's `str.isprintable`. Rust escapes the same characters, and marks that have nothing to combine with, too.
fn is_printable(c: char) -> bool {
    c == ' ' || c.is_ascii_graphic() || !c.is_ascii() && String::from_iter(['a', c]).escape_debug().nth(1) == Some(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_print_as_python_prints_them() {
        let cases = [
            ("it's", "\"it's\""),
            ("a\u{a0}b\u{ad}", "'a\\xa0b\\xad'"),
            ("\u{200b}\u{2028}\u{3000}", "'\\u200b\\u2028\\u3000'"),
            ("e\u{301}\u{e4}\u{1f600}", "'e\u{301}\u{e4}\u{1f600}'"),
            ("\u{e0001}\u{7f}", "'\\U000e0001\\x7f'"),
        ];
        for (text, printed) in cases {
            assert_eq!(str_repr(text), printed);
        }
    }

    #[test]
    fn floats_print_as_python_prints_them() {
        let cases =
            [(1.0, "1.0"), (0.1, "0.1"), (1e16, "1e+16"), (1e-5, "1e-05"), (123_456.5, "123456.5"), (-0.0, "-0.0")];
        for (float, text) in cases {
            assert_eq!(float_repr(float), text);
        }
    }

    #[test]
    fn strings_are_quoted_as_python_quotes_them() {
        assert_eq!(str_repr("it's"), "\"it's\"");
        assert_eq!(str_repr("it's \"x\""), "'it\\'s \"x\"'");
        assert_eq!(str_repr("a\nb"), "'a\\nb'");
    }

    #[test]
    fn numbers_and_booleans_compare_as_in_python() {
        assert_eq!(Value::Int(1), Value::Bool(true));
        assert_eq!(Value::Int(1), Value::Float(1.0));
        assert_ne!(Value::Int(1), Value::from("1"));
    }

    #[test]
    fn a_secret_is_not_shown_by_debug() {
        let value = Value::from("hunter2").with_secret();
        assert_eq!(format!("{value:?}"), "Str(\"********\")");
    }
}
