//! `wordwrap` and `truncate`.

use crate::evaluate::{Fault, FilterCall};
use crate::methods::text::lines;
use crate::object::Object;

pub(super) fn truncate(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let text = call.text()?;
    let length = usize::try_from(call.args.int_or(0, 255)?).unwrap_or(0);
    let end = call.args.text_or(2, "...");
    let leeway = usize::try_from(call.args.int_or(3, 5)?).unwrap_or(0);
    let end_length = end.chars().count();
    if length < end_length {
        return Err(Fault::error(format!("expected length >= {end_length}, got {length}")));
    }
    let count = text.chars().count();
    if count <= length + leeway {
        return Ok(text.into());
    }
    let cut: String = text.chars().take(length - end_length).collect();
    if call.args.truthy(1, false) {
        return Ok((cut + &end).into());
    }
    let whole_words = cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words);
    Ok(format!("{whole_words}{end}").into())
}

pub(super) fn wordwrap(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let width = usize::try_from(call.args.int_or(0, 79)?).ok().filter(|width| *width > 0);
    let Some(width) = width else {
        return Err(Fault::error("invalid width (must be > 0)"));
    };
    let break_long = call.args.truthy(1, true);
    let hyphens = call.args.truthy(3, true);
    let newline = call.args.text_or(2, "\n");
    let text = call.text()?;
    let wrapped: Vec<String> =
        lines(&text, false).into_iter().map(|line| wrap(line, width, break_long, hyphens).join(&newline)).collect();
    Ok(wrapped.join(&newline).into())
}

/// One line as lines of at most `width` characters, as Python's `textwrap` breaks it, whitespace kept inside lines.
fn wrap(line: &str, width: usize, break_long: bool, hyphens: bool) -> Vec<String> {
    let mut chunks: Vec<String> = chunks(line, hyphens);
    chunks.reverse();
    let mut wrapped = Vec::new();
    while !chunks.is_empty() {
        let mut current: Vec<String> = Vec::new();
        let mut length = 0;
        if !wrapped.is_empty() && chunks.last().is_some_and(|chunk| chunk.trim().is_empty()) {
            chunks.pop();
        }
        while let Some(chunk) = chunks.last() {
            let size = chunk.chars().count();
            if length + size > width {
                break;
            }
            length += size;
            current.extend(chunks.pop());
        }
        if let Some(chunk) = chunks.last_mut().filter(|chunk| chunk.chars().count() > width) {
            if break_long {
                let room = if length < width { width - length } else { 1 };
                let head: String = chunk.chars().take(room).collect();
                *chunk = chunk.chars().skip(room).collect();
                current.push(head);
            } else if current.is_empty() {
                current.extend(chunks.pop());
            }
        }
        if current.last().is_some_and(|chunk| chunk.trim().is_empty()) {
            current.pop();
        }
        if !current.is_empty() {
            wrapped.push(current.concat());
        }
    }
    wrapped
}

/// Words, the whitespace between them, and the parts of hyphenated words.
fn chunks(line: &str, hyphens: bool) -> Vec<String> {
    let mut chunks: Vec<String> = Vec::new();
    let mut current = String::new();
    let chars: Vec<char> = line.chars().collect();
    for (at, &c) in chars.iter().enumerate() {
        let space = c.is_whitespace();
        let was_space = current.chars().last().is_some_and(char::is_whitespace);
        if !current.is_empty() && space != was_space {
            chunks.push(std::mem::take(&mut current));
        }
        current.push(if space { ' ' } else { c });
        let letter = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(|c| c.is_alphabetic());
        let breaks =
            hyphens && c == '-' && letter(at.checked_sub(1)) && letter(at.checked_sub(2)) && letter(Some(at + 1));
        if breaks {
            chunks.push(std::mem::take(&mut current));
        }
    }
    if !current.is_empty() {
        chunks.push(current);
    }
    chunks
}
