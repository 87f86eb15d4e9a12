//! What is to be installed: names of the command line, or `requirements.yml`.

use std::path::{Path, PathBuf};

use kapell_parsing::yaml::{self, LoadOptions};
use kapell_parsing::{Diagnostic, Map, Trust, Value, VaultSecrets};

use super::collection_source::{Place, Requirement};
use super::manifest::is_full_name;
use super::role_source::RoleSource;
use super::version::Constraint;
use crate::refusal::Refusal;

/// Files may include files, but not for ever.
const DEEPEST: usize = 16;

#[derive(Debug, Default)]
pub(crate) struct Requirements {
    pub roles: Vec<RoleSource>,
    pub collections: Vec<Requirement>,
}

/// Reads a `requirements.yml`: a list of roles, or a map with `roles` and `collections`.
pub(crate) fn read(path: &Path) -> Result<Requirements, Refusal> {
    let path = std::path::absolute(path)?;
    let mut all = Requirements::default();
    read_into(&mut all, &path, 0)?;
    Ok(all)
}

fn read_into(all: &mut Requirements, path: &Path, depth: usize) -> Result<(), Refusal> {
    let shown = path.display();
    if !path.exists() {
        return Err(Diagnostic::error(format!("The requirements file '{shown}' does not exist.")).into());
    }
    if depth > DEEPEST {
        return Err(
            Diagnostic::error(format!("'{shown}' is included too deep: do the files include each other?")).into()
        );
    }
    let options = LoadOptions { trust: Trust::Untrusted, vault: &VaultSecrets::default() };
    let loaded = yaml::load_file(path, &options, &mut Vec::new()).map_err(|error| Diagnostic {
        message: format!(
            "Failed to parse the requirements yml at '{shown}' with the following error:\n{}",
            error.message
        ),
        ..error
    })?;
    let dir = path.parent().unwrap_or(Path::new("."));
    match &loaded {
        Value::Null => Err(Diagnostic::error(format!("No requirements found in file '{shown}'")).into()),
        Value::List(roles) => roles.iter().try_for_each(|entry| role(all, entry, dir, depth)),
        Value::Map(map) => {
            let unknown = map.keys().map(ToString::to_string).find(|key| key != "roles" && key != "collections");
            if let Some(key) = unknown {
                let message = format!(
                    "Expecting only 'roles' and/or 'collections' as base keys in the requirements file. Found: {key}"
                );
                return Err(Diagnostic::error(message).at(loaded.origin()).into());
            }
            list(map, "roles")?.iter().try_for_each(|entry| role(all, entry, dir, depth))?;
            for entry in list(map, "collections")? {
                all.collections.push(collection(entry, dir)?);
            }
            Ok(())
        }
        other => {
            let message = format!("a requirements file holds a list or a map, not {}", other.type_name());
            Err(Diagnostic::error(message).at(loaded.origin()).into())
        }
    }
}

fn list<'a>(map: &'a Map, key: &str) -> Result<&'a [Value], Diagnostic> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::List(entries)) => Ok(entries),
        Some(other) => Err(Diagnostic::error(format!("'{key}' must be a list, not {}", other.repr()))
            .at(other.origin())
            .hint("start each entry with a dash: `- geerlingguy.nginx`")),
    }
}

fn role(all: &mut Requirements, entry: &Value, dir: &Path, depth: usize) -> Result<(), Refusal> {
    if let Some(file) = entry.get("include") {
        return read_into(all, &dir.join(file.to_string()), depth + 1);
    }
    let source = RoleSource::of_entry(entry).map_err(|why| Diagnostic::error(why).at(entry.origin()))?;
    all.roles.push(source);
    Ok(())
}

