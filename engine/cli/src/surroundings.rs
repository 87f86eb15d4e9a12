//! What templates may ask of this program: settings, host patterns, and a place for a plugin's messages.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use kapell_config::{Environment, FoundValue, OPTIONS, PluginOption, Settings, ValueOrigin, ini};
use kapell_executor::{Event, ModuleLibrary, RunOptions};
use kapell_inventory::{HostPattern, Inventory, Policy};
use kapell_parsing::{Deprecation, Diagnostic, Map, SourceFile, Value, VaultSecrets};
use kapell_template::{
    FetchError, PluginAnswer, PluginOptionValue, PluginPaths, ServiceLookup, Surroundings, Templar, TemplarOptions,
    UrlAnswer, UrlRequest,
};

use crate::cloud;

/// The options of a run's `Templar`. `roots`: the directories of its playbooks. `command_line`: what options of plugins
/// are set to there.
pub(crate) fn templar_options(
    settings: &Settings,
    command_line: Vec<(&'static str, Value)>,
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
            origins: OnceLock::new(),
            command_line,
            tell: Box::new(tell),
        })),
        ..TemplarOptions::default()
    }
}

/// What the command line of a run says that options of plugins go by.
pub(crate) fn command_line(options: &RunOptions) -> Vec<(&'static str, Value)> {
    let path = options.private_key_file.as_ref().map(|path| path.to_string_lossy().into_owned().into());
    let given = [
        ("remote_user", options.remote_user.as_deref().map(Value::from)),
        ("private_key_file", path),
        ("timeout", options.timeout.map(|seconds| Value::Int(i64::try_from(seconds).unwrap_or(i64::MAX)))),
    ];
    given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// What answers callbacks written in Python; their messages are theirs to show.
pub(crate) fn plugin_templar(settings: &Settings, vault: &VaultSecrets, library: &ModuleLibrary) -> Templar {
    Templar::new(templar_options(settings, Vec::new(), vault, library.content_dirs(), drop))
}

struct Program {
    settings: Settings,
    /// The entries of `ansible.cfg`, read when a plugin first asks for one.
    ini: OnceLock<Vec<ini::IniEntry>>,
    /// Where the settings come from, found when a template first asks.
    origins: OnceLock<Vec<ValueOrigin>>,
    /// What the command line says that options of plugins go by.
    command_line: Vec<(&'static str, Value)>,
    tell: Box<dyn Fn(Event) + Send + Sync>,
}

impl Surroundings for Program {
    fn setting(&self, name: &str) -> Option<Value> {
        self.settings.value(name)
    }

    fn setting_origin(&self, name: &str) -> Option<String> {
        let origins = || {
            let cwd = std::env::current_dir().ok()?;
            Settings::origins(&Environment::of_process(), &cwd).ok()
        };
        let origins = self.origins.get_or_init(|| origins().unwrap_or_default());
        let at = OPTIONS.iter().position(|row| row.name == name)?;
        Some(match origins.get(at)? {
            ValueOrigin::Default => "default".to_owned(),
            ValueOrigin::Environment(name) => format!("env: {name}"),
            ValueOrigin::File(path) => path.display().to_string(),
        })
    }

    fn plugin_option(&self, kind: &str, plugin: &str, name: &str) -> PluginAnswer {
        if !PluginOption::KINDS.contains(&kind) {
            return PluginAnswer::NoKind;
        }
        let Some(options) = PluginOption::of(kind, plugin) else { return PluginAnswer::NoPlugin };
        let Some(option) = options.into_iter().find(|option| option.name == name) else {
            return PluginAnswer::NoOption;
        };
        let environment = Environment::of_process();
        let given = |name: &&&str| self.command_line.iter().find(|(known, _)| known == *name);
        let otherwise = match option.command_line.iter().rev().find_map(|name| given(&name)) {
            Some((name, value)) => (value.clone(), format!("cli: {name}")),
            None => {
                let place = || self.config_file().unwrap_or_default();
                let found = option.find(&environment, &|section, key| Some((self.ini(section, key)?, place())));
                (found.value, found.origin)
            }
        };
        PluginAnswer::Option(PluginOptionValue {
            variables: option.variables.iter().rev().copied().collect(),
            otherwise,
            required: option.required,
            typed: Box::new(move |value, origin| option.typed(FoundValue { value, origin }, &environment)),
        })
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

    fn deprecated(&self, what: &Deprecation) {
        if self.settings.deprecation_warnings {
            (self.tell)(Event::Diagnostic(what.diagnostic()));
        }
    }

    fn notice(&self, level: &str, text: &str) {
        match level {
            "collection_mismatch" if self.settings.collections_mismatch == "ignore" => {}
            "warning" | "collection_mismatch" => (self.tell)(Event::Diagnostic(Diagnostic::warning(text))),
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
