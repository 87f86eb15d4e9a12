//! `Diagnostic`: something to tell the user about their content, with its place, its source line and a hint.

use std::fmt;

use crate::Origin;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Deprecation,
    Warning,
    Error,
}

/// Errors of content that end a program with another exit code than what merely cannot be read does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Readable, but it asks for what cannot be done.
    Usage,
    /// A choice that does not exist.
    Options,
    /// A file of variables that cannot be read as one.
    Content,
    /// Where ansible-core gives up without knowing why: content that includes itself, batches that are no numbers.
    Endless,
}

/// One finding. Errors are collected: several can come out of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    /// A sentence without a place: `unknown keyword 'taks' in a play`.
    pub message: String,
    pub origin: Option<Origin>,
    /// What to do about it: `did you mean 'tasks'?`
    pub hint: Option<String>,
    /// `None`: whoever reports it knows.
    pub kind: Option<ErrorKind>,
}

impl Diagnostic {
    pub fn error(message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, message: message.into(), origin: None, hint: None, kind: None }
    }

    pub fn warning(message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message) }
    }

    pub fn deprecation(message: impl Into<String>) -> Self {
        Self { severity: Severity::Deprecation, ..Self::error(message) }
    }

    #[must_use]
    pub fn at(mut self, origin: Option<&Origin>) -> Self {
        self.origin = origin.cloned();
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A hint where there is none yet.
    #[must_use]
    pub fn or_hint(self, hint: impl Into<String>) -> Self {
        if self.hint.is_some() { self } else { self.hint(hint) }
    }

    /// A place where there is none yet.
    #[must_use]
    pub fn or_at(self, origin: Option<&Origin>) -> Self {
        if self.origin.is_some() { self } else { self.at(origin) }
    }

    #[must_use]
    pub fn of_kind(mut self, kind: ErrorKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Adds `did you mean 'x'?` when one of `known` is close to `word`.
    #[must_use]
    pub fn did_you_mean<'a>(self, word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match closest(word, known) {
            Some(best) => self.hint(format!("did you mean '{best}'?")),
            None => self,
        }
    }
}

/// The word of `known` nearest to `word`, if any is near enough to be a slip of the fingers. Of several, the one with
/// most letters in place: `taks` is `tasks` rather than `tags`.
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by(|(distance, one), (other_distance, other)| {
            let unlike = |candidate: &str| 1.0 - strsim::jaro(word, candidate);
            distance.cmp(other_distance).then_with(|| unlike(one).total_cmp(&unlike(other)))
        })
        .map(|(_, candidate)| candidate)
}

/// Message, then the place with its source line and a caret, then the hint.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(origin) = &self.origin {
            write!(f, "\n  --> {origin}")?;
            if let Some(line) = origin.source_line() {
                let number = origin.line.to_string();
                let gutter = " ".repeat(number.len());
                // A tab before the place stays a tab, so that the caret stands below it.
                let before = line.chars().chain(std::iter::repeat(' ')).take(origin.column.saturating_sub(1) as usize);
                let indent: String = before.map(|c| if c == '\t' { c } else { ' ' }).collect();
                write!(f, "\n {gutter} |\n {number} | {line}\n {gutter} | {indent}^")?;
            }
        }
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Diagnostic {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SourceFile;

    #[test]
    fn the_place_is_shown_with_its_line() {
        let source = SourceFile::new("site.yml", "- hosts: all\n\ttaks:\tx\n");
        let diagnostic = Diagnostic::error("unknown keyword 'taks' in a play")
            .at(Some(&Origin::new(source, 2, 8)))
            .did_you_mean("taks", ["hosts", "tasks", "vars"]);
        assert_eq!(
            diagnostic.to_string(),
            "unknown keyword 'taks' in a play\n  --> site.yml:2:8\n   |\n 2 | \ttaks:\tx\n   | \t     \t^\n  hint: did you mean 'tasks'?"
        );
    }

    #[test]
    fn a_word_that_is_far_from_all_has_no_suggestion() {
        assert_eq!(closest("become", ["when", "loop"]), None);
        assert_eq!(closest("whne", ["when", "loop"]), Some("when"));
    }
}
