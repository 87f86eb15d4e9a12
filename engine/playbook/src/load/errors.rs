//! `LoadErrors`: what is wrong with content, and of which kind it is.

use kapell_parsing::Diagnostic;

/// At least one error.
#[derive(Clone, Debug)]
pub struct LoadErrors {
    pub errors: Vec<Diagnostic>,
    /// What the first one is about.
    pub fault: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Content,
    /// A file or role is not there: the content may be right. For ansible-playbook that is not a parse error.
    Missing,
    /// A task names an action that ansible-core had once.
    Removed,
    /// A file of tasks holds something else.
    NoTasks,
}

impl LoadErrors {
    /// Whether they fail the hosts that include it at run time, not the run.
    pub fn is_of_hosts(&self) -> bool {
        self.fault != Fault::Content
    }
}

impl std::ops::Deref for LoadErrors {
    type Target = [Diagnostic];

    fn deref(&self) -> &[Diagnostic] {
        &self.errors
    }
}
