//! `Inventory`: every host and group of a run, and the questions asked of them.

use std::path::PathBuf;

use indexmap::set::MutableValues;
use indexmap::{IndexMap, IndexSet};
use kapell_parsing::{Key, Map, Value};

use crate::host_set::HostSet;
use crate::policy::Policy;
use crate::{Group, Host};

/// Place of a host in `Inventory::hosts`. Hosts are never removed, so it stays valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct HostId(pub(crate) u32);

impl HostId {
    /// The localhost that is in no source.
    pub(crate) const IMPLICIT: Self = Self(u32::MAX);
}

/// Place of a group in `Inventory::groups`. Groups are never removed, so it stays valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct GroupId(pub(crate) u32);

impl GroupId {
    pub(crate) const ALL: Self = Self(0);
    pub(crate) const UNGROUPED: Self = Self(1);
}

/// Names that mean the control node when no source has them.
pub const LOCALHOST_NAMES: [&str; 3] = ["127.0.0.1", "localhost", "::1"];

/// Plain data: the one who runs the play owns it and may change it (`add_host`, `group_by`).
#[derive(Clone, Debug)]
pub struct Inventory {
    /// As they were met; a host is found by its name.
    pub(crate) hosts: IndexSet<Host>,
    /// `all` first, `ungrouped` second, then as they were met.
    pub(crate) groups: IndexMap<String, Group>,
    /// The first host of the inventory with one of `LOCALHOST_NAMES`.
    pub(crate) localhost: Option<HostId>,
    /// What each of these names stands for when there is none.
    pub(crate) implicit_localhosts: [Host; 3],
    /// Files and directories the hosts came from, in the order they were given; `group_vars` lie beside them.
    pub(crate) sources: Vec<PathBuf>,
    /// Not yet warned about.
    pub(crate) odd_group_names: Vec<String>,
    pub(crate) policy: Policy,
}

impl Inventory {
    pub fn hosts(&self) -> impl ExactSizeIterator<Item = &Host> {
        self.hosts.iter()
    }

    pub fn groups(&self) -> impl ExactSizeIterator<Item = &Group> {
        self.groups.values()
    }

    /// Files and directories the hosts came from, in the order they were given, with whole paths.
    pub fn sources(&self) -> &[PathBuf] {
        &self.sources
    }

    /// Directories where `group_vars` and `host_vars` of the sources lie, the weakest first, each once: a source that
    /// is a directory itself, or the directory of the file.
    pub fn vars_basedirs(&self) -> Vec<PathBuf> {
        let basedir = |path: &PathBuf| if path.is_dir() { Some(path.clone()) } else { path.parent().map(Into::into) };
        let mut basedirs: Vec<PathBuf> = Vec::new();
        for basedir in self.sources.iter().rev().filter_map(basedir) {
            if !basedirs.contains(&basedir) {
                basedirs.push(basedir);
            }
        }
        basedirs.reverse();
        basedirs
    }

    /// The host of that name; for `localhost`, `127.0.0.1` and `::1` also the inventory's host under another of these
    /// names, and at last the implicit one.
    pub fn host(&self, name: &str) -> Option<&Host> {
        self.hosts.get(name).or_else(|| self.localhost_as(name))
    }

    fn localhost_as(&self, name: &str) -> Option<&Host> {
        let implicit = self.implicit_localhosts.iter().find(|host| host.name == name)?;
        Some(self.localhost.map_or(implicit, |id| self.host_at(id)))
    }

    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.get(name)
    }

    /// Hosts of the group and of all groups below it, in inventory order. Empty for a group that is not there.
    pub fn group_hosts(&self, group: &str) -> Vec<&str> {
        let Some(index) = self.groups.get_index_of(group) else { return Vec::new() };
        self.host_ids_of(GroupId(index as u32)).iter().map(|id| self.host_at(id).name.as_str()).collect()
    }

    /// Names of the hosts that are members of the group itself.
    pub fn members<'a>(&'a self, group: &'a Group) -> Vec<&'a str> {
        group.hosts.iter().map(|id| self.host_at(*id).name.as_str()).collect()
    }

    /// Names of the groups right below the group.
    pub fn children<'a>(&'a self, group: &'a Group) -> Vec<&'a str> {
        group.children.iter().map(|id| self.group_at(*id).name.as_str()).collect()
    }

    /// The `groups` magic variable: group name to list of host names.
    pub fn groups_map(&self) -> Map {
        let hosts_of = |name: &str| self.group_hosts(name).into_iter().map(Value::from).collect::<Vec<_>>();
        self.groups.keys().map(|name| (Key::from(name.as_str()), Value::list(hosts_of(name)))).collect()
    }

    pub(crate) fn host_at(&self, id: HostId) -> &Host {
        &self.hosts[id.0 as usize]
    }

    /// Whose name stays as it is.
    pub(crate) fn host_at_mut(&mut self, id: HostId) -> &mut Host {
        let place = id.0 as usize;
        self.hosts.get_index_mut2(place).unwrap_or_else(|| unreachable!("hosts are never removed"))
    }

    pub(crate) fn group_at(&self, id: GroupId) -> &Group {
        &self.groups[id.0 as usize]
    }

    /// Ansible's order of a group's hosts: its own first, then level by level those of the groups below.
    pub(crate) fn host_ids_of(&self, group: GroupId) -> HostSet {
        let mut hosts = HostSet::default();
        for id in self.with_descendants(group) {
            hosts.extend(self.group_at(id).hosts.iter().copied());
        }
        hosts
    }

    /// The group and the groups below it, level by level, each once.
    pub(crate) fn with_descendants(&self, group: GroupId) -> IndexSet<GroupId> {
        let mut seen = IndexSet::from([group]);
        let mut next = 0;
        while let Some(id) = seen.get_index(next).copied() {
            seen.extend(&self.group_at(id).children);
            next += 1;
        }
        seen
    }
}
