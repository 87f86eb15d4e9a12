//! One command, one file.

pub mod listing;
pub mod playbook;
