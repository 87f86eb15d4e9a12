//! `{% for x in 'a', 'b' %}`: minijinja wants parentheses around such items, so they get them.

use minijinja::machinery::{Token, tokenize};
use minijinja::syntax::SyntaxConfig;

/// The source with the items of every loop that goes through several in parentheses; nothing when there is none.
pub(super) fn parenthesized(source: &str, config: &SyntaxConfig) -> Option<String> {
    if !(source.contains("for") && source.contains(',')) {
        return None;
    }
    let tokens = tokenize(source, false, config.clone()).map_while(Result::ok);
    let tokens: Vec<_> =
        tokens.map(|(token, span)| (token, span.start_offset as usize, span.end_offset as usize)).collect();
    let mut text = source.to_owned();
    for at in (0..tokens.len()).rev() {
        let is_loop = matches!(&tokens[at..], [(Token::BlockStart, ..), (Token::Ident("for"), ..), ..]);
        if let Some((start, end)) = is_loop.then(|| bare_items(&tokens[at..])).flatten() {
            text.insert(end, ')');
            text.insert(start, '(');
        }
    }
    (text.len() > source.len()).then_some(text)
}

/// Where several items without parentheses begin and end in a `for` tag.
fn bare_items(tag: &[(Token<'_>, usize, usize)]) -> Option<(usize, usize)> {
    let first = tag.iter().position(|(token, ..)| matches!(token, Token::Ident("in")))? + 1;
    let (mut depth, mut several) = (0, false);
    for (at, (token, ..)) in tag.iter().enumerate().skip(first) {
        match token {
            Token::ParenOpen | Token::BracketOpen | Token::BraceOpen => depth += 1,
            Token::ParenClose | Token::BracketClose | Token::BraceClose => depth -= 1,
            Token::Comma if depth == 0 => several = true,
            Token::BlockEnd | Token::Ident("if" | "recursive") if depth == 0 => {
                return (several && at > first).then(|| (tag[first].1, tag[at - 1].2));
            }
            _ => {}
        }
    }
    None
}
