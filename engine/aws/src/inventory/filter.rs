//! `Filters`: names and values that narrow down what the API lists.

use aws_sdk_ec2::types::Filter;
use kapell_parsing::Value;

const STATE: &str = "instance-state-name";
/// Terminated instances are listed for an hour; nobody means these.
const LIVING: [&str; 4] = ["running", "pending", "stopping", "stopped"];

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filters(Vec<(String, Vec<String>)>);

impl Filters {
    /// A map of names to a value or to a list of values; nothing for anything else.
    pub(crate) fn read(value: &Value) -> Option<Self> {
        let texts = |value: &Value| match value {
            Value::List(values) => values.iter().map(text).collect(),
            value => vec![text(value)],
        };
        let entries = value.as_map()?.iter().map(|(name, value)| (name.to_string(), texts(value)));
        Some(Self(entries.collect()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same, of instances that are not terminated unless a state is asked for.
    #[must_use]
    pub(crate) fn living(mut self) -> Self {
        if !self.0.iter().any(|(name, _)| name == STATE) {
            self.0.push((STATE.to_owned(), LIVING.map(str::to_owned).to_vec()));
        }
        self
    }

    pub(crate) fn to_api(&self) -> Vec<Filter> {
        let filter = |(name, values): &(String, Vec<String>)| {
            Filter::builder().name(name).set_values(Some(values.clone())).build()
        };
        self.0.iter().map(filter).collect()
    }
}

/// The API's words for booleans are lower-case.
fn text(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        value => value.to_string(),
    }
}
