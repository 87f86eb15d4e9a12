//! Plugins of collections: where a fully qualified name leads.

use std::path::{Path, PathBuf};

use super::Kind;

/// `namespace.collection[.folder…].name`.
pub(super) struct QualifiedName<'n> {
    pub(super) namespace: &'n str,
    pub(super) collection: &'n str,
    pub(super) folders: Vec<&'n str>,
    pub(super) name: &'n str,
}

impl<'n> QualifiedName<'n> {
    pub(super) fn parse(name: &'n str) -> Option<Self> {
        let parts: Vec<&str> = name.split('.').collect();
        let is_word = |part: &&str| part.chars().all(|c| c.is_alphanumeric() || c == '_') && !part.is_empty();
        match parts.as_slice() {
            [namespace, collection, folders @ .., name] if parts.iter().all(is_word) => {
                Some(Self { namespace, collection, folders: folders.to_vec(), name })
            }
            _ => None,
        }
    }

    /// The collection's directory in one of `paths`, each the parent of an `ansible_collections`.
    pub(super) fn directory(&self, paths: &[PathBuf]) -> Option<PathBuf> {
        let dirs = paths.iter().map(|path| path.join("ansible_collections").join(self.namespace).join(self.collection));
        dirs.into_iter().find(|dir| dir.is_dir())
    }

    /// The plugins' directory below `collection`.
    pub(super) fn plugins(&self, collection: &Path, kind: Kind) -> PathBuf {
        let mut dir = collection.join("plugins").join(kind.name());
        dir.extend(&self.folders);
        dir
    }

    /// Python's name of the module in `file`, which is in the plugins' directory.
    pub(super) fn package(&self, kind: Kind, file: &Path) -> String {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let kind = kind.name();
        let folders: String = self.folders.iter().map(|folder| format!("{folder}.")).collect();
        format!("ansible_collections.{}.{}.plugins.{kind}.{folders}{stem}", self.namespace, self.collection)
    }
}

/// What ansible-core's own names for plugins that moved into collections lead to.
pub(super) fn moved(kind: Kind, name: &str) -> Option<&'static str> {
    let moved: &[(&str, &str)] = match kind {
        Kind::Filter => &[
            ("cidr_merge", "ansible.utils.cidr_merge"),
            ("hwaddr", "ansible.utils.hwaddr"),
            ("ip4_hex", "ansible.utils.ip4_hex"),
            ("ipaddr", "ansible.utils.ipaddr"),
            ("ipmath", "ansible.utils.ipmath"),
            ("ipsubnet", "ansible.utils.ipsubnet"),
            ("ipv4", "ansible.utils.ipv4"),
            ("ipv6", "ansible.utils.ipv6"),
            ("ipwrap", "ansible.utils.ipwrap"),
            ("json_query", "community.general.json_query"),
            ("random_mac", "community.general.random_mac"),
        ],
        _ => &[],
    };
    moved.iter().find(|(known, _)| *known == name).map(|(_, target)| *target)
}
