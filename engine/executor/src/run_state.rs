//! `RunState`: everything that changes while a run goes on. The dispatcher owns it; tasks get snapshots.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kapell_inventory::{Inventory, VarsDir};
use kapell_parsing::{Diagnostic, Map, Value};
use kapell_playbook::{Play, Role};

use crate::action::{AddHost, GroupBy};
use crate::action_groups::ActionGroups;
use crate::fact_cache::FactCache;
use crate::host_facts::HostFacts;
use crate::host_table::HostTable;
use crate::{Run, Stats, variables::InventoryVariables};

/// The play and batch being run, as variables show them.
#[derive(Clone)]
pub struct PlayState {
    pub play: Arc<Play>,
    /// Empty while the play's own keywords are read.
    pub title: String,
    /// `vars` of the play.
    pub vars: Arc<Map>,
    /// All hosts of the play, in order: `ansible_play_hosts_all`.
    pub all_hosts: Value,
    /// Hosts of the play that have neither failed nor become unreachable: `ansible_play_hosts`.
    pub hosts: Value,
    /// Hosts of this batch that have neither failed nor become unreachable: `ansible_play_batch`.
    pub batch: Value,
    /// `vars_prompt` answers.
    pub prompted: Arc<Map>,
    /// `vars_files` whose names need no host's variables, merged in order.
    pub vars_files: Arc<Map>,
    /// `vars_files` entries whose names do.
    pub host_vars_files: Arc<Vec<Value>>,
    /// Roles that came with `include_role` so far.
    pub included_roles: Arc<Vec<Arc<Role>>>,
    pub role_defaults: Arc<Map>,
    pub role_vars: Arc<Map>,
    /// Groups of actions `module_defaults` may name.
    pub action_groups: Arc<ActionGroups>,
}

/// A consistent view for tasks in flight. Cloning copies pointers; the owner copies on write what a task still holds.
#[derive(Clone)]
pub struct World {
    pub inventory: Arc<Inventory>,
    pub hosts: HostTable,
    pub inventory_variables: Arc<InventoryVariables>,
    pub play: Option<Arc<PlayState>>,
}

impl World {
    pub fn facts(&self, host: &str) -> Option<&HostFacts> {
        self.hosts.get(host)
    }
}

/// The run's one owner of changing data.
pub struct RunState {
    pub world: World,
    pub stats: Stats,
    /// Hosts out of the run for good, in all plays to come.
    pub failed: HashSet<String>,
    pub unreachable: HashSet<String>,
    /// `--start-at-task` has met its task.
    pub start_task_met: bool,
    pub fact_cache: FactCache,
    /// Of each list of directories that was in use.
    beside: HashMap<Vec<PathBuf>, Arc<InventoryVariables>>,
    /// What was done to the inventory since it was loaded; done again after `refresh_inventory`.
    pub inventory_changes: Vec<InventoryChange>,
}

/// A change of the inventory by a task.
#[derive(Clone, Debug)]
pub enum InventoryChange {
    AddHost(AddHost),
    /// The host the task ran for, and its new group.
    GroupBy(String, GroupBy),
}

impl InventoryChange {
    /// True when anything changed.
    pub fn make(&self, inventory: &mut Inventory, warnings: &mut Vec<Diagnostic>) -> Result<bool, Diagnostic> {
        match self {
            Self::AddHost(added) => {
                let groups: Vec<&str> = added.groups.iter().map(String::as_str).collect();
                inventory.add_host(&added.name, &groups, &added.vars, warnings)
            }
            Self::GroupBy(host, by) => {
                let parents: Vec<&str> = by.parents.iter().map(String::as_str).collect();
                inventory.group_by(host, &by.group, &parents, warnings)
            }
        }
    }
}

impl RunState {
    pub fn new(inventory: Inventory, variables: InventoryVariables) -> Self {
        Self {
            world: World {
                inventory: Arc::new(inventory),
                hosts: HostTable::default(),
                inventory_variables: Arc::new(variables),
                play: None,
            },
            stats: Stats::default(),
            failed: HashSet::new(),
            unreachable: HashSet::new(),
            start_task_met: false,
            inventory_changes: Vec::new(),
            fact_cache: FactCache::default(),
            beside: HashMap::new(),
        }
    }

    /// From now on `group_vars` and `host_vars` in `dirs` count, besides those of the inventory.
    pub(crate) fn read_beside(&mut self, dirs: Vec<PathBuf>, run: &Run) {
        let dirs = if run.settings.reads_vars_of_playbooks() { dirs } else { Vec::new() };
        let fresh = || {
            let load =
                |dir: &Path| VarsDir::load(dir, &run.settings, &run.vault).with_plugins(run.vars_plugins.as_ref());
            Arc::new(self.world.inventory_variables.beside(&dirs, load))
        };
        let variables = self.beside.get(&dirs).map_or_else(fresh, Arc::clone);
        if Arc::ptr_eq(&variables, &self.world.inventory_variables) {
            return;
        }
        // The inventory may have changed since they were in use.
        variables.forget();
        self.beside.insert(dirs, Arc::clone(&variables));
        self.world.inventory_variables = variables;
    }

    /// The facts of `host`, to change.
    pub fn facts_mut(&mut self, host: &str) -> &mut HostFacts {
        self.world.hosts.get_mut(host)
    }

    pub fn inventory_mut(&mut self) -> &mut Inventory {
        self.world.inventory_variables.forget();
        Arc::make_mut(&mut self.world.inventory)
    }

    pub fn is_out(&self, host: &str) -> bool {
        self.failed.contains(host) || self.unreachable.contains(host)
    }
}
