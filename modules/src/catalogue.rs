//! The table of modules, and finding one by any of its names.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::{Module, amazon, ansible, community};

/// Every module, namespace by namespace.
pub fn all() -> impl Iterator<Item = &'static Module> {
    [
        amazon::AWS,
        ansible::BUILTIN,
        ansible::POSIX,
        community::CRYPTO,
        community::DOCKER,
        community::GENERAL,
        community::MYSQL,
        community::POSTGRESQL,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// The module of this name: fully qualified, an alias, a short name, or `ansible.legacy.<short name>`.
pub fn find(name: &str) -> Option<&'static Module> {
    static BY_NAME: LazyLock<HashMap<&'static str, &'static Module>> = LazyLock::new(by_name);
    let name = name.strip_prefix("ansible.legacy.").unwrap_or(name);
    // Modules that moved into collections are still called by their old full names.
    let moved = || BY_NAME.get(name.strip_prefix("ansible.builtin.")?);
    BY_NAME.get(name).or_else(moved).copied()
}

/// Full names win over short ones; the first of two equal short names wins.
fn by_name() -> HashMap<&'static str, &'static Module> {
    let mut names = HashMap::new();
    for module in all() {
        for &name in module.aliases.iter().chain([&module.name]) {
            names.entry(name).or_insert(module);
            names.entry(name.rsplit('.').next().unwrap_or(name)).or_insert(module);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_their_module() {
        for name in ["ping", "ansible.builtin.ping", "ansible.legacy.ping"] {
            assert_eq!(find(name).map(|module| module.name), Some("ansible.builtin.ping"), "{name}");
        }
        assert_eq!(find("ansible.builtin.ini_file").map(|module| module.name), Some("community.general.ini_file"));
        assert!(find("no_such_module").is_none());
    }

    #[test]
    fn argument_names_are_unique_within_a_module() {
        for module in all() {
            let mut seen = std::collections::BTreeSet::new();
            for arg in module.all_args() {
                for name in arg.aliases.iter().chain([&arg.name]) {
                    assert!(seen.insert(*name), "{} has {name} twice", module.name);
                }
            }
        }
    }
}
