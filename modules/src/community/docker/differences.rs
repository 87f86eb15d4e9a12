//! `Differences`: how a thing differs from what is wanted, for `--diff` and for deciding to make it anew.

use serde_json::{Value, json};

use crate::Map;

#[derive(Debug, Default)]
pub(super) struct Differences {
    entries: Vec<(String, Value, Value)>,
}

impl Differences {
    /// Notes what is wanted and what is there.
    pub(super) fn add(&mut self, name: impl Into<String>, wanted: impl Into<Value>, there: impl Into<Value>) {
        self.entries.push((name.into(), wanted.into(), there.into()));
    }

    /// Compares what is wanted, where something is.
    pub(super) fn compare(&mut self, name: &str, wanted: Option<&Value>, there: &Value) {
        if let Some(wanted) = wanted.filter(|wanted| *wanted != there) {
            self.add(name, wanted.clone(), there.clone());
        }
    }

    /// Compares what is wanted of a map with what is there; more may be there. Where nothing is, that is one difference
    /// when `whole`.
    pub(super) fn compare_map(&mut self, name: &str, wanted: Option<&Map>, there: &Value, whole: bool) {
        let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) else { return };
        let empty = Map::new();
        let there = there.as_object().unwrap_or(&empty);
        if there.is_empty() && whole {
            self.add(name, Value::Object(wanted.clone()), Value::Object(Map::new()));
            return;
        }
        for (key, value) in wanted {
            if there.get(key) != Some(value) {
                self.add(format!("{name}.{key}"), value.clone(), there.get(key).cloned().unwrap_or(Value::Null));
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.entries.iter().map(|(name, _, _)| name.clone()).collect()
    }

    /// Puts both sides into the diff's `before` and `after`.
    pub(super) fn show(&self, before: &mut Map, after: &mut Map) {
        for (name, wanted, there) in &self.entries {
            before.insert(name.clone(), there.clone());
            after.insert(name.clone(), wanted.clone());
        }
    }
}

/// `{"exists": …}`, with which a diff begins.
pub(super) fn existence(exists: bool) -> Map {
    let mut map = Map::new();
    map.insert("exists".to_owned(), json!(exists));
    map
}
