//! Python's regular expressions on fancy-regex: patterns, flags and replacement texts translated.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use fancy_regex::{Captures, Regex, RegexBuilder};

use crate::evaluate::Fault;
use crate::operators::MAX_LENGTH;

/// Steps a pattern with back-references may take before it is given up.
const BACKTRACK_LIMIT: usize = 1_000_000;
/// Compiled patterns kept.
const CACHED: usize = 1000;

#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Flags {
    pub(crate) ignore_case: bool,
    pub(crate) multiline: bool,
}

type Cache = Mutex<HashMap<(String, Flags), Arc<Regex>>>;

pub(crate) fn compile(pattern: &str, flags: Flags) -> Result<Arc<Regex>, Fault> {
    static CACHE: OnceLock<Cache> = OnceLock::new();
    let cache = CACHE.get_or_init(Cache::default);
    let key = (pattern.to_owned(), flags);
    if let Some(regex) = cache.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Ok(regex.clone());
    }
    let regex = build(pattern, flags).map_err(|error| Fault::error(explain(pattern, &error)))?;
    let regex = Arc::new(regex);
    let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
    if cache.len() >= CACHED {
        cache.clear();
    }
    cache.insert(key, regex.clone());
    Ok(regex)
}

fn build(pattern: &str, flags: Flags) -> Result<Regex, fancy_regex::Error> {
    let translated = translate(pattern, flags.multiline);
    RegexBuilder::new(&translated)
        .case_insensitive(flags.ignore_case)
        .multi_line(flags.multiline)
        .backtrack_limit(BACKTRACK_LIMIT)
        .build()
}

/// Python's syntax to fancy-regex's: `\Z`, `$` before a final line end, literal `[` in classes.
fn translate(pattern: &str, multiline: bool) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let chars: Vec<char> = pattern.chars().collect();
    let mut at = 0;
    let mut in_class = false;
    while let Some(&c) = chars.get(at) {
        match c {
            '\\' => {
                match chars.get(at + 1) {
                    Some('Z') if !in_class => out.push_str(r"\z"),
                    Some(
                        &next @ ('/' | '"' | '\'' | '`' | ',' | ':' | ';' | '=' | '@' | '<' | '>' | '!' | '%' | '_'
                        | ' '),
                    ) => out.push(next),
                    Some(&next) => out.extend(['\\', next]),
                    None => out.push('\\'),
                }
                at += 2;
                continue;
            }
            '[' if in_class => out.push_str(r"\["),
            '[' => {
                in_class = true;
                out.push('[');
                if chars.get(at + 1) == Some(&'^') {
                    out.push('^');
                    at += 1;
                }
                if chars.get(at + 1) == Some(&']') {
                    out.push_str(r"\]");
                    at += 1;
                }
            }
            ']' => {
                in_class = false;
                out.push(']');
            }
            '&' | '~' if in_class && chars.get(at + 1) == Some(&c) => out.extend(['\\', c]),
            '$' if !in_class && !multiline => out.push_str(r"(?=\n?\z)"),
            other => out.push(other),
        }
        at += 1;
    }
    out
}

/// The pattern's mistake, as Python names the common ones.
fn explain(pattern: &str, error: &fancy_regex::Error) -> String {
    let mut open = Vec::new();
    let mut escaped = false;
    let mut class = None;
    for (at, c) in pattern.chars().enumerate() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' if class.is_none() => class = Some(at),
            ']' if class.is_some_and(|start| at > start + 1) => class = None,
            _ if class.is_some() => {}
            '(' => open.push(at),
            ')' if open.pop().is_none() => return format!("unbalanced parenthesis at position {at}"),
            _ => {}
        }
    }
    if let Some(at) = class {
        return format!("unterminated character set at position {at}");
    }
    if let Some(at) = open.first() {
        return format!("missing ), unterminated subpattern at position {at}");
    }
    if pattern.starts_with(['*', '+', '?']) {
        return "nothing to repeat at position 0".into();
    }
    error.to_string()
}

/// Replaces matches (`count` of them, 0 for all) by Python's replacement text. Also gives how many were replaced.
pub(crate) fn replace(regex: &Regex, text: &str, replacement: &str, count: usize) -> Result<(String, usize), Fault> {
    let template = read_template(replacement, regex)?;
    let mut out = String::with_capacity(text.len());
    let mut last = 0;
    let mut done = 0;
    for captures in regex.captures_iter(text) {
        let captures = captures.map_err(too_hard)?;
        let Some(whole) = captures.get(0) else { continue };
        out.push_str(&text[last..whole.start()]);
        for part in &template {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Group(group) => out.push_str(captures.get(*group).map_or("", |found| found.as_str())),
            }
        }
        last = whole.end();
        done += 1;
        if out.len() > MAX_LENGTH {
            return Err(Fault::error("the result is too long"));
        }
        if done == count {
            break;
        }
    }
    out.push_str(&text[last..]);
    Ok((out, done))
}

