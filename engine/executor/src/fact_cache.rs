//! `FactCache`: facts kept between runs, one JSON file a host, as ansible-core's `jsonfile` keeps them.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use kapell_config::Settings;
use kapell_parsing::{Diagnostic, Map};
use serde_json::json;

use crate::action::{json_map, value_map};
use crate::run_state::RunState;
use crate::{Event, Run};

/// Files of this form: a JSON text under `__payload__`.
const FORM: &str = "s1_";
const PAYLOAD: &str = "__payload__";
/// Longest file that is read.
const LIMIT: u64 = 64 << 20;

/// Where facts are kept; without a place they last as long as the run.
#[derive(Clone, Debug, Default)]
pub struct FactCache {
    directory: Option<PathBuf>,
    prefix: String,
    /// Older files are forgotten.
    timeout: Option<Duration>,
}

impl FactCache {
    /// What the settings ask for; the second is what is wrong with them.
    pub fn of(settings: &Settings) -> (Self, Option<Diagnostic>) {
        let kind = settings.fact_caching.strip_prefix("ansible.builtin.").unwrap_or(&settings.fact_caching);
        let directory = settings.fact_caching_connection.as_deref().filter(|directory| !directory.is_empty());
        match (kind, directory) {
            ("memory", _) => (Self::default(), None),
            ("jsonfile", Some(directory)) => {
                let prefix = settings.fact_caching_prefix.as_str();
                let own = Self {
                    directory: Some(crate::action::expand_user(directory)),
                    // The documented default is not what files are called.
                    prefix: if prefix == "ansible_facts" { String::new() } else { prefix.to_owned() },
                    timeout: Some(settings.fact_caching_timeout).filter(|t| *t > 0).map(Duration::from_secs),
                };
                (own, None)
            }
            ("jsonfile", None) => {
                let warning = Diagnostic::warning("the fact cache has no directory: facts last for this run only");
                (Self::default(), Some(warning.hint("set fact_caching_connection")))
            }
            (other, _) => {
                let warning = Diagnostic::warning(format!("the fact cache '{other}' is not supported"));
                (Self::default(), Some(warning.hint("facts last for this run only; jsonfile keeps them")))
            }
        }
    }

    fn file(&self, host: &str) -> Option<PathBuf> {
        let is_name = !host.contains('/') && !host.contains('\0');
        Some(self.directory.as_ref().filter(|_| is_name)?.join(format!("{}{FORM}{host}", self.prefix)))
    }

    /// The facts kept of `host`, unless they are too old or make no sense.
    pub fn read(&self, host: &str) -> Option<Map> {
        let path = self.file(host)?;
        let metadata = fs_err::metadata(&path).ok()?;
        let age = || SystemTime::now().duration_since(metadata.modified().ok()?).ok();
        if metadata.len() > LIMIT || self.timeout.is_some_and(|timeout| age().is_some_and(|age| age > timeout)) {
            return None;
        }
        let outer: serde_json::Value = serde_json::from_str(&fs_err::read_to_string(&path).ok()?).ok()?;
        let inner = serde_json::from_str(outer.get(PAYLOAD)?.as_str()?).ok()?;
        match untagged(inner) {
            serde_json::Value::Object(facts) => Some(value_map(&facts)),
            _ => None,
        }
    }

    /// Keeps the facts of `host`; without any, forgets it.
    pub fn write(&self, host: &str, facts: &Map) -> Result<(), Diagnostic> {
        let Some(path) = self.file(host) else { return Ok(()) };
        let written = if facts.is_empty() { forget(&path) } else { keep(&path, facts) };
        written.map_err(|error| Diagnostic::warning(format!("cannot keep the facts of {host}: {error}")))
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
    let payload = serde_json::Value::Object(json_map(facts)).to_string();
    let fresh =
        directory.join(format!(".{}.{}", path.file_name().unwrap_or_default().to_string_lossy(), std::process::id()));
    let mut file = fs_err::File::create(&fresh)?;
    file.write_all(json!({ PAYLOAD: payload }).to_string().as_bytes())?;
    fs_err::rename(fresh, path)
}

/// Values without what ansible-core notes of their origin.
fn untagged(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Json::Object(mut map) => match (map.contains_key("__ansible_type"), map.remove("value")) {
            (true, Some(inner)) => untagged(inner),
            (_, inner) => {
                let rest = map.into_iter().chain(inner.map(|inner| ("value".to_owned(), inner)));
                Json::Object(rest.map(|(key, value)| (key, untagged(value))).collect())
            }
        },
        Json::Array(items) => Json::Array(items.into_iter().map(untagged).collect()),
        other => other,
    }
}

/// Takes what is kept of the inventory's hosts into `state`, or forgets it all when the command line says so.
pub fn recall(run: &Run, state: &mut RunState) {
    let (cache, warning) = FactCache::of(&run.settings);
    warning.into_iter().for_each(|warning| run.emit(Event::Diagnostic(warning)));
    if cache.directory.is_some() {
        let hosts: Vec<String> = state.world.inventory.hosts().map(|host| host.name.clone()).collect();
        for host in hosts {
            if run.options.flush_cache {
                let forgotten = cache.write(&host, &Map::new());
                forgotten.unwrap_or_else(|warning| run.emit(Event::Diagnostic(warning)));
            } else if let Some(facts) = cache.read(&host) {
                let known = state.facts_mut(&host);
                known.gathered = facts.contains_key("module_setup") || facts.contains_key("gather_subset");
                known.add_facts(&facts);
            }
        }
    }
    state.fact_cache = cache;
}

/// Keeps the facts of `host` as they are now.
pub fn remember(run: &Run, state: &RunState, host: &str) {
    let facts = state.world.facts(host).map(|known| known.facts.clone()).unwrap_or_default();
    state.fact_cache.write(host, &facts).unwrap_or_else(|warning| run.emit(Event::Diagnostic(warning)));
}

#[cfg(test)]
mod tests {
    use kapell_parsing::Value;

    use super::*;

    #[test]
    fn facts_come_back_and_origins_do_not() {
        let dir = tempfile::tempdir().unwrap();
        let cache = FactCache { directory: Some(dir.path().join("new")), prefix: "p_".into(), timeout: None };
        let facts = Map::from_iter([("a".into(), Value::from_json(&json!({"b": [1, "x"]})))]);
        cache.write("web", &facts).unwrap();
        assert!(dir.path().join("new/p_s1_web").is_file());
        assert_eq!(cache.read("web"), Some(facts));
        let tagged = json!({"c": {"value": "yes", "tags": [], "__ansible_type": "_AnsibleTaggedStr"}}).to_string();
        fs_err::write(dir.path().join("new/p_s1_db"), json!({ PAYLOAD: tagged }).to_string()).unwrap();
        assert_eq!(cache.read("db"), Some(Map::from_iter([("c".into(), "yes".into())])));
        cache.write("web", &Map::new()).unwrap();
        assert_eq!((cache.read("web"), cache.read("../db")), (None, None));
    }
}
