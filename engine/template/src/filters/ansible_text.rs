//! `quote` and `comment`.

use crate::evaluate::{Fault, FilterCall};
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
        Some(count) => crate::evaluate::integer(count).map(|count| usize::try_from(count).unwrap_or(0).min(10_000)),
        None => Ok(1),
    };
    let newline = option("newline", "\n")?;
    let decoration = option("decoration", decoration)?;
    let beginning = option("beginning", beginning)?;
    let end = option("end", end)?;
    let prefix = option("prefix", decoration.trim_end())?;
    let postfix = option("postfix", decoration.trim_end())?;
    let (prefix_count, postfix_count) = (count("prefix_count")?, count("postfix_count")?);

    let mut out = String::new();
    if !beginning.is_empty() {
        out.push_str(&(beginning + &newline));
    }
    if !prefix.is_empty() {
        out.push_str(&(prefix + &newline).repeat(prefix_count));
    }
    for line in call.text()?.split(newline.as_str()) {
        let decorated = format!("{decoration}{line}");
        out.push_str(decorated.trim_end());
        out.push_str(&newline);
    }
    if !postfix.is_empty() {
        out.push_str(&(postfix + &newline).repeat(postfix_count));
    }
    if end.is_empty() {
        out.truncate(out.len() - newline.len().min(out.len()));
    }
    out.push_str(&end);
    Ok(out.into())
}
