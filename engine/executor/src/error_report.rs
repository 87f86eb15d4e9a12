//! `ErrorReport`: why a task failed, as a chain of messages with their places, outermost first.

use kapell_parsing::{Diagnostic, Origin};

#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ErrorReport {
    /// Outermost first; each message is a fragment without what caused it.
    pub causes: Vec<Diagnostic>,
}

impl ErrorReport {
    pub fn new(message: impl Into<String>, origin: Option<&Origin>) -> Self {
        Self { causes: vec![Diagnostic::error(message).at(origin)] }
    }

    /// The same failure, seen from further out. A cause that has no other place joins the one it is wrapped in.
    #[must_use]
    pub fn wrap(mut self, message: impl Into<String>, origin: Option<&Origin>) -> Self {
        let outer = Diagnostic::error(message).at(origin);
        match self.causes.first_mut() {
            Some(first) if first.hint.is_none() && (first.origin.is_none() || first.origin == outer.origin) => {
                first.message = format!("{}: {}", outer.message.trim_end_matches('.'), first.message);
                first.origin = outer.origin;
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
