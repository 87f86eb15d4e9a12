//! Filters on dicts: `combine`, `dict2items`, `items2dict`, `dictsort`, `subelements`, `extract`.

use kapell_parsing::Key;

use crate::evaluate::{Fault, FilterCall, Rendering, all_defined, attribute, entries, item, iterate};
use crate::object::Object;
use crate::operators;
use crate::python;

type Entries = indexmap::IndexMap<Key, Object>;

/// The entries of the input, none of which may be undefined.
fn defined_entries(call: &FilterCall<'_>) -> Result<Vec<(Key, Object)>, Fault> {
    let entries = entries(call.rendering, &call.input)?;
    all_defined(entries.iter().map(|(_, value)| value))?;
    Ok(entries)
}

pub(super) fn dict2items(call: &FilterCall<'_>) -> Result<Object, Fault> {
    if !call.input.is_mapping() {
        let kind = call.input.type_name();
        return Err(Fault::error(format!("dict2items requires a dictionary, got <class '{kind}'> instead.")));
    }
    let (key_name, value_name) = (call.args.text_or(0, "key"), call.args.text_or(1, "value"));
    let pairs = defined_entries(call)?.into_iter().map(|(key, value)| {
        Object::dict([(Key::from(key_name.as_str()), Object::from_key(&key)), (Key::from(value_name.as_str()), value)])
    });
    Ok(Object::list(pairs.collect()))
}

pub(super) fn items2dict(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let (key_name, value_name) = (call.args.text_or(0, "key"), call.args.text_or(1, "value"));
    if !matches!(call.input, Object::List(_) | Object::Tuple(_)) {
        let kind = call.input.type_name();
        return Err(Fault::error(format!("items2dict requires a list, got <class '{kind}'> instead.")));
    }
    let mut all = Entries::new();
    for entry in call.items()?.iter() {
        let Object::Dict(dict) = entry else {
            let shown = python::repr(call.rendering, &call.input)?;
            return Err(Fault::error(format!("items2dict requires a list of dictionaries, got {shown} instead.")));
        };
        let (key, value) = (dict.get_str(call.rendering, &key_name)?, dict.get_str(call.rendering, &value_name)?);
        let (Some(key), Some(value)) = (key, value) else {
            let shown = python::repr(call.rendering, &call.input)?;
            return Err(Fault::error(format!(
                "items2dict requires each dictionary in the list to contain the keys '{key_name}' and '{value_name}', got {shown} instead."
            )));
        };
        all.insert(key.to_key()?, value);
    }
    Ok(Object::dict(all))
}

pub(super) fn items(call: &FilterCall<'_>) -> Result<Object, Fault> {
    if call.input.is_absent()? {
        return Ok(Object::list(Vec::new()));
    }
    if !call.input.is_mapping() {
        return Err(Fault::error("Can only get item pairs from a mapping."));
    }
    let pairs = defined_entries(call)?;
    let pairs = pairs.into_iter().map(|(key, value)| Object::tuple(vec![Object::from_key(&key), value]));
    Ok(Object::list(pairs.collect()))
}

