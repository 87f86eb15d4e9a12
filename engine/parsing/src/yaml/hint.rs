//! From the parser's complaint to a diagnostic: the usual mistakes are recognised by the lines they are on.

use std::sync::Arc;

use libyaml_safer::{Error, Mark};

use super::compose;
use crate::{Diagnostic, Origin, SourceFile};

const QUOTE_TEMPLATE: &str = "a value that starts with `{{` needs quotes around all of it: \"{{ … }}\"";

/// What is wrong with `text`. `source` is what the place names; its text may be hidden.
pub(super) fn explain(error: &Error, text: &str, source: &Arc<SourceFile>) -> Diagnostic {
    let Some(mark) = error.problem_mark() else {
        return unreadable(error, text, source);
    };
    let mistake = Mistake { error, mark, lines: text.lines().collect() };
    let found = mistake.in_words();
    let message = found.message.unwrap_or_else(|| mistake.as_reported());
    let diagnostic = Diagnostic::error(message).at(Some(&compose::origin(source, found.mark.unwrap_or(mark))));
    match found.hint {
        Some(hint) => diagnostic.hint(hint),
        None => diagnostic,
    }
}

/// The only complaint without a place is about a control character.
fn unreadable(error: &Error, text: &str, source: &Arc<SourceFile>) -> Diagnostic {
    let allowed = |c: char| {
        matches!(c, '\t' | '\n' | '\r' | '\u{85}') || (!c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}'))
    };
    let Some((before, c)) = text.char_indices().find(|(_, c)| !allowed(*c)).map(|(place, c)| (&text[..place], c))
    else {
        return Diagnostic::error(format!("this is not valid YAML: {}", error.problem()));
    };
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Diagnostic::error(format!("the control character U+{:04X} is not allowed in YAML", u32::from(c)))
        .at(Some(&Origin::new(source.clone(), number(line), number(column))))
        .hint(format!("remove it, or write \"\\x{:02x}\" in double quotes", u32::from(c)))
}

/// What is said instead of the parser's words.
#[derive(Default)]
struct Found {
    message: Option<String>,
    hint: Option<String>,
    mark: Option<Mark>,
}

struct Mistake<'a> {
    error: &'a Error,
    mark: Mark,
    lines: Vec<&'a str>,
}

