//! `PluginFiles`: the Python files in which a plugin of some name may be.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Kind;

/// Where plugins are searched for: what `ansible.cfg` says, and the directories content runs from.
#[derive(Clone, Debug, Default)]
pub struct PluginPaths {
    pub filter: Vec<PathBuf>,
    pub test: Vec<PathBuf>,
    pub lookup: Vec<PathBuf>,
    /// Each the parent of an `ansible_collections`, or such a directory itself.
    pub collections: Vec<PathBuf>,
    /// Playbooks' directories: `filter_plugins` and its like, and `collections`, are in them.
    pub roots: Vec<PathBuf>,
}

/// One Python file that was read.
pub(super) struct PluginFile {
    pub(super) path: PathBuf,
    text: String,
    /// Python's name of the module, where it is part of a collection.
    pub(super) package: Option<String>,
}

impl PluginFile {
    /// What messages call it: `namespace.collection.file`, or its path.
    pub(super) fn label(&self) -> String {
        let Some(package) = &self.package else { return self.path.display().to_string() };
        let parts: Vec<&str> = package.split('.').collect();
        match parts.as_slice() {
            [_, namespace, collection, _, _, rest @ ..] => format!("{namespace}.{collection}.{}", rest.join(".")),
            _ => package.clone(),
        }
    }

    /// Whether the file could be about `name`: it is in the text, or is what the file is called.
    pub(super) fn mentions(&self, name: &str) -> bool {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        self.path.file_stem().is_some_and(|stem| stem.to_string_lossy() == name)
            || self.text.match_indices(name).any(|(at, _)| {
                let (before, after) = (&self.text[..at], &self.text[at + name.len()..]);
                !before.ends_with(is_word) && !after.starts_with(is_word)
            })
    }
}

impl PluginPaths {
    /// The directories of plugins without a collection, first found first used.
    pub(super) fn directories(&self, kind: Kind) -> Vec<PathBuf> {
        let own = match kind {
            Kind::Filter => &self.filter,
            Kind::Test => &self.test,
            Kind::Lookup => &self.lookup,
        };
        let below = format!("{}_plugins", kind.name());
        self.roots.iter().map(|root| root.join(&below)).chain(own.iter().cloned()).collect()
    }

    /// Parents of `ansible_collections`, nearest first.
    pub(super) fn collection_parents(&self) -> Vec<PathBuf> {
        let beside = self.roots.iter().map(|root| root.join("collections"));
        let named = self.collections.iter().map(|path| match path.file_name() {
            Some(name) if name == "ansible_collections" => path.parent().unwrap_or(path).to_owned(),
            _ => path.clone(),
        });
        let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
        beside.chain(named).filter(|path| path.join("ansible_collections").is_dir()).map(absolute).collect()
    }
}

/// The Python files of a directory, by name.
pub(super) fn read_directory(dir: &Path, package: &dyn Fn(&Path) -> Option<String>) -> Vec<Arc<PluginFile>> {
    let Ok(entries) = fs_err::read_dir(dir) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "py"));
    paths.retain(|path| path.file_stem().is_some_and(|stem| stem != "__init__"));
    paths.sort();
    let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
    let file = |path: PathBuf| {
        let text = fs_err::read(&path).ok()?;
        let text = String::from_utf8_lossy(&text).into_owned();
        Some(Arc::new(PluginFile { package: package(&path), path: absolute(path), text }))
    };
    paths.into_iter().filter_map(file).collect()
}
