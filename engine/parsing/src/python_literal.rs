//! Python literals, which INI inventories and `#jinja2:` headers write their values in: `1`, `0x1f`, `[1, 'x']`, `{'a': None}`, `"text"`.

use std::sync::Arc;

use num_bigint::BigInt;

use crate::value::float_repr;
use crate::{Key, Map, Text, Trust, Value};

/// Deeper nesting is taken for text.
const MAX_DEPTH: usize = 90;

/// The value of a literal; `None` when `source` is anything else, which Ansible takes as a plain string.
/// Tuples and sets become lists, bytes become text. `text` makes the strings.
pub fn parse(source: &str, text: &dyn Fn(String) -> Text) -> Option<Value> {
    let mut parser = Parser { rest: source.trim_start_matches([' ', '\t']), text };
    let value = parser.items("", 0)?.into_value();
    parser.rest.is_empty().then_some(value)
}

struct Parser<'a> {
    rest: &'a str,
    text: &'a dyn Fn(String) -> Text,
}

/// Values with commas between them, and whether there was a comma.
struct Items {
    values: Vec<Value>,
    has_comma: bool,
}

impl Items {
    /// A single value without a comma is itself, anything else a tuple.
    fn into_value(mut self) -> Value {
        match self.values.len() {
            1 if !self.has_comma => self.values.remove(0),
            _ => Value::list(self.values),
        }
    }
}

