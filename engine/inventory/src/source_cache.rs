//! `SourceCache`: what a slow source gave, kept in a JSON file for the next runs, where its configuration, the environment
//! or `ansible.cfg` ask for it: `cache`, `cache_plugin: jsonfile`, `cache_connection`, `cache_prefix`, `cache_timeout`.

use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use kapell_parsing::{Diagnostic, Value};
use serde_json::Value as Json;

use crate::load::{LoadContext, PluginConfig};

/// Longest file that is read.
const LIMIT: u64 = 256 << 20;

#[derive(Debug)]
pub struct SourceCache {
    file: PathBuf,
    /// Older files are forgotten; `None` for never.
    timeout: Option<Duration>,
    /// What is kept does not count, only what is found now: `--flush-cache` and `refresh_inventory`.
    fresh: bool,
}

impl SourceCache {
    /// The cache of the plugin called `name` for the source of `plugin`; `None` when nothing is to be kept.
    pub fn of(name: &str, plugin: &PluginConfig, cx: &LoadContext) -> Result<Option<Self>, Diagnostic> {
        let settings = cx.settings;
        let given = |option: &str| plugin.config.get(option).filter(|value| !value.is_null());
        let text = |option: &str, usual: &str| given(option).map_or_else(|| usual.to_owned(), Value::to_string);
        let wrong = |option: &str, expected: &str| {
            let value = given(option);
            let shown = value.map(Value::to_string).unwrap_or_default();
            let error = Diagnostic::error(format!("'{option}' is {expected}, not '{shown}'"));
            error.at(value.and_then(Value::origin).or(plugin.config.origin()))
        };
        let cache = given("cache").map(|value| value.to_bool_loose().ok_or_else(|| wrong("cache", "a boolean")));
        if !cache.transpose()?.unwrap_or(settings.inventory_cache) {
            return Ok(None);
        }
        let kind = text("cache_plugin", &settings.inventory_cache_plugin);
        match kind.strip_prefix("ansible.builtin.").unwrap_or(&kind) {
            // Kept for the run, in which a source is read once.
            "memory" => return Ok(None),
            "jsonfile" => {}
            _ => {
                let error = wrong("cache_plugin", "a cache of this program");
                return Err(error.hint("`jsonfile` keeps what was found in files, `memory` for the run only"));
            }
        }
        let connection = text("cache_connection", settings.inventory_cache_connection.as_deref().unwrap_or_default());
        if connection.is_empty() {
            let error = Diagnostic::error("the jsonfile cache has no directory").at(plugin.config.origin());
            return Err(error.hint("name one as `cache_connection`"));
        }
        let timeout = match given("cache_timeout") {
            None => settings.inventory_cache_timeout,
            Some(value) => {
                value.to_string().trim().parse().map_err(|_| wrong("cache_timeout", "a number of seconds"))?
            }
        };
        let prefix = text("cache_prefix", &settings.inventory_cache_prefix);
        let is_name = !prefix.contains('/');
        let file = format!("{prefix}{}_{:016x}", name.rsplit('.').next().unwrap_or(name), checksum(plugin.path));
        if !is_name {
            return Err(wrong("cache_prefix", "a part of a file name"));
        }
        let timeout = Some(timeout).filter(|seconds| *seconds > 0).map(Duration::from_secs);
        Ok(Some(Self { file: directory(&connection).join(file), timeout, fresh: cx.fresh }))
    }

    /// What is kept, unless it is too old or makes no sense.
    pub fn read(&self) -> Option<Json> {
        let metadata = fs_err::metadata(&self.file).ok().filter(|_| !self.fresh)?;
        let age = SystemTime::now().duration_since(metadata.modified().ok()?).unwrap_or_default();
        if metadata.len() > LIMIT || self.timeout.is_some_and(|timeout| age > timeout) {
            return None;
        }
        serde_json::from_slice(&fs_err::read(&self.file).ok()?).ok()
    }

    /// Keeps `found` for the next runs; only its owner may read it. Readers see the old file or the new one.
    pub fn write(&self, found: &Json) -> Result<(), Diagnostic> {
        self.keep(found).map_err(|error| {
            Diagnostic::warning(format!("cannot keep what an inventory source gave: {error}"))
                .hint("see `cache_connection` of its configuration")
        })
    }

