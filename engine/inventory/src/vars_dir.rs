//! `VarsDir`: the `group_vars` and `host_vars` directories beside an inventory source or a playbook.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use kapell_config::{HashBehaviour, Settings};
use kapell_parsing::{Diagnostic, Map, Severity, Trust, Value, VaultSecrets, yaml};

use crate::merge::merge_into;

/// Directories are listed once; a file is read when its group or host is first asked for, so files of hosts that are
/// no part of the run do no harm. Names with a slash have no files.
pub struct VarsDir {
    groups: HashMap<String, Entry>,
    hosts: HashMap<String, Entry>,
    reader: Reader,
}

/// The file or directory of one name, and what it holds once it was read.
struct Entry {
    path: PathBuf,
    /// Place of its ending among the candidates: lower is taken first.
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
        Self {
            groups: reader.list(&basedir.join("group_vars")),
            hosts: reader.list(&basedir.join("host_vars")),
            reader,
        }
    }

    /// `None` also when the files cannot be read: see `take_problems`.
    pub fn group_vars(&self, group: &str) -> Option<&Map> {
        self.groups.get(group).map(|entry| self.reader.vars(entry))
    }

    /// `None` also when the files cannot be read: see `take_problems`.
    pub fn host_vars(&self, host: &str) -> Option<&Map> {
        self.hosts.get(host).map(|entry| self.reader.vars(entry))
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
    fn list(&self, directory: &Path) -> HashMap<String, Entry> {
        let mut entries: HashMap<String, Entry> = HashMap::new();
        if directory.is_file() {
            let message = format!("'{}' is not a directory and is skipped", directory.display());
            self.report(Diagnostic::warning(message));
            return entries;
        }
        let Ok(found) = fs_err::read_dir(directory) else { return entries };
        for name in found.filter_map(Result::ok).filter_map(|entry| entry.file_name().into_string().ok()) {
            let path = directory.join(&name);
            let with_ending = self.endings.iter().zip(1..).filter_map(|(ending, rank)| {
                name.strip_suffix(ending.as_str()).filter(|stem| !stem.is_empty()).map(|stem| (stem, rank))
            });
            for (stem, rank) in with_ending.chain([(name.as_str(), 0)]) {
                if entries.get(stem).is_none_or(|known| rank < known.rank) && path.exists() {
                    entries.insert(stem.into(), Entry { path: path.clone(), rank, vars: OnceLock::new() });
                }
            }
        }
        entries
    }

    fn vars<'a>(&self, entry: &'a Entry) -> &'a Map {
        entry.vars.get_or_init(|| {
            let mut vars = Map::new();
            match self.files(&entry.path) {
                Ok(files) => files.iter().for_each(|file| self.read(file, &mut vars)),
                Err(error) => self.report(Diagnostic::error(error.to_string())),
            }
            vars
        })
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
            Ok(Value::Map(map)) => merge_into(vars, &map, self.merge_maps),
            Ok(nothing) if !nothing.is_truthy() => {}
            Ok(other) => {
                let message =
                    format!("'{}' holds a {} where a map of variables belongs", path.display(), other.type_name());
                self.report(Diagnostic::error(message).at(other.origin()));
            }
            Err(error) => self.report(Diagnostic { severity: Severity::Error, ..error }),
        }
    }

    fn report(&self, problem: Diagnostic) {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner).push(problem);
    }
}