fn collection(entry: &Value, dir: &Path) -> Result<Requirement, Refusal> {
    let map = match entry {
        Value::Map(map) => Map::clone(map),
        text => Map::from([("name".into(), text.clone())]),
    };
    let text = |key: &str| map.get(key).filter(|value| !value.is_null()).map(Value::to_string);
    let constraint = Constraint::parse(&text("version").unwrap_or_default());
    if map.get("signatures").and_then(Value::as_list).is_some_and(|list| !list.is_empty()) {
        let message = "this program does not verify signatures of collections";
        return Err(Diagnostic::error(message)
            .at(entry.origin())
            .hint("remove 'signatures', or verify them with gpg")
            .into());
    }
    let (name, source, kind) = (text("name"), text("source"), text("type"));
    let Some(named) = name.clone().or_else(|| source.clone()) else {
        let message = "Collections requirement entry should contain the key 'name' if it's requested from a Galaxy-like \
                       index server.";
        return Err(Diagnostic::error(message).at(entry.origin()).into());
    };
    let place = match kind.as_deref() {
        Some("galaxy") => Place::Galaxy,
        Some("git") => Place::git(source.as_deref().filter(|_| name.is_none()).unwrap_or(&named)),
        Some("url") => Place::Url(named.clone()),
        Some("file") => Place::File(dir_or_here(&named, dir)),
        Some("dir") => Place::Directory(dir_or_here(&named, dir)),
        Some("subdirs") => Place::Subdirectories(dir_or_here(&named, dir)),
        Some(other) => {
            let message = format!(
                "The collection requirement entry key 'type' must be one of file, galaxy, git, dir, url or subdirs, not '{other}'"
            );
            return Err(Diagnostic::error(message).at(entry.origin()).into());
        }
        None => {
            return requirement(&named, constraint, source.filter(|_| name.is_some())).map_err(Into::into);
        }
    };
    let server = source.filter(|_| matches!(place, Place::Galaxy) && name.is_some());
    Ok(Requirement { name: is_full_name(&named).then(|| named.clone()), constraint, place, server, written: named })
}

/// A path that is there as it is written, else beside the file that names it.
fn dir_or_here(written: &str, dir: &Path) -> PathBuf {
    let path = PathBuf::from(written);
    if path.exists() { path } else { dir.join(path) }
}

/// One name of the command line: `ns.name`, `ns.name:>=1.0.0`, a path, an address, `git+…`.
pub(crate) fn of_argument(text: &str) -> Result<Requirement, Refusal> {
    let is_path = Path::new(text).exists();
    if is_path || text.contains("://") || text.starts_with("git@") || text.starts_with("git+") {
        let (source, version) = match text.rsplit_once(',') {
            Some((source, version)) if !is_path => (source, version),
            _ => (text, ""),
        };
        return Ok(requirement(source, Constraint::parse(version), None)?);
    }
    let (name, version) = text.split_once(':').unwrap_or((text, "*"));
    Ok(requirement(name, Constraint::parse(version), None)?)
}

fn requirement(named: &str, constraint: Constraint, server: Option<String>) -> Result<Requirement, Diagnostic> {
    let path = PathBuf::from(named);
    let place = if path.is_file() {
        Place::File(path)
    } else if path.join("galaxy.yml").is_file() || path.join("MANIFEST.json").is_file() {
        Place::Directory(path)
    } else if path.is_dir() {
        Place::Subdirectories(path)
    } else if named.starts_with("git+") || named.starts_with("git@") {
        Place::git(named)
    } else if named.starts_with("http://") || named.starts_with("https://") || named.starts_with("file://") {
        Place::Url(named.to_owned())
    } else if is_full_name(named) {
        Place::Galaxy
    } else {
        return Err(Diagnostic::error(format!(
            "Neither the collection requirement entry key 'name', nor 'source' point to a concrete resolvable collection \
             artifact. Also 'name' is not an FQCN. A valid collection name must be in the format \
             <namespace>.<collection>. Please make sure that the namespace and the collection name contain characters \
             from [a-zA-Z0-9_] only.\n\nCould not find {named}."
        )));
    };
    let name = matches!(place, Place::Galaxy).then(|| named.to_owned());
    Ok(Requirement { name, constraint, place, server, written: named.to_owned() })
}
