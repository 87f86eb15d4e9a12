//! `Scope`: the variables a template reads, with what was already templated; `Variables`: a map made of a scope.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use kapell_parsing::Text;

use crate::VariableSource;
use crate::object::Object;

/// Variables during one rendering. A variable is templated once, so that a random or timed value stays the same.
pub(crate) struct Scope {
    pub(crate) source: Arc<dyn VariableSource>,
    templated: Mutex<HashMap<Box<str>, Object>>,
}

impl Scope {
    pub(crate) fn new(source: Arc<dyn VariableSource>) -> Arc<Self> {
        Arc::new(Self { source, templated: Mutex::default() })
    }

    pub(crate) fn templated(&self, name: &str) -> Option<Object> {
        self.templated.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    pub(crate) fn remember(&self, name: &str, object: &Object) {
        self.templated.lock().unwrap_or_else(PoisonError::into_inner).insert(name.into(), object.clone());
    }
}

/// A map whose entries are made on demand: `hostvars` and one host's variables in it.
pub(crate) struct Variables {
    /// Where the entries come from; also their templates' variables when `own`.
    pub(crate) scope: Arc<Scope>,
    /// The variables of the template that asked, for entries that are templates. `None`: the map itself.
    pub(crate) asker: Option<Arc<Scope>>,
    /// Whether it is `hostvars`: a host that is missing is reported as such.
    pub(crate) by_host: bool,
}

impl Variables {
    pub(crate) fn names(&self) -> Vec<Text> {
        self.scope.source.names()
    }
}
