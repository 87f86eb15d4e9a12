//! Syntax errors as Jinja words them, from what minijinja says.

use minijinja::machinery::{Span, Token, tokenize};
use minijinja::syntax::SyntaxConfig;

use super::SyntaxError;

/// Tags that open a block, and those that may follow in it.
const BLOCKS: [(&str, &[&str]); 9] = [
    ("autoescape", &["endautoescape"]),
    ("block", &["endblock"]),
    ("call", &["endcall"]),
    ("filter", &["endfilter"]),
    ("for", &["endfor", "else"]),
    ("if", &["elif", "else", "endif"]),
    ("macro", &["endmacro"]),
    ("set", &["endset"]),
    ("with", &["endwith"]),
];

/// The source and how it was read.
pub(super) struct Reading<'s> {
    pub(super) source: &'s str,
    pub(super) in_expression: bool,
    pub(super) config: SyntaxConfig,
}

impl Reading<'_> {
    pub(super) fn explain(&self, error: &minijinja::Error) -> SyntaxError {
        let detail = error.detail().unwrap_or("invalid syntax");
        let line = error.line().map_or(1, |line| u32::try_from(line).unwrap_or(1));
        let range = error.range().unwrap_or_default();
        let place = self.source.get(range.clone()).unwrap_or_default();
        let message = match detail {
            "unexpected end of string" | "unexpected character" => self.unreadable(),
            _ if detail.starts_with("unknown statement ") => self.wrong_end(detail, range.start),
            _ if detail.starts_with("unexpected end of input") && !self.in_expression => {
                self.open_block(self.source.len()).map(|(open, _)| format!("Unexpected end of template. {open}"))
            }
            _ => self.wrong_bracket(range.end),
        };
        let reworded = || {
            let detail = detail.replacen("unexpected identifier", &format!("unexpected {place}"), 1);
            reword(&detail, self.source.get(..range.start).unwrap_or_default())
        };
        SyntaxError { message: message.unwrap_or_else(reworded), line }
    }

    fn tokens(&self) -> impl Iterator<Item = (Token<'_>, Span)> {
        tokenize(self.source, self.in_expression, self.config.clone()).map_while(Result::ok)
    }

    /// A closing bracket that closes another one than is open, before `end`.
    fn wrong_bracket(&self, end: usize) -> Option<String> {
        let mut open = Vec::new();
        for (token, span) in self.tokens().take_while(|(_, span)| span.start_offset as usize <= end) {
            let closer = match token {
                Token::ParenOpen => {
                    open.push(')');
                    continue;
                }
                Token::BracketOpen => {
                    open.push(']');
                    continue;
                }
                Token::BraceOpen => {
                    open.push('}');
                    continue;
                }
                Token::ParenClose | Token::BracketClose | Token::BraceClose => {
                    self.source.get(span.start_offset as usize..)?.chars().next()?
                }
                _ => continue,
            };
            match open.pop() {
                Some(expected) if expected == closer => {}
                Some(expected) => return Some(format!("unexpected '{closer}', expected '{expected}'")),
                None => return Some(format!("unexpected '{closer}'")),
            }
        }
        None
    }

    /// An end tag that does not fit the innermost open block.
    fn wrong_end(&self, detail: &str, at: usize) -> Option<String> {
        let tag = detail.strip_prefix("unknown statement ")?;
        let (open, _) = self.open_block(at)?;
        Some(format!("Encountered unknown tag '{tag}'. {open}"))
    }

    /// The character no token starts with, or the quote of a string that does not end, and where it is.
    fn unreadable(&self) -> Option<String> {
        let end = self.tokens().last().map_or(0, |(_, span)| span.end_offset as usize);
        let rest = self.source.get(end..)?;
        let skipped = rest.len() - rest.trim_start().len();
        let quote = rest.trim_start().chars().next()?;
        let at = self.source[..end + skipped].chars().count();
        Some(format!("unexpected char {} at {at}", kapell_parsing::value::str_repr(&quote.to_string())))
    }

    /// The innermost block that is not closed before `end`, in words, and its tag.
    fn open_block(&self, end: usize) -> Option<(String, &str)> {
        let mut open: Vec<(&str, bool)> = Vec::new();
        let before = |(_, span): &(Token<'_>, Span)| (span.end_offset as usize) < end || end == self.source.len();
        let mut tokens = self.tokens().take_while(before).map(|(token, _)| token);
        let mut complete = true;
        while let Some(token) = tokens.next() {
            let Token::BlockStart = token else {
                complete = !matches!(token, Token::VariableStart) && (complete || matches!(token, Token::VariableEnd));
                continue;
            };
            let Some(Token::Ident(tag)) = tokens.next() else {
                complete |= end < self.source.len();
                break;
            };
            complete = false;
            let mut assigns = false;
            for token in tokens.by_ref() {
                match token {
                    Token::BlockEnd => {
                        complete = true;
                        break;
                    }
                    Token::Assign => assigns = true,
                    _ => {}
                }
            }
            follow(&mut open, tag, assigns);
        }
        let (tag, past_else) = open.last().filter(|_| complete)?;
        let (_, wanted) = BLOCKS.iter().find(|(known, _)| known == tag)?;
        let wanted = if *past_else { &wanted[usize::from(*tag != "for") * (wanted.len() - 1)..][..1] } else { wanted };
        let wanted: Vec<String> = wanted.iter().map(|tag| format!("'{tag}'")).collect();
        let open = format!(
            "Jinja was looking for the following tags: {}. The innermost block that needs to be closed is '{tag}'.",
            wanted.join(" or ")
        );
        Some((open, tag))
    }
}

