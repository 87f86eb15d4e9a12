//! One command, one file.

pub(crate) mod inventory;
pub(crate) mod listing;
pub(crate) mod playbook;
pub(crate) mod run;
pub(crate) mod vault;
