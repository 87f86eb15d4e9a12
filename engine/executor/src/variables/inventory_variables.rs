//! `InventoryVariables`: precedence levels 3 to 10, merged once per host and kept.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use kapell_inventory::{Host, Inventory, VarsDir, VarsDirs};
use kapell_parsing::{Diagnostic, Map, Severity, Value};

/// Inventory group and host variables with the `group_vars` and `host_vars` beside inventory sources and playbook.
pub struct InventoryVariables {
    dirs: VarsDirs,
    hosts: RwLock<HashMap<String, Arc<Map>>>,
    groups: RwLock<Arc<OnceLock<Value>>>,
}

impl InventoryVariables {
    pub fn new(dirs: VarsDirs) -> Self {
        Self { dirs, hosts: RwLock::default(), groups: RwLock::default() }
    }

    /// With other directories beside the playbook. What was read of one of them is not read again.
    pub(crate) fn beside(&self, playbook: &[PathBuf], load: impl Fn(&Path) -> VarsDir) -> Self {
        let known = |dir: &Path| self.dirs.inventory.iter().chain(&self.dirs.playbook).find(|known| known.is_in(dir));
        let find = |dir: &PathBuf| known(dir).map_or_else(|| Arc::new(load(dir)), Arc::clone);
        Self::new(VarsDirs { inventory: self.dirs.inventory.clone(), playbook: playbook.iter().map(find).collect() })
    }

    /// The merged variables of `host`.
    pub fn of_host(&self, inventory: &Inventory, host: &Host) -> Arc<Map> {
        let known = self.hosts.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(map) = known.get(&host.name) {
            return Arc::clone(map);
        }
        drop(known);
        let merged = Arc::new(inventory.host_variables(host, &self.dirs));
        let mut known = self.hosts.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(host.name.clone(), Arc::clone(&merged));
        merged
    }

    /// What is wrong with variable files read so far: warnings, or the error that ends the run.
    pub fn take_problems(&self) -> Result<Vec<Diagnostic>, Diagnostic> {
        let mut problems = self.dirs.take_problems();
        match problems.iter().position(|problem| problem.severity == Severity::Error) {
            Some(index) => Err(problems.swap_remove(index)),
            None => Ok(problems),
        }
    }

    /// The `groups` magic variable.
    pub fn groups(&self, inventory: &Inventory) -> Value {
        let cell = Arc::clone(&self.groups.read().unwrap_or_else(PoisonError::into_inner));
        cell.get_or_init(|| Value::map(inventory.groups_map())).clone()
    }

    /// The inventory changed (`add_host`, `group_by`, `refresh_inventory`).
    pub fn forget(&self) {
        self.hosts.write().unwrap_or_else(PoisonError::into_inner).clear();
        *self.groups.write().unwrap_or_else(PoisonError::into_inner) = Arc::default();
    }
}
