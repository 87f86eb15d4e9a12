//! `InventoryVariables`: precedence levels 3 to 10, merged once per host and kept.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use kapell_config::HashBehaviour;
use kapell_inventory::{Group, Host, Inventory};
pub struct VarsDir;
impl VarsDir {
    fn group_vars(&self, _: &str) -> Option<&Map> {
        None
    }
    fn host_vars(&self, _: &str) -> Option<&Map> {
        None
    }
}
use kapell_parsing::{Map, Value};

use super::combine;

/// Inventory group and host variables with the `group_vars` and `host_vars` beside inventory sources and playbook.
pub struct InventoryVariables {
    inventory_dirs: Vec<VarsDir>,
    playbook_dirs: Vec<VarsDir>,
    behaviour: HashBehaviour,
    hosts: RwLock<HashMap<String, Arc<Map>>>,
    groups: RwLock<Arc<OnceLock<Value>>>,
}

impl InventoryVariables {
    pub fn new(inventory_dirs: Vec<VarsDir>, playbook_dirs: Vec<VarsDir>, behaviour: HashBehaviour) -> Self {
        Self { inventory_dirs, playbook_dirs, behaviour, hosts: RwLock::default(), groups: RwLock::default() }
    }

    /// The merged variables of `host`.
    pub fn of_host(&self, inventory: &Inventory, host: &Host) -> Arc<Map> {
        let known = self.hosts.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(map) = known.get(&host.name) {
            return Arc::clone(map);
        }
        drop(known);
        let merged = Arc::new(self.merge(inventory, host));
        let mut known = self.hosts.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(host.name.clone(), Arc::clone(&merged));
        merged
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

    /// Ansible's `VARIABLE_PRECEDENCE`, weakest first.
    fn merge(&self, inventory: &Inventory, host: &Host) -> Map {
        let mut merged = Map::new();
        let groups = inventory.groups_of(host);
        let (all, others): (Vec<&Group>, Vec<&Group>) = groups.into_iter().partition(|group| group.name == "all");
        for group in all.iter().chain(&others) {
            self.add(&mut merged, Some(&group.vars));
        }
        for groups in [&all, &others] {
            for dirs in [&self.inventory_dirs, &self.playbook_dirs] {
                for group in groups {
                    dirs.iter().for_each(|dir| self.add(&mut merged, dir.group_vars(&group.name)));
                }
            }
        }
        self.add(&mut merged, Some(&host.vars));
        for dir in self.inventory_dirs.iter().chain(&self.playbook_dirs) {
            self.add(&mut merged, dir.host_vars(&host.name));
        }
        merged
    }

    fn add(&self, merged: &mut Map, over: Option<&Map>) {
        if let Some(over) = over {
            combine(merged, over, self.behaviour);
        }
    }
}