impl Parser<'_> {
    /// Blanks, line breaks and comments.
    fn skip_blank(&mut self) {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r', '\x0c']);
            if !self.rest.starts_with('#') {
                return;
            }
            self.rest = self.rest.find('\n').map_or("", |end| &self.rest[end..]);
        }
    }

    fn eat(&mut self, token: &str) -> bool {
        self.skip_blank();
        self.rest.strip_prefix(token).map(|rest| self.rest = rest).is_some()
    }

    /// Whether `end` comes next; the empty `end` is that of the text.
    fn at(&mut self, end: &str) -> bool {
        self.skip_blank();
        if end.is_empty() { self.rest.is_empty() } else { self.rest.starts_with(end) }
    }

    fn items(&mut self, end: &str, depth: usize) -> Option<Items> {
        let mut items = Items { values: Vec::new(), has_comma: false };
        while !self.at(end) {
            items.values.push(self.value(depth)?);
            if !self.eat(",") {
                break;
            }
            items.has_comma = true;
        }
        (self.eat(end) && !(end.is_empty() && items.values.is_empty())).then_some(items)
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.skip_blank();
        let (c, rest) = (self.rest.chars().next()?, self.rest);
        match c {
            '[' => {
                self.rest = &rest[1..];
                self.items("]", depth + 1).map(|items| Value::list(items.values))
            }
            '(' => {
                self.rest = &rest[1..];
                self.items(")", depth + 1).map(Items::into_value)
            }
            '{' => {
                self.rest = &rest[1..];
                self.map(depth + 1).or_else(|| {
                    self.rest = &rest[1..];
                    self.set(depth + 1)
                })
            }
            '+' | '-' | '.' | '0'..='9' => self.number(),
            _ => self.word().or_else(|| self.strings()),
        }
    }

    fn map(&mut self, depth: usize) -> Option<Value> {
        let mut map = Map::new();
        while !self.at("}") {
            let key = into_key(self.value(depth)?)?;
            if !self.eat(":") {
                return None;
            }
            map.insert(key, self.value(depth)?);
            if !self.eat(",") {
                break;
            }
        }
        self.eat("}").then(|| Value::map(map))
    }

    /// Not empty: `{}` is a map.
    fn set(&mut self, depth: usize) -> Option<Value> {
        let mut members: Vec<Value> = Vec::new();
        for value in self.items("}", depth)?.values {
            if !members.contains(&value) {
                members.push(value);
            }
        }
        Some(Value::list(members))
    }

    /// A number, or a sum of a real and an imaginary one.
    fn number(&mut self) -> Option<Value> {
        let first = self.signed()?;
        let (Number::Real(real), rest) = (&first, self.rest) else { return Some(self.told(&first)) };
        self.skip_blank();
        if self.rest.starts_with(['+', '-'])
            && let Some(Number::Imaginary(_, imaginary)) = self.signed()
        {
            let real = as_float(real)?;
            return Some(self.told(&Number::Imaginary(real, imaginary)));
        }
        self.rest = rest;
        Some(self.told(&first))
    }

    /// A complex number is told as Python shows it: there is no such value here.
    fn told(&self, number: &Number) -> Value {
        let plain = |part: f64| float_repr(part).trim_end_matches(".0").to_owned();
        match number {
            Number::Real(value) => value.clone(),
            Number::Imaginary(real, imaginary) if *real == 0.0 && real.is_sign_positive() => {
                Value::Str((self.text)(format!("{}j", plain(*imaginary))))
            }
            Number::Imaginary(real, imaginary) => {
                let sign = if imaginary.is_sign_negative() { "" } else { "+" };
                Value::Str((self.text)(format!("({}{sign}{}j)", plain(*real), plain(*imaginary))))
            }
        }
    }

    fn signed(&mut self) -> Option<Number> {
        let unsigned = self.rest.trim_start_matches(['+', '-']);
        let negative = match &self.rest[..self.rest.len() - unsigned.len()] {
            "" | "+" => false,
            "-" => true,
            _ => return None,
        };
        let unsigned = unsigned.trim_start_matches([' ', '\t']);
        let (digits, rest) = unsigned.split_at(number_length(unsigned));
        self.rest = rest;
        if let Some(digits) = digits.strip_suffix(['j', 'J']) {
            let part = decimal(digits).or_else(|| as_float(&float(digits, false)?))?;
            return Some(if negative { Number::Imaginary(-0.0, -part) } else { Number::Imaginary(0.0, part) });
        }
        integer(digits, negative).or_else(|| float(digits, negative)).map(Number::Real)
    }

    fn word(&mut self) -> Option<Value> {
        let words = [
            ("True", Value::Bool(true)),
            ("False", Value::Bool(false)),
            ("None", Value::Null),
            ("set()", Value::list(Vec::new())),
        ];
        let (word, value) = words.into_iter().find(|(word, _)| self.rest.starts_with(word))?;
        let rest = &self.rest[word.len()..];
        if rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            return None;
        }
        self.rest = rest;
        Some(value)
    }

    /// One string, or several that stand side by side.
    /// Bytes are never templated, as with Ansible.
    fn strings(&mut self) -> Option<Value> {
        let is_bytes = self.rest.split(['\'', '"']).next().is_some_and(|prefix| prefix.contains(['b', 'B']));
        let mut joined = self.string()?;
        loop {
            self.skip_blank();
            if !self.rest.starts_with(['\'', '"']) {
                let text = (self.text)(joined);
                return Some(Value::Str(if is_bytes { text.with_trust(Trust::Untrusted) } else { text }));
            }
            joined.push_str(&self.string()?);
        }
    }

    fn string(&mut self) -> Option<String> {
        let quote_at = self.rest.find(['\'', '"']).filter(|at| *at <= 2)?;
        let (prefix, quoted) = self.rest.split_at(quote_at);
        let raw = match prefix.to_ascii_lowercase().as_str() {
            "" | "u" | "b" => false,
            "r" | "br" | "rb" => true,
            _ => return None,
        };
        let quote = ["'''", "\"\"\"", "'", "\""].into_iter().find(|quote| quoted.starts_with(quote))?;
        let (body, rest) = split_string(&quoted[quote.len()..], quote)?;
        self.rest = rest;
        if raw { Some(body.into()) } else { unescape(body) }
    }
}

enum Number {
    Real(Value),
    /// The real part beside the imaginary one.
    Imaginary(f64, f64),
}

/// Digits, which here may begin with zeros.
fn decimal(digits: &str) -> Option<f64> {
    let is_decimal = digits.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    if is_decimal { without_underscores(digits)?.parse().ok() } else { None }
}

