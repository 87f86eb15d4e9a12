//! `PluginFile`: a plugin's Python file, and where a name leads: beside playbooks and in roles, in configured directories,
//! in collections.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use kapell_config::Settings;

use crate::action;
use crate::module_run::{ModuleLibrary, Whereabouts};

/// How many redirects lead to a plugin at most.
const MOST_REDIRECTS: usize = 8;
/// Loaded with the playbook, never run as plugins.
const STATEMENTS: &[&str] = &["meta", "include_tasks", "include_role", "import_tasks", "import_role"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PluginKind {
    Action,
    Connection,
    Callback,
    Cache,
    Inventory,
    Vars,
    /// Options that several plugins document together.
    DocFragment,
}

impl PluginKind {
    pub const ALL: [Self; 7] =
        [Self::Action, Self::Connection, Self::Callback, Self::Cache, Self::Inventory, Self::Vars, Self::DocFragment];

    /// Below a collection's `plugins`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Connection => "connection",
            Self::Callback => "callback",
            Self::Cache => "cache",
            Self::Inventory => "inventory",
            Self::Vars => "vars",
            Self::DocFragment => "doc_fragments",
        }
    }

    /// Beside content.
    fn folder(self) -> String {
        match self {
            Self::DocFragment => self.name().to_owned(),
            other => format!("{}_plugins", other.name()),
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The configured directories.
    pub fn directories(self, settings: &Settings) -> &[PathBuf] {
        match self {
            Self::Action => &settings.action_plugins,
            Self::Connection => &settings.connection_plugins,
            Self::Callback => &settings.callback_plugins,
            Self::Cache => &settings.cache_plugins,
            Self::Inventory => &settings.inventory_plugins,
            Self::Vars => &settings.vars_plugins,
            Self::DocFragment => &[],
        }
    }
}

#[derive(Debug)]
pub struct PluginFile {
    /// Short, or fully qualified in a collection.
    pub name: String,
    pub path: PathBuf,
    /// Python's name of the module, in a collection.
    pub package: Option<String>,
    text: OnceLock<String>,
}

impl PluginFile {
    pub fn new(name: &str, path: &Path, package: Option<String>) -> Self {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self { name: name.to_owned(), path, package, text: OnceLock::new() }
    }

    fn text(&self) -> &str {
        let read = || String::from_utf8_lossy(&fs_err::read(&self.path).unwrap_or_default()).into_owned();
        self.text.get_or_init(read)
    }

    /// Whether one host does the action for all.
    pub fn bypasses_hosts(&self) -> bool {
        self.says("BYPASS_HOST_LOOP = True")
    }

    /// Whether text that is no `key=value` means something to the action.
    pub fn takes_raw_params(&self) -> bool {
        self.says("supports_raw_params = True")
    }

    /// Class attributes are looked for in the text: Python runs later.
    fn says(&self, attribute: &str) -> bool {
        self.text().lines().any(|line| line.trim_start().starts_with(attribute))
    }
}

impl ModuleLibrary {
    /// The user's action plugin a task's `name` leads to; none where the engine's own action or module comes first.
    pub fn action_plugin(&self, name: &str, collections: &[String]) -> Option<Arc<PluginFile>> {
        if STATEMENTS.contains(&name) || name.starts_with("ansible.builtin.") {
            return None;
        }
        if let Some(short) = name.strip_prefix("ansible.legacy.") {
            return self.plugin_beside(PluginKind::Action, short);
        }
        if name.contains('.') {
            return self.action_in_collection(name);
        }
        for collection in collections {
            match collection.as_str() {
                "ansible.builtin" if action::exists(&format!("ansible.builtin.{name}")) => return None,
                "ansible.builtin" | "ansible.legacy" => {}
                collection => {
                    let full = format!("{collection}.{name}");
                    let plugin = self.action_in_collection(&full);
                    if plugin.is_some() || self.find(&full, &[]).is_some() {
                        return plugin;
                    }
                }
            }
        }
        self.plugin_beside(PluginKind::Action, name)
    }

    fn action_in_collection(&self, name: &str) -> Option<Arc<PluginFile>> {
        if kapell_modules::find(name).is_some() {
            return None;
        }
        self.plugin_in_collection(PluginKind::Action, name).or_else(|| {
            let target = self.route_of(name, "modules", "action_plugin")?;
            self.plugin_in_collection(PluginKind::Action, &target)
        })
    }

    /// The user's own `normal`: the action of modules that have none.
    pub fn action_of_modules(&self) -> Option<Arc<PluginFile>> {
        self.plugin_beside(PluginKind::Action, "normal")
    }

    /// Every Python file in the directories of plugins of `kind` outside of collections.
    pub fn all_plugins(&self, kind: PluginKind) -> Vec<Arc<PluginFile>> {
        let folder = kind.folder();
        let mut dirs: Vec<PathBuf> = self.content_dirs().iter().map(|dir| dir.join(&folder)).collect();
        dirs.extend(self.plugin_directories(kind));
        let mut seen = std::collections::HashSet::new();
        let mut plugins = Vec::new();
        for dir in dirs {
            let listing = self.listing(&dir);
            let mut names: Vec<&String> = listing.keys().collect();
            names.sort();
            for name in names {
                let path = listing.get(name).and_then(python_file).filter(|_| seen.insert(name.clone()));
                plugins.extend(path.map(|path| self.plugin_file(name, &path, None)));
            }
        }
        plugins
    }

    /// The user's connection plugin `name`; none where the engine's own comes first.
    pub fn connection_plugin(&self, name: &str) -> Option<Arc<PluginFile>> {
        let is_ours = name.starts_with("ansible.builtin.") || name.contains('.') && kapell_connection::is_known(name);
        if is_ours { None } else { self.plugin(PluginKind::Connection, name) }
    }

    /// The user's plugin of another kind.
    pub fn plugin(&self, kind: PluginKind, name: &str) -> Option<Arc<PluginFile>> {
        match name.strip_prefix("ansible.legacy.") {
            Some(short) => self.plugin_beside(kind, short),
            None if name.contains('.') => self.plugin_in_collection(kind, name),
            None => self.plugin_beside(kind, name),
        }
    }

    fn plugin_beside(&self, kind: PluginKind, name: &str) -> Option<Arc<PluginFile>> {
        let folder = kind.folder();
        let mut dirs: Vec<PathBuf> = self.content_dirs().iter().map(|dir| dir.join(&folder)).collect();
        dirs.extend(self.plugin_directories(kind));
        let path = dirs.iter().find_map(|dir| python_file(self.listing(dir).get(name)?.as_path()))?;
        Some(self.plugin_file(name, &path, None))
    }

    fn plugin_in_collection(&self, kind: PluginKind, name: &str) -> Option<Arc<PluginFile>> {
        let mut name = name.to_owned();
        for _ in 0..MOST_REDIRECTS {
            let (namespace, rest) = name.split_once('.')?;
            let (collection, inner) = rest.split_once('.')?;
            let dir = self.collection(namespace, collection)?;
            match self.route(&dir, &name, kind.name(), inner) {
                Whereabouts::Here => {}
                Whereabouts::Gone => return None,
                Whereabouts::At(target) => {
                    name = target;
                    continue;
                }
            }
            let folder = dir.join("plugins").join(kind.name());
            let (folder, short) = match inner.rsplit_once('.') {
                Some((below, short)) => (folder.join(below.replace('.', "/")), short),
                None => (folder, inner),
            };
            let path = self.listing(&folder).get(short).and_then(python_file)?;
            let package = format!("ansible_collections.{namespace}.{collection}.plugins.{}.{inner}", kind.name());
            return Some(self.plugin_file(&name, &path, Some(package)));
        }
        None
    }

    /// What a collection's routing says of a plugin.
    fn route_of(&self, name: &str, kind: &str, key: &str) -> Option<String> {
        let (namespace, rest) = name.split_once('.')?;
        let (collection, inner) = rest.split_once('.')?;
        self.runtime(&self.collection(namespace, collection)?)?.entry(kind, inner, key)
    }
}

fn python_file(path: impl AsRef<Path>) -> Option<PathBuf> {
    let path = path.as_ref();
    path.extension().is_some_and(|extension| extension == "py").then(|| path.to_owned())
}
