//! `VarsDir`: the `group_vars` and `host_vars` directories beside an inventory source or a playbook.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use kapell_config::{HashBehaviour, Settings};
use kapell_parsing::{Diagnostic, ErrorKind, Map, Severity, Trust, Value, VaultSecrets, yaml};

use crate::merge::merge_into;

/// Directories are listed once; a file is read when its group or host is first asked for, so files of hosts that are
/// no part of the run do no harm. Names with a slash have no files.
pub struct VarsDir {
    groups: Named,
    hosts: Named,
    reader: Reader,
}

/// One of the two directories: what stands for each name.
struct Named {
    directory: PathBuf,
    entries: HashMap<Box<str>, Entry>,
}

/// The file or directory of one name, and what it holds once it was read.
struct Entry {
    /// Place of its ending among the candidates, 0 for none: lower is taken first.
    rank: usize,
    vars: OnceLock<Map>,
}

impl VarsDir {
    /// Lists `group_vars` and `host_vars` in `basedir`; either may be missing.
    pub fn load(basedir: &Path, settings: &Settings, vault: &VaultSecrets) -> Self {
        let reader = Reader {
            endings: settings.yaml_valid_extensions.clone(),
            merge_maps: settings.hash_behaviour == HashBehaviour::Merge,
            vault: vault.clone(),
            problems: Mutex::default(),
        };
        Self { groups: reader.list(basedir.join("group_vars")), hosts: reader.list(basedir.join("host_vars")), reader }
    }

    /// Whether these are the directories in `basedir`.
    pub fn is_in(&self, basedir: &Path) -> bool {
        self.groups.directory.parent() == Some(basedir)
    }

    /// `None` also when the files cannot be read: see `take_problems`.
    pub fn group_vars(&self, group: &str) -> Option<&Map> {
        self.reader.vars(&self.groups, group)
    }

    /// `None` also when the files cannot be read: see `take_problems`.
    pub fn host_vars(&self, host: &str) -> Option<&Map> {
        self.reader.vars(&self.hosts, host)
    }

    /// Errors and warnings about the files read so far, each told once. After an error nobody should go on.
    pub fn take_problems(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.reader.problems.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Reader {
    endings: Vec<String>,
    merge_maps: bool,
    vault: VaultSecrets,
    problems: Mutex<Vec<Diagnostic>>,
}

impl Reader {
    /// What stands for each name: first the name itself, then the name with each ending; only one of them counts.
    fn list(&self, directory: PathBuf) -> Named {
        let mut named = Named { directory, entries: HashMap::new() };
        let directory = &named.directory;
        if directory.is_file() {
            let message = format!("'{}' is not a directory and is skipped", directory.display());
            self.report(
                Diagnostic::warning(message).hint("variables of groups and hosts lie in files of this directory"),
            );
            return named;
        }
        let Ok(found) = fs_err::read_dir(directory) else { return named };
        for entry in found.filter_map(Result::ok) {
            let Ok(name) = entry.file_name().into_string() else { continue };
            // A link that leads nowhere is nothing.
            if entry.file_type().is_ok_and(|kind| kind.is_symlink()) && !directory.join(&name).exists() {
                continue;
            }
            let with_ending = self.endings.iter().zip(1..).filter_map(|(ending, rank)| {
                name.strip_suffix(ending.as_str()).filter(|stem| !stem.is_empty()).map(|stem| (stem, rank))
            });
            for (stem, rank) in with_ending.chain([(name.as_str(), 0)]) {
                if named.entries.get(stem).is_none_or(|known| rank < known.rank) {
                    named.entries.insert(stem.into(), Entry { rank, vars: OnceLock::new() });
                }
            }
        }
        named
    }

    fn vars<'a>(&self, named: &'a Named, name: &str) -> Option<&'a Map> {
        let entry = named.entries.get(name)?;
        Some(entry.vars.get_or_init(|| {
            let ending = entry.rank.checked_sub(1).map_or("", |place| &self.endings[place]);
            let mut vars = Map::new();
            match self.files(&named.directory.join(format!("{name}{ending}"))) {
                Ok(files) => files.iter().for_each(|file| self.read(file, &mut vars)),
                Err(error) => self.report(Diagnostic::error(error.to_string()).of_kind(ErrorKind::Content)),
            }
            vars
        }))
    }

    /// The file, or all files of the directory and of those in it, in the order of their names.
    fn files(&self, path: &Path) -> std::io::Result<Vec<PathBuf>> {
        if !path.is_dir() {
            return Ok(vec![path.to_owned()]);
        }
        let mut names: Vec<String> = Vec::new();
        for entry in fs_err::read_dir(path)? {
            names.extend(entry?.file_name().into_string().ok());
        }
        names.retain(|name| !name.starts_with('.') && !name.ends_with('~'));
        names.sort_unstable();
        let mut files = Vec::new();
        for name in names {
            let path = path.join(&name);
            let ending = name.rfind('.').map_or("", |dot| &name[dot..]);
            if path.is_dir() {
                if ending.is_empty() {
                    files.extend(self.files(&path)?);
                }
            } else if ending.is_empty() || self.endings.iter().any(|known| known == ending) {
                files.push(path);
            }
        }
        Ok(files)
    }

    fn read(&self, path: &Path, vars: &mut Map) {
        let mut warnings = Vec::new();
        let options = yaml::LoadOptions { trust: Trust::Trusted, vault: &self.vault };
        let loaded = yaml::load_file(path, &options, &mut warnings);
        warnings.into_iter().for_each(|warning| self.report(warning));
        match loaded {
            Ok(Value::Map(map)) => merge_into(vars, map.as_ref(), self.merge_maps),
            Ok(nothing) if !nothing.is_truthy() => {}
            Ok(other) => {
                let message =
                    format!("'{}' holds a {} where a map of variables belongs", path.display(), other.type_name());
                let error = Diagnostic::error(message).at(other.origin()).of_kind(ErrorKind::Content);
                self.report(error.hint("write `name: value` on lines of their own"));
            }
            Err(error) => self.report(Diagnostic { severity: Severity::Error, ..error }.of_kind(ErrorKind::Content)),
        }
    }

    fn report(&self, problem: Diagnostic) {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner).push(problem);
    }
}
