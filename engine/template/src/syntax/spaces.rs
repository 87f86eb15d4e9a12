//! Spaces that are not ASCII, between the words of expressions and tags: Jinja skips them, minijinja does not know them.

use minijinja::machinery::tokenize;
use minijinja::syntax::SyntaxConfig;

/// Runs of such spaces that are looked at in one template.
const MOST: usize = 1000;

/// The source with them replaced by as many plain ones as they have bytes; nothing when there are none.
pub(super) fn plain(source: &str, in_expression: bool, config: &SyntaxConfig) -> Option<String> {
    if !source.contains(is_odd) {
        return None;
    }
    let mut text = source.to_owned();
    let mut changed = false;
    for _ in 0..MOST {
        let Some(run) = unreadable_run(&text, in_expression, config) else { break };
        let blank = |c: char| if is_odd(c) { " ".repeat(c.len_utf8()) } else { c.to_string() };
        let blanked: String = text[run.clone()].chars().map(blank).collect();
        text.replace_range(run, &blanked);
        changed = true;
    }
    changed.then_some(text)
}

/// Where the spaces are at which reading ends.
fn unreadable_run(text: &str, in_expression: bool, config: &SyntaxConfig) -> Option<std::ops::Range<usize>> {
    let mut end = 0;
    for token in tokenize(text, in_expression, config.clone()) {
        match token {
            Ok((_, span)) => end = span.end_offset as usize,
            Err(_) => {
                let rest = text.get(end..)?;
                let spaces = rest.len() - rest.trim_start_matches(|c: char| is_odd(c) || c.is_whitespace()).len();
                return rest.get(..spaces)?.contains(is_odd).then_some(end..end + spaces);
            }
        }
    }
    None
}

/// What Python takes for a space and minijinja does not.
fn is_odd(character: char) -> bool {
    matches!(character, '\u{b}' | '\u{1c}'..='\u{1f}') || !character.is_ascii() && character.is_whitespace()
}
