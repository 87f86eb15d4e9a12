//! `+x`: minijinja does not know it, and it means nothing, so it is taken out.

use minijinja::machinery::{Token, tokenize};
use minijinja::syntax::SyntaxConfig;

/// The source with every `+` that has nothing to its left replaced by a space; nothing when there is none.
pub(super) fn blanked(source: &str, in_expression: bool, config: &SyntaxConfig) -> Option<String> {
    let mut places = Vec::new();
    let mut before_is_value = false;
    for (token, span) in tokenize(source, in_expression, config.clone()).map_while(Result::ok) {
        if matches!(token, Token::Plus) && !before_is_value {
            places.push(span.start_offset as usize);
        }
        before_is_value = matches!(
            token,
            Token::Str(_)
                | Token::String(_)
                | Token::Int(_)
                | Token::Int128(_)
                | Token::Float(_)
                | Token::ParenClose
                | Token::BracketClose
                | Token::BraceClose
        ) || matches!(token, Token::Ident(name) if !matches!(name, "and" | "or" | "not" | "in" | "is" | "if" | "else"));
    }
    if places.is_empty() {
        return None;
    }
    let mut bytes = source.as_bytes().to_vec();
    for place in places {
        *bytes.get_mut(place).filter(|byte| **byte == b'+')? = b' ';
    }
    String::from_utf8(bytes).ok()
}
