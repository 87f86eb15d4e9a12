//! JSON as Python's `json.loads` reads it, with its messages.

use std::sync::Arc;

use num_bigint::BigInt;

use crate::{Key, Map, Origin, SourceFile, Text, Trust, Value, yaml};

/// Of texts that are no files.
const MAX_DEPTH: usize = 900;

/// The value of `text`; its strings are nobody's.
pub fn read(text: &str) -> Result<Value, String> {
    read_whole(text, None).map_err(|error| error.to_string())
}

/// The value of `text`, its strings with the place where they begin.
pub(crate) fn read_placed(text: &str, places: Places<'_>) -> Result<Value, JsonError> {
    read_whole(text, Some(places))
}

/// Whose a text's strings are.
pub(crate) struct Places<'a> {
    pub(crate) source: &'a Arc<SourceFile>,
    pub(crate) trust: Trust,
}

/// What cannot be read; line and column count from one. Shown as Python words it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct JsonError {
    message: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

fn read_whole(text: &str, places: Option<Places<'_>>) -> Result<Value, JsonError> {
    let mut reader = Reader { chars: text.chars().collect(), at: 0, depth: 0, line: 1, line_start: 0, places };
    reader.space();
    let value = reader.value()?;
    reader.space();
    if reader.at < reader.chars.len() { Err(reader.error("Extra data", reader.at)) } else { Ok(value) }
}

struct Reader<'a> {
    chars: Vec<char>,
    at: usize,
    depth: usize,
    /// The line of `at`: strings have no line feeds, so only space ends lines.
    line: u32,
    line_start: usize,
    places: Option<Places<'a>>,
}

