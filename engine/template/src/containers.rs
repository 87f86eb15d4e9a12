//! `List` and `Dict`: Python's shared, mutable containers. One read from a variable keeps its source values and
//! templates an item when it is looked at; one that is written to holds finished objects.

use std::cell::RefCell;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;
use kapell_parsing::{Key, Map, Value};

use crate::evaluate::{Fault, Rendering};
use crate::object::Object;
use crate::scope::Scope;

#[derive(Clone)]
pub(crate) struct List(Arc<Shared<ListState>>);

/// A container's shared state. Dropping it drops what it holds one after the other, not recursively: a template can
/// nest containers deeper than the stack.
struct Shared<S: Container>(Mutex<S>);

/// State that can hand out the objects in it.
trait Container {
    fn take_objects(&mut self) -> Vec<Object>;
}

impl<S: Container> Drop for Shared<S> {
    fn drop(&mut self) {
        let state = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop_one_by_one(state.take_objects());
    }
}

thread_local! {
    /// Objects waiting to be dropped by the outermost `drop_one_by_one` of this thread.
    static WAITING: RefCell<Option<Vec<Object>>> = const { RefCell::new(None) };
}

fn drop_one_by_one(objects: Vec<Object>) {
    if !objects.iter().any(Object::is_container) {
        return;
    }
    let outermost = WAITING.with_borrow_mut(|waiting| match waiting {
        Some(waiting) => {
            waiting.extend(objects);
            false
        }
        None => {
            *waiting = Some(objects);
            true
        }
    });
    if !outermost {
        return;
    }
    while let Some(object) = WAITING.with_borrow_mut(|waiting| waiting.as_mut().and_then(Vec::pop)) {
        drop(object);
    }
    WAITING.with_borrow_mut(|waiting| *waiting = None);
}

/// Python's tuple.
#[derive(Clone)]
pub(crate) struct Tuple(Arc<TupleItems>);

struct TupleItems(Vec<Object>);

impl Drop for TupleItems {
    fn drop(&mut self) {
        drop_one_by_one(std::mem::take(&mut self.0));
    }
}

impl Tuple {
    pub(crate) fn new(items: Vec<Object>) -> Self {
        Self(Arc::new(TupleItems(items)))
    }
}

impl Deref for Tuple {
    type Target = [Object];
    fn deref(&self) -> &[Object] {
        &self.0.0
    }
}

impl Container for ListState {
    fn take_objects(&mut self) -> Vec<Object> {
        match self {
            Self::Source { .. } => Vec::new(),
            Self::Objects(items) => Arc::try_unwrap(std::mem::take(items)).unwrap_or_default(),
        }
    }
}

impl Container for DictState {
    fn take_objects(&mut self) -> Vec<Object> {
        match self {
            Self::Source { .. } => Vec::new(),
            Self::Objects(entries) => {
                Arc::try_unwrap(std::mem::take(entries)).unwrap_or_default().into_values().collect()
            }
        }
    }
}

