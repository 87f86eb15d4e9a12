//! Which variables a host or group has: the inventory's own and those of `group_vars` and `host_vars`, by precedence.

use std::sync::Arc;

use kapell_parsing::{Diagnostic, Key, Map, Value};

use crate::group::DEFAULT_PRIORITY;
use crate::inventory::GroupId;
use crate::merge::merge_into;
use crate::{Group, Host, Inventory, VarsDir};

/// The `group_vars` and `host_vars` of a run, the weakest directory first. One directory may be in both lists.
#[derive(Default)]
pub struct VarsDirs {
    /// Beside inventory sources.
    pub inventory: Vec<Arc<VarsDir>>,
    /// Beside the playbook.
    pub playbook: Vec<Arc<VarsDir>>,
}

impl VarsDirs {
    /// What is wrong with the files read so far, each told once. After an error nobody should go on.
    pub fn take_problems(&self) -> Vec<Diagnostic> {
        self.inventory.iter().chain(&self.playbook).flat_map(|dir| dir.take_problems()).collect()
    }
}

/// One kind of group variables, a row of the setting `precedence`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupLayer {
    AllInventory,
    GroupsInventory,
    AllPluginsInventory,
    AllPluginsPlay,
    GroupsPluginsInventory,
    GroupsPluginsPlay,
}

/// As in the setting, the weakest first by default.
pub(crate) const GROUP_LAYERS: [(&str, GroupLayer); 6] = [
    ("all_inventory", GroupLayer::AllInventory),
    ("groups_inventory", GroupLayer::GroupsInventory),
    ("all_plugins_inventory", GroupLayer::AllPluginsInventory),
    ("all_plugins_play", GroupLayer::AllPluginsPlay),
    ("groups_plugins_inventory", GroupLayer::GroupsPluginsInventory),
    ("groups_plugins_play", GroupLayer::GroupsPluginsPlay),
];

impl Inventory {
    /// All variables of the host that come from inventory, `group_vars` and `host_vars`. A host has those of `all`
    /// also when it is in no group, as the implicit localhost.
    pub fn host_variables(&self, host: &Host, dirs: &VarsDirs) -> Map {
        let mut merged = self.groups_variables(host, dirs);
        self.add_host_own(&mut merged, host, dirs);
        merged
    }

    /// Those of all groups of the host.
    pub(crate) fn groups_variables(&self, host: &Host, dirs: &VarsDirs) -> Map {
        let groups = self.groups_of(host);
        let (all, others) = groups.split_at(1);
        let mut merged = Map::new();
        for layer in &self.policy.group_layers {
            match layer {
                GroupLayer::AllInventory => self.add_own(&mut merged, all),
                GroupLayer::GroupsInventory => self.add_own(&mut merged, others),
                GroupLayer::AllPluginsInventory => self.add_files(&mut merged, all, &dirs.inventory),
                GroupLayer::AllPluginsPlay => self.add_files(&mut merged, all, &dirs.playbook),
                GroupLayer::GroupsPluginsInventory => self.add_files(&mut merged, others, &dirs.inventory),
                GroupLayer::GroupsPluginsPlay => self.add_files(&mut merged, others, &dirs.playbook),
            }
        }
        merged
    }

    pub(crate) fn add_host_own(&self, merged: &mut Map, host: &Host, dirs: &VarsDirs) {
        let has_files = dirs.inventory.iter().chain(&dirs.playbook).any(|dir| dir.host_vars(&host.name).is_some());
        if has_files {
            merge_into(merged, &self.host_own_variables(host, dirs), self.policy.merge_maps);
        } else {
            merge_into(merged, host.vars.iter(), self.policy.merge_maps);
        }
    }

    /// Without those of the groups.
    pub fn host_own_variables(&self, host: &Host, dirs: &VarsDirs) -> Map {
        let mut merged = host.vars.to_map();
        for vars in dirs.inventory.iter().chain(&dirs.playbook).filter_map(|dir| dir.host_vars(&host.name)) {
            merge_into(&mut merged, &*vars, self.policy.merge_maps);
        }
        merged
    }

    /// Those of the group itself, without its parents'.
    pub fn group_variables(&self, group: &Group, dirs: &VarsDirs) -> Map {
        let mut merged = group.vars.clone();
        if group.priority != DEFAULT_PRIORITY {
            merged.insert(Key::from("ansible_group_priority"), Value::Int(group.priority));
        }
        self.add_files(&mut merged, &[group], &dirs.inventory);
        self.add_files(&mut merged, &[group], &dirs.playbook);
        merged
    }

    /// Every group the host is in, `all` always included and first, in the order in which their variables apply: depth,
    /// priority, name.
    pub fn groups_of(&self, host: &Host) -> Vec<&Group> {
        let mut ids: Vec<GroupId> = Vec::with_capacity(host.groups.len() * 2 + 1);
        let mut unseen = host.groups.to_vec();
        unseen.push(GroupId::ALL);
        while let Some(id) = unseen.pop() {
            if !ids.contains(&id) {
                ids.push(id);
                unseen.extend(&self.group_at(id).parents);
            }
        }
        let mut groups: Vec<&Group> = ids.into_iter().map(|id| self.group_at(id)).collect();
        groups.sort_by(|a, b| (a.depth, a.priority, &a.name).cmp(&(b.depth, b.priority, &b.name)));
        groups
    }

    /// `group_names`: the sorted names of the host's groups without `all`.
    pub fn group_names(&self, host: &Host) -> Vec<&str> {
        let groups = self.groups_of(host).into_iter().skip(1);
        let mut names: Vec<&str> = groups.map(|group| group.name.as_str()).collect();
        names.sort_unstable();
        names
    }

    fn add_own(&self, merged: &mut Map, groups: &[&Group]) {
        for group in groups {
            merge_into(merged, &group.vars, self.policy.merge_maps);
        }
    }

    fn add_files(&self, merged: &mut Map, groups: &[&Group], dirs: &[Arc<VarsDir>]) {
        for group in groups {
            for vars in dirs.iter().filter_map(|dir| dir.group_vars(&group.name)) {
                merge_into(merged, &*vars, self.policy.merge_maps);
            }
        }
    }
}
