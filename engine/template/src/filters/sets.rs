//! Lists as sets: `unique`, `union`, `intersect`, `difference`, `symmetric_difference`.

use std::collections::HashSet;

use super::attributes::Getter;
use super::integer_set::IntegerSet;
use super::sequences::without_case;
use crate::evaluate::{Fault, FilterCall, iterate};
use crate::object::Object;
use crate::operators;

/// Objects already seen. Strings and small integers are hashed, others compared one by one.
#[derive(Default)]
struct Seen {
    texts: HashSet<String>,
    numbers: HashSet<i64>,
    others: Vec<Object>,
}

impl Seen {
    fn of(call: &FilterCall<'_>, items: &[Object]) -> Result<Self, Fault> {
        let mut seen = Self::default();
        for item in items {
            seen.add(call, item)?;
        }
        Ok(seen)
    }

    fn has(&self, call: &FilterCall<'_>, object: &Object) -> Result<bool, Fault> {
        match object {
            Object::Undefined(missing) => return Err(Fault::Undefined(missing.clone())),
            Object::Str(text) => return Ok(self.texts.contains(text.as_str())),
            Object::Int(_) | Object::Bool(_) if self.numbers.contains(&object.as_i64().unwrap_or(0)) => {
                return Ok(true);
            }
            _ => {}
        }
        call.rendering.spend(self.others.len() / 16)?;
        for other in &self.others {
            if operators::equal(call.rendering, other, object)? {
                return Ok(true);
            }
        }
        Ok(matches!(object, Object::Float(f) if f.fract() == 0.0 && self.numbers.contains(&(*f as i64))))
    }

    /// Whether the object was new.
    fn add(&mut self, call: &FilterCall<'_>, object: &Object) -> Result<bool, Fault> {
        if self.has(call, object)? {
            return Ok(false);
        }
        match object {
            Object::Str(text) => {
                self.texts.insert(text.to_string());
            }
            Object::Int(_) | Object::Bool(_) => {
                self.numbers.insert(object.as_i64().unwrap_or(0));
            }
            other => self.others.push(other.clone()),
        }
        Ok(true)
    }
}

fn distinct(call: &FilterCall<'_>, items: &[Object]) -> Result<Object, Fault> {
    let mut seen = Seen::default();
    let mut kept = Vec::new();
    for item in items {
        if seen.add(call, item)? {
            kept.push(item.clone());
        }
    }
    Ok(Object::list(kept))
}

/// Jinja's `unique`, which ignores case unless told otherwise; lists and dicts, which Python cannot hash, are compared
/// as they are.
pub(super) fn unique(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let items = call.items()?;
    let getter = Getter::new(call.args.get(1), None);
    let case_sensitive = call.args.some(0).map(Object::is_truthy);
    let keys: Result<Vec<Object>, Fault> = items.iter().map(|item| getter.get(call.rendering, item)).collect();
    let keys = keys?;
    if let Some(unhashable) = keys.iter().find(|key| matches!(key, Object::List(_) | Object::Dict(_))) {
        if case_sensitive == Some(false) || call.args.some(1).is_some() {
            let kind = unhashable.type_name();
            return Err(Fault::error(format!(
                "Jinja2's unique filter failed and we cannot fall back to Ansible's version as it does not support the parameters supplied: unhashable type: '{kind}'"
            )));
        }
        return distinct(call, &items);
    }
    let mut seen = Seen::default();
    let mut kept = Vec::new();
    for (item, key) in items.iter().zip(&keys) {
        let key = if case_sensitive == Some(true) { key.clone() } else { without_case(call, key)? };
        if seen.add(call, &key)? {
            kept.push(item.clone());
        }
    }
    Ok(Object::list(kept))
}

fn other(call: &FilterCall<'_>) -> Result<std::sync::Arc<Vec<Object>>, Fault> {
    iterate(call.rendering, call.args.get(0).unwrap_or(&Object::Null))
}

/// Whole numbers come in the order of Python's sets; everything else, whose order there is another one in every
/// process, as it was.
fn of_integers(
    left: &[Object],
    right: &[Object],
    combine: fn(&IntegerSet, &IntegerSet) -> IntegerSet,
) -> Option<Object> {
    Some(Object::list(combine(&IntegerSet::of(left)?, &IntegerSet::of(right)?).into_objects()))
}

pub(super) fn union(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let (left, right) = (call.items()?, other(call)?);
    if let Some(numbers) = of_integers(&left, &right, IntegerSet::union) {
        return Ok(numbers);
    }
    let mut items = left.to_vec();
    items.extend(right.iter().cloned());
    distinct(call, &items)
}

pub(super) fn intersect(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let (left, right) = (call.items()?, other(call)?);
    match of_integers(&left, &right, IntegerSet::intersection) {
        Some(numbers) => Ok(numbers),
        None => kept_from(call, &left, &right, true),
    }
}

pub(super) fn difference(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let (left, right) = (call.items()?, other(call)?);
    match of_integers(&left, &right, IntegerSet::difference) {
        Some(numbers) => Ok(numbers),
        None => kept_from(call, &left, &right, false),
    }
}

/// The distinct items of `items` that are in `reference`, or are not.
fn kept_from(call: &FilterCall<'_>, items: &[Object], reference: &[Object], present: bool) -> Result<Object, Fault> {
    let reference = Seen::of(call, reference)?;
    let mut kept = Vec::new();
    for item in items {
        if reference.has(call, item)? == present {
            kept.push(item.clone());
        }
    }
    distinct(call, &kept)
}

pub(super) fn symmetric_difference(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let (left, right) = (call.items()?, other(call)?);
    if let Some(numbers) = of_integers(&left, &right, IntegerSet::symmetric_difference) {
        return Ok(numbers);
    }
    let mut all = iterate(call.rendering, &kept_from(call, &left, &right, false)?)?.to_vec();
    all.extend(iterate(call.rendering, &kept_from(call, &right, &left, false)?)?.iter().cloned());
    distinct(call, &all)
}