impl Reader<'_> {
    /// Python's message: what, line, column, and position in characters.
    fn error(&self, what: &str, at: usize) -> JsonError {
        let (line, column) = (self.line, self.column(at));
        JsonError { message: format!("{what}: line {line} column {column} (char {at})"), line, column }
    }

    /// An error that Python tells without a place.
    fn refusal(&self, message: &str) -> JsonError {
        JsonError { message: message.into(), line: self.line, column: self.column(self.at) }
    }

    fn column(&self, at: usize) -> u32 {
        u32::try_from(at - self.line_start + 1).unwrap_or(u32::MAX)
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(c @ (' ' | '\t' | '\n' | '\r')) = self.peek() {
            self.at += 1;
            if c == '\n' {
                self.line = self.line.saturating_add(1);
                self.line_start = self.at;
            }
        }
    }

    fn word(&mut self, word: &str) -> bool {
        let found = word.chars().enumerate().all(|(i, c)| self.chars.get(self.at + i) == Some(&c));
        if found {
            self.at += word.len();
        }
        found
    }

    fn value(&mut self) -> Result<Value, JsonError> {
        self.depth += 1;
        if self.depth > if self.places.is_some() { yaml::MAX_DEPTH } else { MAX_DEPTH } {
            return Err(self.refusal("maximum recursion depth exceeded"));
        }
        let value = match self.peek() {
            Some('"') => self.string().map(Value::Str),
            Some('{') => self.object(),
            Some('[') => self.array(),
            Some('-' | '0'..='9') => self.number(),
            _ => self.constant(),
        };
        self.depth -= 1;
        value
    }

    fn constant(&mut self) -> Result<Value, JsonError> {
        let constants = [
            ("null", Value::Null),
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("NaN", Value::Float(f64::NAN)),
            ("Infinity", Value::Float(f64::INFINITY)),
        ];
        for (word, value) in constants {
            if self.word(word) {
                return Ok(value);
            }
        }
        Err(self.error("Expecting value", self.at))
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        if self.word("-Infinity") {
            return Ok(Value::Float(f64::NEG_INFINITY));
        }
        let digits = |reader: &mut Self| {
            let from = reader.at;
            while reader.peek().is_some_and(|c| c.is_ascii_digit()) {
                reader.at += 1;
            }
            reader.at > from
        };
        self.word("-");
        if !self.word("0") && !digits(self) {
            self.at = start;
            return Err(self.error("Expecting value", start));
        }
        let mut float = false;
        let whole_end = self.at;
        if self.word(".") {
            float = digits(self);
            if !float {
                self.at = whole_end;
            }
        }
        let mantissa_end = self.at;
        if self.word("e") || self.word("E") {
            let _ = self.word("+") || self.word("-");
            if digits(self) {
                float = true;
            } else {
                self.at = mantissa_end;
            }
        }
        let text: String = self.chars[start..self.at].iter().collect();
        if float {
            return Ok(Value::Float(text.parse().unwrap_or(f64::NAN)));
        }
        if let Ok(small) = text.parse() {
            return Ok(Value::Int(small));
        }
        let big: Option<BigInt> = text.parse().ok().filter(|_| text.len() <= 4300);
        big.map(|big| Value::BigInt(Arc::new(big)))
            .ok_or_else(|| self.refusal("Exceeds the limit (4300 digits) for integer string conversion"))
    }

    fn string(&mut self) -> Result<Text, JsonError> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let Some(c) = self.peek() else {
                return Err(self.error("Unterminated string starting at", start));
            };
            self.at += 1;
            match c {
                '"' => return Ok(self.text(&out, start)),
                '\\' => self.escape(start, &mut out)?,
                c if (c as u32) < 0x20 => return Err(self.error("Invalid control character at", self.at - 1)),
                c => out.push(c),
            }
        }
    }

    fn text(&self, written: &str, start: usize) -> Text {
        let text = Text::from(written);
        let Some(Places { source, trust }) = &self.places else { return text };
        text.with_trust(*trust).with_origin(Some(Origin::new((*source).clone(), self.line, self.column(start))))
    }

    fn escape(&mut self, start: usize, out: &mut String) -> Result<(), JsonError> {
        let Some(c) = self.peek() else {
            return Err(self.error("Unterminated string starting at", start));
        };
        self.at += 1;
        out.push(match c {
            '"' | '\\' | '/' => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let unit = self.unit()?;
                let paired = (0xd800..0xdc00).contains(&unit) && self.word("\\u");
                let units = if paired { vec![unit, self.unit()?] } else { vec![unit] };
                out.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
                return Ok(());
            }
            _ => return Err(self.error("Invalid \\escape", self.at - 2)),
        });
        Ok(())
    }

    fn unit(&mut self) -> Result<u16, JsonError> {
        let digits: String = self.chars.iter().skip(self.at).take(4).collect();
        let unit = u16::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 4 && !digits.starts_with('+'));
        let unit = unit.ok_or_else(|| self.error("Invalid \\uXXXX escape", self.at))?;
        self.at += 4;
        Ok(unit)
    }

    fn array(&mut self) -> Result<Value, JsonError> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.word("]") {
            return Ok(Value::list(items));
        }
        loop {
            self.space();
            items.push(self.value()?);
            self.space();
            if self.word("]") {
                return Ok(Value::list(items));
            }
            if !self.word(",") {
                return Err(self.error("Expecting ',' delimiter", self.at));
            }
        }
    }

    fn object(&mut self) -> Result<Value, JsonError> {
        self.at += 1;
        let mut map = Map::new();
        self.space();
        if self.word("}") {
            return Ok(Value::map(map));
        }
        loop {
            self.space();
            if self.peek() != Some('"') {
                return Err(self.error("Expecting property name enclosed in double quotes", self.at));
            }
            let key = self.string()?;
            self.space();
            if !self.word(":") {
                return Err(self.error("Expecting ':' delimiter", self.at));
            }
            self.space();
            let value = self.value()?;
            map.insert(Key::Str(key), value);
            self.space();
            if self.word("}") {
                return Ok(Value::map(map));
            }
            if !self.word(",") {
                return Err(self.error("Expecting ',' delimiter", self.at));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn mistakes_are_worded_as_python_words_them() {
        let cases = [
            ("", "Expecting value: line 1 column 1 (char 0)"),
            ("{a}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
            ("[1", "Expecting ',' delimiter: line 1 column 3 (char 2)"),
            ("[1,]", "Expecting value: line 1 column 4 (char 3)"),
            ("{} x", "Extra data: line 1 column 4 (char 3)"),
            ("{\"a\" 1}", "Expecting ':' delimiter: line 1 column 6 (char 5)"),
            ("\"x", "Unterminated string starting at: line 1 column 1 (char 0)"),
        ];
        for (text, message) in cases {
            assert_eq!(read(text).unwrap_err(), message, "{text}");
        }
    }
}
