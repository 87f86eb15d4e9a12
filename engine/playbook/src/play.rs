//! `Playbook` and `Play`.

use std::path::PathBuf;
use std::sync::Arc;

use kapell_parsing::{Map, Origin, Text, Value};

use crate::{Node, Role, Scope, Task};

/// A playbook file with the plays of every playbook it imports, in order.
#[derive(Debug)]
pub struct Playbook {
    pub path: PathBuf,
    /// As it was asked for, which need not be a whole path.
    pub named: PathBuf,
    pub plays: Vec<Arc<Play>>,
}

#[derive(Debug)]
pub struct Play {
    pub scope: Arc<Scope>,
    pub name: Option<Text>,
    /// A pattern or a list of patterns, as written.
    pub hosts: Value,
    /// The directory of the playbook file the play is written in.
    pub basedir: PathBuf,
    pub origin: Origin,
    pub vars: Map,
    pub vars_files: Vec<Value>,
    /// A list of maps, or null.
    pub vars_prompt: Value,
    /// Roles whose variables the whole play sees, in run order: a role's dependencies come before it.
    pub roles: Vec<Arc<Role>>,
    pub pre_tasks: Vec<Node>,
    /// One block per role instance, dependencies first.
    pub role_tasks: Vec<Node>,
    pub tasks: Vec<Node>,
    pub post_tasks: Vec<Node>,
    /// Role handlers, then the play's own, then those of statically imported roles.
    pub handlers: Vec<Arc<Task>>,
}

impl Play {
    /// The name, else the host pattern: what callbacks print.
    pub fn title(&self) -> String {
        match &self.name {
            Some(name) if !name.is_empty() => name.to_string(),
            _ => match &self.hosts {
                Value::List(hosts) => hosts.iter().map(Value::to_string).collect::<Vec<_>>().join(","),
                hosts => hosts.to_string(),
            },
        }
    }
}
