//! `Diff`: what a change looks like before and after, for `--diff`.

use serde_json::Value;

use crate::Map;

/// One entry of a result's `diff`. Texts are compared line by line by whoever shows them.
#[derive(Debug, Clone, Default)]
pub struct Diff {
    values: Map,
}

impl Diff {
    pub fn new(before: impl Into<Value>, after: impl Into<Value>) -> Self {
        Self::default().with("before", before).with("after", after)
    }

    pub fn headers(self, before: impl Into<String>, after: impl Into<String>) -> Self {
        self.with("before_header", before.into()).with("after_header", after.into())
    }

    /// The before and after of something that has no single text (`{"path": …, "mode": …}`).
    pub fn of_maps(before: Map, after: Map) -> Self {
        Self::new(before, after)
    }

    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.values.insert(key.to_owned(), value.into());
        self
    }

    pub fn into_value(self) -> Value {
        Value::Object(self.values)
    }
}
