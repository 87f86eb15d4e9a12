//! `Scope`: the variables a template reads, with what was already templated; `Variables`: a map made of a scope.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use kapell_parsing::Text;

use crate::VariableSource;
use crate::object::Object;

/// Variables during one rendering. A variable is templated once, so that a random or timed value stays the same.
pub(crate) struct Scope {
    pub(crate) source: Arc<dyn VariableSource>,
    templated: Mutex<HashMap<Box<str>, Object>>,
    /// Whether its rendering knows that there is something to forget.
    is_known: AtomicBool,
}

impl Scope {
    pub(crate) fn new(source: Arc<dyn VariableSource>) -> Arc<Self> {
        Arc::new(Self { source, templated: Mutex::default(), is_known: AtomicBool::new(false) })
    }

    pub(crate) fn templated(&self, name: &str) -> Option<Object> {
        self.templated.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Keeps a variable's value; says whether it is the first. A container holds the scope it is templated with, which
    /// is this one: somebody has to `forget` in the end.
    pub(crate) fn remember(&self, name: &str, object: &Object) -> bool {
        self.templated.lock().unwrap_or_else(PoisonError::into_inner).insert(name.into(), object.clone());
        !self.is_known.swap(true, Ordering::Relaxed)
    }

    /// Breaks the cycle between a scope and the containers in it.
    pub(crate) fn forget(&self) {
        let templated = std::mem::take(&mut *self.templated.lock().unwrap_or_else(PoisonError::into_inner));
        drop(templated);
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
