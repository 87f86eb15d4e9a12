//! `VariableSource`: where a template's names come from.

use std::sync::Arc;

use kapell_parsing::{Deprecation, Text, Value};

/// Names and their source values. A trusted string in a value is templated when it is looked at, not before.
pub trait VariableSource: Send + Sync {
    fn get(&self, name: &str) -> Option<Variable>;
    /// Every name `get` knows, in the order in which they are listed to the user.
    fn names(&self) -> Vec<Text>;
    /// What users of the variable `name` should hear of it.
    fn deprecation(&self, _name: &str) -> Option<Deprecation> {
        None
    }
}

#[derive(Clone)]
pub enum Variable {
    Value(Value),
    /// A map whose entries are made on demand and templated with the variables of the template that asks: `hostvars`.
    Map(Arc<dyn VariableSource>),
    /// A map whose strings are templated with the map itself as variables: `hostvars['web1']`.
    Scope(Arc<dyn VariableSource>),
}

/// A plain map as variables: tests, `vars` of a lookup.
impl VariableSource for kapell_parsing::Map {
    fn get(&self, name: &str) -> Option<Variable> {
        self.get(name).cloned().map(Variable::Value)
    }

    fn names(&self) -> Vec<Text> {
        self.keys()
            .filter_map(|key| if let kapell_parsing::Key::Str(text) = key { Some(text.clone()) } else { None })
            .collect()
    }
}
