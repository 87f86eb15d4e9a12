//! Rewriting a Python pattern into the syntax of `fancy-regex`.
//!
//! Where the two differ: what `^`, `$`, `\Z` and `\b` mean, which escapes exist, `{,n}` and lone braces, named
//! references, comments, flags, and everything special inside character classes.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

use super::Subject;

const WORD: &str = "A-Za-z0-9_";
const SPACE: &str = r" \t\n\r\x0c\x0b";

pub(super) fn translate(pattern: &str, subject: Subject, multi_line: bool) -> Result<String, String> {
    let mut translation = Translation {
        characters: pattern.chars().peekable(),
        out: String::new(),
        ascii: subject == Subject::Bytes,
        multi_line,
    };
    translation.all()?;
    Ok(translation.out)
}

struct Translation<'p> {
    characters: Peekable<Chars<'p>>,
    out: String,
    ascii: bool,
    multi_line: bool,
}

impl Translation<'_> {
    fn all(&mut self) -> Result<(), String> {
        while let Some(character) = self.characters.next() {
            match character {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '(' => self.group()?,
                '{' => self.brace(),
                '}' | ']' => self.literal(character),
                '^' => self.out.push_str(if self.multi_line { "(?m:^)" } else { r"\A" }),
                '$' => self.out.push_str(if self.multi_line { r"(?=\n|\z)" } else { r"(?=\n?\z)" }),
                other => self.out.push(other),
            }
        }
        Ok(())
    }

    fn literal(&mut self, character: char) {
        if !character.is_alphanumeric() && character.is_ascii() && !character.is_ascii_control() && character != '_' {
            self.out.push('\\');
        }
        self.out.push(character);
    }

    fn code(&mut self, number: u32) {
        let _ = write!(self.out, "\\x{{{number:x}}}");
    }

    fn escape(&mut self) -> Result<(), String> {
        let character = self.characters.next().ok_or("bad escape (end of pattern)")?;
        match character {
            'A' => self.out.push_str(r"\A"),
            'Z' => self.out.push_str(r"\z"),
            'b' | 'B' => self.word_boundary(character),
            'd' | 'D' | 'w' | 'W' | 's' | 'S' => self.shorthand(character, false),
            '1'..='9' => self.reference(character),
            _ => self.character_escape(character)?,
        }
        Ok(())
    }

    fn word_boundary(&mut self, letter: char) {
        if !self.ascii {
            self.out.push('\\');
            self.out.push(letter);
            return;
        }
        let boundary = format!("(?<=[{WORD}])(?![{WORD}])|(?<![{WORD}])(?=[{WORD}])");
        let open = if letter == 'b' { "(?:" } else { "(?!" };
        let _ = write!(self.out, "{open}{boundary})");
    }

    /// `\w` and its like; of bytes they are ASCII.
    fn shorthand(&mut self, letter: char, in_class: bool) {
        if !self.ascii {
            self.out.push('\\');
            self.out.push(letter);
            return;
        }
        let members = match letter.to_ascii_lowercase() {
            'd' => "0-9",
            'w' => WORD,
            _ => SPACE,
        };
        let _ = match (letter.is_ascii_uppercase(), in_class) {
            (true, _) => write!(self.out, "[^{members}]"),
            (false, true) => write!(self.out, "{members}"),
            (false, false) => write!(self.out, "[{members}]"),
        };
    }

    fn reference(&mut self, first: char) {
        let mut number = String::from(first);
        if let Some(digit) = self.characters.next_if(char::is_ascii_digit) {
            number.push(digit);
        }
        let _ = write!(self.out, "(?:\\{number})");
    }

    /// Escapes for single characters, inside classes and out.
    fn character_escape(&mut self, character: char) -> Result<(), String> {
        match character {
            'a' => self.code(7),
            'f' => self.code(12),
            'v' => self.code(11),
            'n' | 'r' | 't' => {
                self.out.push('\\');
                self.out.push(character);
            }
            'x' => self.numbered(2, 16)?,
            'u' => self.numbered(4, 16)?,
            'U' => self.numbered(8, 16)?,
            '0' => {
                let mut number = 0;
                for _ in 0..2 {
                    let Some(digit) = self.characters.next_if(|c| ('0'..='7').contains(c)) else { break };
                    number = number * 8 + digit.to_digit(8).unwrap_or(0);
                }
                self.code(number);
            }
            letter if letter.is_ascii_alphanumeric() => return Err(format!("bad escape \\{letter}")),
            other => self.literal(other),
        }
        Ok(())
    }

    fn numbered(&mut self, length: usize, radix: u32) -> Result<(), String> {
        let digits: String = self.characters.by_ref().take(length).collect();
        let number = u32::from_str_radix(&digits, radix).ok().filter(|_| digits.len() == length);
        self.code(number.ok_or_else(|| format!("incomplete escape \\{digits}"))?);
        Ok(())
    }

    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.characters.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            let character = self.characters.next().ok_or("unterminated character set")?;
            match character {
                ']' if !first => break,
                '\\' => {
                    let escaped = self.characters.next().ok_or("unterminated character set")?;
                    match escaped {
                        'd' | 'D' | 'w' | 'W' | 's' | 'S' => self.shorthand(escaped, true),
                        'b' => self.code(8),
                        '1'..='7' => self.code(escaped.to_digit(8).unwrap_or(0)),
                        _ => self.character_escape(escaped)?,
                    }
                }
                // A range, unless it is the first or the last of the class.
                '-' if !first && self.characters.peek() != Some(&']') => self.out.push('-'),
                ' ' => self.code(32),
                other => self.literal(other),
            }
            first = false;
        }
        self.out.push(']');
        Ok(())
    }

    fn group(&mut self) -> Result<(), String> {
        if self.characters.next_if_eq(&'?').is_none() {
            self.out.push('(');
            return Ok(());
        }
        match self.characters.peek().copied() {
            Some('#') => {
                while self.characters.next().ok_or("missing ), unterminated comment")? != ')' {}
                Ok(())
            }
            Some('P') => self.named(),
            Some(c) if c.is_ascii_alphabetic() || c == '-' => self.flags(),
            _ => {
                self.out.push_str("(?");
                Ok(())
            }
        }
    }

    /// `(?P<name>` stays, `(?P=name)` is a reference.
    fn named(&mut self) -> Result<(), String> {
        self.characters.next();
        match self.characters.next() {
            Some('<') => self.out.push_str("(?P<"),
            Some('=') => {
                let name: String = self.characters.by_ref().take_while(|c| *c != ')').collect();
                let _ = write!(self.out, "(?:\\k<{name}>)");
            }
            _ => return Err("unknown extension ?P".to_owned()),
        }
        Ok(())
    }

    /// `(?im)` and `(?i-s:`: flags about what is text and what a line is are dealt with here.
    fn flags(&mut self) -> Result<(), String> {
        let (mut flags, mut off) = (String::new(), false);
        let end = loop {
            match self.characters.next().ok_or("missing -, : or )")? {
                end @ (')' | ':') => break end,
                'a' => self.ascii = true,
                'L' | 'u' => {}
                'm' => self.multi_line = !off,
                '-' => {
                    off = true;
                    flags.push('-');
                }
                flag @ ('i' | 's' | 'x') => flags.push(flag),
                other => return Err(format!("unknown extension ?{other}")),
            }
        };
        let flags = flags.trim_end_matches('-');
        match end {
            ')' if flags.is_empty() => {}
            ')' => {
                let _ = write!(self.out, "(?{flags})");
            }
            _ => {
                let _ = write!(self.out, "(?{flags}:");
            }
        }
        Ok(())
    }

    /// A repetition, or a brace that means itself.
    fn brace(&mut self) {
        let ahead: String = self.characters.clone().take_while(|c| *c != '}').collect();
        let closed = self.characters.clone().any(|c| c == '}');
        let (least, most) = ahead.split_once(',').unwrap_or((&ahead, &ahead));
        let number = |text: &str| text.chars().all(|c| c.is_ascii_digit());
        if !closed || ahead.is_empty() || !number(least) || !number(most) {
            self.out.push_str(r"\{");
            return;
        }
        for _ in 0..=ahead.len() {
            self.characters.next();
        }
        let least = if least.is_empty() { "0" } else { least };
        let range = if ahead.contains(',') { format!("{least},{most}") } else { least.to_owned() };
        let _ = write!(self.out, "{{{range}}}");
    }
}
