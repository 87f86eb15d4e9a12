//! `Effects`: what a task asks the run's owner to change.

use std::path::PathBuf;

use kapell_parsing::{Key, Map, Value};

#[derive(Default)]
pub struct Effects {
    /// Facts by the host they are of.
    pub facts: Vec<(String, Map)>,
    /// `set_fact`.
    pub variables: Map,
    /// `set_fact` for a delegate (`delegate_facts`).
    pub delegated: Vec<(String, Map)>,
    /// `set_fact` with `cacheable`: facts as well.
    pub cacheable: bool,
    /// `include_vars`.
    pub included: Map,
    pub register: Option<(String, Value)>,
    pub notify: Vec<String>,
    pub includes: Vec<IncludeRequest>,
    pub add_hosts: Vec<AddHost>,
    pub group_by: Vec<GroupBy>,
    pub stats: Vec<(Map, StatsScope)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatsScope {
    pub per_host: bool,
    pub aggregate: bool,
}

/// Tasks to bring in at the place of an `include_tasks` or `include_role`.
#[derive(Clone, Debug, PartialEq)]
pub struct IncludeRequest {
    pub what: Included,
    /// Loop variables and such that the included tasks see.
    pub vars: Map,
    pub item_label: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Included {
    Tasks { path: PathBuf, written: String, apply: Map },
    Role { args: Map },
}

impl Included {
    /// The include's own arguments, without what it brings. Keywords for tasks stand on a block around them.
    pub fn further_args(&self) -> Map {
        match self {
            Self::Tasks { apply, .. } if apply.is_empty() => Map::new(),
            Self::Tasks { apply, .. } => {
                let mut block = apply.clone();
                block.insert("block".into(), Value::list(Vec::new()));
                Map::from_iter([("apply".into(), Value::map(block))])
            }
            Self::Role { args } => {
                let is_what = |key: &str| ["name", "role"].contains(&key) || key.ends_with("_from");
                let is_further = |key: &Key| !key.as_str().is_some_and(is_what);
                args.iter()
                    .filter(|(key, _)| is_further(key))
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect()
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct AddHost {
    pub name: String,
    pub groups: Vec<String>,
    pub vars: Map,
}

#[derive(Clone, Debug, PartialEq)]
pub struct GroupBy {
    pub group: String,
    pub parents: Vec<String>,
}

impl Effects {
    /// Adds a later item's effects; what a task sets once, the later item decides.
    pub fn append(&mut self, later: Self) {
        self.facts.extend(later.facts);
        self.variables.extend(later.variables);
        self.delegated.extend(later.delegated);
        self.cacheable |= later.cacheable;
        self.included.extend(later.included);
        self.register = later.register.or(self.register.take());
        self.notify.extend(later.notify);
        self.includes.extend(later.includes);
        self.add_hosts.extend(later.add_hosts);
        self.group_by.extend(later.group_by);
        self.stats.extend(later.stats);
    }
}
