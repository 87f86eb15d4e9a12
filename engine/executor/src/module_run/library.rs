//! `ModuleLibrary`: where modules beyond our own are found: beside playbooks and in roles, in configured directories, in
//! collections, in an installed ansible-core.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use kapell_config::Settings;
use kapell_inventory::Plugin;
use kapell_modules::Module;
use kapell_parsing::{Diagnostic, Severity};
use kapell_template::CollectionRuntime;

use super::routing::Whereabouts;
use super::{ForeignModule, elsewhere, installed_core};
use crate::action;
use crate::controller_module::{ControllerModule, Extension};
use crate::python_plugins::{PluginFile, PluginKind};

/// Endings of files that lie beside modules and are none.
const IGNORED: &[&str] =
    &["pyc", "pyo", "swp", "bak", "rpm", "md", "txt", "rst", "yaml", "yml", "ini", "cs", "psm1", "orig"];
/// The directory that namespaces are in.
const COLLECTIONS: &str = "ansible_collections";
/// How many `plugin_routing` redirects lead to a module at most.
const MOST_REDIRECTS: usize = 8;

/// What a name stands for.
#[derive(Clone)]
pub enum Found {
    Native(&'static Module),
    Controller(&'static ControllerModule),
    Foreign(Arc<ForeignModule>),
}

/// The search path, and what was found on it. Directories of playbooks and roles join as content is loaded.
pub struct ModuleLibrary {
    configured: Vec<PathBuf>,
    /// Directories of plugins of the other kinds.
    plugins: HashMap<PluginKind, Vec<PathBuf>>,
    module_utils: Vec<PathBuf>,
    collections: Vec<PathBuf>,
    core: OnceLock<Option<PathBuf>>,
    extension: Extension,
    /// What a collection for other versions of Ansible is: nothing, a warning, an error.
    pub(super) mismatch: Option<Severity>,
    content: Mutex<Content>,
}

#[derive(Default)]
pub(super) struct Content {
    /// In the order in which they were loaded, which is the order in which they are searched.
    dirs: Vec<PathBuf>,
    /// Those of them with collections: where these are.
    collections: Vec<PathBuf>,
    /// Module name -> file, for each directory that was looked into.
    listings: HashMap<PathBuf, Arc<HashMap<String, PathBuf>>>,
    modules: HashMap<PathBuf, Arc<ForeignModule>>,
    plugins: HashMap<PathBuf, Arc<PluginFile>>,
    /// Whether content may name them; asked for every task.
    names: HashMap<String, bool>,
    /// What collections say of their plugins, by their directories.
    pub(super) runtimes: HashMap<PathBuf, Option<Arc<CollectionRuntime>>>,
    /// What users of collections should hear, and what was said already.
    pub(super) notices: Vec<Diagnostic>,
    pub(super) told: HashSet<String>,
}

impl ModuleLibrary {
    pub fn new(settings: &Settings) -> Self {
        Self {
            configured: searched(&settings.library),
            plugins: PluginKind::ALL.into_iter().map(|kind| (kind, searched(kind.directories(settings)))).collect(),
            module_utils: settings.module_utils.clone(),
            collections: settings.collections_paths.clone(),
            core: OnceLock::new(),
            extension: Extension::default(),
            mismatch: match settings.collections_mismatch.as_str() {
                "ignore" => None,
                "error" => Some(Severity::Error),
                _ => Some(Severity::Warning),
            },
            content: Mutex::default(),
        }
    }

    /// With what this build of the program has beyond the engine.
    pub fn extended(self, extension: Extension) -> Self {
        Self { extension, ..self }
    }

    /// Whether this build has modules beyond those of the engine.
    pub(crate) fn is_extended(&self) -> bool {
        !self.extension.modules.is_empty()
    }

    /// Kinds of inventory sources beyond those of the engine.
    pub fn sources(&self) -> &'static [Plugin] {
        self.extension.sources
    }

    /// Adds the directory of a playbook or of a role.
    pub fn add_content(&self, dir: &Path) {
        let mut content = self.content();
        if !content.dirs.iter().any(|known| known == dir) {
            content.dirs.push(dir.to_owned());
            let beside = dir.join("collections").join(COLLECTIONS);
            if beside.is_dir() {
                content.collections.push(beside);
            }
            content.names.clear();
        }
    }

    /// Whether an action or a module of this name is known.
    pub fn exists(&self, name: &str) -> bool {
        action::exists(name) || self.find(name, &[]).is_some() || self.action_plugin(name, &[]).is_some()
    }

    /// Whether content may name it: what is not here fails when it is run, and only then.
    pub fn may_be_named(&self, name: &str) -> bool {
        if let Some(known) = self.content().names.get(name) {
            return *known;
        }
        let may = self.exists(name) || elsewhere::qualified(name).is_some();
        // An action beside the module may be on its way out.
        self.routed("action", name);
        self.content().names.insert(name.to_owned(), may);
        may
    }

    /// The collection that would bring a module that is not here.
    pub fn home_of(&self, name: &str) -> Option<String> {
        let qualified = elsewhere::qualified(name)?;
        qualified.rsplit_once('.').map(|(collection, _)| collection.to_owned())
    }

    /// The module `name` stands for where `collections` are searched for short names.
    pub fn find(&self, name: &str, collections: &[String]) -> Option<Found> {
        if let Some(short) = name.strip_prefix("ansible.builtin.") {
            return self.builtin(short);
        }
        if let Some(short) = name.strip_prefix("ansible.legacy.") {
            return self.legacy(short);
        }
        if name.contains('.') {
            return self.in_collection(name);
        }
        for collection in collections {
            let found = match collection.as_str() {
                "ansible.builtin" => self.builtin(name),
                "ansible.legacy" => self.legacy(name),
                collection => self.in_collection(&format!("{collection}.{name}")),
            };
            if found.is_some() {
                return found;
            }
        }
        self.legacy(name)
    }

    /// Directories of playbooks and roles, in the order in which they are searched.
    pub fn content_dirs(&self) -> Vec<PathBuf> {
        self.content().dirs.clone()
    }

    /// Those of modules beyond collections and content.
    pub(super) fn configured_dirs(&self) -> Vec<PathBuf> {
        self.configured.clone()
    }

    pub(crate) fn plugin_directories(&self, kind: PluginKind) -> Vec<PathBuf> {
        self.plugins.get(&kind).cloned().unwrap_or_default()
    }

    /// One `PluginFile` for each file.
    pub(crate) fn plugin_file(&self, name: &str, path: &Path, package: Option<String>) -> Arc<PluginFile> {
        let mut content = self.content();
        let known = content.plugins.entry(path.to_owned());
        Arc::clone(known.or_insert_with(|| Arc::new(PluginFile::new(name, path, package))))
    }

    /// Directories with `module_utils` for modules outside collections, nearest first.
    pub(super) fn module_utils(&self) -> Vec<PathBuf> {
        let beside = self.content().dirs.iter().map(|dir| dir.join("module_utils")).collect::<Vec<_>>();
        beside.into_iter().chain(self.module_utils.iter().cloned()).collect()
    }

    /// The directory of the installed Python package `ansible`, if there is one.
    pub(super) fn core(&self) -> Option<&Path> {
        self.core.get_or_init(installed_core::find).as_deref()
    }

    /// The directory of a collection.
    pub(crate) fn collection(&self, namespace: &str, name: &str) -> Option<PathBuf> {
        let roots = self.collection_roots();
        roots.into_iter().map(|root| root.join(namespace).join(name)).find(|dir| dir.is_dir())
    }

    pub(super) fn collection_roots(&self) -> Vec<PathBuf> {
        let beside = self.content().collections.clone();
        let installed = self.core().and_then(Path::parent).map(Path::to_owned);
        let roots = beside.into_iter().chain(self.collections.iter().cloned()).chain(installed);
        roots.map(|root| if root.ends_with(COLLECTIONS) { root } else { root.join(COLLECTIONS) }).collect()
    }

    fn builtin(&self, short: &str) -> Option<Found> {
        native(short).or_else(|| self.core_module(short))
    }

    /// What users put beside their content wins over what ships with the engine.
    fn legacy(&self, short: &str) -> Option<Found> {
        let mut dirs: Vec<PathBuf> = self.content().dirs.iter().map(|dir| dir.join("library")).collect();
        dirs.extend(self.configured.iter().cloned());
        let file = dirs.iter().find_map(|dir| self.listing(dir).get(short).cloned());
        match file {
            Some(path) => Some(self.foreign(&path, &format!("ansible.legacy.{short}"))),
            None => kapell_modules::find(short)
                .map(Found::Native)
                .or_else(|| self.extension.module(short).map(Found::Controller))
                .or_else(|| self.core_module(short))
                .or_else(|| self.in_collection(&elsewhere::qualified(short)?)),
        }
    }

    fn core_module(&self, short: &str) -> Option<Found> {
        let path = self.listing(&self.core()?.join("modules")).get(short).cloned()?;
        Some(self.foreign(&path, &format!("ansible.builtin.{short}")))
    }

    /// Our own module of that name, else the file in the collection, else where the collection sends its users.
    fn in_collection(&self, name: &str) -> Option<Found> {
        let mut name = name.to_owned();
        for _ in 0..MOST_REDIRECTS {
            if let Some(short) = name.strip_prefix("ansible.builtin.") {
                return self.builtin(short);
            }
            if let Some(module) = kapell_modules::find(&name) {
                return Some(Found::Native(module));
            }
            if let Some(module) = self.extension.module(&name) {
                return Some(Found::Controller(module));
            }
            let (namespace, rest) = name.split_once('.')?;
            let (collection, module) = rest.split_once('.')?;
            let dir = self.collection(namespace, collection)?;
            match self.route(&dir, &name, "modules", module) {
                Whereabouts::Here => {}
                Whereabouts::Gone => return None,
                Whereabouts::At(target) => {
                    name = target;
                    continue;
                }
            }
            let (folder, short) = match module.rsplit_once('.') {
                Some((folder, short)) => (dir.join("plugins/modules").join(folder.replace('.', "/")), short),
                None => (dir.join("plugins/modules"), module),
            };
            return self.listing(&folder).get(short).cloned().map(|path| self.foreign(&path, &name));
        }
        None
    }

    fn foreign(&self, path: &Path, name: &str) -> Found {
        let mut content = self.content();
        let module = content.modules.entry(path.to_owned());
        Found::Foreign(Arc::clone(module.or_insert_with(|| Arc::new(ForeignModule::new(name, path)))))
    }

    pub(crate) fn listing(&self, dir: &Path) -> Arc<HashMap<String, PathBuf>> {
        let mut content = self.content();
        if let Some(known) = content.listings.get(dir) {
            return Arc::clone(known);
        }
        let listing = Arc::new(list(dir));
        content.listings.insert(dir.to_owned(), Arc::clone(&listing));
        listing
    }

    pub(super) fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn native(short: &str) -> Option<Found> {
    kapell_modules::find(&format!("ansible.builtin.{short}")).map(Found::Native)
}

fn searched(dirs: &[PathBuf]) -> Vec<PathBuf> {
    dirs.iter().flat_map(|dir| with_subdirectories(dir)).collect()
}

/// The directory and two levels below it.
fn with_subdirectories(dir: &Path) -> Vec<PathBuf> {
    let below = |dir: &Path| -> Vec<PathBuf> {
        let entries = fs_err::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut dirs: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
        dirs.sort();
        dirs
    };
    let first = below(dir);
    let second: Vec<PathBuf> = first.iter().flat_map(|dir| below(dir)).collect();
    std::iter::once(dir.to_owned()).chain(first).chain(second).collect()
}

/// Names and files of the modules in `dir`. A name with a leading underscore is a deprecated module's.
fn list(dir: &Path) -> HashMap<String, PathBuf> {
    let mut files: Vec<PathBuf> = fs_err::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path()).collect();
    // One for Windows stands behind the file of its name that documents it, if there is one.
    files.sort_by_cached_key(|path| (path.extension().is_some_and(|ending| ending == "ps1"), path.clone()));
    let mut listing = HashMap::new();
    for path in files {
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if !path.is_file() || name == "__init__" || name.starts_with('.') || is_ignored(&ending) {
            continue;
        }
        if let Some(current) = name.strip_prefix('_') {
            listing.entry(current.to_owned()).or_insert_with(|| path.clone());
        }
        listing.entry(name).or_insert(path);
    }
    listing
}

fn is_ignored(ending: &str) -> bool {
    IGNORED.contains(&ending) || ending.ends_with('~')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(library: &ModuleLibrary, name: &str, collections: &[&str]) -> String {
        let collections: Vec<String> = collections.iter().map(|&name| name.to_owned()).collect();
        match library.find(name, &collections) {
            None => "nothing".to_owned(),
            Some(Found::Native(module)) => format!("native {}", module.name),
            Some(Found::Controller(module)) => format!("controller {}", module.name),
            Some(Found::Foreign(module)) => module.name.clone(),
        }
    }

    #[test]
    fn content_wins_over_configured_directories_and_these_over_native_modules() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        };
        write("site/library/ping.py", "");
        write("site/library/ping.ini", "");
        write("site/collections/ansible_collections/ns/coll/plugins/modules/thing.py", "");
        write("site/collections/ansible_collections/ns/coll/plugins/modules/thing.ps1", "");
        write("site/collections/ansible_collections/ns/coll/plugins/modules/win_thing.ps1", "");
        write("site/collections/ansible_collections/ns/coll/plugins/modules/win_thing.yml", "");
        write(
            "site/collections/ansible_collections/ns/coll/meta/runtime.yml",
            "plugin_routing:\n  modules:\n    old:\n      redirect: ns.coll.thing\n",
        );
        write("more/deep/er/far.sh", "");
        let settings = Settings { library: vec![dir.path().join("more")], ..Settings::default() };
        let library = ModuleLibrary::new(&settings);
        assert_eq!(names(&library, "ping", &[]), "native ansible.builtin.ping");
        library.add_content(&dir.path().join("site"));
        let cases: &[(&str, &[&str], &str)] = &[
            ("ping", &[], "ansible.legacy.ping"),
            ("ansible.legacy.ping", &[], "ansible.legacy.ping"),
            ("ansible.builtin.ping", &[], "native ansible.builtin.ping"),
            ("ping", &["ansible.builtin"], "native ansible.builtin.ping"),
            ("far", &[], "ansible.legacy.far"),
            ("thing", &[], "nothing"),
            ("thing", &["no.such", "ns.coll"], "ns.coll.thing"),
            ("ns.coll.old", &[], "ns.coll.thing"),
            ("ns.coll.win_thing", &[], "ns.coll.win_thing"),
            ("ns.coll.other", &[], "nothing"),
        ];
        for (name, collections, expected) in cases {
            assert_eq!(names(&library, name, collections), *expected, "{name} {collections:?}");
        }
    }
}
