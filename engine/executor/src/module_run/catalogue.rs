//! All plugins of a kind that lie in files: what `kapell doc` lists and describes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::library::{Found, ModuleLibrary};

impl ModuleLibrary {
    /// The files of the plugins of a kind (`module`, `filter`, `lookup`, …) by full names: in collections, beside content
    /// and in configured directories, in an installed ansible-core.
    pub fn catalogue(&self, kind: &str) -> BTreeMap<String, PathBuf> {
        let mut found = BTreeMap::new();
        for (collection, dir) in self.collections() {
            self.add(&mut found, &dir.join("plugins").join(folder(kind)), &format!("{collection}."));
        }
        for dir in self.directories(kind) {
            self.add(&mut found, &dir, "");
        }
        if let Some(core) = self.core() {
            let dir = if kind == "module" { core.join("modules") } else { core.join("plugins").join(kind) };
            self.add(&mut found, &dir, "ansible.builtin.");
        }
        found
    }

    /// The full name and the file of one of them.
    pub fn plugin_in_file(&self, kind: &str, name: &str) -> Option<(String, PathBuf)> {
        if kind == "module" {
            let Found::Foreign(module) = self.find(name, &[])? else { return None };
            let full = module.name.strip_prefix("ansible.legacy.").unwrap_or(&module.name).to_owned();
            return Some((full, module.path.clone()));
        }
        let all = self.catalogue(kind);
        let builtin = format!("ansible.builtin.{name}");
        [name, builtin.as_str()].into_iter().find_map(|name| Some((name.to_owned(), all.get(name)?.clone())))
    }

    /// `namespace.name` and the directory of every collection; the first of a name counts.
    pub fn collections(&self) -> BTreeMap<String, PathBuf> {
        let mut found = BTreeMap::new();
        for root in self.collection_roots() {
            for (namespace, dir) in directories_in(&root) {
                for (name, dir) in directories_in(&dir) {
                    found.entry(format!("{namespace}.{name}")).or_insert(dir);
                }
            }
        }
        found
    }

    fn add(&self, found: &mut BTreeMap<String, PathBuf>, dir: &Path, prefix: &str) {
        for (name, path) in self.listing(dir).iter() {
            found.entry(format!("{prefix}{name}")).or_insert_with(|| path.clone());
        }
        // A file with several plugins has a description of each beside it.
        let entries = fs_err::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
        for path in entries.filter(|path| path.extension().is_some_and(|ending| ending == "yml" || ending == "yaml")) {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            found.entry(format!("{prefix}{name}")).or_insert(path);
        }
    }

    /// Beside content, then what is configured.
    fn directories(&self, kind: &str) -> Vec<PathBuf> {
        let beside = if kind == "module" { "library".to_owned() } else { format!("{kind}_plugins") };
        let beside = self.content_dirs().into_iter().map(|dir| dir.join(&beside));
        if kind == "module" { beside.chain(self.configured_dirs()).collect() } else { beside.collect() }
    }
}

/// Below a collection's `plugins`.
fn folder(kind: &str) -> &str {
    if kind == "module" { "modules" } else { kind }
}

fn directories_in(dir: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs_err::read_dir(dir).into_iter().flatten().flatten();
    let dirs = entries.filter(|entry| entry.path().is_dir());
    dirs.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path())).collect()
}
