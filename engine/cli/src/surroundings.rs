//! What templates may ask of this program: settings, host patterns, and a place for a plugin's messages.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use kapell_config::{Settings, ini};
use kapell_executor::{Event, ModuleLibrary};
use kapell_inventory::{HostPattern, Inventory, Policy};
use kapell_parsing::{Diagnostic, Map, SourceFile, Value, VaultSecrets};
use kapell_template::{
    FetchError, PluginPaths, ServiceLookup, Surroundings, Templar, TemplarOptions, UrlAnswer, UrlRequest,
};

use crate::cloud;

/// The options of a run's `Templar`. `roots`: the directories of its playbooks.
pub(crate) fn templar_options(
    settings: &Settings,
    vault: &VaultSecrets,
    roots: impl IntoIterator<Item = PathBuf>,
    tell: impl Fn(Event) + Send + Sync + 'static,
) -> TemplarOptions {
    let plugins = PluginPaths {
        filter: settings.filter_plugins.clone(),
        test: settings.test_plugins.clone(),
        lookup: settings.lookup_plugins.clone(),
        collections: settings.collections_paths.clone(),
        roots: roots.into_iter().collect(),
    };
    TemplarOptions {
        vault: vault.clone(),
        allow_broken_conditionals: settings.allow_broken_conditionals,
        plugins,
        jinja2_extensions: settings.jinja2_extensions.clone(),
        surroundings: Some(Arc::new(Program {
            settings: settings.clone(),
            ini: OnceLock::new(),
            tell: Box::new(tell),
        })),
        ..TemplarOptions::default()
    }
}

/// What answers callbacks written in Python; their messages are theirs to show.
pub(crate) fn plugin_templar(settings: &Settings, vault: &VaultSecrets, library: &ModuleLibrary) -> Templar {
    Templar::new(templar_options(settings, vault, library.content_dirs(), drop))
}

struct Program {
    settings: Settings,
    /// The entries of `ansible.cfg`, read when a plugin first asks for one.
    ini: OnceLock<Vec<ini::IniEntry>>,
    tell: Box<dyn Fn(Event) + Send + Sync>,
}

impl Surroundings for Program {
    fn setting(&self, name: &str) -> Option<Value> {
        self.settings.value(name)
    }

    fn ini(&self, section: &str, key: &str) -> Option<String> {
        let read = || {
            let path = self.settings.config_file.as_ref()?;
            let text = fs_err::read_to_string(path).ok()?;
            ini::parse(&SourceFile::new(path, text)).ok()
        };
        let entries = self.ini.get_or_init(|| read().unwrap_or_default());
        let found = entries.iter().find(|entry| entry.section == section && entry.key == key.to_lowercase());
        found.map(|entry| entry.value.clone())
    }

    fn config_file(&self) -> Option<String> {
        self.settings.config_file.as_ref().map(|path| path.to_string_lossy().into_owned())
    }

    fn hosts(&self, pattern: &str, groups: &Map) -> Result<Vec<String>, String> {
        let mut inventory = Inventory::new(Policy::default());
        for (group, hosts) in groups {
            let group = group.to_string();
            for host in hosts.as_list().unwrap_or_default() {
                inventory
                    .add_host(&host.to_string(), &[&group], &Map::new(), &mut Vec::new())
                    .map_err(|error| error.message)?;
            }
        }
        let pattern = HostPattern::parse([pattern]).map_err(|error| error.message)?;
        inventory.select(&pattern, None, &mut Vec::new()).map_err(|error| error.message)
    }

    fn fetch(&self, request: &UrlRequest) -> Result<UrlAnswer, FetchError> {
        let request = request.clone();
        let fetch = kapell_modules::Fetch {
            url: request.url,
            post: request.post,
            headers: request.headers,
            unredirected_headers: request.unredirected_headers,
            timeout: Duration::try_from_secs_f64(request.timeout).unwrap_or(Duration::MAX),
            follow_redirects: !matches!(request.follow_redirects.as_str(), "none" | "no"),
            username: request.username,
            password: request.password,
            force_basic_auth: request.force_basic_auth,
            use_netrc: request.use_netrc,
            use_proxy: request.use_proxy,
            validate_certs: request.validate_certs,
            ca_path: request.ca_path.map(PathBuf::from),
            unix_socket: request.unix_socket.map(PathBuf::from),
            agent: request.agent,
        };
        let fetched = kapell_modules::fetch(&fetch);
        let fetched = fetched.map_err(|reason| reason.map_or(FetchError::TimedOut, FetchError::NoAnswer))?;
        Ok(UrlAnswer { status: fetched.status, reason: fetched.reason, body: fetched.body })
    }

    fn service_lookup(&self, name: &str) -> Option<ServiceLookup> {
        cloud::EXTENSION.lookup(name)
    }

    fn notice(&self, level: &str, text: &str) {
        match level {
            "warning" => (self.tell)(Event::Diagnostic(Diagnostic::warning(text))),
            "deprecated" if self.settings.deprecation_warnings => {
                (self.tell)(Event::Diagnostic(Diagnostic::deprecation(text)));
            }
            "info" => (self.tell)(Event::Message(text.to_owned())),
            _ => {
                let verbosity = level.strip_prefix("verbose").and_then(|number| number.parse().ok());
                (self.tell)(Event::Detail { verbosity: verbosity.unwrap_or(3), text: text.to_owned() });
            }
        }
    }
}
