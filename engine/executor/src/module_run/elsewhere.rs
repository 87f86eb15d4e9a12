//! Names of modules that exist, but not here: content may name them in tasks that are never run, and by the short names
//! that they had before they moved into collections.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A collection a line, its modules on the lines below.
const TABLE: &str = include_str!("elsewhere.txt");

/// Collection by short name; the first one that has it.
static COLLECTIONS: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let mut found = HashMap::new();
    for (collection, module) in entries() {
        found.entry(module).or_insert(collection);
    }
    found
});

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
        Some((collection, short)) => entries().any(|entry| entry == (collection, short)).then(|| name.to_owned()),
        None => COLLECTIONS.get(name).map(|collection| format!("{collection}.{name}")),
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
        assert!(entries().all(|(collection, module)| collection.contains('.') && !module.contains([':', '.'])));
    }
}