fn as_float(number: &Value) -> Option<f64> {
    match number {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

/// What can key a map. Ansible's other hashables (tuples, big integers, undefined) cannot here.
fn into_key(value: Value) -> Option<Key> {
    match value {
        Value::Null => Some(Key::Null),
        Value::Bool(value) => Some(Key::Bool(value)),
        Value::Int(value) => Some(Key::Int(value)),
        Value::Float(value) => Some(Key::Float(value)),
        Value::Str(text) => Some(Key::Str(text)),
        _ => None,
    }
}

/// Letters, digits, dots and underscores, and a sign after the `e` of a decimal exponent.
fn number_length(text: &str) -> usize {
    let is_based = text.len() > 1 && text.starts_with('0') && text.as_bytes()[1].is_ascii_alphabetic();
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let is_exponent_sign = matches!(c, '+' | '-') && matches!(before, 'e' | 'E') && !is_based;
        if !(c.is_alphanumeric() || matches!(c, '.' | '_') || is_exponent_sign) {
            return at;
        }
        before = c;
    }
    text.len()
}

fn integer(text: &str, negative: bool) -> Option<Value> {
    let (radix, digits) = match text.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => (16, text[2..].strip_prefix('_').unwrap_or(&text[2..])),
        Some("0o") => (8, text[2..].strip_prefix('_').unwrap_or(&text[2..])),
        Some("0b") => (2, text[2..].strip_prefix('_').unwrap_or(&text[2..])),
        _ => (10, text),
    };
    if !digits.chars().all(|c| c.is_digit(radix) || c == '_') {
        return None;
    }
    let digits = without_underscores(digits)?;
    // A leading zero is an octal number of old, which Python refuses.
    if radix == 10 && digits.starts_with('0') && digits.bytes().any(|b| b != b'0') {
        return None;
    }
    let number = BigInt::parse_bytes(digits.as_bytes(), radix)?;
    let number = if negative { -number } else { number };
    Some(i64::try_from(&number).map_or_else(|_| Value::BigInt(Arc::new(number)), Value::Int))
}

fn float(text: &str, negative: bool) -> Option<Value> {
    let is_float = text.contains(['.', 'e', 'E']) && text.contains(|c: char| c.is_ascii_digit());
    if !is_float || !text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-' | '_')) {
        return None;
    }
    let parts: Option<Vec<String>> =
        text.split_inclusive(['.', 'e', 'E', '+', '-']).map(without_separator_underscores).collect();
    let number: f64 = parts?.concat().parse().ok()?;
    Some(Value::Float(if negative { -number } else { number }))
}

/// A run of digits with what ends it, without the underscores between its digits.
fn without_separator_underscores(part: &str) -> Option<String> {
    let digits = part.trim_end_matches(['.', 'e', 'E', '+', '-']);
    let digits_only = if digits.is_empty() { String::new() } else { without_underscores(digits)? };
    Some(digits_only + &part[digits.len()..])
}

/// Single underscores between digits are allowed, nowhere else.
fn without_underscores(digits: &str) -> Option<String> {
    let misplaced = digits.is_empty() || digits.starts_with('_') || digits.ends_with('_') || digits.contains("__");
    (!misplaced).then(|| digits.replace('_', ""))
}

/// The text before the closing `quote` and what comes after it.
fn split_string<'a>(text: &'a str, quote: &str) -> Option<(&'a str, &'a str)> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if !escaped && text[at..].starts_with(quote) {
            return Some((&text[..at], &text[at + quote.len()..]));
        }
        if c == '\n' && !escaped && quote.len() == 1 {
            return None;
        }
        escaped = c == '\\' && !escaped;
    }
    None
}

fn unescape(body: &str) -> Option<String> {
    let mut plain = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        let escape = rest[at + 1..].chars().next()?;
        rest = &rest[at + 1 + escape.len_utf8()..];
        match escape {
            '\n' => {}
            '\\' | '\'' | '"' => plain.push(escape),
            'a' => plain.push('\x07'),
            'b' => plain.push('\x08'),
            'f' => plain.push('\x0c'),
            'n' => plain.push('\n'),
            'r' => plain.push('\r'),
            't' => plain.push('\t'),
            'v' => plain.push('\x0b'),
            'x' => plain.push(code_point(&mut rest, 2)?),
            'u' => plain.push(code_point(&mut rest, 4)?),
            'U' => plain.push(code_point(&mut rest, 8)?),
            'N' => return None,
            '0'..='7' => {
                let digits: String = rest.chars().take(2).take_while(|c| c.is_digit(8)).collect();
                rest = &rest[digits.len()..];
                plain.push(char::from_u32(u32::from_str_radix(&format!("{escape}{digits}"), 8).ok()?)?);
            }
            other => plain.extend(['\\', other]),
        }
    }
    plain.push_str(rest);
    Some(plain)
}