impl Mistake<'_> {
    /// The first explanation that fits, the most certain ones first.
    fn in_words(&self) -> Found {
        [Self::tab, Self::unclosed_quote, Self::template, Self::forbidden_start, Self::colon_in_value]
            .into_iter()
            .chain([Self::after_quote, Self::missing_space, Self::unclosed_bracket, Self::key_below_value])
            .chain([Self::indentation, Self::escape])
            .find_map(|explain| explain(self))
            .unwrap_or_default()
    }

    fn as_reported(&self) -> String {
        match self.error.context() {
            Some(context) => format!("this is not valid YAML: {context}, {}", self.error.problem()),
            None => format!("this is not valid YAML: {}", self.error.problem()),
        }
    }

    fn line(&self) -> &str {
        self.lines.get(self.mark.line as usize).copied().unwrap_or_default()
    }

    fn tab(&self) -> Option<Found> {
        let line = self.line();
        let indentation = &line[..line.len() - line.trim_start().len()];
        let column = indentation.chars().position(|c| c == '\t')?;
        let mark = at(self.mark, self.mark.line, column);
        Some(found("a tab is used for indentation", "YAML is indented with spaces").moved_to(mark))
    }

    fn unclosed_quote(&self) -> Option<Found> {
        let quoted = self.error.context() == Some("while scanning a quoted scalar");
        let ended = self.error.problem().contains("unexpected end of stream")
            || self.error.problem().contains("document indicator");
        let start = self.error.context_mark().filter(|_| quoted && ended)?;
        Some(
            found(
                "the quote that starts here is not closed",
                "a `'` within single quotes is written `''`, a `\"` within double quotes `\\\"`",
            )
            .moved_to(start),
        )
    }

    fn template(&self) -> Option<Found> {
        let line = [self.mark.line, self.mark.line.saturating_sub(1)].into_iter().find(|line| {
            value_of(self.text(*line)).is_some_and(|(_, value)| value.starts_with("{{") || value.starts_with("{%"))
        })?;
        let (column, _) = value_of(self.text(line))?;
        Some(found("this template is not in quotes", QUOTE_TEMPLATE).moved_to(at(self.mark, line, column)))
    }

    fn forbidden_start(&self) -> Option<Found> {
        let c = self.line().chars().nth(self.mark.column as usize)?;
        let cannot_start = self.error.problem().contains("cannot start any token");
        let hint = format!("a text that starts with {c} needs quotes around all of it");
        cannot_start.then(|| found(&format!("the character {c} cannot start a value"), &hint))
    }

    /// `name: install: nginx`
    fn colon_in_value(&self) -> Option<Found> {
        let (column, value) = value_of(self.line())?;
        let inside = value.find(": ").or(value.ends_with(':').then(|| value.len() - 1))?;
        let quoted = value.starts_with(['"', '\'', '{', '[']);
        let after_key = self.line().chars().take(column).any(|c| c == ':');
        if quoted || !after_key || !self.is("mapping values are not allowed") {
            return None;
        }
        let column = column + value[..inside].chars().count();
        let hint = "a text with a colon and a space in it needs quotes around all of it";
        Some(found("a second `: ` in one line", hint).moved_to(at(self.mark, self.mark.line, column)))
    }

    /// `msg: "foo" bar`
    fn after_quote(&self) -> Option<Found> {
        let (column, value) = value_of(self.line())?;
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let end = value[1..].find(quote)? + 2;
        let rest = value[end..].trim();
        if rest.is_empty() || rest.starts_with([',', ']', '}', '#', ':']) {
            return None;
        }
        let hint = "put quotes around all of it, of the other kind than those in it";
        Some(found("there is text after the closing quote", hint).moved_to(at(
            self.mark,
            self.mark.line,
            column + value[..end].chars().count(),
        )))
    }

    /// `key:value` or `-item`, in this line or the one before.
    fn missing_space(&self) -> Option<Found> {
        [self.mark.line, self.mark.line.saturating_sub(1)].into_iter().find_map(|number| {
            let line = self.text(number);
            let content = line.trim_start();
            let indent = line.chars().count() - content.chars().count();
            let content_column = |word: &str| indent + word.chars().count();
            if content.starts_with('-') && !content.starts_with("- ") && !content.starts_with("--") && content.len() > 1
            {
                return Some(
                    found("there is no space after the `-`", "an item of a list starts with `- `")
                        .moved_to(at(self.mark, number, indent)),
                );
            }
            let (key, rest) = content.trim_start_matches("- ").split_once(':')?;
            let word = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
            let glued = word && rest.starts_with(|c: char| !c.is_whitespace() && c != '/');
            let before = &content[..content.len() - rest.len()];
            glued.then(|| {
                found("there is no space after the `:`", "write `key: value`").moved_to(at(
                    self.mark,
                    number,
                    content_column(before),
                ))
            })
        })
    }

    fn unclosed_bracket(&self) -> Option<Found> {
        let context = self.error.context()?;
        let start = self.error.context_mark()?;
        let (what, bracket) = match context {
            "while parsing a flow sequence" => ("list", ']'),
            "while parsing a flow mapping" => ("mapping", '}'),
            _ => return None,
        };
        let message = format!("a `,` or `{bracket}` is missing before this");
        Some(found(&message, &format!("the {what} starts in line {}, column {}", start.line + 1, start.column + 1)))
    }

    fn key_below_value(&self) -> Option<Found> {
        let hint = "the line above holds a value already: check the indentation of both";
        self.is("mapping values are not allowed").then(|| found("there cannot be a `key:` here", hint))
    }

    fn escape(&self) -> Option<Found> {
        let hint = "in double quotes a backslash starts an escape: write `\\\\` for one, or use single quotes";
        self.is("unknown escape character").then(|| found("this is no escape that YAML knows", hint))
    }

    fn indentation(&self) -> Option<Found> {
        let start = self.error.context_mark()?;
        let what = match self.error.context()? {
            "while parsing a block mapping" => "mapping",
            "while parsing a block collection" => "list",
            _ => return None,
        };
        let (line, column) = (start.line + 1, start.column + 1);
        let hint = format!("check the indentation: the {what} around it starts in line {line}, column {column}");
        Some(found("this does not continue what is above it", &hint))
    }

    fn text(&self, line: u64) -> &str {
        self.lines.get(line as usize).copied().unwrap_or_default()
    }

    fn is(&self, problem: &str) -> bool {
        self.error.problem().contains(problem)
    }
}

fn found(message: &str, hint: &str) -> Found {
    Found { message: Some(format!("this is not valid YAML: {message}")), hint: Some(hint.to_owned()), mark: None }
}

impl Found {
    fn moved_to(mut self, mark: Mark) -> Self {
        self.mark = Some(mark);
        self
    }
}

fn at(mut mark: Mark, line: u64, column: usize) -> Mark {
    mark.line = line;
    mark.column = column as u64;
    mark
}

/// The column (from 0) and text of what follows `- ` and `key: ` in a line.
fn value_of(line: &str) -> Option<(usize, &str)> {
    let mut value = line.trim_start();
    while let Some(rest) = value.strip_prefix("- ") {
        value = rest.trim_start();
    }
    if let Some((key, rest)) = value.split_once(": ")
        && !key.is_empty()
        && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' '))
    {
        value = rest.trim_start();
    }
    let column = line[..line.len() - value.len()].chars().count();
    Some((column, value.trim_end())).filter(|(_, value)| !value.is_empty())
}

/// What YAML 1.1 gives a meaning that nobody has a value for.
pub(super) fn only_a_key(text: &str, origin: &Origin) -> Diagnostic {
    let message = format!("`{text}` is no value in YAML");
    Diagnostic::error(message).at(Some(origin)).hint("put it in quotes, if the text itself is meant")
}

/// A list or map used as a key: nearly always a template without quotes.
pub(super) fn complex_key(origin: &Origin) -> Diagnostic {
    let line = origin.source_line().unwrap_or_default();
    if let Some((column, value)) = value_of(line)
        && value.starts_with("{{")
    {
        let place = Origin::new(origin.source.clone(), origin.line, u32::try_from(column + 1).unwrap_or(u32::MAX));
        return Diagnostic::error("this template is not in quotes").at(Some(&place)).hint(QUOTE_TEMPLATE);
    }
    let diagnostic = Diagnostic::error("a list or a mapping cannot be the key of a mapping").at(Some(origin));
    if line.contains("{{") {
        diagnostic.hint("a template needs quotes around all of the value it is in")
    } else {
        diagnostic.hint("a text that starts with `[` or `{` needs quotes around all of it")
    }
}
