//! Modules that only the engine asks for, by names that no playbook can write.

mod embedded_json;
mod program;

pub use embedded_json::find_object;

use crate::Module;

/// The module of this name.
pub(crate) fn find(name: &str) -> Option<&'static Module> {
    [&program::MODULE].into_iter().find(|module| module.name == name)
}
