//! Collections that are there: below `ansible_collections` of the configured directories.

use std::path::{Path, PathBuf};

use kapell_parsing::yaml::{self, LoadOptions};
use kapell_parsing::{Trust, VaultSecrets};

use super::manifest::{Described, describe, is_full_name};
use super::version::Constraint;

#[derive(Clone, Debug)]
pub(crate) struct Installed {
    pub full_name: String,
    /// `*` where it does not say.
    pub version: String,
    pub dependencies: Vec<(String, Constraint)>,
    pub path: PathBuf,
}

/// The directory that holds the namespaces, for one of `collections_path`.
pub(crate) fn collections_dir(path: &Path) -> PathBuf {
    if path.file_name().is_some_and(|name| name == "ansible_collections") {
        path.to_owned()
    } else {
        path.join("ansible_collections")
    }
}

/// All collections below `path`, by name.
pub(crate) fn installed_in(path: &Path) -> Vec<Installed> {
    let names = |dir: &Path| {
        let entries = fs_err::read_dir(dir).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter(|entry| entry.path().is_dir())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    let root = collections_dir(path);
    let mut found = Vec::new();
    for namespace in names(&root) {
        for name in names(&root.join(&namespace)) {
            let full_name = format!("{namespace}.{name}");
            let path = root.join(&namespace).join(&name);
            if is_full_name(&full_name) {
                found.push(look_at(full_name, path));
            }
        }
    }
    found
}

/// The collection `full_name` in one of `paths`.
pub(crate) fn find(full_name: &str, paths: &[PathBuf]) -> Option<Installed> {
    paths.iter().find_map(|path| installed_in(path).into_iter().find(|found| found.full_name == full_name))
}

fn look_at(full_name: String, path: PathBuf) -> Installed {
    match of_manifest(&path).or_else(|| of_galaxy_yml(&path)) {
        Some(described) => {
            let version = if described.version.is_empty() { "*".into() } else { described.version };
            Installed { full_name, version, dependencies: described.dependencies, path }
        }
        None => Installed { full_name, version: "*".into(), dependencies: Vec::new(), path },
    }
}

fn of_manifest(path: &Path) -> Option<Described> {
    describe(&fs_err::read(path.join("MANIFEST.json")).ok()?).ok()
}

/// A working copy, never built.
fn of_galaxy_yml(path: &Path) -> Option<Described> {
    let options = LoadOptions { trust: Trust::Untrusted, vault: &VaultSecrets::default() };
    let galaxy = yaml::load_file(&path.join("galaxy.yml"), &options, &mut Vec::new()).ok()?;
    let version = galaxy.get("version").map(ToString::to_string).unwrap_or_default();
    Some(Described { full_name: String::new(), version, dependencies: Vec::new(), files_sum: String::new() })
}