#[derive(Clone)]
enum ListState {
    Source { items: Arc<Vec<Value>>, scope: Arc<Scope> },
    Objects(Arc<Vec<Object>>),
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl List {
    pub(crate) fn new(items: Vec<Object>) -> Self {
        Self(Arc::new(Shared(Mutex::new(ListState::Objects(Arc::new(items))))))
    }

    pub(crate) fn from_source(items: Arc<Vec<Value>>, scope: Arc<Scope>) -> Self {
        Self(Arc::new(Shared(Mutex::new(ListState::Source { items, scope }))))
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// A container of its own with the same items.
    pub(crate) fn snapshot(&self) -> Self {
        Self(Arc::new(Shared(Mutex::new(self.state()))))
    }

    fn state(&self) -> ListState {
        lock(&self.0.0).clone()
    }

    pub(crate) fn len(&self) -> usize {
        match &*lock(&self.0.0) {
            ListState::Source { items, .. } => items.len(),
            ListState::Objects(items) => items.len(),
        }
    }

    pub(crate) fn get(&self, rendering: &Rendering<'_>, index: usize) -> Result<Option<Object>, Fault> {
        match self.state() {
            ListState::Source { items, scope } => {
                items.get(index).map(|item| rendering.resolve(item, &scope)).transpose()
            }
            ListState::Objects(items) => Ok(items.get(index).cloned()),
        }
    }

    /// Every item, templated.
    pub(crate) fn items(&self, rendering: &Rendering<'_>) -> Result<Arc<Vec<Object>>, Fault> {
        match self.state() {
            ListState::Source { items, scope } => {
                let items: Vec<Object> =
                    items.iter().map(|item| rendering.resolve(item, &scope)).collect::<Result<_, _>>()?;
                Ok(Arc::new(items))
            }
            ListState::Objects(items) => Ok(items),
        }
    }

    /// The source values, when nothing has been written to the list.
    pub(crate) fn source(&self) -> Option<Arc<Vec<Value>>> {
        match &*lock(&self.0.0) {
            ListState::Source { items, .. } => Some(items.clone()),
            ListState::Objects(_) => None,
        }
    }

    /// Changes the list in place, as `append` and its like do.
    pub(crate) fn change<T>(
        &self,
        rendering: &Rendering<'_>,
        change: impl FnOnce(&mut Vec<Object>) -> T,
    ) -> Result<T, Fault> {
        let items = self.items(rendering)?;
        let mut state = lock(&self.0.0);
        if matches!(&*state, ListState::Source { .. }) {
            *state = ListState::Objects(items);
        } else {
            drop(items);
        }
        match &mut *state {
            ListState::Objects(items) => Ok(change(Arc::make_mut(items))),
            ListState::Source { .. } => Err(Fault::error("list changed while it was read")),
        }
    }

    pub(crate) fn has_secret(&self, budget: &mut u32) -> bool {
        match self.state() {
            ListState::Source { items, .. } => items.iter().any(value_has_secret),
            ListState::Objects(items) => items.iter().any(|item| item.has_secret(budget)),
        }
    }
}

#[derive(Clone)]
pub(crate) struct Dict(Arc<Shared<DictState>>);

pub(crate) type Entries = IndexMap<Key, Object>;

#[derive(Clone)]
enum DictState {
    Source { map: Arc<Map>, scope: Arc<Scope> },
    Objects(Arc<Entries>),
}

impl Dict {
    pub(crate) fn new(entries: Entries) -> Self {
        Self(Arc::new(Shared(Mutex::new(DictState::Objects(Arc::new(entries))))))
    }

    pub(crate) fn from_source(map: Arc<Map>, scope: Arc<Scope>) -> Self {
        Self(Arc::new(Shared(Mutex::new(DictState::Source { map, scope }))))
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// A container of its own with the same items.
    pub(crate) fn snapshot(&self) -> Self {
        Self(Arc::new(Shared(Mutex::new(self.state()))))
    }

    fn state(&self) -> DictState {
        lock(&self.0.0).clone()
    }

    pub(crate) fn len(&self) -> usize {
        match &*lock(&self.0.0) {
            DictState::Source { map, .. } => map.len(),
            DictState::Objects(entries) => entries.len(),
        }
    }

    pub(crate) fn keys(&self) -> Vec<Key> {
        match &*lock(&self.0.0) {
            DictState::Source { map, .. } => map.keys().cloned().collect(),
            DictState::Objects(entries) => entries.keys().cloned().collect(),
        }
    }

    pub(crate) fn contains(&self, key: &Key) -> bool {
        match &*lock(&self.0.0) {
            DictState::Source { map, .. } => find(map, key).is_some(),
            DictState::Objects(entries) => find(entries, key).is_some(),
        }
    }

    pub(crate) fn get(&self, rendering: &Rendering<'_>, key: &Key) -> Result<Option<Object>, Fault> {
        match self.state() {
            DictState::Source { map, scope } => {
                find(&map, key).map(|value| rendering.resolve(value, &scope)).transpose()
            }
            DictState::Objects(entries) => Ok(find(&entries, key).cloned()),
        }
    }

    pub(crate) fn get_str(&self, rendering: &Rendering<'_>, key: &str) -> Result<Option<Object>, Fault> {
        match self.state() {
            DictState::Source { map, scope } => map.get(key).map(|value| rendering.resolve(value, &scope)).transpose(),
            DictState::Objects(entries) => Ok(entries.get(key).cloned()),
        }
    }

    /// Every entry, its value templated.
    pub(crate) fn entries(&self, rendering: &Rendering<'_>) -> Result<Arc<Entries>, Fault> {
        match self.state() {
            DictState::Source { map, scope } => {
                let entries: Entries = map
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), rendering.resolve(value, &scope)?)))
                    .collect::<Result<_, Fault>>()?;
                Ok(Arc::new(entries))
            }
            DictState::Objects(entries) => Ok(entries),
        }
    }

    /// The source map, when nothing has been written to the dict.
    pub(crate) fn source(&self) -> Option<Arc<Map>> {
        match &*lock(&self.0.0) {
            DictState::Source { map, .. } => Some(map.clone()),
            DictState::Objects(_) => None,
        }
    }

    /// Changes the dict in place, as `update` and its like do.
    pub(crate) fn change<T>(
        &self,
        rendering: &Rendering<'_>,
        change: impl FnOnce(&mut Entries) -> T,
    ) -> Result<T, Fault> {
        let entries = self.entries(rendering)?;
        let mut state = lock(&self.0.0);
        if matches!(&*state, DictState::Source { .. }) {
            *state = DictState::Objects(entries);
        } else {
            drop(entries);
        }
        match &mut *state {
            DictState::Objects(entries) => Ok(change(Arc::make_mut(entries))),
            DictState::Source { .. } => Err(Fault::error("dict changed while it was read")),
        }
    }

    pub(crate) fn has_secret(&self, budget: &mut u32) -> bool {
        match self.state() {
            DictState::Source { map, .. } => map.values().any(value_has_secret),
            DictState::Objects(entries) => entries.values().any(|entry| entry.has_secret(budget)),
        }
    }
}

/// Looks a key up as Python does: `1`, `1.0` and `True` are one key.
fn find<'m, V>(map: &'m IndexMap<Key, V>, key: &Key) -> Option<&'m V> {
    map.get(key).or_else(|| match key {
        Key::Bool(b) => map.get(&Key::Int((*b).into())),
        Key::Int(i @ (0 | 1)) => map.get(&Key::Bool(*i == 1)),
        Key::Float(f) if f.fract() == 0.0 && f.abs() < 9e15 => map.get(&Key::Int(*f as i64)),
        _ => None,
    })
}

/// Sets an entry as Python does: `True` overwrites what `1` holds.
pub(crate) fn insert(entries: &mut Entries, key: Key, object: Object) {
    let same = match &key {
        Key::Bool(b) => entries.contains_key(&Key::Int((*b).into())).then(|| Key::Int((*b).into())),
        Key::Int(i @ (0 | 1)) => entries.contains_key(&Key::Bool(*i == 1)).then_some(Key::Bool(*i == 1)),
        _ => None,
    };
    entries.insert(same.unwrap_or(key), object);
}

pub(crate) fn value_has_secret(value: &Value) -> bool {
    match value {
        Value::Str(text) => text.is_secret(),
        Value::List(items) => items.iter().any(value_has_secret),
        Value::Map(map) => map.values().any(value_has_secret),
        _ => false,
    }
}
