//! `HostPattern`: `web:&staging:!db[0]` and its kin, taken apart once and asked of the inventory many times.

use std::path::Path;

use fancy_regex::Regex;
use kapell_parsing::{Diagnostic, ErrorKind, Value};

use crate::address;

/// What a play's `hosts`, `--limit` or the ad-hoc command line ask for. Terms are in the order in which they apply:
/// those that add, then `&`, then `!`. Without one that adds, everything is meant, unless a play says that nobody is.
#[derive(Clone, Debug, Default)]
pub struct HostPattern {
    pub(crate) terms: Vec<Term>,
    pub(crate) nobody: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Term {
    pub(crate) operation: Operation,
    /// Without its operation, with its subscript.
    pub(crate) text: String,
    /// Without its subscript.
    pub(crate) name: String,
    pub(crate) matcher: Matcher,
    pub(crate) subscript: Option<Subscript>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    Add,
    Intersect,
    Exclude,
}

#[derive(Clone, Debug)]
pub(crate) enum Matcher {
    Exact,
    Regex(Box<Regex>),
}

/// `[2]`, `[-1]`, `[0:5]` (the end is included), `[3:]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subscript {
    One(i64),
    Range(usize, Option<usize>),
}

impl HostPattern {
    /// One text, or the items of a list.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, Diagnostic> {
        let words: Vec<String> = texts.into_iter().flat_map(split).collect();
        Self::from_words(words.iter().map(String::as_str))
    }

    /// A play's `hosts`, already templated: a string or a list of strings. An empty list is nobody, and nothing at all is
    /// the name `None`, as in Ansible; what is empty otherwise is refused, for it would mean everybody.
    pub fn from_value(hosts: &Value) -> Result<Self, Diagnostic> {
        match hosts {
            Value::Null | Value::Undefined(_) => Self::parse(["None"]),
            Value::List(items) if items.is_empty() => Ok(Self { nobody: true, ..Self::default() }),
            Value::List(items) => {
                let texts: Result<Vec<&str>, _> = items.iter().map(pattern_text).collect();
                Self::parse(texts?).map_err(|error| error.at(hosts.origin()))
            }
            text => Self::parse([pattern_text(text)?]).map_err(|error| error.at(text.origin())),
        }
    }

    /// `--limit`: as any pattern, and `@file` stands for the lines of a file, one term each.
    pub fn limit(text: &str) -> Result<Self, Diagnostic> {
        let mut words = Vec::new();
        for word in split(text) {
            match word.strip_prefix('@') {
                Some(path) => words.extend(read_limit_file(Path::new(path))?),
                None => words.push(word),
            }
        }
        Self::from_words(words.iter().map(String::as_str))
    }

    fn from_words<'a>(words: impl Iterator<Item = &'a str>) -> Result<Self, Diagnostic> {
        let mut terms = words.map(Term::parse).collect::<Result<Vec<_>, _>>()?;
        terms.sort_by_key(|term| term.operation);
        Ok(Self { terms, nobody: false })
    }
}

fn pattern_text(value: &Value) -> Result<&str, Diagnostic> {
    let why = match value.as_str() {
        Some(text) if !text.trim().is_empty() => return Ok(text),
        Some(_) => "Keyword 'hosts' is required, and cannot have empty values.".to_owned(),
        None => format!("Keyword 'hosts' items must be of type 'str', not '{}'.", value.type_name()),
    };
    Err(Diagnostic::error(format!("Error processing keyword 'hosts': {why}"))
        .at(value.origin())
        .of_kind(ErrorKind::Content))
}

fn read_limit_file(path: &Path) -> Result<Vec<String>, Diagnostic> {
    if path.is_dir() {
        return Err(Diagnostic::error(format!("the limit file '{}' must be a file", path.display())));
    }
    let text = fs_err::read_to_string(path)
        .map_err(|error| Diagnostic::error(format!("cannot read the limit file: {error}")))?;
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(Into::into).collect())
}

/// Terms are separated by commas or, in a text without a comma, by colons and blanks outside of brackets.
fn split(text: &str) -> Vec<String> {
    let text = text.trim();
    if text.contains(',') {
        return text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(Into::into).collect();
    }
    if address::split_port(text).is_some() {
        return vec![text.into()];
    }
    let mut words = vec![String::new()];
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let bracketed = rest.strip_prefix('[').and_then(|tail| tail.find(']')).map(|end| end + 2);
        let length = bracketed.unwrap_or(c.len_utf8());
        let is_break = bracketed.is_none() && (c.is_whitespace() || matches!(c, ':' | '[' | ']'));
        match words.last_mut() {
            Some(word) if !is_break => word.push_str(&rest[..length]),
            _ => words.push(String::new()),
        }
        rest = &rest[length..];
    }
    words.retain(|word| !word.is_empty());
    words
}

