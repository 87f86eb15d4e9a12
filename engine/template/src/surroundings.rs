//! `Surroundings`: what templates can ask of the program they run in.

use kapell_parsing::{Deprecation, Map, Value};
use serde_json::Value as Json;

/// Implemented by whoever makes the `Templar`. Every answer may be nothing.
pub trait Surroundings: Send + Sync {
    /// The value of a setting by its name in `ansible-config`.
    fn setting(&self, name: &str) -> Option<Value>;
    /// Where a setting comes from: `env: NAME`, a path, `default`.
    fn setting_origin(&self, _name: &str) -> Option<String> {
        None
    }
    /// An option of a plugin that is built in.
    fn plugin_option(&self, _kind: &str, _plugin: &str, _name: &str) -> PluginAnswer {
        PluginAnswer::NoPlugin
    }
    /// An entry of `ansible.cfg` as written, for plugins with options of their own.
    fn ini(&self, section: &str, key: &str) -> Option<String>;
    fn config_file(&self) -> Option<String>;
    /// The hosts a pattern selects from `groups` (names to lists of hosts); an unknown name selects none.
    fn hosts(&self, pattern: &str, groups: &Map) -> Result<Vec<String>, String>;
    /// Gets a URL.
    fn fetch(&self, request: &UrlRequest) -> Result<UrlAnswer, FetchError>;
    /// The lookup of this name that asks a service outside, where the program has it.
    fn service_lookup(&self, _name: &str) -> Option<ServiceLookup> {
        None
    }
    /// A message for the user: `warning`, `collection_mismatch`, `deprecated`, `info` or `verboseN`.
    fn notice(&self, level: &str, text: &str);
    /// Something a template uses goes away.
    fn deprecated(&self, what: &Deprecation) {
        self.notice("deprecated", &what.sentences());
    }
}

/// What is known of an option of a plugin.
pub enum PluginAnswer {
    /// Plugins of this kind have no options, or there is no such kind.
    NoKind,
    NoPlugin,
    NoOption,
    Option(PluginOptionValue),
}

pub struct PluginOptionValue {
    /// Variables that set it, the strongest first.
    pub variables: Vec<&'static str>,
    /// What it is when none of them does, and where that comes from.
    pub otherwise: (Value, String),
    pub required: bool,
    /// A value from a place, as the option's type has it.
    pub typed: Typed,
}

/// From a value and its place to the value of the right type, or what is wrong with it.
pub type Typed = Box<dyn Fn(Value, String) -> Result<Value, String>>;

/// Terms and options in, values and warnings out; the error is told to the user.
pub type ServiceLookup = fn(ServiceQuestion) -> Result<ServiceAnswer, String>;

pub struct ServiceQuestion {
    pub terms: Vec<Json>,
    pub options: Vec<(String, Json)>,
}

#[derive(Default)]
pub struct ServiceAnswer {
    /// With whether they are secret.
    pub values: Vec<(Json, bool)>,
    pub warnings: Vec<String>,
}

/// What a lookup asks a server for. Not `Debug`: it may hold a password.
#[derive(Clone)]
pub struct UrlRequest {
    pub url: String,
    /// Sent as a POST, when there is one.
    pub post: Option<Vec<u8>>,
    pub headers: Vec<(String, String)>,
    /// Names of headers that are not sent on after a redirect.
    pub unredirected_headers: Vec<String>,
    /// Seconds.
    pub timeout: f64,
    /// As the option is written: `none`, `all` and so on.
    pub follow_redirects: String,
    pub username: Option<String>,
    pub password: Option<String>,
    /// Sends the credentials without being asked.
    pub force_basic_auth: bool,
    pub use_netrc: bool,
    pub use_proxy: bool,
    pub validate_certs: bool,
    pub ca_path: Option<String>,
    pub unix_socket: Option<String>,
    pub agent: String,
}

/// What a server answered, whatever the status.
pub struct UrlAnswer {
    pub status: u16,
    pub reason: String,
    pub body: Vec<u8>,
}

/// Why there is no answer.
pub enum FetchError {
    TimedOut,
    NoAnswer(String),
}