    fn keep(&self, found: &Json) -> std::io::Result<()> {
        let directory = self.file.parent().unwrap_or(Path::new("."));
        fs_err::create_dir_all(directory)?;
        // A temporary file is made with the mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(found.to_string().as_bytes())?;
        file.persist(&self.file).map_err(|error| error.error)?;
        Ok(())
    }
}

/// `~` is the home directory.
fn directory(connection: &str) -> PathBuf {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    match (connection.strip_prefix('~'), home) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        _ => connection.into(),
    }
}

/// Tells sources apart (FNV-1a), the same in every run.
fn checksum(path: &Path) -> u64 {
    let bytes = path.as_os_str().as_bytes();
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kapell_config::Settings;
    use kapell_parsing::{Map, SourceFile, Trust, VaultSecrets, yaml};
    use serde_json::json;

    use super::*;

    fn cache(config: &str, fresh: bool) -> Result<Option<SourceCache>, Diagnostic> {
        let (settings, vault) = (Settings::default(), VaultSecrets::default());
        let cx = LoadContext {
            settings: &settings,
            vault: &vault,
            plugins: &[],
            extra_vars: &Map::new(),
            foreign: None,
            fresh,
        };
        let source: Arc<SourceFile> = SourceFile::new("aws.yml", config);
        let options = yaml::LoadOptions { trust: Trust::Trusted, vault: &vault };
        let config = yaml::load(&source, &options, &mut Vec::new()).unwrap();
        SourceCache::of("amazon.aws.aws_ec2", &PluginConfig { path: Path::new("aws.yml"), config: &config }, &cx)
    }

    #[test]
    fn what_was_found_is_kept_until_it_is_too_old_or_not_wanted() {
        let directory = tempfile::tempdir().unwrap();
        let config = format!("cache: true\ncache_plugin: jsonfile\ncache_connection: {}\n", directory.path().display());
        let found = json!({"hosts": ["a"]});
        let first = cache(&config, false).unwrap().unwrap();
        assert_eq!(first.read(), None);
        first.write(&found).unwrap();
        assert_eq!(cache(&config, false).unwrap().unwrap().read(), Some(found));
        assert_eq!(cache(&config, true).unwrap().unwrap().read(), None);
        assert_eq!(cache(&format!("{config}cache_prefix: other_\n"), false).unwrap().unwrap().read(), None);
        let long_ago = SystemTime::now() - Duration::from_secs(5000);
        std::fs::File::options().write(true).open(&first.file).unwrap().set_modified(long_ago).unwrap();
        assert_eq!(cache(&format!("{config}cache_timeout: 60\n"), false).unwrap().unwrap().read(), None);
        assert!(cache(&format!("{config}cache_timeout: 0\n"), false).unwrap().unwrap().read().is_some());
        fs_err::write(&first.file, "{").unwrap();
        assert_eq!(first.read(), None);
    }

    #[test]
    fn nothing_is_kept_unless_it_is_asked_for() {
        assert!(cache("plugin: aws_ec2\n", false).unwrap().is_none());
        assert!(cache("cache: true\n", false).unwrap().is_none());
        assert!(cache("cache: false\ncache_plugin: jsonfile\n", false).unwrap().is_none());
    }

    #[test]
    fn wrong_options_are_told_with_their_place() {
        let jsonfile = "cache: true\ncache_plugin: jsonfile\n";
        let cases = [
            ("cache: perhaps\n".to_owned(), "'cache' is a boolean, not 'perhaps'", Some(1)),
            (
                "cache: true\ncache_plugin: redis\n".to_owned(),
                "'cache_plugin' is a cache of this program, not 'redis'",
                Some(2),
            ),
            (jsonfile.to_owned(), "the jsonfile cache has no directory", Some(1)),
            (
                format!("{jsonfile}cache_connection: /tmp\ncache_timeout: soon\n"),
                "'cache_timeout' is a number of seconds, not 'soon'",
                Some(4),
            ),
            (
                format!("{jsonfile}cache_connection: /tmp\ncache_prefix: ../x\n"),
                "'cache_prefix' is a part of a file name, not '../x'",
                Some(4),
            ),
        ];
        for (config, message, line) in cases {
            let error = cache(&config, false).unwrap_err();
            assert_eq!((error.message.as_str(), error.origin.map(|origin| origin.line)), (message, line));
        }
    }
}
