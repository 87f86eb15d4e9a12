//! The inventory of a run: sources of the command line or of settings, and the variables beside them.

use std::path::{Path, PathBuf};

use kapell_config::Settings;
use kapell_executor::variables::InventoryVariables;
use kapell_inventory::{Inventory, VarsDir, VarsDirs};
use kapell_parsing::VaultSecrets;

/// `-i` of the command line, else the configured sources.
pub(crate) fn sources(given: &[String], settings: &Settings) -> Vec<String> {
    if given.is_empty() { settings.inventory.clone() } else { given.to_vec() }
}

/// `group_vars` and `host_vars` beside the inventory's sources and beside the playbooks.
pub(crate) fn variables(
    inventory: &Inventory,
    playbooks: &[PathBuf],
    settings: &Settings,
    vault: &VaultSecrets,
) -> InventoryVariables {
    let mut seen: Vec<PathBuf> = Vec::new();
    let mut load = |dir: PathBuf| {
        let is_new = !seen.contains(&dir);
        is_new.then(|| {
            let loaded = VarsDir::load(&dir, settings, vault);
            seen.push(dir);
            loaded
        })
    };
    let directory = |source: &PathBuf| if source.is_dir() { source.clone() } else { parent(source) };
    let inventory: Vec<VarsDir> = inventory.sources().iter().filter_map(|source| load(directory(source))).collect();
    let playbook = playbooks.iter().filter_map(|playbook| load(parent(playbook))).collect();
    InventoryVariables::new(VarsDirs { inventory, playbook })
}

/// The directory a file is in; `.` for a bare name.
pub(crate) fn parent(path: &Path) -> PathBuf {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}
