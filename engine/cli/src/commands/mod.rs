//! One command, one file.

pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod console;
pub(crate) mod doc;
pub(crate) mod inventory;
pub(crate) mod listing;
pub(crate) mod playbook;
pub(crate) mod pull;
pub(crate) mod run;
pub(crate) mod vault;
