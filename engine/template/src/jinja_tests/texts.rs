//! Tests of text: `match`, `search`, `regex`, `lower`, `upper`, `vault_encrypted`.
#![expect(clippy::unnecessary_wraps, reason = "rows of one table have one signature")]

use crate::evaluate::{Fault, TestCall};
use crate::object::Object;
use crate::python::{self, regex};

fn found(call: &TestCall<'_>, kind: &str) -> Result<bool, Fault> {
    let text = match call.subject {
        Object::Str(text) => text.to_string(),
        other => python::str(call.rendering, other)?,
    };
    let flags = regex::Flags { ignore_case: call.args.truthy(1, false), multiline: call.args.truthy(2, false) };
    let pattern = call.args.text_or(0, "");
    regex::compile(&pattern, flags)?;
    let anchored = match kind {
        "match" => format!(r"\A(?:{pattern})"),
        "fullmatch" => format!(r"\A(?:{pattern})\Z"),
        "search" => pattern,
        other => return Err(Fault::error(format!("Invalid match_type {}", kapell_parsing::value::str_repr(other)))),
    };
    regex::compile(&anchored, flags)?.is_match(&text).map_err(regex::too_hard)
}

pub(super) fn matches(call: &TestCall<'_>) -> Result<bool, Fault> {
    found(call, "match")
}

pub(super) fn search(call: &TestCall<'_>) -> Result<bool, Fault> {
    found(call, "search")
}

pub(super) fn regex(call: &TestCall<'_>) -> Result<bool, Fault> {
    found(call, &call.args.text_or(3, "search"))
}

fn cased(call: &TestCall<'_>, test: fn(char) -> bool) -> Result<bool, Fault> {
    let text = python::str(call.rendering, call.subject)?;
    let mut letters = text.chars().filter(|c| c.is_uppercase() || c.is_lowercase()).peekable();
    Ok(letters.peek().is_some() && letters.all(test))
}

pub(super) fn lower(call: &TestCall<'_>) -> Result<bool, Fault> {
    cased(call, char::is_lowercase)
}

pub(super) fn upper(call: &TestCall<'_>) -> Result<bool, Fault> {
    cased(call, char::is_uppercase)
}

/// Whether the value came from a vault; it has been opened by then.
pub(super) fn vault_encrypted(call: &TestCall<'_>) -> Result<bool, Fault> {
    Ok(call.subject.as_text().is_some_and(kapell_parsing::Text::is_secret))
}
