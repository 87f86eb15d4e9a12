//! `HostFacts`: what a run learned about one host: facts, registered variables, `include_vars`.

use std::sync::Arc;

use kapell_parsing::{Key, Map, Value};

/// Cloning is cheap; changing copies only the map that changes.
#[derive(Clone, Default)]
pub struct HostFacts {
    /// Under the names modules give: `ansible_distribution`, `services`.
    pub facts: Arc<Map>,
    /// `set_fact` and `register`.
    pub variables: Arc<Map>,
    /// `include_vars`.
    pub included: Arc<Map>,
    /// The `setup` module has run here.
    pub gathered: bool,
}

impl HostFacts {
    pub fn add_facts(&mut self, facts: &Map) {
        Arc::make_mut(&mut self.facts).extend(facts.iter().map(|(k, v)| (k.clone(), v.clone())));
    }

    pub fn set(&mut self, name: &str, value: Value) {
        Arc::make_mut(&mut self.variables).insert(Key::from(name), value);
    }

    pub fn add_included(&mut self, variables: &Map) {
        Arc::make_mut(&mut self.included).extend(variables.iter().map(|(k, v)| (k.clone(), v.clone())));
    }

    pub fn clear_facts(&mut self) {
        self.facts = Arc::default();
        self.gathered = false;
    }

    /// The `ansible_facts` variable: the same facts without the `ansible_` in front.
    pub fn ansible_facts(&self) -> Value {
        let strip = |key: &Key| match key.as_str().and_then(|name| name.strip_prefix("ansible_")) {
            Some("local") | None => key.clone(),
            Some(name) => Key::from(name),
        };
        Value::map(self.facts.iter().map(|(key, value)| (strip(key), value.clone())).collect())
    }
}
