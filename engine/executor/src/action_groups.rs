//! `ActionGroups`: which actions a `group/…` entry of `module_defaults` is for, read from collections' `meta/runtime.yml`.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use kapell_parsing::yaml::{self, LoadOptions};
use kapell_parsing::{Trust, Value, VaultSecrets};

/// The groups that once were ansible-core's own, and the collections' groups they stand for (Ansible's documentation
/// of module defaults groups).
const MOVED: &[(&str, &[&str])] = &[
    ("acme", &["community.crypto.acme"]),
    ("aws", &["amazon.aws.aws", "community.aws.aws"]),
    ("azure", &["azure.azcollection.azure"]),
    ("cpm", &["wti.remote.cpm"]),
    ("docker", &["community.docker.docker", "community.general.docker"]),
    ("gcp", &["google.cloud.gcp"]),
    ("k8s", &["kubernetes.core.k8s", "community.kubernetes.k8s", "community.okd.k8s"]),
    ("os", &["openstack.cloud.os"]),
    ("ovirt", &["ovirt.ovirt.ovirt"]),
    ("vmware", &["community.vmware.vmware"]),
];

/// Groups of actions that are built in; an installed collection says it more exactly.
const BUILT_IN: &[(&str, &str)] = &[("amazon.aws.aws", "amazon.aws."), ("community.aws.aws", "amazon.aws.")];

/// The actions of one group.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ActionGroup {
    names: HashSet<String>,
    prefixes: Vec<&'static str>,
}

impl ActionGroup {
    /// `action` is fully qualified.
    pub fn contains(&self, action: &str) -> bool {
        self.names.contains(action) || self.prefixes.iter().any(|prefix| action.starts_with(prefix))
    }
}

/// Groups met so far; each is read once.
#[derive(Debug, Default)]
pub struct ActionGroups {
    roots: Vec<PathBuf>,
    known: RwLock<HashMap<String, Option<Arc<ActionGroup>>>>,
}

impl ActionGroups {
    /// `roots` are directories that hold `ansible_collections`.
    pub fn new(roots: Vec<PathBuf>) -> Self {
        Self { roots, known: RwLock::default() }
    }

    /// The group called `name` (`aws`, `ns.collection.group`); `None` when nobody defines it.
    pub fn find(&self, name: &str) -> Option<Arc<ActionGroup>> {
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return known.clone();
        }
        let mut group = ActionGroup::default();
        let found = self.collect(name, &mut group, &mut HashSet::new()).then(|| Arc::new(group));
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), found.clone());
        found
    }

    /// Adds the group's actions and those of the groups it extends. False when there is no such group.
    fn collect(&self, name: &str, group: &mut ActionGroup, met: &mut HashSet<String>) -> bool {
        if !met.insert(name.to_owned()) {
            return true;
        }
        let short = name.strip_prefix("ansible.builtin.").unwrap_or(name);
        if let Some((_, moved)) = MOVED.iter().find(|(known, _)| *known == short) {
            moved.iter().for_each(|name| _ = self.collect(name, group, met));
            return true;
        }
        let own = self.of_collection(name);
        if let Some((collection, entries)) = &own {
            entries.iter().for_each(|entry| self.add(entry, collection, group, met));
        } else if let Some((_, prefix)) = BUILT_IN.iter().find(|(known, _)| *known == name) {
            group.prefixes.push(prefix);
            return true;
        }
        own.is_some()
    }

    /// The collection's name and the entries its `meta/runtime.yml` has under the group.
    fn of_collection(&self, name: &str) -> Option<(String, Vec<Value>)> {
        let (collection, group) = name.rsplit_once('.')?;
        let (namespace, short) = collection.split_once('.')?;
        let within = Path::new("ansible_collections").join(namespace).join(short).join("meta/runtime.yml");
        let path = self.roots.iter().map(|root| root.join(&within)).find(|path| path.is_file())?;
        let options = LoadOptions { trust: Trust::Untrusted, vault: &VaultSecrets::default() };
        let runtime = yaml::load_file(&path, &options, &mut Vec::new()).ok()?;
        let entries = runtime.get("action_groups")?.get(group)?.as_list()?.to_vec();
        Some((collection.to_owned(), entries))
    }

    fn add(&self, entry: &Value, collection: &str, group: &mut ActionGroup, met: &mut HashSet<String>) {
        let in_collection = |name: &str, levels| match name.matches('.').count() >= levels {
            true => name.to_owned(),
            false => format!("{collection}.{name}"),
        };
        match entry {
            Value::Str(name) => _ = group.names.insert(in_collection(name, 2)),
            Value::Map(_) => {
                let extended = entry.get("metadata").and_then(|metadata| metadata.get("extend_group"));
                for name in extended.and_then(Value::as_list).unwrap_or_default().iter().filter_map(Value::as_str) {
                    self.collect(&in_collection(name, 2), group, met);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_extend_groups_and_names_are_qualified() {
        let root = tempfile::tempdir().unwrap();
        let meta = root.path().join("ansible_collections/a/b/meta");
        fs_err::create_dir_all(&meta).unwrap();
        let runtime = "action_groups:\n  one: [x, c.d.y, {metadata: {extend_group: [two, a.b.one]}}]\n  two: [z]\n";
        fs_err::write(meta.join("runtime.yml"), runtime).unwrap();
        let groups = ActionGroups::new(vec![root.path().to_owned()]);
        let one = groups.find("a.b.one").unwrap();
        for (name, expected) in [("a.b.x", true), ("c.d.y", true), ("a.b.z", true), ("a.b.y", false)] {
            assert_eq!(one.contains(name), expected, "{name}");
        }
        assert!(groups.find("a.b.three").is_none());
        assert!(groups.find("aws").unwrap().contains("amazon.aws.ec2_instance"));
    }
}
