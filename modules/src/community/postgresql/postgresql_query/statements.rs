//! SQL text: taken apart into statements, and its placeholders filled.

use serde_json::Value;

use super::super::session::literal;
use crate::python_repr::str_of;
use crate::{Map, ModuleError};

/// The statements of a text. Semicolons within strings, quoted names, dollar quotes and comments do not separate.
pub(super) fn split(text: &str) -> Vec<&str> {
    let mut statements = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text[at..];
        let skipped = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with(['\'', '"']) {
            quoted_length(rest, text[..at].ends_with(['E', 'e']))
        } else if let Some(tag) = dollar_tag(rest) {
            rest[tag.len()..].find(tag).map_or(rest.len(), |end| end + 2 * tag.len())
        } else if rest.starts_with(';') {
            statements.push(&text[start..at]);
            start = at + 1;
            1
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
        at += skipped;
    }
    statements.push(&text[start..]);
    statements.into_iter().map(str::trim).filter(|statement| !statement.is_empty()).collect()
}

/// Up to and with the closing quote; doubled quotes, and in `E''` strings escaped ones, do not close.
fn quoted_length(text: &str, escapes: bool) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        if bytes[at] == b'\\' && escapes && bytes[0] == b'\'' {
            at += 2;
        } else if bytes[at] != bytes[0] {
            at += 1;
        } else if bytes.get(at + 1) == Some(&bytes[0]) {
            at += 2;
        } else {
            return at + 1;
        }
    }
    text.len()
}

/// `$$` or `$tag$`.
fn dollar_tag(text: &str) -> Option<&str> {
    let end = text.strip_prefix('$')?.find('$')? + 2;
    let is_name = text[1..end - 1].chars().all(|c| c.is_alphanumeric() || c == '_');
    (is_name && !text[1..].starts_with(|c: char| c.is_ascii_digit())).then(|| &text[..end])
}

/// What stands for `%s` and `%(name)s`.
pub(super) struct Parameters<'a> {
    pub positional: &'a [Value],
    pub named: Option<&'a Map>,
}

impl Parameters<'_> {
    /// The text with its placeholders replaced by quoted values; without parameters it stays as it is.
    pub(super) fn filled(&self, text: &str) -> Result<String, ModuleError> {
        if self.positional.is_empty() && self.named.is_none() {
            return Ok(text.to_owned());
        }
        let mut filled = String::new();
        let mut values = self.positional.iter();
        let mut rest = text;
        while let Some(at) = rest.find('%') {
            filled.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let (value, length) = if rest.starts_with('%') {
                filled.push('%');
                (None, 1)
            } else if rest.starts_with('s') {
                let missing = || ModuleError::failed("the query has more placeholders than positional_args has values");
                (Some(values.next().ok_or_else(missing)?), 1)
            } else if let Some((name, _)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(")s")) {
                let missing = || ModuleError::failed(format!("query parameter missing: {name}"));
                (Some(self.named.and_then(|named| named.get(name)).ok_or_else(missing)?), name.len() + 3)
            } else {
                return Err(ModuleError::failed("the query contains a single % that is no placeholder: write %%"));
            };
            filled.extend(value.map(sql));
            rest = &rest[length..];
        }
        filled.push_str(rest);
        Ok(filled)
    }
}

/// A value as SQL; a list is an array.
fn sql(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => literal(text),
        Value::Array(items) => {
            let element = |item: &Value| match item {
                Value::Null => "NULL".to_owned(),
                other => format!("\"{}\"", str_of(other).replace('\\', "\\\\").replace('"', "\\\"")),
            };
            literal(&format!("{{{}}}", items.iter().map(element).collect::<Vec<_>>().join(",")))
        }
        Value::Object(_) => literal(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn statements_are_separated() {
        let text = "select ';'; -- a;b\ninsert into \"x;y\" values (E'\\';', $$;$$, $t$ ; $t$); /* ; */ ; ";
        assert_eq!(split(text).len(), 3);
        assert_eq!(split("select 1"), ["select 1"]);
        assert_eq!(split("select $1; b"), ["select $1", "b"]);
    }

    #[test]
    fn placeholders_are_filled() {
        let list = [json!("it's"), json!(5), json!(["a", "b\"c"])];
        let parameters = Parameters { positional: &list, named: None };
        assert_eq!(parameters.filled("a %s b %s c %s %%").unwrap(), "a 'it''s' b 5 c E'{\"a\",\"b\\\\\"c\"}' %");
        assert!(parameters.filled("%s %s %s %s").is_err());
        let named = json!({"v": null}).as_object().cloned().unwrap();
        let parameters = Parameters { positional: &[], named: Some(&named) };
        assert_eq!(parameters.filled("%(v)s").unwrap(), "NULL");
        assert!(parameters.filled("%(w)s").is_err());
    }
}
