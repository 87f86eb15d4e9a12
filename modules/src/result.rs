//! `ModuleResult`: what a module reports, key by key in the order it was set.

use serde_json::Value;

use crate::{Diff, Map, path_facts};

/// The result of a module that did not fail.
#[derive(Debug, Clone, Default)]
pub struct ModuleResult {
    values: Map,
}

impl ModuleResult {
    /// Nothing changed, nothing else to say.
    pub fn ok() -> Self {
        Self::default().changed(false)
    }

    pub fn of(values: Map) -> Self {
        Self { values }
    }

    pub fn changed(self, changed: bool) -> Self {
        self.set("changed", changed)
    }

    pub fn msg(self, msg: impl Into<String>) -> Self {
        self.set("msg", msg.into())
    }

    pub fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.values.insert(key.to_owned(), value.into());
        self
    }

    /// Sets the key when there is a value.
    pub fn set_opt(self, key: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.set(key, value),
            None => self,
        }
    }

    pub fn extend(mut self, values: Map) -> Self {
        self.values.extend(values);
        self
    }

    pub fn without(mut self, key: &str) -> Self {
        self.values.shift_remove(key);
        self
    }

    pub fn skipped(self) -> Self {
        self.set("skipped", true)
    }

    pub fn diff(self, diff: Diff) -> Self {
        self.set("diff", diff.into_value())
    }

    /// A fact: `ansible_facts.<name>`.
    pub fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        let facts = self.values.entry("ansible_facts").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(facts) = facts {
            facts.insert(name.to_owned(), value.into());
        }
        self
    }

    /// Says nothing about what is at the result's `path` or `dest`.
    pub(crate) fn without_path_facts(self) -> Self {
        self.set(path_facts::UNWANTED, true)
    }

    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key)
    }

    pub fn is_changed(&self) -> bool {
        self.values.get("changed").and_then(Value::as_bool).unwrap_or(false)
    }

    pub fn into_map(self) -> Map {
        self.values
    }
}
