//! `+x` and `{% if x: %}`: minijinja does not know this plus and this colon, and they mean nothing, so they are taken out.

use minijinja::machinery::{Token, tokenize};
use minijinja::syntax::SyntaxConfig;

/// The source with every `+` that has nothing to its left, and every colon at the end of a statement, replaced by a
/// space; nothing when there is none.
pub(super) fn blanked(source: &str, in_expression: bool, config: &SyntaxConfig) -> Option<String> {
    let mut places = Vec::new();
    let mut before_is_value = false;
    let mut colon = None;
    for (token, span) in tokenize(source, in_expression, config.clone()).map_while(Result::ok) {
        if matches!(token, Token::Plus) && !before_is_value {
            places.push(span.start_offset as usize);
        }
        if matches!(token, Token::BlockEnd) {
            places.extend(colon);
        }
        colon = matches!(token, Token::Colon).then_some(span.start_offset as usize);
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
        *bytes.get_mut(place).filter(|byte| matches!(**byte, b'+' | b':'))? = b' ';
    }
    String::from_utf8(bytes).ok()
}
