//! `urlencode`, `urldecode`, `urlsplit`.

use kapell_parsing::Key;

use crate::evaluate::{Fault, FilterCall, entries, iterate};
use crate::object::Object;
use crate::python;

/// Percent-encodes everything but unreserved characters and those in `safe`.
fn quoted(text: &str, safe: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let c = char::from(byte);
        if byte.is_ascii_alphanumeric() || "_.-~".contains(c) || byte.is_ascii() && safe.contains(c) {
            out.push(c);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

pub(super) fn urlencode(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let pairs = match &call.input {
        mapping if mapping.is_mapping() => {
            entries(call.rendering, mapping)?.into_iter().map(|(key, value)| (Object::from_key(&key), value)).collect()
        }
        Object::List(_) | Object::Tuple(_) => {
            let mut pairs = Vec::new();
            for item in call.items()?.iter() {
                match iterate(call.rendering, item)?.as_slice() {
                    [key, value] => pairs.push((key.clone(), value.clone())),
                    _ => return Err(Fault::error("not enough values to unpack (expected 2)")),
                }
            }
            pairs
        }
        _ => return Ok(quoted(&call.text()?, "/").into()),
    };
    let encoded =
        |object: &Object| Ok::<_, Fault>(quoted(&python::str(call.rendering, object)?, "").replace("%20", "+"));
    let pairs: Result<Vec<String>, Fault> =
        pairs.iter().map(|(key, value)| Ok(format!("{}={}", encoded(key)?, encoded(value)?))).collect();
    Ok(pairs?.join("&").into())
}

pub(super) fn urldecode(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let text = call.only_text(|kind| format!("'{kind}' object has no attribute 'replace'"))?;
    let text = if call.args.truthy(0, true) { text.replace('+', " ") } else { text.to_owned() };
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let decoded = (byte == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match decoded.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(decoded) => {
                out.push(decoded);
                at += 3;
            }
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    Ok(String::from_utf8_lossy(&out).into_owned().into())
}

pub(super) fn urlsplit(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let url =
        call.only_text(|kind| format!("'{kind}' object has no attribute 'decode'"))?.replace(['\t', '\r', '\n'], "");
    let parts = split_url(url.trim_start_matches(|c| c <= ' '))?;
    match call.args.some(0) {
        None => Ok(Object::dict(parts.into_iter().map(|(name, part)| (Key::from(name), part)))),
        Some(query) => {
            let query = python::str(call.rendering, query)?;
            let found = parts.into_iter().find(|(name, _)| *name == query);
            found.map(|(_, part)| part).ok_or_else(|| Fault::error(format!("urlsplit: unknown URL component: {query}")))
        }
    }
}

/// The parts of a URL under the names Python's `urlsplit` gives them, in alphabetical order.
fn split_url(url: &str) -> Result<Vec<(&'static str, Object)>, Fault> {
    let scheme_end = url.find(':').filter(|at| {
        let scheme = &url[..*at];
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    });
    let (scheme, rest) = scheme_end.map_or(("", url), |at| (&url[..at], &url[at + 1..]));
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (netloc, path) = match rest.strip_prefix("//") {
        Some(after) => after.find('/').map_or((after, ""), |at| after.split_at(at)),
        None => ("", rest),
    };
    let (login, host) = netloc.rsplit_once('@').map_or((None, netloc), |(login, host)| (Some(login), host));
    let (user, password) = login.map_or((None, None), |login| match login.split_once(':') {
        Some((user, password)) => (Some(user), Some(password)),
        None => (Some(login), None),
    });
    let (host, port) = match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        Some((host, tail)) => (host, tail.strip_prefix(':')),
        None => host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port))),
    };
    let port = match port.filter(|port| !port.is_empty()) {
        None => Object::Null,
        Some(port) => port.parse::<u16>().map(|port| Object::Int(port.into())).map_err(|_| {
            Fault::error(format!(
                "Port could not be cast to integer value as {}",
                kapell_parsing::value::str_repr(port)
            ))
        })?,
    };
    let optional = |text: Option<&str>| text.map_or(Object::Null, Object::from);
    Ok(vec![
        ("fragment", fragment.into()),
        (
            "hostname",
            optional(Some(host).filter(|host| !host.is_empty()))
                .as_str()
                .map_or(Object::Null, |h| h.to_lowercase().into()),
        ),
        ("netloc", netloc.into()),
        ("password", optional(password)),
        ("path", path.into()),
        ("port", port),
        ("query", query.into()),
        ("scheme", scheme.to_lowercase().into()),
        ("username", optional(user)),
    ])
}
