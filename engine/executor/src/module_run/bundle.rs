//! A Python module with everything it imports from Ansible's and collections' `module_utils`, as one zip archive that
//! Python runs as it is. The archive holds no arguments: it is sent once to each host.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

use kapell_template::{ANSIBLE_VERSION, ModuleUtils};

use super::archive::Archive;
use super::foreign::ForeignModule;
use super::imports::{Import, imports};
use super::library::ModuleLibrary;

/// Runs the module of the archive it lies in; its arguments come as JSON on standard input.
const LAUNCHER: &str = include_str!("launcher.py");
const UTILS: &str = "ansible.module_utils";
const SIX: &str = "ansible.module_utils.six";
const COLLECTIONS: &str = "ansible_collections";
/// What every module needs: the launcher hands the arguments to it.
const ALWAYS: &str = "ansible.module_utils.basic";
/// What an ansible-core's own basic.py (2.19) loads by names it makes itself.
const LOADED_BY_NAME: &[&str] = &[
    "ansible.module_utils._internal._json._profiles._module_legacy_c2m",
    "ansible.module_utils._internal._json._profiles._module_legacy_m2c",
];
/// Files in one bundle.
const MOST_FILES: usize = 2000;

/// The archive for `module`.
pub(super) fn bundle(module: &ForeignModule, source: &str, library: &ModuleLibrary) -> Result<Vec<u8>, String> {
    let mut bundle = Bundle { library, files: BTreeMap::new(), waiting: VecDeque::new(), module };
    let name = bundle.module_name();
    bundle.add_parents(&name);
    bundle.add(&name, false, source.as_bytes().to_vec());
    bundle.require(ALWAYS);
    for name in LOADED_BY_NAME {
        bundle.require(name);
    }
    bundle.follow()?;
    bundle.archive(&name).map_err(|error| format!("cannot bundle {}: {error}", module.path.display()))
}

struct Bundle<'a> {
    library: &'a ModuleLibrary,
    module: &'a ForeignModule,
    /// Path in the archive -> content.
    files: BTreeMap<String, Vec<u8>>,
    /// Sources whose imports were not looked at yet.
    waiting: VecDeque<Source>,
}

struct Source {
    name: String,
    is_package: bool,
    text: String,
}

