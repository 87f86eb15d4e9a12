//! Jinja's text filters.

use crate::evaluate::{Arguments, Fault, FilterCall, defined, entries};
use crate::methods::text as methods;
use crate::object::Object;
use crate::python;

pub(super) fn string(call: &FilterCall<'_>) -> Result<Object, Fault> {
    match &call.input {
        same @ Object::Str(_) => Ok(same.clone()),
        _ => Ok(call.text()?.into()),
    }
}

pub(super) fn upper(call: &FilterCall<'_>) -> Result<Object, Fault> {
    Ok(call.text()?.to_uppercase().into())
}

pub(super) fn lower(call: &FilterCall<'_>) -> Result<Object, Fault> {
    Ok(call.text()?.to_lowercase().into())
}

pub(super) fn capitalize(call: &FilterCall<'_>) -> Result<Object, Fault> {
    Ok(methods::capitalize(&call.text()?).into())
}

/// Jinja's own title case: words start after a dash, a space or an opening bracket, and nowhere else.
pub(super) fn title(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let mut out = String::new();
    let mut starts = true;
    for c in call.text()?.chars() {
        let separates = c == '-' || c.is_whitespace() || matches!(c, '(' | '{' | '[' | '<');
        if separates {
            out.push(c);
        } else if starts {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
        starts = separates;
    }
    Ok(out.into())
}

pub(super) fn trim(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let text = call.text()?;
    Ok(match call.args.text(0) {
        Some(chars) => text.trim_matches(|c| chars.contains(c)).into(),
        None => text.trim().into(),
    })
}

pub(super) fn replace(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let text = call.text()?;
    let (old, new) = (call.args.text_or(0, ""), call.args.text_or(1, ""));
    methods::check_replaced(call.rendering, &text, &old, &new)?;
    let replaced = match call.args.int(2)? {
        Some(count) if count >= 0 => text.replacen(&old, &new, usize::try_from(count).unwrap_or(usize::MAX)),
        _ => text.replace(&old, &new),
    };
    call.rendering.spend_bytes(replaced.len())?;
    Ok(replaced.into())
}

pub(super) fn split(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let misfit = |kind: &str| format!("descriptor 'split' for 'str' objects doesn't apply to a '{kind}' object");
    let text = call.only_text(misfit)?;
    let limit = call.args.int(1)?.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    methods::check_parts(call.rendering, text, call.args.text(0).as_deref())?;
    let parts: Vec<&str> = match call.args.text(0).as_deref() {
        Some("") => return Err(Fault::error("empty separator")),
        Some(separator) => text.splitn(limit.saturating_add(1), separator).collect(),
        None => methods::split_words(text, limit),
    };
    Ok(Object::list(parts.into_iter().map(Object::from).collect()))
}

/// `'%s, %s' | format(a, b)`.
pub(super) fn format(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let format = call.text()?;
    let values = if call.args.extra.is_empty() {
        Object::tuple(call.args.rest.clone())
    } else if call.args.rest.is_empty() {
        Object::dict(call.args.extra.iter().map(|(name, object)| ((&**name).into(), object.clone())))
    } else {
        return Err(Fault::error("can't handle positional and keyword arguments at the same time"));
    };
    python::percent_format(call.rendering, &format, &values).map(Object::from)
}

pub(super) fn center(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let width = call.args.int_or(0, 80)?;
    let text = Object::from(call.text()?);
    let mut arguments = Arguments::of(vec![Object::Int(width)]);
    crate::methods::call(call.rendering, &text, "center", &mut arguments).unwrap_or(Ok(text))
}

pub(super) fn indent(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let text = call.only_text(|kind| match kind {
        "list" | "tuple" | "dict" => format!("'{kind}' object has no attribute 'splitlines'"),
        _ => format!("unsupported operand type(s) for +=: '{kind}' and 'str'"),
    })?;
    let indentation = match call.args.some(0) {
        Some(Object::Str(text)) => text.to_string(),
        Some(width) => {
            let width = crate::evaluate::integer(width)?;
            let width = usize::try_from(width).unwrap_or(0);
            call.rendering.spend_bytes(width)?;
            " ".repeat(width)
        }
        None => " ".repeat(4),
    };
    let (first, blank) = (call.args.truthy(1, false), call.args.truthy(2, false));
    let text = format!("{text}\n");
    let mut lines = methods::lines(&text, false);
    if text.trim_end_matches('\n').is_empty() && lines.is_empty() {
        lines.push("");
    }
    call.rendering.spend_bytes(lines.len().saturating_mul(indentation.len()))?;
    let mut out = String::new();
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            out.push('\n');
            if blank || !line.is_empty() {
                out.push_str(&indentation);
            }
        }
        out.push_str(line);
    }
    Ok(if first { (indentation + &out).into() } else { out.into() })
}

pub(super) fn wordcount(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let text = call.text()?;
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
    Ok(words.count().into())
}

pub(super) fn escape(call: &FilterCall<'_>) -> Result<Object, Fault> {
    Ok(escaped(&call.text()?).into())
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&#39;"),
            '"' => out.push_str("&#34;"),
            c => out.push(c),
        }
    }
    out
}

pub(super) fn striptags(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let text = call.text()?;
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let comment = rest[at..].starts_with("<!--");
        let end =
            if comment { rest[at..].find("-->").map(|end| end + 3) } else { rest[at..].find('>').map(|end| end + 1) };
        let Some(end) = end else {
            out.push_str(&rest[at..]);
            rest = "";
            break;
        };
        rest = &rest[at + end..];
    }
    out.push_str(rest);
    let words: Vec<&str> = out.split_whitespace().collect();
    let plain = words.join(" ");
    let plain = [("&lt;", "<"), ("&gt;", ">"), ("&#39;", "'"), ("&#34;", "\""), ("&quot;", "\""), ("&amp;", "&")]
        .iter()
        .fold(plain, |text, (entity, c)| text.replace(entity, c));
    Ok(plain.into())
}

pub(super) fn xmlattr(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let mut out = String::new();
    for (key, value) in entries(call.rendering, &call.input)? {
        if defined(value.clone())?.is_null() {
            continue;
        }
        let key = key.to_string();
        if key.contains([' ', '\t', '\n', '\u{c}', '/', '>', '=']) {
            return Err(Fault::error(format!(
                "Invalid character in attribute name: {}",
                kapell_parsing::value::str_repr(&key)
            )));
        }
        if !out.is_empty() {
            out.push(' ');
        }
        let value = python::str(call.rendering, &value)?;
        out.push_str(&format!("{}=\"{}\"", escaped(&key), escaped(&value)));
    }
    let spaced = call.args.truthy(0, true) && !out.is_empty();
    Ok(if spaced { format!(" {out}").into() } else { out.into() })
}

pub(super) fn pprint(call: &FilterCall<'_>) -> Result<Object, Fault> {
    python::repr(call.rendering, &call.input).map(Object::from)
}
