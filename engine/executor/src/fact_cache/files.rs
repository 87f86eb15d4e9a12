//! `FactFiles`: one JSON file a host, as ansible-core's `jsonfile` keeps them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use kapell_config::Settings;
use kapell_parsing::Map;

use super::{FORM, payload};

/// Longest file that is read.
const LIMIT: u64 = 64 << 20;

#[derive(Clone, Debug)]
pub(super) struct FactFiles {
    directory: PathBuf,
    prefix: String,
    /// Older files are forgotten.
    timeout: Option<Duration>,
}

impl FactFiles {
    /// Nothing without a directory.
    pub(super) fn of(settings: &Settings) -> Option<Self> {
        let directory = settings.fact_caching_connection.as_deref().filter(|directory| !directory.is_empty())?;
        let prefix = settings.fact_caching_prefix.as_str();
        Some(Self {
            directory: crate::action::expand_user(directory),
            // The documented default is not what files are called.
            prefix: if prefix == "ansible_facts" { String::new() } else { prefix.to_owned() },
            timeout: super::timeout(settings),
        })
    }

    fn file(&self, host: &str) -> Option<PathBuf> {
        let is_name = !host.contains('/') && !host.contains('\0');
        is_name.then(|| self.directory.join(format!("{}{FORM}{host}", self.prefix)))
    }

    /// The facts kept of `host`, unless they are too old or make no sense.
    pub(super) fn read(&self, host: &str) -> Option<Map> {
        let path = self.file(host)?;
        let metadata = fs_err::metadata(&path).ok()?;
        let age = || SystemTime::now().duration_since(metadata.modified().ok()?).ok();
        if metadata.len() > LIMIT || self.timeout.is_some_and(|timeout| age().is_some_and(|age| age > timeout)) {
            return None;
        }
        payload::facts(&serde_json::from_str(&fs_err::read_to_string(&path).ok()?).ok()?)
    }

    /// Keeps the facts of `host`; without any, forgets it.
    pub(super) fn write(&self, host: &str, facts: &Map) -> std::io::Result<()> {
        match self.file(host) {
            Some(path) if facts.is_empty() => forget(&path),
            Some(path) => keep(&path, facts),
            None => Ok(()),
        }
    }
}

fn forget(path: &Path) -> std::io::Result<()> {
    match fs_err::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Readers see the old file or the new one.
fn keep(path: &Path, facts: &Map) -> std::io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    fs_err::create_dir_all(directory)?;
    let fresh =
        directory.join(format!(".{}.{}", path.file_name().unwrap_or_default().to_string_lossy(), std::process::id()));
    let mut file = fs_err::File::create(&fresh)?;
    file.write_all(payload::kept(facts).to_string().as_bytes())?;
    fs_err::rename(fresh, path)
}

#[cfg(test)]
mod tests {
    use kapell_parsing::Value;
    use serde_json::json;

    use super::*;

    #[test]
    fn facts_come_back() {
        let dir = tempfile::tempdir().unwrap();
        let files = FactFiles { directory: dir.path().join("new"), prefix: "p_".into(), timeout: None };
        let facts = Map::from_iter([("a".into(), Value::from_json(&json!({"b": [1, "x"]})))]);
        files.write("web", &facts).unwrap();
        assert!(dir.path().join("new/p_s1_web").is_file());
        assert_eq!(files.read("web"), Some(facts));
        files.write("web", &Map::new()).unwrap();
        assert_eq!((files.read("web"), files.read("../db")), (None, None));
    }
}
