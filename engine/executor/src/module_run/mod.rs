//! Modules that are not ours: found in the user's content, sent to the managed node and run there by its own
//! interpreters. Native modules come first; see `library` for what wins over them.

mod archive;
mod bundle;
mod foreign;
mod imports;
mod installed_core;
mod interpreter;
mod invocation;
mod library;
mod output;
mod own_utils;
mod routing;
mod shebang;
mod typed_json;

pub use foreign::ForeignModule;
pub(crate) use interpreter::{asked_discovery, demanded as demanded_interpreter};
pub(crate) use invocation::run;
pub use library::{Found, ModuleLibrary};

use kapell_playbook::Task;

use crate::{Run, resolve};
use std::sync::Arc;

/// What runs a task: the action's fully qualified name and, when it is not ours, the module.
pub struct Resolution {
    pub action: String,
    pub foreign: Option<Arc<ForeignModule>>,
}

/// Looks `action` up where `task`, which names it, stands.
pub fn resolve(run: &Run, action: &str, task: &Task) -> Resolution {
    match run.library.find(action, &task.scope.collections()) {
        Some(Found::Foreign(module)) => {
            let action = module.name.replacen("ansible.legacy.", "ansible.builtin.", 1);
            Resolution { action, foreign: Some(module) }
        }
        Some(Found::Native(module)) => Resolution { action: module.name.to_owned(), foreign: None },
        None => Resolution { action: resolve::qualified(action), foreign: None },
    }
}
