//! Names of modules that exist, but not here: content may name them in tasks that are never run, and by the short names
//! that they had before they moved into collections.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// A collection a line, its modules on the lines below; `old=new` is a short name that stands for a module renamed since.
const TABLE: &str = include_str!("elsewhere.txt");

/// Collection and module by short name; the first one that has it.
static BY_SHORT_NAME: LazyLock<HashMap<&str, (&str, &str)>> = LazyLock::new(|| {
    let mut found = HashMap::new();
    for (collection, entry) in entries() {
        let (short, module) = entry.split_once('=').unwrap_or((entry, entry));
        found.entry(short).or_insert((collection, module));
    }
    found
});

static FULL_NAMES: LazyLock<HashSet<(&str, &str)>> = LazyLock::new(|| entries().collect());

/// Collection and module, or collection and `old=new`.
fn entries() -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut collection = "";
    TABLE.lines().flat_map(move |line| {
        let names = line.strip_suffix(':').map_or(line, |name| {
            collection = name;
            ""
        });
        let of = collection;
        names.split_whitespace().map(move |module| (of, module))
    })
}

/// The full name of a module by its full or short name.
pub(super) fn qualified(name: &str) -> Option<String> {
    match name.rsplit_once('.') {
        Some((collection, short)) => FULL_NAMES.contains(&(collection, short)).then(|| name.to_owned()),
        None => BY_SHORT_NAME.get(name).map(|(collection, module)| format!("{collection}.{module}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_known_by_both_names() {
        let replication = Some("community.mysql.mysql_replication".to_owned());
        assert_eq!(qualified("mysql_replication"), replication);
        assert_eq!(qualified("community.mysql.mysql_replication"), replication);
        assert_eq!(qualified("community.general.mysql_replication"), None);
        assert_eq!(qualified("copyy"), None);
        assert_eq!(qualified("ec2_group").as_deref(), Some("amazon.aws.ec2_security_group"));
        assert_eq!(qualified("win_ping").as_deref(), Some("ansible.windows.win_ping"));
        assert!(entries().all(|(collection, module)| collection.contains('.') && !module.contains([':', '.'])));
    }
}
