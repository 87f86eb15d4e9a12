//! One command, one file.

pub(crate) mod listing;
pub(crate) mod playbook;
