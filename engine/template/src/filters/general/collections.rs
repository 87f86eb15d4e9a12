//! Lists and dicts made of one another, counted, merged and sorted (behaviour measured on community.general 11).

use std::cmp::Ordering;

use kapell_parsing::Key;

use crate::containers::{Entries, insert};
use crate::evaluate::{Fault, FilterCall, entries, item, iterate};
use crate::filters::dicts::{merge_dicts, merge_style};
use crate::jinja_tests::loose;
use crate::object::Object;
use crate::operators;
use crate::python;

pub(super) fn dict(call: &FilterCall<'_>) -> Result<Object, Fault> {
    if call.input.is_mapping() {
        return Ok(Object::dict(entries(call.rendering, &call.input)?));
    }
    let mut all = Entries::new();
    for (at, pair) in call.items()?.iter().enumerate() {
        let parts = iterate(call.rendering, pair).map_err(|_| {
            Fault::error(format!("cannot convert dictionary update sequence element #{at} to a sequence"))
        })?;
        let [key, value] = parts.as_slice() else {
            let length = parts.len();
            return Err(Fault::error(format!(
                "dictionary update sequence element #{at} has length {length}; 2 is required"
            )));
        };
        insert(&mut all, key.to_key()?, value.clone());
    }
    Ok(Object::dict(all))
}

pub(super) fn dict_kv(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let key = call.args.get(0).unwrap_or(&Object::Null).to_key()?;
    Ok(Object::dict([(key, call.input.clone())]))
}

pub(super) fn counter(call: &FilterCall<'_>) -> Result<Object, Fault> {
    if !matches!(call.input, Object::Str(_) | Object::List(_) | Object::Tuple(_)) {
        let (shown, kind) = (python::repr(call.rendering, &call.input)?, call.input.type_name());
        return Err(Fault::error(format!(
            "Argument for community.general.counter must be a sequence (string or list). {shown} is <class '{kind}'>"
        )));
    }
    let mut counts = Entries::new();
    for item in call.items()?.iter() {
        let key = item.to_key().map_err(|_| {
            let kind = item.type_name();
            Fault::error(format!(
                "community.general.counter needs a sequence with hashable elements (int, float or str) - unhashable type: '{kind}'"
            ))
        })?;
        let seen = counts.get(&key).and_then(Object::as_i64).unwrap_or(0);
        insert(&mut counts, key, Object::Int(seen + 1));
    }
    Ok(Object::dict(counts))
}

pub(super) fn groupby_as_dict(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let name = call.args.get(0).unwrap_or(&Object::Null);
    if !matches!(call.input, Object::List(_) | Object::Tuple(_)) {
        return Err(Fault::error("Input is not a sequence"));
    }
    let mut groups = Entries::new();
    for (at, element) in call.items()?.iter().enumerate() {
        if !element.is_mapping() {
            return Err(Fault::error(format!("Sequence element #{at} is not a mapping")));
        }
        let Some(value) = item(call.rendering, element, name)? else {
            return Err(Fault::error(format!("Attribute not contained in element #{at} of sequence")));
        };
        let key = value.to_key()?;
        if groups.contains_key(&key) {
            let shown = python::repr(call.rendering, &value)?;
            return Err(Fault::error(format!("Multiple sequence entries have attribute value {shown}")));
        }
        groups.insert(key, element.clone());
    }
    Ok(Object::dict(groups))
}

pub(super) fn version_sort(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let texts = call.items()?.iter().map(|item| python::str(call.rendering, item)).collect::<Result<Vec<_>, _>>()?;
    let mut items: Vec<(String, Object)> = texts.into_iter().zip(call.items()?.iter().cloned()).collect();
    let mut fault = None;
    items.sort_by(|(a, _), (b, _)| {
        loose(a, b).unwrap_or_else(|reason| {
            fault.get_or_insert(reason);
            Ordering::Equal
        })
    });
    if let Some(reason) = fault {
        return Err(Fault::error(reason));
    }
    if call.args.truthy(0, false) {
        items.reverse();
    }
    Ok(Object::list(items.into_iter().map(|(_, item)| item).collect()))
}

/// Dicts of several lists, merged where they have the same value for a key, sorted by it.
pub(super) fn lists_mergeby(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let Some((index, lists)) = call.args.rest.split_last() else {
        return Err(Fault::error("lists_mergeby() needs the attribute the lists are merged by"));
    };
    let Some(index) = index.as_str() else {
        return Err(Fault::error("the last argument of lists_mergeby must be a string"));
    };
    let style = merge_style(call)?;
    let mut terms = Vec::new();
    for list in std::iter::once(&call.input).chain(lists) {
        add_lists(call, list, &mut terms)?;
    }
    terms.retain(|term| !term.is_empty());
    if terms.len() <= 1 {
        return Ok(Object::list(terms.pop().unwrap_or_default()));
    }
    let mut merged = Entries::new();
    for dict in terms.iter().flatten() {
        if !dict.is_mapping() {
            let (shown, kind) = (python::repr(call.rendering, dict)?, dict.type_name());
            return Err(Fault::error(format!(
                "Elements of list arguments for lists_mergeby must be dictionaries. {shown} is <class '{kind}'>"
            )));
        }
        let Some(value) = item(call.rendering, dict, &Object::from(index))? else { continue };
        let key = value.to_key()?;
        let old = merged.get(&key).cloned().unwrap_or_else(|| Object::dict([]));
        insert(&mut merged, key, merge_dicts(call.rendering, &old, dict, style)?);
    }
    let mut sorted: Vec<(Object, Object)> =
        merged.into_iter().map(|(key, dict): (Key, Object)| (Object::from_key(&key), dict)).collect();
    operators::sort_by(call.rendering, &mut sorted, false, |(key, _)| key)?;
    Ok(Object::list(sorted.into_iter().map(|(_, dict)| dict).collect()))
}

/// A list of dicts, or a list of such lists.
fn add_lists(call: &FilterCall<'_>, list: &Object, terms: &mut Vec<Vec<Object>>) -> Result<(), Fault> {
    if !matches!(list, Object::List(_) | Object::Tuple(_)) {
        let (shown, kind) = (python::repr(call.rendering, list)?, list.type_name());
        return Err(Fault::error(format!(
            "All arguments before the argument index for community.general.lists_mergeby must be lists. {shown} is <class '{kind}'>"
        )));
    }
    let items = iterate(call.rendering, list)?;
    if !items.is_empty() && items.iter().all(|item| matches!(item, Object::List(_) | Object::Tuple(_))) {
        return items.iter().try_for_each(|inner| call.rendering.deeper(|| add_lists(call, inner, terms)));
    }
    terms.push(items.to_vec());
    Ok(())
}
