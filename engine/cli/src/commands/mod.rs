//! One command, one file.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod console;
pub(crate) mod doc;
pub(crate) mod explain;
pub(crate) mod galaxy;
pub(crate) mod inventory;
pub(crate) mod listing;
pub(crate) mod man;
pub(crate) mod playbook;
mod plugin_settings;
pub(crate) mod pull;
pub(crate) mod run;
mod settings_file;
pub(crate) mod vault;
