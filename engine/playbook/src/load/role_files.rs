//! The files of a role directory: `main` in its spellings, or the one asked for, or a directory of variable files.

use std::path::{Path, PathBuf};

use kapell_config::HashBehaviour;
use kapell_parsing::{Diagnostic, Map, Origin, Value};

use crate::load::check::shown;
use crate::load::loader::{Loader, normal};

const ENDINGS: &[&str] = &["yml", "yaml", "json"];

impl Loader<'_> {
    /// The file `wanted` (else `main`) of a role's folder. `None` when there is none; asked for by name, that is an
    /// error.
    pub(crate) fn role_file(
        &mut self,
        role: &Path,
        folder: &str,
        wanted: Option<&str>,
        origin: Option<&Origin>,
    ) -> Option<PathBuf> {
        let dir = role.join(folder);
        let found = existing(&dir, wanted);
        self.found_in_role(found, &dir, folder, wanted, origin)
    }

    /// The variables of `defaults` or `vars`: one file, or a directory of them read in order.
    pub(crate) fn role_vars(
        &mut self,
        role: &Path,
        folder: &str,
        wanted: Option<&str>,
        origin: Option<&Origin>,
    ) -> Map {
        let dir = role.join(folder);
        let found = candidates(&dir, wanted).into_iter().find(|path| path.exists());
        let Some(path) = self.found_in_role(found, &dir, folder, wanted, origin) else { return Map::new() };
        let files = if path.is_dir() { files_below(&path) } else { vec![path] };
        let mut vars = Map::new();
        for file in files {
            match self.read(&file) {
                None | Some(Value::Null) => {}
                Some(Value::Map(map)) => self.combine(&mut vars, &map),
                Some(other) => {
                    let message = format!("{} must hold a mapping of variables, not {}", file.display(), shown(&other));
                    self.error(Diagnostic::error(message).at(other.origin()));
                }
            }
        }
        vars
    }

    fn found_in_role(
        &mut self,
        found: Option<PathBuf>,
        dir: &Path,
        folder: &str,
        wanted: Option<&str>,
        origin: Option<&Origin>,
    ) -> Option<PathBuf> {
        let Some(wanted) = wanted else { return found };
        if !normal(&dir.join(wanted)).starts_with(normal(dir)) {
            let role = dir.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
            let message = format!(
                "Failed loading '{wanted}' for role ({role}) as it is not inside the expected role path: '{}'",
                dir.display()
            );
            self.error(Diagnostic::error(message).at(origin));
            return None;
        }
        if found.is_none() {
            let message = format!("could not find {folder}/{wanted} in the role {}", dir.with_file_name("").display());
            let near = super::include::near_file(&[dir.to_path_buf()], wanted);
            let error = Diagnostic::error(message).at(origin);
            self.error(match near {
                Some(near) => error.hint(format!("did you mean '{near}'?")),
                None => error,
            });
        }
        found
    }

    fn combine(&self, vars: &mut Map, more: &Map) {
        let deep = self.cx.settings.hash_behaviour == HashBehaviour::Merge;
        for (key, value) in more {
            let merged = match (vars.get(key), value) {
                (Some(Value::Map(old)), Value::Map(new)) if deep => {
                    let mut both = Map::clone(old);
                    self.combine(&mut both, new);
                    Value::map(both)
                }
                _ => value.clone(),
            };
            vars.insert(key.clone(), merged);
        }
    }
}

/// The file `wanted` (else `main`) of a folder, if it is there.
pub(crate) fn existing(dir: &Path, wanted: Option<&str>) -> Option<PathBuf> {
    candidates(dir, wanted).into_iter().find(|path| path.is_file())
}

/// `main.yml`, `main.yaml`, `main.json`, `main`; a name that was asked for is tried as it is first.
fn candidates(dir: &Path, wanted: Option<&str>) -> Vec<PathBuf> {
    let name = wanted.unwrap_or("main");
    let mut paths: Vec<PathBuf> = ENDINGS.iter().map(|ending| normal(&dir.join(format!("{name}.{ending}")))).collect();
    match wanted {
        Some(_) => paths.insert(0, normal(&dir.join(name))),
        None => paths.push(normal(&dir.join(name))),
    }
    paths
}

/// Variable files below a directory, each directory in order of names; hidden files and backups are left out.
fn files_below(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs_err::read_dir(dir) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let visible = |path: &PathBuf| {
        path.file_name().is_some_and(|name| {
            let name = name.to_string_lossy();
            !name.starts_with('.') && !name.ends_with('~')
        })
    };
    let is_vars = |path: &Path| path.extension().is_none_or(|ending| ENDINGS.iter().any(|known| ending == *known));
    paths
        .into_iter()
        .filter(visible)
        .flat_map(|path| match path.is_dir() {
            true => files_below(&path),
            false if is_vars(&path) => vec![path],
            false => Vec::new(),
        })
        .collect()
}
