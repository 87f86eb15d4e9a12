//! `quote` and `comment`.

use crate::evaluate::{Fault, FilterCall};
use crate::methods::text as methods;
use crate::object::Object;

/// A word for a POSIX shell.
pub(super) fn quote(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let text = if call.input.is_null() { String::new() } else { call.text()? };
    let safe = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !text.is_empty() && text.chars().all(safe) {
        return Ok(text.into());
    }
    Ok(format!("'{}'", text.replace('\'', "'\"'\"'")).into())
}

/// Beginning, decoration of each line, end.
fn style(name: &str) -> Option<(&'static str, &'static str, &'static str)> {
    Some(match name {
        "plain" => ("", "# ", ""),
        "erlang" => ("", "% ", ""),
        "c" => ("", "// ", ""),
        "cblock" => ("/*", " * ", " */"),
        "xml" => ("<!--", " - ", "-->"),
        _ => return None,
    })
}

pub(super) fn comment(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let name = call.args.text_or(0, "plain");
    let Some((beginning, decoration, end)) = style(&name) else {
        return Err(Fault::error(format!("Invalid style '{name}'.")));
    };
    let option = |name: &str, default: &str| match call.args.extra(name) {
        Some(object) => crate::python::str(call.rendering, object),
        None => Ok(default.to_owned()),
    };
    let count = |name: &str| match call.args.extra(name) {
        Some(count) => crate::evaluate::integer(count).map(|count| usize::try_from(count).unwrap_or(0)),
        None => Ok(1),
    };
    let Object::Str(text) = &call.input else {
        return Err(Fault::error(format!("'{}' object has no attribute 'replace'", call.input.type_name())));
    };
    let newline = option("newline", "\n")?;
    let decoration = option("decoration", decoration)?;
    let beginning = option("beginning", beginning)?;
    let end = option("end", end)?;
    let prefix = option("prefix", decoration.trim_end())?;
    let postfix = option("postfix", decoration.trim_end())?;
    let prefix_line = if prefix.is_empty() || prefix == newline { prefix } else { prefix + &newline };
    let empty_line = format!("{newline}{}{newline}", decoration.trim_end());
    methods::check_replaced(call.rendering, text, &newline, &format!("{newline}{decoration}"))?;
    let lines = format!("{decoration}{}", text.replace(&newline, &format!("{newline}{decoration}")));

    let (before, after) = (count("prefix_count")?, count("postfix_count")?);
    let framed =
        before.saturating_mul(prefix_line.len()).saturating_add(after.saturating_mul(newline.len() + postfix.len()));
    call.rendering.spend_bytes(framed)?;
    let mut out = String::new();
    if !beginning.is_empty() {
        out.push_str(&(beginning + &newline));
    }
    out.push_str(&prefix_line.repeat(before));
    out.push_str(&lines.replace(&format!("{newline}{decoration}{newline}"), &empty_line));
    out.push_str(&(newline.clone() + &postfix).repeat(after));
    if !end.is_empty() {
        out.push_str(&(newline + &end));
    }
    Ok(out.into())
}
