//! `VarsDir`: the `group_vars` and `host_vars` directories beside an inventory source or a playbook.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use kapell_config::{HashBehaviour, Settings};
use kapell_parsing::{Diagnostic, ErrorKind, Map, Severity, Trust, Value, VaultSecrets, yaml};

use crate::merge::merge_into;
use crate::{VarsOwner, VarsPlugins};

/// What reading `group_vars` and `host_vars` is called among the sources of variables.
const FILES: &str = "host_group_vars";

/// Directories are listed once; a file is read when its group or host is first asked for, so files of hosts that are
/// no part of the run do no harm. Names with a slash have no files.
pub struct VarsDir {
    groups: Named,
    hosts: Named,
    reader: Reader,
    plugins: Option<FromPlugins>,
}

/// What plugins bring, asked for once.
struct FromPlugins {
    plugins: Arc<dyn VarsPlugins>,
    known: Mutex<HashMap<String, Option<Arc<Map>>>>,
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
    vars: OnceLock<Arc<Map>>,
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
        let reads_files = settings.vars_plugins_enabled.iter().any(|name| name.rsplit('.').next() == Some(FILES));
        let list = |name: &str| match reads_files {
            true => reader.list(basedir.join(name)),
            false => Named { directory: basedir.join(name), entries: HashMap::new() },
        };
        Self { groups: list("group_vars"), hosts: list("host_vars"), reader, plugins: None }
    }

    /// With what plugins of users bring.
    #[must_use]
    pub fn with_plugins(self, plugins: Option<&Arc<dyn VarsPlugins>>) -> Self {
        let own = plugins.map(|plugins| FromPlugins { plugins: Arc::clone(plugins), known: Mutex::default() });
        Self { plugins: own, ..self }
    }

    /// Whether these are the directories in `basedir`.
    pub fn is_in(&self, basedir: &Path) -> bool {
        self.groups.directory.parent() == Some(basedir)
    }

    /// `None` also when the files cannot be read: see `take_problems`.
    pub fn group_vars(&self, group: &str) -> Option<Arc<Map>> {
        self.vars(&self.groups, group, VarsOwner::Group(group))
    }

    /// `None` also when the files cannot be read: see `take_problems`.
    pub fn host_vars(&self, host: &str) -> Option<Arc<Map>> {
        self.vars(&self.hosts, host, VarsOwner::Host(host))
    }

    /// Those of files, and over them those of plugins.
    fn vars(&self, named: &Named, name: &str, owner: VarsOwner<'_>) -> Option<Arc<Map>> {
        let of_files = self.reader.vars(named, name);
        let Some(FromPlugins { plugins, known }) = &self.plugins else { return of_files };
        let key = format!("{owner:?}");
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(&key) {
            return known.clone();
        }
        let directory = named.directory.parent().unwrap_or(Path::new("."));
        let brought = plugins.vars(directory, owner).unwrap_or_else(|error| {
            self.reader.report(error);
            Map::new()
        });
        let vars = if brought.is_empty() {
            of_files
        } else {
            let mut merged = of_files.map(Arc::unwrap_or_clone).unwrap_or_default();
            merge_into(&mut merged, &brought, self.reader.merge_maps);
            Some(Arc::new(merged))
        };
        known.insert(key, vars.clone());
        vars
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

    fn vars(&self, named: &Named, name: &str) -> Option<Arc<Map>> {
        let entry = named.entries.get(name)?;
        let vars = entry.vars.get_or_init(|| {
            let ending = entry.rank.checked_sub(1).map_or("", |place| &self.endings[place]);
            let mut vars = Map::new();
            match self.files(&named.directory.join(format!("{name}{ending}"))) {
                Ok(files) => files.iter().for_each(|file| self.read(file, &mut vars)),
                Err(error) => self.report(Diagnostic::error(error.to_string()).of_kind(ErrorKind::Content)),
            }
            Arc::new(vars)
        });
        Some(Arc::clone(vars))
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
