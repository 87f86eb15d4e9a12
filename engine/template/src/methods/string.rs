//! String methods that cut, join, search and change.

use super::{Method, MethodCall};
use crate::evaluate::{Fault, Rendering, iterate};
use crate::object::Object;
use crate::python;

pub(super) const METHODS: &[Method] = &[
    ("capitalize", &[], |call| Ok(capitalize(call.text()).into())),
    ("casefold", &[], |call| Ok(call.text().to_lowercase().replace('ß', "ss").into())),
    ("center", &["width", "fillchar?"], |call| aligned(call, '^')),
    ("count", &["sub", "start?", "end?"], count),
    ("encode", &["encoding?", "errors?"], encode),
    ("expandtabs", &["tabsize?"], expand_tabs),
    ("find", &["sub", "start?", "end?"], |call| Ok(found(call, false)?.into())),
    ("format", &["*args", "**kwargs"], |call| Ok(call.receiver.clone())),
    ("index", &["sub", "start?", "end?"], |call| indexed(call, false)),
    ("join", &["iterable"], join),
    ("ljust", &["width", "fillchar?"], |call| aligned(call, '<')),
    ("lower", &[], |call| Ok(call.text().to_lowercase().into())),
    ("lstrip", &["chars?"], |call| stripped(call, true, false)),
    ("partition", &["sep"], |call| partition(call, false)),
    ("removeprefix", &["prefix"], remove_prefix),
    ("removesuffix", &["suffix"], remove_suffix),
    ("replace", &["old", "new", "count?"], replace),
    ("rfind", &["sub", "start?", "end?"], |call| Ok(found(call, true)?.into())),
    ("rindex", &["sub", "start?", "end?"], |call| indexed(call, true)),
    ("rjust", &["width", "fillchar?"], |call| aligned(call, '>')),
    ("rpartition", &["sep"], |call| partition(call, true)),
    ("rsplit", &["sep?", "maxsplit?"], |call| split(call, true)),
    ("rstrip", &["chars?"], |call| stripped(call, false, true)),
    ("split", &["sep?", "maxsplit?"], |call| split(call, false)),
    ("splitlines", &["keepends?"], split_lines),
    ("strip", &["chars?"], |call| stripped(call, true, true)),
    ("swapcase", &[], |call| Ok(swap_case(call.text()).into())),
    ("title", &[], |call| Ok(title(call.text()).into())),
    ("translate", &["table"], translate),
    ("upper", &[], |call| Ok(call.text().to_uppercase().into())),
    ("zfill", &["width"], zero_fill),
];

pub(crate) fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    first + &chars.as_str().to_lowercase()
}

/// Python's `title`: every letter after a non-letter is upper case.
fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_word = false;
    for c in text.chars() {
        if in_word {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
        in_word = c.is_alphabetic();
    }
    out
}

fn swap_case(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c.is_uppercase() { c.to_lowercase().collect::<Vec<_>>() } else { c.to_uppercase().collect() })
        .collect()
}

fn aligned(call: &MethodCall<'_>, align: char) -> Result<Object, Fault> {
    let width = usize::try_from(call.args.int_or(0, 0)?).unwrap_or(0);
    call.rendering.spend_bytes(width)?;
    let fill = call.text_arg(1)?.unwrap_or(" ");
    let text = call.text();
    if fill.chars().count() != 1 {
        return Err(Fault::error("The fill character must be exactly one character long"));
    }
    let missing = width.saturating_sub(text.chars().count());
    let left = match align {
        '<' => 0,
        '>' => missing,
        // CPython puts the odd one on the left when the width is odd.
        _ => missing / 2 + (missing & width & 1),
    };
    Ok(format!("{}{text}{}", fill.repeat(left), fill.repeat(missing - left)).into())
}

/// The part of the text a search looks at, and where it starts in characters.
fn window(call: &MethodCall<'_>) -> Result<(usize, String), Fault> {
    let chars: Vec<char> = call.text().chars().collect();
    let bound = |at: usize, default: usize| -> Result<usize, Fault> {
        let length = i64::try_from(chars.len()).unwrap_or(i64::MAX);
        Ok(match call.args.int(at)? {
            None => default,
            Some(index) if index < 0 => usize::try_from((index + length).max(0)).unwrap_or(0),
            Some(index) => usize::try_from(index.min(length)).unwrap_or(0),
        })
    };
    let (start, end) = (bound(1, 0)?, bound(2, chars.len())?);
    Ok((start, chars.get(start..end.max(start)).unwrap_or_default().iter().collect()))
}

fn found(call: &MethodCall<'_>, from_end: bool) -> Result<i64, Fault> {
    let part = call.text_arg(0)?.unwrap_or_default();
    let (start, text) = window(call)?;
    let at = if from_end { text.rfind(part) } else { text.find(part) };
    Ok(at.map_or(-1, |at| i64::try_from(start + text[..at].chars().count()).unwrap_or(i64::MAX)))
}

