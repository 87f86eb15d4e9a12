//! Where roles and collection playbooks are found.

use std::path::{Path, PathBuf};

use kapell_parsing::diagnostic::closest;
use kapell_parsing::{Diagnostic, Text};

use crate::Scope;
use crate::load::loader::{Loader, normal};

/// A role's directory, found.
pub(crate) struct RolePlace {
    /// `ns.coll.role` when it lies in a collection, else as written.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) collection: Option<String>,
}

impl Loader<'_> {
    pub(crate) fn find_role(&mut self, name: &Text, scope: &Scope) -> Option<RolePlace> {
        if let Some(found) = self.collection_role(name, scope) {
            return Some(found);
        }
        let dirs = self.role_dirs(scope);
        // Joining an absolute name gives that name.
        let path = dirs.iter().map(|dir| normal(&dir.join(name.as_str()))).find(|path| path.is_dir());
        if let Some(path) = path {
            // As in ansible-core, a role is where links lead to.
            let path = path.canonicalize().unwrap_or(path);
            return Some(RolePlace { name: name.to_string(), path, collection: None });
        }
        let places = dirs.iter().map(|dir| dir.display().to_string()).collect::<Vec<_>>().join(":");
        let error = Diagnostic::error(format!("the role '{name}' was not found in {places}"));
        let origin = name.origin().or(scope.origin.as_ref());
        let known = names_in(&dirs);
        self.error_missing(
            match closest(name, known.iter().map(String::as_str)) {
                Some(near) => error.hint(format!("did you mean '{near}'?")),
                None if name.matches('.').count() == 2 => error.hint(format!(
                    "collections are searched for in {}",
                    self.collection_roots().iter().map(|root| root.display().to_string()).collect::<Vec<_>>().join(":")
                )),
                None => error,
            }
            .at(origin),
        );
        None
    }

    /// In order: beside the playbook, the configured paths, beside the roles that ask for it, the playbook's directory.
    fn role_dirs(&self, scope: &Scope) -> Vec<PathBuf> {
        let mut dirs = vec![self.basedir.join("roles")];
        dirs.extend(self.cx.settings.roles_path.iter().cloned());
        dirs.extend(scope.roles_upwards().iter().filter_map(|role| Some(role.path.parent()?.to_path_buf())));
        dirs.push(self.basedir.clone());
        let mut unique: Vec<PathBuf> = Vec::new();
        for dir in dirs {
            if !unique.contains(&dir) {
                unique.push(dir);
            }
        }
        unique
    }

    fn collection_role(&self, name: &str, scope: &Scope) -> Option<RolePlace> {
        let in_collection = |collection: &str, role: &str| {
            let (namespace, collection_name) = collection.split_once('.')?;
            let path = self.in_collections(&Path::new(namespace).join(collection_name).join("roles").join(role))?;
            // One in directories below is named without them.
            let name = format!("{collection}.{}", role.rsplit_once('/').map_or(role, |(_, last)| last));
            Some(RolePlace { name, path, collection: Some(collection.to_string()) })
        };
        match name.match_indices('.').nth(1) {
            Some((dot, _)) if is_dotted_name(name) => in_collection(&name[..dot], &name[dot + 1..].replace('.', "/")),
            None if is_dotted_name(name) => {
                scope.collections().iter().find_map(|collection| in_collection(collection, name))
            }
            _ => None,
        }
    }

    /// The playbook file that `ns.coll.name` stands for.
    pub(crate) fn collection_playbook(&self, name: &str) -> Option<PathBuf> {
        let mut parts = name.splitn(3, '.');
        let (namespace, collection, rest) = (parts.next()?, parts.next()?, parts.next()?);
        if !is_dotted_name(name) {
            return None;
        }
        let dir = self.in_collections(&Path::new(namespace).join(collection).join("playbooks"))?;
        let rest = rest.strip_suffix(".yml").or_else(|| rest.strip_suffix(".yaml")).unwrap_or(rest).replace('.', "/");
        ["yml", "yaml"].iter().map(|ending| dir.join(format!("{rest}.{ending}"))).find(|path| path.is_file())
    }

    fn in_collections(&self, inside: &Path) -> Option<PathBuf> {
        self.collection_roots().into_iter().map(|root| root.join(inside)).find(|path| path.is_dir())
    }

    fn collection_roots(&self) -> Vec<PathBuf> {
        let beside = self.basedir.join("collections");
        let roots = std::iter::once(&beside).chain(&self.cx.settings.collections_paths);
        roots
            .map(
                |root| {
                    if root.ends_with("ansible_collections") { root.clone() } else { root.join("ansible_collections") }
                },
            )
            .collect()
    }
}

fn is_dotted_name(name: &str) -> bool {
    name.split('.').all(super::vars::is_variable_name)
}

fn names_in(dirs: &[PathBuf]) -> Vec<String> {
    let mut names: Vec<String> = dirs
        .iter()
        .filter_map(|dir| fs_err::read_dir(dir).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    names.sort();
    names
}
