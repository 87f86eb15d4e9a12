//! `Args`: the validated arguments of one call, read by name.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use crate::{Map, ModuleError};

/// Arguments after validation: canonical names, every argument of the module present (null when not set),
/// values of the declared kinds, defaults filled in.
#[derive(Debug, Clone, Default)]
pub struct Args {
    values: Map,
    private: Map,
    given: BTreeSet<String>,
}

impl Args {
    pub(crate) fn new(values: Map, private: Map, given: BTreeSet<String>) -> Self {
        Self { values, private, given }
    }

    /// Arguments of a sub-specification (a dict or an element of a list of dicts), already validated.
    pub fn of_map(values: &Map) -> Self {
        let given = values.iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| key.clone()).collect();
        Self { values: values.clone(), private: Map::new(), given }
    }

    /// A value that validation guarantees (required, or with a default).
    pub fn str(&self, name: &str) -> Result<&str, ModuleError> {
        self.opt_str(name).ok_or_else(|| missing(name))
    }

    pub fn opt_str(&self, name: &str) -> Option<&str> {
        self.raw(name)?.as_str()
    }

    pub fn path(&self, name: &str) -> Result<PathBuf, ModuleError> {
        self.str(name).map(PathBuf::from)
    }

    pub fn opt_path(&self, name: &str) -> Option<PathBuf> {
        self.opt_str(name).map(PathBuf::from)
    }

    /// False when not set.
    pub fn bool(&self, name: &str) -> bool {
        self.opt_bool(name).unwrap_or(false)
    }

    pub fn opt_bool(&self, name: &str) -> Option<bool> {
        self.raw(name)?.as_bool()
    }

    pub fn int(&self, name: &str) -> Result<i64, ModuleError> {
        self.opt_int(name).ok_or_else(|| missing(name))
    }

    pub fn opt_int(&self, name: &str) -> Option<i64> {
        match self.raw(name)? {
            Value::Bool(value) => Some(i64::from(*value)),
            value => value.as_i64(),
        }
    }

    pub fn opt_float(&self, name: &str) -> Option<f64> {
        self.raw(name)?.as_f64()
    }

    /// The strings of a list; empty when not set.
    pub fn list_of_str(&self, name: &str) -> Vec<String> {
        self.opt_list_of_str(name).unwrap_or_default()
    }

    pub fn opt_list_of_str(&self, name: &str) -> Option<Vec<String>> {
        let list = self.raw(name)?.as_array()?;
        Some(list.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect())
    }

    pub fn list_of_int(&self, name: &str) -> Vec<i64> {
        self.list(name).iter().filter_map(Value::as_i64).collect()
    }

    pub fn list(&self, name: &str) -> &[Value] {
        self.raw(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    pub fn dict(&self, name: &str) -> Option<&Map> {
        self.raw(name)?.as_object()
    }

    /// The value as it is; `None` when it is null or not set.
    pub fn raw(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    /// Whether the argument has a value, given or by default.
    pub fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// Whether the task gave the argument itself.
    pub fn given(&self, name: &str) -> bool {
        self.given.contains(name)
    }

    /// An argument that only the engine sends (`_content_sha256`); it is never shown.
    pub fn private(&self, name: &str) -> Option<&Value> {
        self.private.get(name).filter(|value| !value.is_null())
    }

    pub fn private_str(&self, name: &str) -> Option<&str> {
        self.private(name)?.as_str()
    }

    /// All values, for modules that hand them on.
    pub fn values(&self) -> &Map {
        &self.values
    }

    /// Replaces a value, for a module that runs another one with changed arguments.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }
}

fn missing(name: &str) -> ModuleError {
    ModuleError::failed(format!("missing required arguments: {name}"))
}
