//! `Surroundings`: what templates can ask of the program they run in.

use kapell_parsing::{Map, Value};

/// Implemented by whoever makes the `Templar`. Every answer may be nothing.
pub trait Surroundings: Send + Sync {
    /// The value of a setting by its name in `ansible-config`.
    fn setting(&self, name: &str) -> Option<Value>;
    /// An entry of `ansible.cfg` as written, for plugins with options of their own.
    fn ini(&self, section: &str, key: &str) -> Option<String>;
    fn config_file(&self) -> Option<String>;
    /// The hosts a pattern selects from `groups` (names to lists of hosts); an unknown name selects none.
    fn hosts(&self, pattern: &str, groups: &Map) -> Result<Vec<String>, String>;
    /// A message for the user: `warning`, `deprecated`, `info` or `verboseN`.
    fn notice(&self, level: &str, text: &str);
}
