//! `wordwrap` and `truncate`.

use crate::evaluate::{self, Fault, FilterCall};
use crate::methods::text::lines;
use crate::object::Object;

pub(super) fn truncate(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let length = usize::try_from(call.args.int_or(0, 255)?).unwrap_or(0);
    let end = call.args.text_or(2, "...");
    let leeway = usize::try_from(call.args.int_or(3, 5)?).unwrap_or(0);
    let end_length = end.chars().count();
    if length < end_length {
        return Err(Fault::error(format!("expected length >= {end_length}, got {length}")));
    }
    if evaluate::length(&call.input)? <= length.saturating_add(leeway) {
        return Ok(call.input.clone());
    }
    let text = call.only_text(|kind| format!("'{kind}' object has no attribute 'rsplit'"))?;
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
    let text = call.only_text(|kind| format!("'{kind}' object has no attribute 'splitlines'"))?;
    let mut wrapped = Vec::new();
    for line in lines(text, false) {
        let broken = wrap(line, width, break_long, hyphens);
        call.rendering.spend_bytes((broken.len() + 1).saturating_mul(newline.len()))?;
        wrapped.push(broken.join(&newline));
    }
    Ok(wrapped.join(&newline).into())
}

/// One line as lines of at most `width` characters, as Python's `textwrap` breaks it, whitespace kept inside lines.
fn wrap(line: &str, width: usize, break_long: bool, hyphens: bool) -> Vec<String> {
    let line: String = line.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    let mut chunks: Vec<&str> = chunks(&line, hyphens);
    chunks.reverse();
    // Not longer than needed to know that it is too wide.
    let size = |chunk: &str| chunk.chars().take(width + 1).count();
    let mut wrapped = Vec::new();
    while !chunks.is_empty() {
        let mut current: Vec<&str> = Vec::new();
        let mut length = 0;
        if !wrapped.is_empty() && chunks.last().is_some_and(|chunk| chunk.trim().is_empty()) {
            chunks.pop();
        }
        while let Some(chunk) = chunks.last() {
            if length + size(chunk) > width {
                break;
            }
            length += size(chunk);
            current.extend(chunks.pop());
        }
        if let Some(chunk) = chunks.last_mut().filter(|chunk| size(chunk) > width) {
            if break_long {
                let room = if length < width { width - length } else { 1 };
                let end = chunk.char_indices().nth(room).map_or(chunk.len(), |(end, _)| end);
                let (head, tail) = chunk.split_at(end);
                *chunk = tail;
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
fn chunks(line: &str, hyphens: bool) -> Vec<&str> {
    let mut chunks = Vec::new();
    let mut start = 0;
    let chars: Vec<(usize, char)> = line.char_indices().collect();
    let mut cut = |start: &mut usize, end: usize| {
        if end > *start {
            chunks.push(&line[*start..end]);
            *start = end;
        }
    };
    for (at, &(offset, c)) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        if before.is_some_and(|(_, before)| (*before == ' ') != (c == ' ')) {
            cut(&mut start, offset);
        }
        let letter = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(|(_, c)| c.is_alphabetic());
        let breaks =
            hyphens && c == '-' && letter(at.checked_sub(1)) && letter(at.checked_sub(2)) && letter(Some(at + 1));
        if breaks {
            cut(&mut start, offset + 1);
        }
    }
    cut(&mut start, line.len());
    chunks
}