/// Other messages; `before` is the source in front of the place.
fn reword(detail: &str, before: &str) -> String {
    if let Some(name) = detail.strip_prefix("unknown statement ") {
        return format!("Encountered unknown tag '{name}'.");
    }
    if detail.starts_with("unknown ") && detail.ends_with("expected statement") {
        return "tag name expected".into();
    }
    if let Some(rest) = detail.strip_prefix("unexpected ") {
        let before = before.trim_end().trim_end_matches("}}").trim_end_matches("%}").trim_end();
        let starts = before.ends_with("{{") || before.ends_with('=') || before.ends_with(" in");
        return match rest.split_once(", expected ") {
            Some((got, expected)) => reword_expected(got, expected),
            None if rest == "end of raw block" => "Missing end of raw directive".into(),
            None if rest == "end of comment" => "Missing end of comment tag".into(),
            None if rest.starts_with("input after") => "chunk after expression".into(),
            None if starts && rest.starts_with("end of") => {
                format!("Expected an expression, got '{}'", token(rest))
            }
            None => format!("unexpected '{}'", token(rest)),
        };
    }
    if detail.starts_with("expected call expression") { "expected call".into() } else { detail.into() }
}

/// Keeps track of the open blocks past one more tag.
fn follow<'t>(open: &mut Vec<(&'t str, bool)>, tag: &'t str, assigns: bool) {
    if tag == "else" {
        if let Some((_, past_else)) = open.last_mut() {
            *past_else = true;
        }
    } else if tag.starts_with("end") {
        open.pop();
    } else if BLOCKS.iter().any(|(known, _)| *known == tag) && !(tag == "set" && assigns) {
        open.push((tag, false));
    }
}

fn reword_expected(got: &str, expected: &str) -> String {
    let got = token(got);
    if got == "end of template" && expected != "expression" {
        return format!("unexpected end of template, expected '{}'.", expected_token(expected));
    }
    match expected {
        "expression" => format!("unexpected '{got}'"),
        "identifier or integer" => "expected name or number".into(),
        other => format!("expected token '{}', got '{got}'", expected_token(other)),
    }
}

fn expected_token(name: &str) -> &str {
    if name == "identifier" { "name" } else { token(name) }
}

fn token(name: &str) -> &str {
    match name {
        "end of input" => "end of template",
        "end of variable block" => "end of print statement",
        "end of block" => "end of statement block",
        other => other.trim_matches('`'),
    }
}
