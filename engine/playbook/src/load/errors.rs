//! `LoadErrors`: what is wrong with content, and of which kind it is.

use kapell_parsing::Diagnostic;

/// At least one error.
#[derive(Clone, Debug)]
pub struct LoadErrors {
    pub errors: Vec<Diagnostic>,
    /// The first one is that a file or role is not there: the content may be right. For ansible-playbook that is not a
    /// parse error, and included at run time it fails the hosts, not the run.
    pub missing: bool,
}

impl std::ops::Deref for LoadErrors {
    type Target = [Diagnostic];

    fn deref(&self) -> &[Diagnostic] {
        &self.errors
    }
}
