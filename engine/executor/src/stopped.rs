//! `Stopped`: why a run could not go on.

use kapell_parsing::Diagnostic;
use kapell_playbook::{Fault, LoadErrors};

#[derive(Clone, Debug)]
pub struct Stopped {
    pub errors: Vec<Diagnostic>,
    /// The content cannot be read as what it should be: a parse error to ansible-playbook.
    pub content: bool,
}

impl Stopped {
    pub fn content(error: Diagnostic) -> Self {
        Self { errors: vec![error], content: true }
    }
}

impl From<Diagnostic> for Stopped {
    fn from(error: Diagnostic) -> Self {
        Self { errors: vec![error], content: false }
    }
}

impl From<LoadErrors> for Stopped {
    fn from(failed: LoadErrors) -> Self {
        Self { content: failed.fault != Fault::Missing, errors: failed.errors }
    }
}
