//! `HostTable`: what is known of each host, as a value that is cheap to copy and to change while copies are about.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::host_facts::HostFacts;

/// Tasks in flight hold the table as it was when they began, so that every change copies what it touches: one part of
/// the hosts, and the list of parts.
const PARTS: usize = 128;

type Part = HashMap<Arc<str>, HostFacts>;

#[derive(Clone)]
pub struct HostTable(Arc<Vec<Arc<Part>>>);

impl Default for HostTable {
    fn default() -> Self {
        Self(Arc::new(vec![Arc::default(); PARTS]))
    }
}

impl HostTable {
    pub fn get(&self, host: &str) -> Option<&HostFacts> {
        self.0[part_of(host)].get(host)
    }

    /// The entry of `host`, made when there is none.
    pub fn get_mut(&mut self, host: &str) -> &mut HostFacts {
        let part = Arc::make_mut(&mut Arc::make_mut(&mut self.0)[part_of(host)]);
        part.entry(host.into()).or_default()
    }
}

fn part_of(host: &str) -> usize {
    let mut hasher = DefaultHasher::new();
    host.hash(&mut hasher);
    hasher.finish() as usize % PARTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_keep_what_they_saw() {
        let mut table = HostTable::default();
        table.get_mut("a").set("x", 1.into());
        let before = table.clone();
        table.get_mut("a").set("x", 2.into());
        let seen = |table: &HostTable| table.get("a").and_then(|facts| facts.variables.get("x").cloned());
        assert_eq!((seen(&before), seen(&table)), (Some(1.into()), Some(2.into())));
        assert!(table.get("b").is_none());
    }
}
