//! Joins what a template printed: one piece stays what it is, several become text.

use kapell_parsing::Text;

use super::fault::defined;
use super::{Fault, Rendering};
use crate::object::Object;
use crate::python;

/// `None` and `omit` print as nothing; a template that prints nothing at all is `None`.
pub(crate) fn concat(rendering: &Rendering<'_>, mut pieces: Vec<Object>) -> Result<Object, Fault> {
    if pieces.len() > 1 {
        pieces.retain(|piece| !matches!(piece, Object::Null | Object::Omit | Object::Blank));
    }
    if pieces.len() <= 1 {
        return Ok(pieces.pop().unwrap_or(Object::Null));
    }
    let mut text = String::new();
    let seen = rendering.secrets_seen();
    let mut secret = false;
    for piece in pieces {
        secret |= piece.is_secret();
        match &piece {
            Object::Str(piece) => text.push_str(piece),
            other => text.push_str(&piece_text(rendering, other)?),
        }
    }
    secret |= rendering.secrets_seen() > seen;
    rendering.spend_bytes(text.len())?;
    Ok(Object::Str(Text::new(text).with_secret(secret)))
}

/// Line ends a template's source ends with are never lost, not even to `trim_blocks`. `newline` is how they are written.
pub(crate) fn with_final_newlines(result: Object, source: &str, newline: &str) -> Object {
    let wanted = source.len() - source.trim_end_matches('\n').len();
    match &result {
        Object::Str(text) if wanted > 0 => {
            // Ansible counts line feeds, whatever line ends are written as.
            let written = text.len() - text.trim_end_matches('\n').len();
            let missing = newline.repeat(wanted.saturating_sub(written));
            if missing.is_empty() {
                return result;
            }
            Object::Str(Text::new(format!("{text}{missing}")).with_secret(text.is_secret()))
        }
        _ => result,
    }
}

/// A value inside text: containers as Python prints them, their tuples as lists.
pub(crate) fn piece_text(rendering: &Rendering<'_>, object: &Object) -> Result<String, Fault> {
    if let Object::Undefined(missing) = object
        && rendering.shows_undefined()
    {
        return Ok(rendering.show(Fault::Undefined(missing.clone()))?.to_string());
    }
    match defined(object.clone())? {
        Object::Null | Object::Omit => Ok(String::new()),
        Object::Native(native) => native.printed(rendering).unwrap_or_else(|| Ok(native.text())),
        Object::List(_) | Object::Dict(_) | Object::Tuple(_) | Object::Variables(_) => {
            python::finished_repr(rendering, object)
        }
        other => python::str(rendering, &other),
    }
}