fn code_point(rest: &mut &str, digits: usize) -> Option<char> {
    let (code, after) = rest.split_at_checked(digits)?;
    *rest = after;
    char::from_u32(u32::from_str_radix(code, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(source: &str) -> Option<String> {
        parse(source, &Text::from).map(|value| value.repr())
    }

    /// What Ansible 2.19 makes of the same values in an INI inventory, as Python's `repr` shows it.
    #[test]
    fn literals_have_their_values() {
        let cases = [
            ("1", "1"),
            ("-5", "-5"),
            ("- 5", "-5"),
            ("+5", "5"),
            ("0x10", "16"),
            ("0XfF", "255"),
            ("0o17", "15"),
            ("0b11", "3"),
            ("0x_f", "15"),
            ("1_000", "1000"),
            ("00", "0"),
            ("0_0", "0"),
            ("9223372036854775808", "9223372036854775808"),
            ("-9223372036854775809", "-9223372036854775809"),
            ("1.5", "1.5"),
            (".5", "0.5"),
            ("5.", "5.0"),
            ("1.e3", "1000.0"),
            ("1e+5", "100000.0"),
            ("1E-05", "1e-05"),
            ("09.5", "9.5"),
            ("1_0.5_0", "10.5"),
            ("-0.0", "-0.0"),
            ("1e400", "inf"),
            ("True", "True"),
            ("None", "None"),
            ("(True)", "True"),
            ("'a' 'b'", "'ab'"),
            ("1j", "'1j'"),
            ("-1+2j", "'(-1+2j)'"),
            ("-2J", "'(-0-2j)'"),
            ("1e16 - 2.50j", "'(1e+16-2.5j)'"),
            ("[1+2j, 3]", "['(1+2j)', 3]"),
            ("u'x'", "'x'"),
            ("b'x'", "'x'"),
            ("r'\\n'", "'\\\\n'"),
            ("\"\"\"x\"\"\"", "'x'"),
            ("'a\\nb'", "'a\\nb'"),
            ("'\\q'", "'\\\\q'"),
            ("'\\101\\x41\\u0042'", "'AAB'"),
            ("'it''s'", "'its'"),
            ("[1, 2, \"x\"]", "[1, 2, 'x']"),
            ("[1,]", "[1]"),
            ("[[[]]]", "[[[]]]"),
            ("(1,2)", "[1, 2]"),
            ("(1,)", "[1]"),
            ("()", "[]"),
            ("1,2", "[1, 2]"),
            ("1,", "[1]"),
            ("{1,2,1}", "[1, 2]"),
            ("set()", "[]"),
            ("{}", "{}"),
            ("{\"a\": 1, 'b': [True]}", "{'a': 1, 'b': [True]}"),
            ("{None:1,1.5:3}", "{None: 1, 1.5: 3}"),
            ("{'a':1,}", "{'a': 1}"),
            ("1 # c", "1"),
            ("'#' # c", "'#'"),
            (" 1", "1"),
        ];
        for (source, expected) in cases {
            assert_eq!(parsed(source).as_deref(), Some(expected), "{source}");
        }
    }

    #[test]
    fn anything_else_is_no_literal() {
        let cases = [
            "",
            " ",
            "abc",
            "true",
            "017",
            "09",
            "1_",
            "1__0",
            "1_e5",
            "0xg",
            "1L",
            "1 2",
            "--5",
            "-True",
            "0.5.5",
            ".",
            "1e",
            "1+1",
            "[1",
            "[,]",
            "[1 2]",
            "[True, false]",
            "{1:2,3}",
            "{,}",
            "{[1]:2}",
            "'a' x",
            "'a",
            "f'x'",
            "'\\x4'",
            "'\\N{DASH}'",
            "not True",
            "a.b",
            "set((1,))",
            "# x",
            "None None",
            "1;2",
            "...",
            "[*[1]]",
        ];
        for source in cases {
            assert_eq!(parsed(source), None, "{source}");
        }
    }

    #[test]
    fn deep_nesting_is_no_literal() {
        let deep = "[".repeat(100_000);
        assert_eq!(parsed(&deep), None);
    }
}
