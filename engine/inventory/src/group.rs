//! `Group`: hosts and groups under one name, with variables for all of them.

use kapell_parsing::Map;

use crate::inventory::{GroupId, HostId};

/// Ansible's priority of a group that does not set `ansible_group_priority`.
pub const DEFAULT_PRIORITY: i64 = 1;

#[derive(Clone, Debug)]
pub struct Group {
    pub name: String,
    /// What inventory sources say; `group_vars` files are not mixed in.
    pub vars: Map,
    /// Distance from `all` by the longest way. Variables of deeper groups win.
    pub depth: u32,
    /// `ansible_group_priority`: among groups of one depth the higher wins.
    pub priority: i64,
    /// Direct members, in the order they joined.
    pub(crate) hosts: Vec<HostId>,
    pub(crate) children: Vec<GroupId>,
    pub(crate) parents: Vec<GroupId>,
}

impl Group {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            vars: Map::new(),
            depth: 0,
            priority: DEFAULT_PRIORITY,
            hosts: Vec::new(),
            children: Vec::new(),
            parents: Vec::new(),
        }
    }
}
