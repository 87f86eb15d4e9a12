//! Tests of addresses: `uri`, `url`, `urn`.
#![expect(clippy::unnecessary_wraps, reason = "rows of one table have one signature")]

use crate::evaluate::{Fault, TestCall, iterate};
use crate::object::Object;

struct Parts<'u> {
    scheme: &'u str,
    host: &'u str,
    path: &'u str,
}

fn parts(text: &str) -> Parts<'_> {
    let (scheme, rest) = match text.split_once(':') {
        Some((scheme, rest))
            if scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) =>
        {
            (scheme, rest)
        }
        _ => ("", text),
    };
    match rest.strip_prefix("//") {
        Some(after) => {
            let end = after.find(['/', '?', '#']).unwrap_or(after.len());
            Parts { scheme, host: &after[..end], path: &after[end..] }
        }
        None => Parts { scheme, host: "", path: rest },
    }
}

fn allowed(call: &TestCall<'_>, scheme: &str) -> Result<bool, Fault> {
    let Some(schemes) = call.args.some(0) else {
        return Ok(true);
    };
    let schemes = iterate(call.rendering, schemes)?;
    Ok(schemes.is_empty() || schemes.iter().any(|known| known.as_str() == Some(scheme)))
}

fn text<'c>(call: &'c TestCall<'_>) -> &'c str {
    call.subject.as_str().unwrap_or_default()
}

/// Any text can be one: a scheme may be implied and a path empty.
pub(super) fn uri(call: &TestCall<'_>) -> Result<bool, Fault> {
    Ok(call.subject.as_str().is_some() && allowed(call, parts(text(call)).scheme)?)
}

pub(super) fn url(call: &TestCall<'_>) -> Result<bool, Fault> {
    let parts = parts(text(call));
    Ok(!parts.scheme.is_empty() && !parts.host.is_empty() && allowed(call, parts.scheme)?)
}

pub(super) fn urn(call: &TestCall<'_>) -> Result<bool, Fault> {
    let parts = parts(text(call));
    Ok(matches!(call.subject, Object::Str(_)) && parts.scheme.eq_ignore_ascii_case("urn") && parts.path.contains(':'))
}