impl Term {
    fn parse(word: &str) -> Result<Self, Diagnostic> {
        let (operation, text) = match word.as_bytes().first() {
            Some(b'!') => (Operation::Exclude, &word[1..]),
            Some(b'&') => (Operation::Intersect, &word[1..]),
            _ => (Operation::Add, word),
        };
        if text.is_empty() {
            return Err(Diagnostic::error(format!("the host pattern '{word}' names no hosts")));
        }
        let (name, subscript) = match text.strip_prefix('~') {
            Some(_) => (text, None),
            None => Subscript::split_off(text),
        };
        Ok(Self { operation, text: text.into(), name: name.into(), matcher: Matcher::parse(name)?, subscript })
    }

    /// Whether hosts are looked at although the name already stands for a group.
    pub(crate) fn matches_hosts_too(&self) -> bool {
        self.name.starts_with('~') || self.name.contains(['.', '?', '*', '['])
    }

    pub(crate) fn has_dash_subscript(&self) -> bool {
        matches!(self.subscript, Some(Subscript::Range(..))) && !self.text[self.name.len()..].contains(':')
    }
}

impl Matcher {
    fn parse(name: &str) -> Result<Self, Diagnostic> {
        let expression = match name.strip_prefix('~') {
            Some(expression) => format!("^(?:{expression})"),
            None if name.contains(['?', '*', '[']) => glob_to_regex(name),
            None => return Ok(Self::Exact),
        };
        Regex::new(&expression).map(|regex| Self::Regex(Box::new(regex))).map_err(|error| {
            Diagnostic::error(format!("the host pattern '{name}' is no valid regular expression: {error}"))
        })
    }

    /// Exact names are looked up, not matched.
    pub(crate) fn matches(&self, name: &str) -> bool {
        match self {
            Self::Exact => false,
            Self::Regex(regex) => regex.is_match(name).unwrap_or(false),
        }
    }
}

/// Python's `fnmatch` as a regular expression: `*`, `?`, `[a-c]`, `[!a]`; nothing else is special.
fn glob_to_regex(glob: &str) -> String {
    let mut expression = String::from("(?s)^");
    let mut rest = glob;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '*' => expression.push_str(".*"),
            '?' => expression.push('.'),
            '[' => match split_class(rest) {
                Some((class, tail)) => {
                    expression.push_str(&class_to_regex(class));
                    rest = tail;
                }
                None => expression.push_str("\\["),
            },
            c => push_literal(&mut expression, c),
        }
    }
    expression.push_str("\\z");
    expression
}

/// What is between the brackets and what comes after; a `]` that comes first is a member.
fn split_class(rest: &str) -> Option<(&str, &str)> {
    let first = usize::from(rest.starts_with('!'));
    let first = first + usize::from(rest[first..].starts_with(']'));
    let end = first + rest[first..].find(']')?;
    Some((&rest[..end], &rest[end + 1..]))
}

fn class_to_regex(class: &str) -> String {
    let (negated, members) = class.strip_prefix('!').map_or((false, class), |members| (true, members));
    let chars: Vec<char> = members.chars().collect();
    let mut set = String::new();
    let mut at = 0;
    while let Some(&low) = chars.get(at) {
        let high = chars.get(at + 2).copied().filter(|_| chars[at + 1] == '-');
        at += if high.is_some() { 3 } else { 1 };
        let high = high.unwrap_or(low);
        // A range that runs backwards has no members.
        if low <= high {
            push_literal(&mut set, low);
            set.push('-');
            push_literal(&mut set, high);
        }
    }
    match (set.is_empty(), negated) {
        (true, false) => "[^\\s\\S]".into(),
        (true, true) => ".".into(),
        (false, negated) => format!("[{}{set}]", if negated { "^" } else { "" }),
    }
}

fn push_literal(expression: &mut String, c: char) {
    if c.is_ascii_punctuation() {
        expression.push('\\');
    }
    expression.push(c);
}

impl Subscript {
    fn split_off(text: &str) -> (&str, Option<Self>) {
        let split = || {
            let (name, subscript) = text.strip_suffix(']')?.rsplit_once('[')?;
            (!name.is_empty()).then_some((name, Self::parse(subscript)?))
        };
        split().map_or((text, None), |(name, subscript)| (name, Some(subscript)))
    }

    fn parse(text: &str) -> Option<Self> {
        let number = |digits: &str| -> Option<usize> {
            let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| digits.parse().ok())?
        };
        match text.split_once([':', '-']).filter(|(start, _)| !start.is_empty()) {
            None => {
                number(text.strip_prefix('-').unwrap_or(text))?;
                text.parse().ok().map(Self::One)
            }
            Some((start, "")) => Some(Self::Range(number(start)?, None)),
            // An end of 0 counts as no range at all, as Ansible has it.
            Some((start, end)) => Some(match (number(start)?, number(end)?) {
                (start, 0) => Self::One(start as i64),
                (start, end) => Self::Range(start, Some(end)),
            }),
        }
    }

    pub(crate) fn apply<T>(self, items: &[T]) -> &[T] {
        let range = match self {
            Self::One(index) => {
                let index = if index < 0 { index + items.len() as i64 } else { index };
                usize::try_from(index).map_or(0..0, |index| index..index.saturating_add(1))
            }
            Self::Range(start, end) => start..end.map_or(items.len(), |end| end.saturating_add(1).min(items.len())),
        };
        items.get(range).unwrap_or_default()
    }
}