fn indexed(call: &MethodCall<'_>, from_end: bool) -> Result<Object, Fault> {
    match found(call, from_end)? {
        -1 => Err(Fault::error("substring not found")),
        at => Ok(at.into()),
    }
}

fn count(call: &MethodCall<'_>) -> Result<Object, Fault> {
    let part = call.text_arg(0)?.unwrap_or_default();
    let (_, text) = window(call)?;
    let count = if part.is_empty() { text.chars().count() + 1 } else { text.matches(part).count() };
    Ok(count.into())
}

fn join(call: &MethodCall<'_>) -> Result<Object, Fault> {
    let items = iterate(call.rendering, call.args.get(0).unwrap_or(&Object::Null))?;
    let mut parts = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        match item {
            Object::Str(text) => {
                call.rendering.spend_bytes(text.len() + call.text().len())?;
                parts.push(text.as_str());
            }
            Object::Undefined(missing) => return Err(Fault::Undefined(missing.clone())),
            other => {
                let kind = other.type_name();
                return Err(Fault::error(format!("sequence item {at}: expected str instance, {kind} found")));
            }
        }
    }
    Ok(parts.join(call.text()).into())
}

fn stripped(call: &MethodCall<'_>, left: bool, right: bool) -> Result<Object, Fault> {
    let chars = call.text_arg(0)?;
    let strip = |c: char| chars.map_or(c.is_whitespace(), |chars| chars.contains(c));
    let mut text = call.text();
    if left {
        text = text.trim_start_matches(strip);
    }
    if right {
        text = text.trim_end_matches(strip);
    }
    Ok(text.into())
}

fn partition(call: &MethodCall<'_>, from_end: bool) -> Result<Object, Fault> {
    let separator = call.text_arg(0)?.unwrap_or_default();
    if separator.is_empty() {
        return Err(Fault::error("empty separator"));
    }
    let text = call.text();
    let parts = if from_end { text.rsplit_once(separator) } else { text.split_once(separator) };
    let parts = match parts {
        Some((before, after)) => [before, separator, after],
        None if from_end => ["", "", text],
        None => [text, "", ""],
    };
    Ok(Object::tuple(parts.into_iter().map(Object::from).collect()))
}

fn remove_prefix(call: &MethodCall<'_>) -> Result<Object, Fault> {
    let text = call.text();
    Ok(text.strip_prefix(call.text_arg(0)?.unwrap_or_default()).unwrap_or(text).into())
}

fn remove_suffix(call: &MethodCall<'_>) -> Result<Object, Fault> {
    let text = call.text();
    Ok(text.strip_suffix(call.text_arg(0)?.unwrap_or_default()).unwrap_or(text).into())
}

fn replace(call: &MethodCall<'_>) -> Result<Object, Fault> {
    let (old, new) = (call.text_arg(0)?.unwrap_or_default(), call.text_arg(1)?.unwrap_or_default());
    let text = call.text();
    check_replaced(call.rendering, text, old, new)?;
    let replaced = match call.args.int(2)? {
        Some(count) if count >= 0 => text.replacen(old, new, usize::try_from(count).unwrap_or(usize::MAX)),
        _ => text.replace(old, new),
    };
    call.rendering.spend_bytes(replaced.len())?;
    Ok(replaced.into())
}

fn split(call: &MethodCall<'_>, from_end: bool) -> Result<Object, Fault> {
    let limit = call.args.int(1)?.filter(|limit| *limit >= 0).map_or(usize::MAX, |limit| limit as usize);
    let text = call.text();
    check_parts(call.rendering, text, call.text_arg(0)?)?;
    let parts: Vec<&str> = match call.text_arg(0)? {
        Some("") => return Err(Fault::error("empty separator")),
        Some(separator) if from_end => {
            let mut parts: Vec<&str> = text.rsplitn(limit.saturating_add(1), separator).collect();
            parts.reverse();
            parts
        }
        Some(separator) => text.splitn(limit.saturating_add(1), separator).collect(),
        None if from_end => split_words_from_end(text, limit),
        None => split_words(text, limit),
    };
    Ok(Object::list(parts.into_iter().map(Object::from).collect()))
}

/// Counts the parts a text is about to be split into.
pub(crate) fn check_parts(rendering: &Rendering<'_>, text: &str, separator: Option<&str>) -> Result<(), Fault> {
    rendering.spend_items(match separator {
        Some("") => 0,
        Some(separator) => text.matches(separator).count(),
        None => text.split_whitespace().count(),
    })
}

