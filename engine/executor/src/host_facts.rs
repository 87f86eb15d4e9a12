//! `HostFacts`: what a run learned about one host: facts, registered variables, `include_vars`.

use std::sync::Arc;

use kapell_parsing::{Key, Map, Value};

use crate::refused_facts::is_refused;

/// Cloning is cheap; changing copies only the map that changes.
#[derive(Clone, Default)]
pub struct HostFacts {
    /// Under the names modules give: `ansible_distribution`, `services`.
    pub facts: Arc<Map>,
    /// Those of them that are variables, too.
    pub injected: Arc<Map>,
    /// `set_fact` and `register`.
    pub variables: Arc<Map>,
    /// `include_vars`.
    pub included: Arc<Map>,
    /// The `setup` module has run here.
    pub gathered: bool,
}

impl HostFacts {
    /// Whether facts of the host were gathered or kept from an earlier run.
    pub fn are_known(&self) -> bool {
        !self.facts.is_empty()
    }

    pub fn add_facts(&mut self, facts: &Map) {
        let is_one_map = self.facts.is_empty() || Arc::ptr_eq(&self.facts, &self.injected);
        let refuses = facts.keys().any(|key| key.as_str().is_some_and(is_refused));
        if is_one_map && !refuses {
            // The usual case costs no second map.
            self.injected = Arc::default();
            extend(&mut self.facts, facts, |_| true);
            self.injected = Arc::clone(&self.facts);
        } else {
            extend(&mut self.injected, facts, |key| !key.as_str().is_some_and(is_refused));
            extend(&mut self.facts, facts, |_| true);
        }
    }

    pub fn set(&mut self, name: &str, value: Value) {
        Arc::make_mut(&mut self.variables).insert(Key::from(name), value);
    }

    pub fn add_included(&mut self, variables: &Map) {
        Arc::make_mut(&mut self.included).extend(variables.iter().map(|(k, v)| (k.clone(), v.clone())));
    }

    pub fn clear_facts(&mut self) {
        self.facts = Arc::default();
        self.injected = Arc::clone(&self.facts);
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

fn extend(known: &mut Arc<Map>, facts: &Map, is_wanted: impl Fn(&Key) -> bool) {
    let wanted = facts.iter().filter(|(key, _)| is_wanted(key));
    Arc::make_mut(known).extend(wanted.map(|(key, value)| (key.clone(), value.clone())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_facts_are_facts_but_no_variables() {
        let mut known = HostFacts::default();
        let facts = |names: &[&str]| names.iter().map(|name| (Key::from(*name), Value::from(1))).collect::<Map>();
        known.add_facts(&facts(&["ansible_hostname"]));
        known.add_facts(&facts(&["ansible_connection", "services"]));
        known.add_facts(&facts(&["ansible_distribution"]));
        let names = |map: &Map| map.keys().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(&known.facts), ["ansible_hostname", "ansible_connection", "services", "ansible_distribution"]);
        assert_eq!(names(&known.injected), ["ansible_hostname", "services", "ansible_distribution"]);
        known.clear_facts();
        assert!(known.facts.is_empty() && known.injected.is_empty());
    }
}
