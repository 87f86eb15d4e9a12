//! `Locals`: the names a template sets itself, scope inside scope.

use std::sync::{Arc, Mutex, PoisonError};

use crate::object::Object;

pub(crate) struct Locals {
    names: Mutex<Vec<(Arc<str>, Object)>>,
    parent: Option<Arc<Locals>>,
}

impl Locals {
    pub(crate) fn root() -> Arc<Self> {
        Arc::new(Self { names: Mutex::default(), parent: None })
    }

    pub(crate) fn child(parent: &Arc<Self>) -> Arc<Self> {
        Arc::new(Self { names: Mutex::default(), parent: Some(parent.clone()) })
    }

    pub(crate) fn get(&self, name: &str) -> Option<Object> {
        let own = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let found = own.iter().rev().find(|(known, _)| &**known == name).map(|(_, object)| object.clone());
        drop(own);
        found.or_else(|| self.parent.as_ref()?.get(name))
    }

    /// The names, those of inner scopes first; some may come twice.
    pub(crate) fn names(&self) -> Vec<Arc<str>> {
        let own = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let own: Vec<Arc<str>> = own.iter().map(|(name, _)| name.clone()).collect();
        own.into_iter().chain(self.parent.as_ref().map(|parent| parent.names()).unwrap_or_default()).collect()
    }

    pub(crate) fn set(&self, name: &Arc<str>, object: Object) {
        let mut own = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        match own.iter_mut().find(|(known, _)| known == name) {
            Some((_, slot)) => *slot = object,
            None => own.push((name.clone(), object)),
        }
    }

    /// Forgets everything: breaks the cycle between a scope and the macros defined in it.
    pub(crate) fn clear(&self) {
        let names = std::mem::take(&mut *self.names.lock().unwrap_or_else(PoisonError::into_inner));
        drop(names);
    }
}
