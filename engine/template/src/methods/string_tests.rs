//! String methods that answer yes or no.

use super::{Method, MethodCall};
use crate::evaluate::Fault;
use crate::object::Object;

pub(super) const METHODS: &[Method] = &[
    ("endswith", &["suffix", "start?", "end?"], |call| matches_any(call, |text, part| text.ends_with(part))),
    ("isalnum", &[], |call| Ok(every(call, char::is_alphanumeric))),
    ("isalpha", &[], |call| Ok(every(call, char::is_alphabetic))),
    ("isascii", &[], |call| Ok(call.text().is_ascii().into())),
    ("isdecimal", &[], |call| Ok(every(call, |c| c.is_ascii_digit()))),
    ("isdigit", &[], |call| Ok(every(call, |c| c.is_ascii_digit()))),
    ("isidentifier", &[], |call| Ok(is_identifier(call.text()).into())),
    ("islower", &[], |call| Ok(cased(call, char::is_lowercase))),
    ("isnumeric", &[], |call| Ok(every(call, char::is_numeric))),
    ("isspace", &[], |call| Ok(every(call, char::is_whitespace))),
    ("istitle", &[], |call| Ok(is_title(call.text()).into())),
    ("isupper", &[], |call| Ok(cased(call, char::is_uppercase))),
    ("startswith", &["prefix", "start?", "end?"], |call| matches_any(call, |text, part| text.starts_with(part))),
];

fn every(call: &MethodCall<'_>, test: fn(char) -> bool) -> Object {
    (!call.text().is_empty() && call.text().chars().all(test)).into()
}

/// Whether every letter with a case has this one, and there is one.
fn cased(call: &MethodCall<'_>, test: fn(char) -> bool) -> Object {
    let mut letters = call.text().chars().filter(|c| c.is_uppercase() || c.is_lowercase()).peekable();
    (letters.peek().is_some() && letters.all(test)).into()
}

fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c == '_' || c.is_alphabetic()) && chars.all(|c| c == '_' || c.is_alphanumeric())
}

fn is_title(text: &str) -> bool {
    let (mut in_word, mut any) = (false, false);
    for c in text.chars() {
        if c.is_uppercase() && in_word || c.is_lowercase() && !in_word {
            return false;
        }
        in_word = c.is_uppercase() || c.is_lowercase();
        any |= in_word;
    }
    any
}

fn matches_any(call: &MethodCall<'_>, test: fn(&str, &str) -> bool) -> Result<Object, Fault> {
    let chars: Vec<char> = call.text().chars().collect();
    let positions = crate::evaluate::slice_positions(chars.len(), call.args.int(1)?, call.args.int(2)?, 1);
    let text: String = positions.map(|at| chars[at]).collect();
    let any = match call.args.get(0) {
        Some(Object::Tuple(parts)) => parts.iter().any(|part| part.as_str().is_some_and(|part| test(&text, part))),
        _ => test(&text, call.text_arg(0)?.unwrap_or_default()),
    };
    Ok(any.into())
}
