//! Names of variables that engines set themselves: listings leave out whatever an inventory puts there.

use kapell_parsing::{Key, Map};

/// In the order of the alphabet. An engine sets some more, which listings do show. Measured: what `ansible-inventory` 2.19
/// shows of a host that sets every name.
pub const NAMES: [&str; 32] = [
    "ansible_async_path",
    "ansible_collection_name",
    "ansible_config_file",
    "ansible_dependent_role_names",
    "ansible_diff_mode",
    "ansible_facts",
    "ansible_forks",
    "ansible_inventory_sources",
    "ansible_limit",
    "ansible_play_batch",
    "ansible_play_hosts",
    "ansible_play_hosts_all",
    "ansible_play_role_names",
    "ansible_playbook_python",
    "ansible_role_name",
    "ansible_role_names",
    "ansible_run_tags",
    "ansible_skip_tags",
    "ansible_verbosity",
    "ansible_version",
    "group_names",
    "groups",
    "hostvars",
    "inventory_dir",
    "inventory_file",
    "inventory_hostname",
    "inventory_hostname_short",
    "play_hosts",
    "playbook_dir",
    "role_name",
    "role_names",
    "role_path",
];

/// `vars` as listings show them.
pub(crate) fn without_magic(mut vars: Map) -> Map {
    let is_magic = |key: &Key| key.as_str().is_some_and(|name| NAMES.binary_search(&name).is_ok());
    vars.retain(|key, _| !is_magic(key));
    vars
}

#[cfg(test)]
mod tests {
    use super::NAMES;

    #[test]
    fn names_are_in_order() {
        assert!(NAMES.is_sorted());
    }
}