pub(crate) fn too_hard(error: fancy_regex::Error) -> Fault {
    Fault::error(error.to_string())
}

enum Part {
    Text(String),
    Group(usize),
}

/// `\1`, `\g<1>`, `\g<name>` and the usual escapes.
fn read_template(replacement: &str, regex: &Regex) -> Result<Vec<Part>, Fault> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut rest = replacement;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(c) = rest.chars().next() else {
            return Err(Fault::error(format!("bad escape (end of pattern) at position {}", replacement.len() - 1)));
        };
        let position = replacement.len() - rest.len() - 1;
        rest = &rest[c.len_utf8()..];
        match c {
            '1'..='9' => {
                let mut number = c.to_string();
                if let Some(digit) = rest.chars().next().filter(char::is_ascii_digit) {
                    number.push(digit);
                    rest = &rest[1..];
                }
                parts.push(Part::Text(std::mem::take(&mut text)));
                parts.push(Part::Group(group_number(regex, &number, position)?));
            }
            'g' => {
                let inner = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
                let Some((name, tail)) = inner else {
                    return Err(Fault::error(format!("missing < at position {}", position + 2)));
                };
                rest = tail;
                parts.push(Part::Text(std::mem::take(&mut text)));
                parts.push(Part::Group(named_group(regex, name, position)?));
            }
            'n' => text.push('\n'),
            't' => text.push('\t'),
            'r' => text.push('\r'),
            'f' => text.push('\u{c}'),
            'v' => text.push('\u{b}'),
            'a' => text.push('\u{7}'),
            '0' => text.push('\0'),
            '\\' => text.push('\\'),
            c if c.is_ascii_alphabetic() => {
                return Err(Fault::error(format!("bad escape \\{c} at position {position}")));
            }
            c => text.extend(['\\', c]),
        }
    }
    text.push_str(rest);
    parts.push(Part::Text(text));
    Ok(parts)
}

fn group_number(regex: &Regex, number: &str, position: usize) -> Result<usize, Fault> {
    let group: usize = number.parse().unwrap_or(usize::MAX);
    if group < regex.captures_len() {
        Ok(group)
    } else {
        Err(Fault::error(format!("invalid group reference {number} at position {}", position + 1)))
    }
}

fn named_group(regex: &Regex, name: &str, position: usize) -> Result<usize, Fault> {
    if name.bytes().all(|b| b.is_ascii_digit()) && !name.is_empty() {
        return group_number(regex, name, position + 2);
    }
    group_index(regex, name).ok_or_else(|| Fault::error(format!("unknown group name '{name}'")))
}

/// The number of the group called `name`.
pub(crate) fn group_index(regex: &Regex, name: &str) -> Option<usize> {
    regex.capture_names().position(|known| known == Some(name))
}

/// What `re.findall` gives for one match: the match, its one group, or all of its groups.
pub(crate) fn findall_groups<'t>(captures: &Captures<'t, str>) -> Vec<&'t str> {
    let group = |at: usize| captures.get(at).map_or("", |found| found.as_str());
    match captures.len() {
        0 | 1 => vec![group(0)],
        len => (1..len).map(group).collect(),
    }
}

/// Python's `re.escape`.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "()[]{}?*+-|^$\\.&~# \t\n\r\u{b}\u{c}".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_and_replacements_are_pythons() {
        let cases = [
            (r"(?P<a>\w)(?P=a)", "hello", "<\\g<a>>", "he<l>o"),
            (r"^(.*)\.(\w+)$", "file.txt", r"\2.\1", "txt.file"),
            (r"b\Z", "ab", "x", "ax"),
            (r"[[]x", "[x", "y", "y"),
            (r"(a)|b", "ab", r"[\1]", "[a][]"),
            ("x*", "abc", "-", "-a-b-c-"),
            (r"\/", "a/b", "|", "a|b"),
            ("$", "a\n", "!", "a!\n!"),
        ];
        for (pattern, text, replacement, expected) in cases {
            let regex = compile(pattern, Flags::default()).unwrap();
            assert_eq!(replace(&regex, text, replacement, 0).unwrap().0, expected, "{pattern}");
        }
    }
}
