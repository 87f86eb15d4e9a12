//! The entries of a mapping while it is read: keys, merge keys and duplicates.

use super::hint;
use crate::{Diagnostic, Key, Map, Origin, Value};
use indexmap::map::{Entry, MutableKeys};

#[derive(Default)]
pub(super) struct Entries {
    merged: Vec<Value>,
    own: Vec<(Key, Origin, Value)>,
    pending: Option<PendingKey>,
}

enum PendingKey {
    Merge(Origin),
    Key(Key, Origin),
}

impl Entries {
    /// Whether this scalar is `<<` in a key's place.
    pub(super) fn takes_merge_key(&self, text: &str, plain: bool, tag: Option<&str>) -> bool {
        self.awaits_key()
            && text == "<<"
            && tag.map_or(plain, |tag| tag == "tag:yaml.org,2002:merge" || (plain && tag == "!"))
    }

    pub(super) fn awaits_key(&self) -> bool {
        self.pending.is_none()
    }

    pub(super) fn merge_key(&mut self, origin: Origin) {
        self.pending = Some(PendingKey::Merge(origin));
    }

    /// The next key or the next value, in turn.
    pub(super) fn add(&mut self, value: Value, origin: Origin) -> Result<(), Diagnostic> {
        match self.pending.take() {
            None => self.pending = Some(PendingKey::Key(key(value, &origin)?, origin)),
            Some(PendingKey::Key(key, origin)) => self.own.push((key, origin, value)),
            Some(PendingKey::Merge(origin)) => self.merge(value, &origin)?,
        }
        Ok(())
    }

    /// The maps of a list take precedence in their order, so the last is laid down first.
    fn merge(&mut self, value: Value, origin: &Origin) -> Result<(), Diagnostic> {
        match &value {
            Value::Map(_) => self.merged.push(value),
            Value::List(maps) if maps.iter().all(|map| map.as_map().is_some()) => {
                self.merged.extend(maps.iter().rev().cloned());
            }
            other => {
                let message =
                    format!("`<<` merges a mapping or a list of mappings, not a value of type {}", other.type_name());
                return Err(Diagnostic::error(message).at(Some(origin)));
            }
        }
        Ok(())
    }

    /// Merged entries first, own entries over them. A key written twice is a warning.
    pub(super) fn into_map(self, warnings: &mut Vec<Diagnostic>) -> Map {
        let mut map = Map::with_capacity(self.own.len());
        for merged in self.merged.iter().filter_map(Value::as_map) {
            map.extend(merged.iter().map(|(key, value)| (key.clone(), value.clone())));
        }
        let mut from_merge = vec![true; map.len()];
        for (key, origin, value) in self.own {
            match map.entry(key.clone()) {
                Entry::Vacant(entry) => {
                    entry.insert(value);
                    from_merge.push(false);
                }
                Entry::Occupied(mut entry) => {
                    entry.insert(value);
                    let index = entry.index();
                    if !std::mem::replace(&mut from_merge[index], false) {
                        warnings.push(duplicate(&key, &origin));
                    }
                    // The place of the entry that counts.
                    if let Some((known, _)) = map.get_index_mut2(index) {
                        *known = key;
                    }
                }
            }
        }
        map
    }
}

fn duplicate(key: &Key, origin: &Origin) -> Diagnostic {
    let key = key.as_str().map_or_else(|| key.to_string(), crate::value::str_repr);
    Diagnostic::warning(format!("the key {key} is written twice in this mapping"))
        .at(Some(origin))
        .hint("the last value counts; remove the others")
}

fn key(value: Value, origin: &Origin) -> Result<Key, Diagnostic> {
    Ok(match value {
        Value::Null => Key::Null,
        Value::Bool(b) => Key::Bool(b),
        Value::Int(i) => Key::Int(i),
        Value::Float(f) => Key::Float(f),
        Value::Str(text) => Key::Str(text),
        Value::BigInt(i) => Key::from(i.to_string()),
        Value::Undefined(undefined) => return Err(Diagnostic::error(undefined.reason.clone()).at(Some(origin))),
        Value::List(_) | Value::Map(_) => return Err(hint::complex_key(origin)),
    })
}
