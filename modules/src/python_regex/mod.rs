//! Regular expressions as Python's `re` understands them, because that is what playbooks contain.

mod template;
mod translation;

use fancy_regex::{Captures, Regex};

use self::template::Groups;
use crate::ModuleError;

/// What a pattern is matched against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Text: classes such as `\w` know all of Unicode.
    Text,
    /// Bytes, each as the character of that number (see `byte_text`): classes are ASCII.
    Bytes,
}

/// A compiled Python pattern.
#[derive(Debug)]
pub(crate) struct PythonRegex {
    regex: Regex,
    pattern: String,
}

/// What Python's `re` says of the commonest mistake; of others, what the parser says.
fn reason(pattern: &str, error: &fancy_regex::Error) -> String {
    match unclosed_group(pattern) {
        Some(position) => format!("missing ), unterminated subpattern at position {position}"),
        None => error.to_string(),
    }
}

/// The position of an opening parenthesis that no other closes.
fn unclosed_group(pattern: &str) -> Option<usize> {
    let (mut open, mut in_class, mut escaped) = (Vec::new(), false, false);
    for (position, character) in pattern.chars().enumerate() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ']' => in_class = false,
            '[' => in_class = true,
            '(' if !in_class => open.push(position),
            ')' if !in_class => drop(open.pop()),
            _ => {}
        }
    }
    open.pop()
}

/// What is wrong with a pattern, without the pattern.
pub(crate) fn fault(error: &ModuleError) -> String {
    let text = error.to_string();
    text.rsplit_once(" is not valid: ").map_or(text.clone(), |(_, reason)| reason.to_owned())
}

impl PythonRegex {
    pub(crate) fn new(pattern: &str, subject: Subject) -> Result<Self, ModuleError> {
        Self::compile(pattern, subject, false)
    }

    /// `^` and `$` match at every line.
    pub(crate) fn multi_line(pattern: &str, subject: Subject) -> Result<Self, ModuleError> {
        Self::compile(pattern, subject, true)
    }

    fn compile(pattern: &str, subject: Subject, multi_line: bool) -> Result<Self, ModuleError> {
        let fail =
            |reason: String| ModuleError::failed(format!("the regular expression '{pattern}' is not valid: {reason}"));
        let translated = translation::translate(pattern, subject, multi_line).map_err(fail)?;
        let regex = Regex::new(&translated).map_err(|error| fail(reason(pattern, &error)))?;
        Ok(Self { regex, pattern: pattern.to_owned() })
    }

    pub(crate) fn is_match(&self, text: &str) -> Result<bool, ModuleError> {
        self.regex.is_match(text).map_err(|error| self.gave_up(&error))
    }

    pub(crate) fn search<'t>(&self, text: &'t str) -> Result<Option<Captures<'t, str>>, ModuleError> {
        self.regex.captures(text).map_err(|error| self.gave_up(&error))
    }

    /// The names of groups that have one.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.regex.capture_names().flatten()
    }

    /// Why the template for replacements does not fit this expression, whatever that may match.
    pub(crate) fn check_replacement(&self, replacement: &str) -> Result<(), String> {
        template::expand(replacement, &Groups { regex: &self.regex, captures: None }).map(|_| ())
    }

    /// `match.expand(template)`: the template with references to groups filled in.
    pub(crate) fn expand(&self, captures: &Captures<'_, str>, replacement: &str) -> Result<String, ModuleError> {
        let groups = Groups { regex: &self.regex, captures: Some(captures) };
        template::expand(replacement, &groups).map_err(|reason| {
            ModuleError::failed(format!("the replacement '{replacement}' does not fit '{}': {reason}", self.pattern))
        })
    }

    /// `subn`: every match replaced, and how many there were. An empty match right after another match counts.
    pub(crate) fn replace_all(&self, text: &str, replacement: &str) -> Result<(String, usize), ModuleError> {
        let (mut out, mut count) = (String::new(), 0);
        let (mut copied, mut position) = (0, 0);
        while position <= text.len() {
            let found = self.regex.captures_from_pos(text, position).map_err(|error| self.gave_up(&error))?;
            let Some((captures, whole)) = found.and_then(|found| found.get(0).map(|whole| (found, whole))) else {
                break;
            };
            let (start, end) = (whole.start(), whole.end());
            out.push_str(&text[copied..start]);
            out.push_str(&self.expand(&captures, replacement)?);
            count += 1;
            copied = end;
            position = if start == end { next_character(text, end) } else { end };
        }
        out.push_str(&text[copied.min(text.len())..]);
        Ok((out, count))
    }

    fn gave_up(&self, error: &fancy_regex::Error) -> ModuleError {
        ModuleError::failed(format!("matching '{}' failed: {error}", self.pattern))
    }
}