impl Bundle<'_> {
    /// The name under which Python runs the module; relative imports start from it.
    fn module_name(&self) -> String {
        let name = &self.module.name;
        match name.strip_prefix("ansible.") {
            Some(short) if short.starts_with("builtin.") => format!("ansible.modules.{}", self.module.short_name()),
            Some(_) => name.clone(),
            None => {
                let mut parts = name.splitn(3, '.');
                let mut part = || parts.next().unwrap_or_default();
                format!("{COLLECTIONS}.{}.{}.plugins.modules.{}", part(), part(), part())
            }
        }
    }

    fn follow(&mut self) -> Result<(), String> {
        while let Some(source) = self.waiting.pop_front() {
            for import in imports(&source.text) {
                self.import(&import, &source)?;
            }
            if self.files.len() > MOST_FILES {
                return Err(format!("module {} imports more than {MOST_FILES} files", self.module.name));
            }
        }
        Ok(())
    }

    fn import(&mut self, import: &Import, source: &Source) -> Result<(), String> {
        let Some(base) = absolute(import, source) else { return Ok(()) };
        let candidates: Vec<String> = match &import.name {
            None => vec![base],
            Some(name) if name == "*" => vec![base],
            Some(name) => vec![format!("{base}.{name}"), base],
        };
        if !candidates.iter().any(|name| is_bundled(name)) {
            return Ok(());
        }
        let mut found = false;
        for name in &candidates {
            // `from ansible.module_utils import x` needs x itself.
            if name == UTILS && import.name.is_some() && candidates.len() > 1 {
                continue;
            }
            found |= self.require(name);
        }
        if found || import.optional {
            return Ok(());
        }
        let looked_for: Vec<String> = candidates.iter().map(|name| format!("'{name}'")).collect();
        Err(format!(
            "Could not find imported module support code for {}. Looked for ([{}])",
            self.module_name(),
            looked_for.join(", ")
        ))
    }

    /// Adds the Python module of this name with the packages around it; false when there is none.
    fn require(&mut self, name: &str) -> bool {
        if name == "ansible" || name == UTILS || self.has(name) {
            return true;
        }
        if !is_bundled(name) {
            return false;
        }
        if name.strip_prefix(SIX).is_some_and(|inside| inside.starts_with(".moves.")) {
            // Names there are made when it is imported.
            return self.require(&format!("{SIX}.moves")) || self.require(SIX);
        }
        let Some((is_package, content)) = self.find(name) else { return false };
        self.add_parents(name);
        self.add(name, is_package, content);
        true
    }

    fn has(&self, name: &str) -> bool {
        let path = name.replace('.', "/");
        self.files.contains_key(&format!("{path}.py")) || self.files.contains_key(&format!("{path}/__init__.py"))
    }

    /// The packages above `name`: their own content where they have one.
    fn add_parents(&mut self, name: &str) {
        let ends: Vec<usize> = name.match_indices('.').map(|(at, _)| at).collect();
        for end in ends {
            let parent = &name[..end];
            if self.has(parent) {
                continue;
            }
            let content = match parent {
                "ansible" => {
                    let (major, minor, patch) = ANSIBLE_VERSION;
                    format!("__version__ = '{major}.{minor}.{patch}'\n").into_bytes()
                }
                UTILS => Vec::new(),
                _ => match self.find(parent) {
                    Some((true, content)) => content,
                    _ => Vec::new(),
                },
            };
            self.add(parent, true, content);
        }
    }

    fn add(&mut self, name: &str, is_package: bool, content: Vec<u8>) {
        let path = name.replace('.', "/");
        let path = if is_package { format!("{path}/__init__.py") } else { format!("{path}.py") };
        let text = String::from_utf8_lossy(&content).into_owned();
        self.waiting.push_back(Source { name: name.to_owned(), is_package, text });
        self.files.insert(path, content);
    }

    /// The user's, an installed ansible-core's, or our own.
    fn find(&self, name: &str) -> Option<(bool, Vec<u8>)> {
        if let Some(inside) = name.strip_prefix(UTILS).and_then(|rest| rest.strip_prefix('.')) {
            let inside = inside.replace('.', "/");
            let core = self.library.core().map(|core| core.join("module_utils"));
            let dirs = self.library.module_utils().into_iter().chain(core);
            let own = || ModuleUtils::find(&inside).map(|(is_package, source)| (is_package, source.into()));
            return dirs.into_iter().find_map(|dir| read(&dir, &inside)).or_else(own);
        }
        let inside = name.strip_prefix(COLLECTIONS)?.strip_prefix('.')?;
        let mut parts = inside.splitn(3, '.');
        let (namespace, collection, rest) = (parts.next()?, parts.next()?, parts.next()?);
        read(&self.library.collection(namespace, collection)?, &rest.replace('.', "/"))
    }

    fn archive(self, name: &str) -> std::io::Result<Vec<u8>> {
        let mut archive = Archive::default();
        archive.add("__main__.py", LAUNCHER.replace("@MODULE@", name).as_bytes())?;
        for (path, content) in &self.files {
            archive.add(path, content)?;
        }
        Ok(archive.finish())
    }
}

fn is_bundled(name: &str) -> bool {
    [UTILS, COLLECTIONS]
        .iter()
        .any(|root| name.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// The full name of what is imported from; nothing when the dots lead out of the tree.
fn absolute(import: &Import, source: &Source) -> Option<String> {
    if import.level == 0 {
        return Some(import.module.clone());
    }
    let parts: Vec<&str> = source.name.split('.').collect();
    let up = if source.is_package { import.level - 1 } else { import.level };
    let kept = parts.len().checked_sub(up).filter(|kept| *kept > 0)?;
    let mut name = parts[..kept].join(".");
    if !import.module.is_empty() {
        name = format!("{name}.{}", import.module);
    }
    Some(name)
}

/// `dir/inside.py`, or the package `dir/inside`; a directory without `__init__.py` is a package, too.
fn read(dir: &Path, inside: &str) -> Option<(bool, Vec<u8>)> {
    let package = dir.join(inside);
    if let Ok(content) = fs_err::read(package.join("__init__.py")) {
        return Some((true, content));
    }
    if let Ok(content) = fs_err::read(dir.join(format!("{inside}.py"))) {
        return Some((false, content));
    }
    package.is_dir().then(|| (true, Vec::new()))
}
