//! `LoadedFiles`: what files of variables hold, read again only when they have changed.

use std::collections::HashMap;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use kapell_parsing::{Diagnostic, Map};

/// Every host looks at its files with every task.
#[derive(Default)]
pub struct LoadedFiles(Mutex<HashMap<PathBuf, (Stamp, Arc<Map>)>>);

/// A file that was written has another one.
#[derive(PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(path: &Path) -> io::Result<Self> {
        let about = fs_err::metadata(path)?;
        Ok(Self {
            inode: about.ino(),
            size: about.size(),
            modified: (about.mtime(), about.mtime_nsec()),
            changed: (about.ctime(), about.ctime_nsec()),
        })
    }
}

impl LoadedFiles {
    /// The variables in the file at `path`, which `load` reads unless they are known.
    pub(super) fn get(
        &self,
        path: &Path,
        load: impl FnOnce() -> Result<Map, Diagnostic>,
    ) -> Result<Arc<Map>, Diagnostic> {
        // Looked at before the file is read: what is written meanwhile is seen the next time.
        let stamp = Stamp::of(path).map_err(|error| Diagnostic::error(error.to_string()))?;
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, variables)) = known().get(path).filter(|(then, _)| *then == stamp) {
            return Ok(Arc::clone(variables));
        }
        let variables = Arc::new(load()?);
        known().insert(path.to_owned(), (stamp, Arc::clone(&variables)));
        Ok(variables)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_again_once_it_has_changed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("vars.yml");
        let files = LoadedFiles::default();
        let read = |variable: &str| {
            let mut is_read = false;
            let load = || {
                is_read = true;
                Ok(Map::from_iter([(variable.into(), true.into())]))
            };
            let variables = files.get(&path, load).unwrap();
            (is_read, variables.keys().map(ToString::to_string).collect::<String>())
        };
        fs_err::write(&path, "a: true").unwrap();
        assert_eq!(read("a"), (true, "a".to_owned()));
        assert_eq!(read("b"), (false, "a".to_owned()));
        fs_err::write(&path, "longer: true").unwrap();
        assert_eq!(read("c"), (true, "c".to_owned()));
        fs_err::remove_file(&path).unwrap();
        assert!(files.get(&path, || Ok(Map::new())).is_err(), "what is gone is not known any more");
    }
}