/// The position behind the character at `at`, which may be the end.
fn next_character(text: &str, at: usize) -> usize {
    at + text[at..].chars().next().map_or(1, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_python() {
        let cases = [
            (r"^b$", "b\n", true),
            (r"b\Z", "b\n", false),
            (r"\<a\>", "<a>", true),
            (r"[[]x[]]", "[x]", true),
            (r"[a&&b]", "&", true),
            (r"a{,2}b", "aab", true),
            (r"a{x}", "a{x}", true),
            (r"(?P<q>['\x22])x(?P=q)", "'x'", true),
            (r"(a)\1", "aa", true),
            (r"(?<!#)Port\s+\d+", "Port 22", true),
            (r"(?i)^port", "PORT", true),
            (r"\bword\b", "a word.", true),
            (r"a\/b\-c\=d", "a/b-c=d", true),
            (r"[\w.-]+@", "a.b-c@", true),
            (r"[^]a]", "]", false),
            (r"(?#comment)a", "a", true),
            (r"[0-9\-]", "-", true),
            (r"x]", "x]", true),
        ];
        for (pattern, text, expected) in cases {
            for subject in [Subject::Text, Subject::Bytes] {
                let regex = PythonRegex::new(pattern, subject).unwrap();
                assert_eq!(regex.is_match(text).unwrap(), expected, "{pattern} on {text:?} as {subject:?}");
            }
        }
        for pattern in ["(", "[a", r"\q", "*a"] {
            assert!(PythonRegex::new(pattern, Subject::Text).is_err(), "{pattern}");
        }
    }

    #[test]
    fn classes_of_bytes_are_ascii() {
        assert!(PythonRegex::new(r"^\w$", Subject::Text).unwrap().is_match("é").unwrap());
        assert!(!PythonRegex::new(r"^\w$", Subject::Bytes).unwrap().is_match("é").unwrap());
    }

    #[test]
    fn replacing_works_as_in_python() {
        let cases = [
            ("x*", "-", "abxd", "-a-b--d-", 5),
            (r"^(\w+) (\w+)$", r"\2 \g<1>", "a b\nc d\n", "b a\nd c\n", 2),
            (r"(?P<k>a)|b", r"[\g<k>]", "ab", "[a][]", 2),
            (r"$", r"\n", "a", "a\n", 1),
            (r"a", r"\\\t$1", "a", "\\\t$1", 1),
            ("b", "x", "aaa", "aaa", 0),
        ];
        for (pattern, replacement, text, expected, count) in cases {
            let regex = PythonRegex::multi_line(pattern, Subject::Text).unwrap();
            assert_eq!(regex.replace_all(text, replacement).unwrap(), (expected.to_owned(), count), "{pattern}");
        }
        let regex = PythonRegex::new("a", Subject::Text).unwrap();
        assert!(regex.replace_all("a", r"\1").is_err());
        let wrong = [
            (r"b\1", "invalid group reference 1 at position 2"),
            (r"\g<2>", "invalid group reference 2 at position 3"),
            (r"\g<n>", "unknown group name 'n'"),
            (r"é\q", "bad escape \\q at position 1"),
        ];
        for (replacement, reason) in wrong {
            assert_eq!(regex.check_replacement(replacement).unwrap_err(), reason);
        }
    }
}
