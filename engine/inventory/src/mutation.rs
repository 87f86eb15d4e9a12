//! Changing an `Inventory`: what sources do while loading, and `add_host` and `group_by` during a run.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use indexmap::map::Entry;
use indexmap::{IndexMap, IndexSet};
use kapell_parsing::{Diagnostic, Key, Map, Origin, Value};

use crate::group_name;
use crate::inventory::{GroupId, HostId, LOCALHOST_NAMES};
use crate::merge::merged;
use crate::policy::Policy;
use crate::{Group, Host, Inventory, OwnVars};

impl Inventory {
    /// Only `all` and `ungrouped`, and the implicit localhost.
    pub fn new(policy: Policy) -> Self {
        let mut inventory = Self {
            hosts: IndexSet::new(),
            groups: IndexMap::new(),
            localhost: None,
            implicit_localhosts: LOCALHOST_NAMES.map(implicit_localhost),
            sources: Vec::new(),
            odd_group_names: Vec::new(),
            policy,
        };
        for name in ["all", "ungrouped"] {
            inventory.groups.insert(name.into(), Group::new(name));
        }
        inventory.link(GroupId::ALL, GroupId::UNGROUPED);
        inventory
    }

    /// `add_host` at run time: the host is made unless it is there, joins the groups (made unless they are there), and
    /// the variables are added to its own. True when anything changed.
    pub fn add_host(
        &mut self,
        name: &str,
        groups: &[&str],
        vars: &Map,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<bool, Diagnostic> {
        let (host, made) = self.host_id(name, warnings);
        let mut changed = made;
        if made {
            self.join(host, GroupId::ALL);
        }
        for (key, value) in vars {
            changed |= self.host_at(host).vars.get(key) != Some(value);
            self.set_host_var(host, key.clone(), value.clone());
        }
        for group in groups {
            let (group, _) = self.group_id(group);
            self.settle_group(group)?;
            changed |= self.join(host, group);
        }
        self.settle_host(host)?;
        self.report_group_names(warnings);
        Ok(changed)
    }

    /// A group as a plugin's source makes it, with or without hosts.
    pub fn add_plugin_group(&mut self, name: &str) {
        self.group_id(name);
    }

    /// A host as a plugin's source makes it: a member of `group`, with variables of its own.
    pub fn add_plugin_host(
        &mut self,
        name: &str,
        group: &str,
        source: &Path,
        vars: &Map,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<(), Diagnostic> {
        let (group, _) = self.group_id(group);
        let place = Place { source: Some(&source.into()), origin: None };
        let host = self.add_source_host(name, None, group, &place, warnings)?;
        for (key, value) in vars {
            self.set_var_of_name(host, key.clone(), value.clone())?;
        }
        Ok(())
    }

    /// `group_by` at run time: the host joins `group`, which becomes a child of every one of `parents`. True when
    /// anything changed.
    pub fn group_by(
        &mut self,
        host: &str,
        group: &str,
        parents: &[&str],
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<bool, Diagnostic> {
        let (group, mut changed) = self.group_id(group);
        for parent in parents {
            let (parent, made) = self.group_id(parent);
            changed |= made | self.add_child(parent, group)?;
            self.settle_group(parent)?;
        }
        self.settle_group(group)?;
        if let Some(index) = self.hosts.get_index_of(host) {
            let host = HostId(index as u32);
            changed |= self.join(host, group);
            self.settle_host(host)?;
        }
        self.report_group_names(warnings);
        Ok(changed)
    }

    /// The group of that name, and whether it had to be made.
    pub(crate) fn group_id(&mut self, name: &str) -> (GroupId, bool) {
        if let Some(index) = self.groups.get_index_of(name) {
            return (GroupId(index as u32), false);
        }
        if !group_name::is_variable_name(name) {
            self.odd_group_names.push(name.into());
        }
        let entry = self.groups.entry(group_name::transform(name, self.policy.group_names));
        let (index, made) = (entry.index(), matches!(entry, Entry::Vacant(_)));
        entry.or_insert_with_key(|name| Group::new(name.as_str()));
        (GroupId(index as u32), made)
    }

    /// Once for all names since the last time.
    fn report_group_names(&mut self, warnings: &mut Vec<Diagnostic>) {
        let names = std::mem::take(&mut self.odd_group_names);
        warnings.extend(group_name::warning(&names, self.policy.group_names));
    }

    /// A host as a source names it: made unless it is there, the port kept only for a new one, a member of `group`.
    pub(crate) fn add_source_host(
        &mut self,
        name: &str,
        port: Option<u32>,
        group: GroupId,
        place: &Place,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<HostId, Diagnostic> {
        let (id, made) = self.host_id(name, warnings);
        if made {
            let host = self.host_at_mut(id);
            host.source = place.source.cloned();
            host.origin = place.origin.cloned();
            if let Some(port) = port {
                self.set_var_of_name(id, Key::from("ansible_port"), Value::Int(port.into()))?;
            }
        }
        self.join(id, group);
        Ok(id)
    }

    /// Sets a host's variable; where a group has the host's name, the group's: Ansible takes names of groups first.
    pub(crate) fn set_var_of_name(&mut self, host: HostId, key: Key, value: Value) -> Result<(), Diagnostic> {
        match self.groups.get_index_of(&self.host_at(host).name) {
            Some(index) => self.set_group_var(GroupId(index as u32), key, value),
            None => {
                self.set_host_var(host, key, value);
                Ok(())
            }
        }
    }

    /// The host of that name, and whether it had to be made.
    pub(crate) fn host_id(&mut self, name: &str, warnings: &mut Vec<Diagnostic>) -> (HostId, bool) {
        if let Some(index) = self.hosts.get_index_of(name) {
            return (HostId(index as u32), false);
        }
        let host = Host { name: name.into(), ..Host::default() };
        let (index, _) = self.hosts.insert_full(host);
        let id = HostId(index as u32);
        if LOCALHOST_NAMES.contains(&name) {
            match self.localhost {
                None => self.localhost = Some(id),
                Some(first) => {
                    let first = &self.host_at(first).name;
                    let message = format!("the inventory has two hosts for this machine: '{first}' and '{name}'");
                    warnings.push(Diagnostic::warning(message).hint(format!("'{first}', named first, is localhost")));
                }
            }
        }
        (id, true)
    }

    /// True unless the host is a direct member already.
    pub(crate) fn join(&mut self, host: HostId, group: GroupId) -> bool {
        let groups = &mut self.host_at_mut(host).groups;
        if groups.contains(&group) {
            return false;
        }
        groups.push(group);
        self.groups[group.0 as usize].hosts.push(host);
        true
    }

    /// Some plugins name what they put into a group: where a group has the host's name, that group is meant.
    pub(crate) fn add_named_like(&mut self, host: HostId, group: GroupId) -> Result<(), Diagnostic> {
        match self.groups.get_index_of(&self.host_at(host).name) {
            Some(index) => drop(self.add_child(group, GroupId(index as u32))?),
            None => drop(self.join(host, group)),
        }
        Ok(())
    }

    /// Makes `child` a child group of `parent`; true unless it was one. An error where the groups would contain themselves.
    pub(crate) fn add_child(&mut self, parent: GroupId, child: GroupId) -> Result<bool, Diagnostic> {
        if self.group_at(child).parents.contains(&parent) {
            return Ok(false);
        }
        let descendants = self.with_descendants(child);
        if descendants.contains(&parent) {
            let (parent, child) = (&self.group_at(parent).name, &self.group_at(child).name);
            let message =
                format!("group '{child}' cannot be a child of '{parent}': the groups would contain themselves");
            return Err(Diagnostic::error(message).hint("take one of them out of the other's children"));
        }
        self.link(parent, child);
        Ok(true)
    }

    fn link(&mut self, parent: GroupId, child: GroupId) {
        self.groups[parent.0 as usize].children.push(child);
        self.groups[child.0 as usize].parents.push(parent);
        let mut deeper = vec![(child, self.group_at(parent).depth + 1)];
        while let Some((id, depth)) = deeper.pop() {
            let group = &mut self.groups[id.0 as usize];
            if depth > group.depth {
                group.depth = depth;
                deeper.extend(group.children.iter().map(|child| (*child, depth + 1)));
            }
        }
    }

    pub(crate) fn set_host_var(&mut self, host: HostId, key: Key, value: Value) {
        let merge = self.policy.merge_maps;
        let vars = &mut self.host_at_mut(host).vars;
        let value = over(vars.get(&key), value, merge);
        vars.insert(key, value);
    }

    /// `ansible_group_priority` is kept as the priority, not as a variable.
    pub(crate) fn set_group_var(&mut self, group: GroupId, key: Key, value: Value) -> Result<(), Diagnostic> {
        let merge = self.policy.merge_maps;
        let group = &mut self.groups[group.0 as usize];
        if key.as_str() != Some("ansible_group_priority") {
            let value = over(group.vars.get(&key), value, merge);
            group.vars.insert(key, value);
            return Ok(());
        }
        group.priority = priority(&value).ok_or_else(|| {
            let message = format!("ansible_group_priority of group '{}' is no integer: {}", group.name, value.repr());
            Diagnostic::error(message)
                .at(value.origin())
                .hint("write a number: among groups of one depth the highest wins")
        })?;
        Ok(())
    }

    /// After a source is read: every group is below `all`, every host is in a group, `ungrouped` holds only those
    /// that are in no other.
    pub(crate) fn reconcile(&mut self, warnings: &mut Vec<Diagnostic>) -> Result<(), Diagnostic> {
        for index in 0..self.groups.len() {
            self.settle_group(GroupId(index as u32))?;
        }
        let ungrouped = self.group_at(GroupId::UNGROUPED);
        // Below a group of users, its members are in that one, too.
        let is_below_another = ungrouped.parents.iter().any(|parent| *parent != GroupId::ALL);
        let is_grouped = |id: &HostId| is_below_another || self.is_grouped(*id);
        let grouped: HashSet<HostId> = ungrouped.hosts.iter().copied().filter(is_grouped).collect();
        if !grouped.is_empty() {
            self.groups[GroupId::UNGROUPED.0 as usize].hosts.retain(|id| !grouped.contains(id));
            for id in &grouped {
                self.host_at_mut(*id).groups.retain(|group| *group != GroupId::UNGROUPED);
            }
        }
        for id in (0..self.hosts.len()).map(|index| HostId(index as u32)).filter(|id| !grouped.contains(id)) {
            self.settle_host(id)?;
        }
        self.report_group_names(warnings);
        for name in self.groups.keys().filter(|name| self.hosts.contains(name.as_str())) {
            warnings.push(Diagnostic::warning(format!("Found both group and host with same name: {name}")));
        }
        Ok(())
    }

    fn settle_group(&mut self, group: GroupId) -> Result<(), Diagnostic> {
        if group != GroupId::ALL && self.group_at(group).parents.is_empty() {
            self.add_child(GroupId::ALL, group)?;
        }
        Ok(())
    }

    fn settle_host(&mut self, host: HostId) -> Result<(), Diagnostic> {
        let groups = &self.host_at(host).groups;
        if groups.iter().all(|group| *group == GroupId::ALL) {
            self.add_named_like(host, GroupId::UNGROUPED)?;
        } else if groups.contains(&GroupId::UNGROUPED) && self.is_grouped(host) {
            self.host_at_mut(host).groups.retain(|group| *group != GroupId::UNGROUPED);
            self.groups[GroupId::UNGROUPED.0 as usize].hosts.retain(|member| *member != host);
        }
        Ok(())
    }

    /// In a group other than `all` and `ungrouped`.
    fn is_grouped(&self, host: HostId) -> bool {
        let basic = [GroupId::ALL, GroupId::UNGROUPED];
        self.host_at(host).groups.iter().any(|group| !basic.contains(group))
    }
}

/// Where a source names a host.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) source: Option<&'a Arc<Path>>,
    pub(crate) origin: Option<&'a Origin>,
}

fn implicit_localhost(name: &str) -> Host {
    let vars = OwnVars::from_iter([
        (Key::from("ansible_connection"), Value::from("local")),
        (Key::from("ansible_python_interpreter"), Value::trusted("{{ ansible_playbook_python }}")),
    ]);
    Host { name: name.into(), vars, implicit: true, ..Host::default() }
}

/// What a variable becomes that was `old`.
fn over(old: Option<&Value>, value: Value, merge: bool) -> Value {
    match old {
        Some(old) if merge => merged(old, &value),
        _ => value,
    }
}

/// `ansible_group_priority`: an integer, or a text that is one.
fn priority(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Bool(yes) => Some((*yes).into()),
        Value::Float(number) => Some(*number as i64),
        Value::Str(text) => text.trim().parse().ok(),
        _ => None,
    }
}
