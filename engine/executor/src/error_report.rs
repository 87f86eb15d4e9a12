//! `ErrorReport`: why a task failed, as a chain of messages with their places, outermost first.

use kapell_parsing::{Diagnostic, Origin};
use kapell_template::TemplateError;

#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ErrorReport {
    /// Outermost first; each message is a fragment without what caused it.
    pub causes: Vec<Diagnostic>,
}

impl ErrorReport {
    pub fn new(message: impl Into<String>, origin: Option<&Origin>) -> Self {
        Self { causes: vec![Diagnostic::error(message).at(origin)] }
    }

    /// A template that gave no value, with the place of what was written and, where that is elsewhere, of what
    /// really failed: a variable behind it.
    pub fn of_template(error: &TemplateError, written: Option<&Origin>) -> Self {
        let place = error.origin().filter(|place| error.is_undefined() || !is_same_line(Some(place), written));
        Self::new(error.to_string(), place.or(written))
    }

    /// The same failure, seen from further out. A cause joins the one it is wrapped in, unless
    /// each has a place of its own.
    #[must_use]
    pub fn wrap(mut self, message: impl Into<String>, origin: Option<&Origin>) -> Self {
        let outer = Diagnostic::error(message).at(origin);
        match self.causes.first_mut() {
            Some(first)
                if first.hint.is_none()
                    && (first.origin.is_none() || outer.origin.is_none() || first.origin == outer.origin) =>
            {
                first.message = format!("{}: {}", outer.message.trim_end_matches('.'), first.message);
                first.origin = outer.origin.or(first.origin.take());
            }
            _ => self.causes.insert(0, outer),
        }
        self
    }

    /// The whole chain on one line, as it stands in a result's `msg`.
    pub fn message(&self) -> String {
        let Some((last, outer)) = self.causes.split_last() else { return String::new() };
        let outer = outer.iter().map(|cause| cause.message.trim_end_matches('.'));
        outer.chain([last.message.as_str()]).collect::<Vec<_>>().join(": ")
    }
}

/// What is undefined in a value that is shown nevertheless. Numbers go on after `before`.
pub fn undefined_parts(errors: &[TemplateError], before: usize) -> Option<String> {
    let mut message = match errors.len() {
        0 => return None,
        1 => "Encountered 1 template error.".to_owned(),
        count => format!("Encountered {count} template errors."),
    };
    for (at, error) in errors.iter().enumerate() {
        message.push_str(&format!("\nerror {} - {error}", before + at + 1));
    }
    Some(message)
}

fn is_same_line(one: Option<&Origin>, other: Option<&Origin>) -> bool {
    let line = |origin: &Origin| (origin.path().to_owned(), origin.line);
    one.map(line) == other.map(line)
}