pub(super) fn dictsort(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let case_sensitive = call.args.truthy(0, false);
    let by_value = match call.args.text_or(1, "key").as_str() {
        "key" => false,
        "value" => true,
        _ => return Err(Fault::error("You can only sort by either \"key\" or \"value\"")),
    };
    let mut keyed = Vec::new();
    for (key, value) in defined_entries(call)? {
        let key = Object::from_key(&key);
        let order = if by_value { value.clone() } else { key.clone() };
        let order = if case_sensitive { order } else { super::sequences::without_case(call, &order)? };
        keyed.push((order, Object::tuple(vec![key, value])));
    }
    operators::sort_by(call.rendering, &mut keyed, call.args.truthy(2, false), |(order, _)| order)?;
    Ok(Object::list(keyed.into_iter().map(|(_, pair)| pair).collect()))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ListMerge {
    Replace,
    Keep,
    Append,
    Prepend,
    AppendUnique,
    PrependUnique,
}

/// How dicts are merged: the keyword arguments of `combine`.
#[derive(Clone, Copy)]
pub(super) struct MergeStyle {
    recursive: bool,
    lists: ListMerge,
}

pub(super) fn merge_style(call: &FilterCall<'_>) -> Result<MergeStyle, Fault> {
    if call.args.extra.iter().any(|(name, _)| !matches!(&**name, "recursive" | "list_merge")) {
        return Err(Fault::error("'recursive' and 'list_merge' are the only valid keyword arguments"));
    }
    let recursive = call.args.extra("recursive").is_some_and(Object::is_truthy);
    let lists = match call.args.extra("list_merge").and_then(Object::as_str).unwrap_or("replace") {
        "replace" => ListMerge::Replace,
        "keep" => ListMerge::Keep,
        "append" => ListMerge::Append,
        "prepend" => ListMerge::Prepend,
        "append_rp" => ListMerge::AppendUnique,
        "prepend_rp" => ListMerge::PrependUnique,
        _ => {
            return Err(Fault::error(
                "merge_hash: 'list_merge' argument can only be equal to 'replace', 'keep', 'append', 'prepend', 'append_rp' or 'prepend_rp'",
            ));
        }
    };
    Ok(MergeStyle { recursive, lists })
}

pub(super) fn combine(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let style = merge_style(call)?;
    let mut terms = Vec::new();
    for term in std::iter::once(&call.input).chain(&call.args.rest) {
        flatten_terms(call.rendering, term, &mut terms)?;
    }
    // From the right, as Ansible does: lists without repetitions come out in that order.
    let Some(mut combined) = terms.pop() else {
        return Ok(Object::dict([]));
    };
    for term in terms.iter().rev() {
        combined = merge_dicts(call.rendering, term, &combined, style)?;
    }
    // A single term is handed back, whatever it is.
    if !combined.is_mapping() {
        return Ok(combined);
    }
    all_defined(entries(call.rendering, &combined)?.iter().map(|(_, value)| value))?;
    Ok(combined)
}

/// Adds a term, or the items of one that is a list.
fn flatten_terms(rendering: &Rendering<'_>, term: &Object, terms: &mut Vec<Object>) -> Result<(), Fault> {
    let items = match term {
        Object::Undefined(missing) => return Err(Fault::Undefined(missing.clone())),
        Object::List(list) => list.items(rendering)?.to_vec(),
        single => vec![single.clone()],
    };
    terms.extend(items.into_iter().filter(|item| !item.is_null()));
    Ok(())
}

fn require_dict(left: &Object, right: &Object) -> Result<(), Fault> {
    if left.is_mapping() && right.is_mapping() {
        return Ok(());
    }
    let (a, b) = (left.type_name(), right.type_name());
    Err(Fault::error(format!("failed to combine variables, expected dicts but got a '{a}' and a '{b}'.")))
}

pub(super) fn merge_dicts(
    rendering: &Rendering<'_>,
    left: &Object,
    right: &Object,
    style: MergeStyle,
) -> Result<Object, Fault> {
    require_dict(left, right)?;
    let MergeStyle { recursive, lists: merge } = style;
    rendering.spend_object(left)?;
    rendering.spend_object(right)?;
    let mut merged: Entries = entries(rendering, left)?.into_iter().collect();
    for (key, new) in entries(rendering, right)? {
        let combined = match merged.get(&key) {
            Some(old) if recursive && old.is_mapping() && new.is_mapping() => {
                rendering.deeper(|| merge_dicts(rendering, old, &new, style))?
            }
            Some(Object::List(old)) if merge != ListMerge::Replace && matches!(new, Object::List(_)) => {
                merge_lists(rendering, &old.items(rendering)?, &iterate(rendering, &new)?, merge)?
            }
            _ => new,
        };
        merged.insert(key, combined);
    }
    Ok(Object::dict(merged))
}

fn merge_lists(rendering: &Rendering<'_>, old: &[Object], new: &[Object], merge: ListMerge) -> Result<Object, Fault> {
    let without = |items: &[Object], others: &[Object]| -> Result<Vec<Object>, Fault> {
        let mut kept = Vec::new();
        for item in items {
            let mut found = false;
            for other in others {
                found = found || operators::equal(rendering, item, other)?;
            }
            if !found {
                kept.push(item.clone());
            }
        }
        Ok(kept)
    };
    Ok(Object::list(match merge {
        ListMerge::Replace => new.to_vec(),
        ListMerge::Keep => old.to_vec(),
        ListMerge::Append => [old, new].concat(),
        ListMerge::Prepend => [new, old].concat(),
        ListMerge::AppendUnique => [without(old, new)?, new.to_vec()].concat(),
        ListMerge::PrependUnique => [new.to_vec(), without(old, new)?].concat(),
    }))
}

/// A dict of dicts, under the value each has for `key`.
pub(super) fn rekey_on_member(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let name = call.args.text_or(0, "");
    let overwrite = match call.args.text_or(1, "error").as_str() {
        "error" => false,
        "overwrite" => true,
        other => {
            return Err(Fault::error(format!("duplicates parameter to rekey_on_member has unknown value '{other}'")));
        }
    };
    let items: Vec<Object> = match &call.input {
        mapping if mapping.is_mapping() => {
            entries(call.rendering, mapping)?.into_iter().map(|(_, value)| value).collect()
        }
        Object::List(_) | Object::Tuple(_) => call.items()?.to_vec(),
        _ => return Err(Fault::error("Type is not a valid list, set, or dict")),
    };
    let mut all = Entries::new();
    for item in items {
        let Object::Dict(dict) = &item else {
            return Err(Fault::error("List item is not a valid dict"));
        };
        let Some(member) = dict.get_str(call.rendering, &name)? else {
            return Err(Fault::error(format!("Key '{name}' was not found.")));
        };
        let key = member.to_key()?;
        if !overwrite && all.contains_key(&key) {
            return Err(Fault::error(format!("Key '{key}' is not unique, cannot convert to dict.")));
        }
        all.insert(key, item);
    }
    Ok(Object::dict(all))
}

pub(super) fn extract(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let mut current = call.args.get(0).cloned().unwrap_or(Object::Null);
    let mut keys = vec![call.input.clone()];
    match call.args.some(1) {
        None => {}
        Some(Object::List(list)) => keys.extend(list.items(call.rendering)?.iter().cloned()),
        Some(single) => keys.push(single.clone()),
    }
    for key in keys {
        let found = match item(call.rendering, &current, &key)? {
            None => key.as_str().map_or(Ok(None), |name| attribute(call.rendering, &current, name))?,
            found => found,
        };
        let Some(found) = found else {
            let shown = python::repr(call.rendering, &key)?;
            let kind = current.type_name();
            return Ok(Object::undefined(None, format!("object of type '{kind}' has no attribute {shown}")));
        };
        current = found;
    }
    Ok(current)
}

pub(super) fn subelements(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let path = call.args.get(0).cloned().unwrap_or(Object::Null);
    subelements_of(call.rendering, &call.input, &path, call.args.truthy(1, false)).map(Object::list)
}

/// Pairs of each item of `objects` with each item of the list at `path` in it.
pub(crate) fn subelements_of(
    rendering: &Rendering<'_>,
    objects: &Object,
    path: &Object,
    skip_missing: bool,
) -> Result<Vec<Object>, Fault> {
    let objects = match objects {
        mapping if mapping.is_mapping() => entries(rendering, mapping)?.into_iter().map(|(_, value)| value).collect(),
        Object::List(list) => list.items(rendering)?.to_vec(),
        _ => return Err(Fault::error("obj must be a list of dicts or a nested dict")),
    };
    let path: Vec<Object> = match path {
        Object::Str(text) => text.split('.').map(Object::from).collect(),
        Object::List(list) => list.items(rendering)?.to_vec(),
        _ => return Err(Fault::error("subelements must be a list or a string")),
    };
    let mut pairs = Vec::new();
    for object in objects {
        let mut current = object.clone();
        let mut found = true;
        for part in &path {
            if !current.is_mapping() {
                return Err(no_dict(rendering, part, &current)?);
            }
            match item(rendering, &current, part)? {
                Some(next) => current = next,
                None if skip_missing => {
                    found = false;
                    break;
                }
                None => {
                    let (key, shown) = (python::str(rendering, part)?, python::repr(rendering, &current)?);
                    return Err(Fault::error(format!("could not find '{key}' key in iterated item {shown}")));
                }
            }
        }
        if !found {
            continue;
        }
        let Object::List(_) = current else {
            let shown = python::repr(rendering, &current)?;
            let key = path.last().map_or(Ok(String::new()), |key| python::str(rendering, key))?;
            return Err(Fault::error(format!("the key '{key}' should point to a list, got {shown}")));
        };
        for element in iterate(rendering, &current)?.iter() {
            pairs.push(Object::tuple(vec![object.clone(), element.clone()]));
        }
    }
    Ok(pairs)
}

/// What Python says when `object[key]` is not possible.
fn no_dict(rendering: &Rendering<'_>, key: &Object, object: &Object) -> Result<Fault, Fault> {
    let kind = object.type_name();
    let why = match object {
        Object::Str(_) => "string indices must be integers, not 'str'".to_owned(),
        Object::List(_) => "list indices must be integers or slices, not str".to_owned(),
        _ => format!("'{kind}' object is not subscriptable"),
    };
    let (key, shown) = (python::str(rendering, key)?, python::str(rendering, object)?);
    Ok(Fault::error(format!("the key {key} should point to a dictionary, got '{shown}': {why}")))
}

/// The entries of a dict as `[{key, value}, …]`, for the `dict` lookup.
pub(crate) fn key_value_items(rendering: &Rendering<'_>, object: &Object) -> Result<Vec<Object>, Fault> {
    let pairs = entries(rendering, object)?
        .into_iter()
        .map(|(key, value)| Object::dict([(Key::from("key"), Object::from_key(&key)), (Key::from("value"), value)]));
    Ok(pairs.collect())
}
