//! Modules that are not ours: found in the user's content, sent to the managed node and run there by its own
//! interpreters. Native modules come first; see `library` for what wins over them.

mod archive;
mod bundle;
mod catalogue;
mod elsewhere;
mod foreign;
mod imports;
mod installed_core;
mod interpreter;
mod invocation;
mod library;
mod output;
mod routing;
mod shebang;
mod typed_json;

pub use foreign::ForeignModule;
pub(crate) use interpreter::{asked_discovery, demanded as demanded_interpreter};
pub(crate) use invocation::run;
pub use library::{Found, ModuleLibrary};
pub(crate) use routing::Whereabouts;

use kapell_playbook::Task;

use crate::controller_module::ControllerModule;
use crate::python_plugins::PluginFile;
use crate::{Run, resolve};
use std::sync::Arc;

/// What runs a task: the action's fully qualified name and, when it is not ours, the module.
pub struct Resolution {
    pub action: String,
    pub foreign: Option<Arc<ForeignModule>>,
    pub controller: Option<&'static ControllerModule>,
    /// The user's action plugin, which may run the module itself.
    pub plugin: Option<Arc<PluginFile>>,
}

/// Looks `action` up where `task`, which names it, stands.
pub fn resolve(run: &Run, action: &str, task: &Task) -> Resolution {
    let collections = task.scope.collections();
    let found = of_module(run, action, &collections);
    if let Some(plugin) = run.library.action_plugin(action, &collections) {
        let action = if plugin.name.contains('.') { plugin.name.clone() } else { resolve::qualified(&plugin.name) };
        return Resolution { action, plugin: Some(plugin), ..found };
    }
    let plugin = run.library.action_of_modules().filter(|_| !crate::action::has_action(&found.action));
    Resolution { plugin, ..found }
}

fn of_module(run: &Run, action: &str, collections: &[String]) -> Resolution {
    let ours = |action: String| Resolution { action, foreign: None, controller: None, plugin: None };
    match run.library.find(action, collections) {
        Some(Found::Foreign(module)) => {
            let action = module.name.replacen("ansible.legacy.", "ansible.builtin.", 1);
            Resolution { foreign: Some(module), ..ours(action) }
        }
        Some(Found::Controller(module)) => Resolution { controller: Some(module), ..ours(module.name.to_owned()) },
        Some(Found::Native(module)) => ours(module.name.to_owned()),
        None => ours(resolve::qualified(action)),
    }
}
