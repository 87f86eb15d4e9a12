//! The inventory of a run: sources of the command line or of settings, and the variables beside them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kapell_config::Settings;
use kapell_executor::ModuleLibrary;
use kapell_executor::python_plugins::PythonVars;
use kapell_executor::variables::InventoryVariables;
use kapell_inventory::{Inventory, VarsDir, VarsDirs, VarsPlugins};
use kapell_parsing::VaultSecrets;

use crate::surroundings::plugin_templar;

/// `-i` of the command line, else the configured sources.
pub(crate) fn sources(given: &[String], settings: &Settings) -> Vec<String> {
    if given.is_empty() { settings.inventory.clone() } else { given.to_vec() }
}

/// `group_vars` and `host_vars` beside the inventory's sources; each play brings those beside its playbook.
pub(crate) fn variables(
    inventory: &Inventory,
    settings: &Settings,
    vault: &VaultSecrets,
    plugins: Option<&Arc<dyn VarsPlugins>>,
) -> InventoryVariables {
    InventoryVariables::new(vars_dirs(inventory, &[], settings, vault, plugins))
}

/// Sources of variables that users wrote in Python, where there are some.
pub(crate) fn vars_plugins(
    settings: &Settings,
    vault: &VaultSecrets,
    library: &ModuleLibrary,
) -> Option<Arc<dyn VarsPlugins>> {
    PythonVars::find(settings, library, || plugin_templar(settings, vault, library))
}

/// The same, with the directories of the playbooks.
pub(crate) fn vars_dirs(
    inventory: &Inventory,
    playbook_dirs: &[PathBuf],
    settings: &Settings,
    vault: &VaultSecrets,
    plugins: Option<&Arc<dyn VarsPlugins>>,
) -> VarsDirs {
    let mut loaded: HashMap<PathBuf, Arc<VarsDir>> = HashMap::new();
    let mut load = |dir: PathBuf| {
        let fresh = || Arc::new(VarsDir::load(&dir, settings, vault).with_plugins(plugins));
        Arc::clone(loaded.entry(dir.clone()).or_insert_with(fresh))
    };
    let inventory = inventory.vars_basedirs().into_iter().map(&mut load).collect();
    VarsDirs { inventory, playbook: playbook_dirs.iter().cloned().map(load).collect() }
}

/// The directory a file is in; `.` for a bare name.
pub(crate) fn parent(path: &Path) -> PathBuf {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}
