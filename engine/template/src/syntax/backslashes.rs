//! Backslashes of string constants that stand for themselves, but that minijinja takes for broken escapes: `'C:\x'`.

use minijinja::ErrorKind;
use minijinja::machinery::{Token, tokenize};
use minijinja::syntax::SyntaxConfig;

/// Constants that are looked at in one template.
const MOST: usize = 1000;

/// The source with the backslashes of such constants in `{{ … }}` replaced, byte by byte; nothing when there are none.
/// Only its structure is to be used: texts are those of the source itself.
pub(super) fn neutral(source: &str, config: &SyntaxConfig) -> Option<String> {
    let mut text = source.to_owned();
    let mut from = 0;
    for _ in 0..MOST {
        match broken_constant(&text, config)? {
            Some(at) if at >= from => from = replace(&mut text, at)?,
            Some(_) => return None,
            None => return (from > 0).then_some(text),
        }
    }
    None
}

/// Where the first constant with a broken escape begins: `Some(None)` when there is none, `None` when it is not in
/// `{{ … }}`.
#[expect(clippy::option_option, reason = "two answers and a refusal")]
fn broken_constant(source: &str, config: &SyntaxConfig) -> Option<Option<usize>> {
    let (mut end, mut in_emit) = (0, false);
    for token in tokenize(source, false, config.clone()) {
        match token {
            Ok((token, span)) => {
                end = span.end_offset as usize;
                in_emit = match token {
                    Token::VariableStart => true,
                    Token::VariableEnd | Token::BlockStart => false,
                    _ => in_emit,
                };
            }
            Err(error) if error.kind() == ErrorKind::BadEscape && in_emit => {
                let rest = source.get(end..)?;
                return Some(Some(end + rest.len() - rest.trim_start().len()));
            }
            Err(error) if error.kind() == ErrorKind::BadEscape => return None,
            Err(_) => return Some(None),
        }
    }
    Some(None)
}

/// Takes the backslashes out of the constant at `start` and gives the place of its closing quote.
fn replace(text: &mut String, start: usize) -> Option<usize> {
    let mut bytes = std::mem::take(text).into_bytes();
    let quote = bytes.get(start).copied().filter(|byte| matches!(byte, b'\'' | b'"'))?;
    let mut at = start + 1;
    while *bytes.get(at)? != quote {
        if bytes[at] == b'\\' {
            let escaped = *bytes.get(at + 1)?;
            if escaped.is_ascii() && !matches!(escaped, b'\'' | b'"') {
                bytes[at] = b'_';
            }
            if escaped == b'\\' {
                bytes[at + 1] = b'_';
            }
            at += 1;
        }
        at += 1;
    }
    *text = String::from_utf8(bytes).ok()?;
    Some(at)
}