/// Refuses what would be too long with every `old` in it become `new`.
pub(crate) fn check_replaced(rendering: &Rendering<'_>, text: &str, old: &str, new: &str) -> Result<(), Fault> {
    let matches = if old.is_empty() { text.len() + 1 } else { text.len() / old.len() };
    if new.len() <= old.len() || matches.saturating_mul(new.len()) < text.len().saturating_add(1 << 20) {
        return Ok(());
    }
    rendering.spend_bytes(text.matches(old).count().saturating_mul(new.len()))
}

pub(crate) fn split_words(text: &str, limit: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if parts.len() == limit {
            parts.push(rest.trim_end());
            break;
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        parts.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    parts
}

fn split_words_from_end(text: &str, limit: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text.trim_end();
    while !rest.is_empty() {
        if parts.len() == limit {
            parts.push(rest.trim_start());
            break;
        }
        let start = rest.char_indices().rev().find(|(_, c)| c.is_whitespace()).map_or(0, |(at, c)| at + c.len_utf8());
        parts.push(&rest[start..]);
        rest = rest[..start].trim_end();
    }
    parts.reverse();
    parts
}

fn split_lines(call: &MethodCall<'_>) -> Result<Object, Fault> {
    let keep = call.args.truthy(0, false);
    check_parts(call.rendering, call.text(), Some("\n"))?;
    Ok(Object::list(lines(call.text(), keep).into_iter().map(Object::from).collect()))
}

/// Python's line ends: `\n`, `\r`, `\r\n`, and the rarer separators.
pub(crate) fn lines(text: &str, keep_ends: bool) -> Vec<&str> {
    let is_end = |c: char| {
        matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
    };
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let Some(at) = rest.find(is_end) else {
            lines.push(rest);
            break;
        };
        let end_length =
            if rest[at..].starts_with("\r\n") { 2 } else { rest[at..].chars().next().map_or(1, char::len_utf8) };
        lines.push(&rest[..if keep_ends { at + end_length } else { at }]);
        rest = &rest[at + end_length..];
    }
    lines
}

fn expand_tabs(call: &MethodCall<'_>) -> Result<Object, Fault> {
    let size = usize::try_from(call.args.int_or(0, 8)?).unwrap_or(0);
    let mut out = String::new();
    let mut column = 0;
    for c in call.text().chars() {
        match c {
            '\t' if size > 0 => {
                let spaces = size - column % size;
                call.rendering.spend_bytes(spaces)?;
                out.push_str(&" ".repeat(spaces));
                column += spaces;
            }
            '\t' => {}
            '\n' | '\r' => {
                out.push(c);
                column = 0;
            }
            c => {
                out.push(c);
                column += 1;
            }
        }
    }
    Ok(out.into())
}

fn zero_fill(call: &MethodCall<'_>) -> Result<Object, Fault> {
    let width = usize::try_from(call.args.int_or(0, 0)?).unwrap_or(0);
    call.rendering.spend_bytes(width)?;
    let text = call.text();
    let missing = "0".repeat(width.saturating_sub(text.chars().count()));
    Ok(match text.chars().next() {
        Some(sign @ ('+' | '-')) => format!("{sign}{missing}{}", &text[1..]),
        _ => format!("{missing}{text}"),
    }
    .into())
}

fn encode(call: &MethodCall<'_>) -> Result<Object, Fault> {
    let encoding = call.text_arg(0)?.unwrap_or("utf-8");
    let errors = call.text_arg(1)?.unwrap_or("strict");
    let text = call.text();
    let encoded = python::encode(text, encoding);
    if errors == "strict" || encoded.is_ok() {
        return encoded.map(|bytes| Object::native(python::Bytes(bytes))).map_err(Fault::error);
    }
    let mut bytes = Vec::new();
    for c in text.chars() {
        match (python::encode(c.encode_utf8(&mut [0; 4]), encoding), errors) {
            (Ok(encoded), _) => bytes.extend(encoded),
            (Err(_), "ignore") => {}
            (Err(_), "replace") => bytes.push(b'?'),
            (Err(_), "xmlcharrefreplace") => bytes.extend(format!("&#{};", c as u32).bytes()),
            (Err(why), _) => return Err(Fault::error(why)),
        }
    }
    Ok(Object::native(python::Bytes(bytes)))
}

/// Characters by their numbers: to a number, a text, or nothing.
fn translate(call: &MethodCall<'_>) -> Result<Object, Fault> {
    let Some(Object::Dict(table)) = call.args.get(0) else {
        return Err(Fault::error("translate() needs a dict"));
    };
    let mut out = String::new();
    for c in call.text().chars() {
        match table.get(call.rendering, &kapell_parsing::Key::Int(i64::from(c as u32)))? {
            None => out.push(c),
            Some(Object::Int(code)) => out.extend(u32::try_from(code).ok().and_then(char::from_u32)),
            Some(Object::Str(text)) => out.push_str(&text),
            Some(_) => {}
        }
    }
    Ok(out.into())
}
