//! Filters that apply a filter or test to every item: `map`, `select`, `reject`, `selectattr`, `rejectattr`.

use std::sync::Arc;

use super::attributes::Getter;
use crate::evaluate::{Arguments, Fault, FilterCall, apply_filter, apply_test, has_filter, has_test};
use crate::object::Object;

fn extra(call: &FilterCall<'_>, name: &str) -> Option<Object> {
    call.args.extra(name).cloned()
}

/// What is false (0, none, an empty text) has no items, and is not asked for them.
fn items(call: &FilterCall<'_>) -> Result<Arc<Vec<Object>>, Fault> {
    match &call.input {
        Object::Undefined(_) => call.items_as_they_are(),
        input if !input.is_truthy() => Ok(Arc::default()),
        _ => call.items_as_they_are(),
    }
}

/// The list `make` makes of the items. Where there are none, nobody asks what was to be done with them.
fn of_items(
    call: &FilterCall<'_>,
    make: impl FnOnce(&[Object]) -> Result<Vec<Object>, Fault>,
) -> Result<Object, Fault> {
    let items = items(call)?;
    if items.is_empty() { Ok(Object::list(Vec::new())) } else { make(&items).map(Object::list) }
}

pub(super) fn map(call: &FilterCall<'_>) -> Result<Object, Fault> {
    of_items(call, |items| mapped(call, items))
}

/// An item whose filter fails is undefined, like everything that fails: an error to those who use it.
fn mapped(call: &FilterCall<'_>, items: &[Object]) -> Result<Vec<Object>, Fault> {
    if call.args.rest.is_empty()
        && let Some(attribute) = extra(call, "attribute")
    {
        if let Some((unknown, _)) = call.args.extra.iter().find(|(n, _)| !matches!(&**n, "attribute" | "default")) {
            return Err(Fault::error(format!("Unexpected keyword argument '{unknown}'")));
        }
        let getter = Getter::new(Some(&attribute), extra(call, "default"));
        return items.iter().map(|item| getter.get(call.rendering, item)).collect();
    }
    let (name, arguments) = named_plugin(call, 0)?;
    let Some(name) = name else {
        return Err(Fault::error("map requires a filter argument"));
    };
    if !has_filter(call.rendering, &name)? {
        return Err(Fault::error(format!("No filter named '{name}'.")));
    }
    let apply = |item: &Object| {
        let result = apply_filter(call.rendering, &name, item.clone(), arguments());
        let result = result.unwrap_or_else(|| Err(Fault::error(format!("No filter named '{name}'."))));
        result.or_else(|fault| fault.stand_in(None))
    };
    items.iter().map(apply).collect()
}

/// The plugin named by the positional argument `at`, and a copy of the arguments for each use of it.
fn named_plugin<'c>(
    call: &'c FilterCall<'_>,
    at: usize,
) -> Result<(Option<String>, impl Fn() -> Arguments + 'c), Fault> {
    let name = match call.args.rest.get(at) {
        None => None,
        Some(Object::Str(name)) => Some(name.to_string()),
        Some(other) => return Err(Fault::error(format!("expected a plugin's name, not {}", other.type_name()))),
    };
    let arguments = move || Arguments {
        positional: call.args.rest.iter().skip(at + 1).cloned().collect(),
        named: call.args.extra.iter().map(|(name, object)| (Arc::clone(name), object.clone())).collect(),
    };
    Ok((name, arguments))
}

/// The items whose value (at `getter`) passes the test, or fails it.
fn filtered(
    call: &FilterCall<'_>,
    items: &[Object],
    getter: &Getter,
    test_at: usize,
    wanted: bool,
) -> Result<Vec<Object>, Fault> {
    let (name, arguments) = named_plugin(call, test_at)?;
    if let Some(name) = &name
        && !has_test(call.rendering, name)?
    {
        return Err(Fault::error(format!("No test named '{name}'.")));
    }
    let mut kept = Vec::new();
    for item in items {
        let value = getter.get(call.rendering, item)?;
        let passes = match &name {
            Some(name) => apply_test(call.rendering, name, &value, arguments())
                .unwrap_or_else(|| Err(Fault::error(format!("No test named '{name}'."))))?,
            None => crate::evaluate::defined(value)?.is_truthy(),
        };
        if passes == wanted {
            kept.push(item.clone());
        }
    }
    Ok(kept)
}

pub(super) fn select(call: &FilterCall<'_>) -> Result<Object, Fault> {
    of_items(call, |items| filtered(call, items, &Getter::new(None, None), 0, true))
}

pub(super) fn reject(call: &FilterCall<'_>) -> Result<Object, Fault> {
    of_items(call, |items| filtered(call, items, &Getter::new(None, None), 0, false))
}

fn by_attribute(call: &FilterCall<'_>, wanted: bool) -> Result<Object, Fault> {
    of_items(call, |items| {
        let Some(attribute) = call.args.rest.first() else {
            return Err(Fault::error("Missing parameter for attribute name"));
        };
        filtered(call, items, &Getter::new(Some(attribute), None), 1, wanted)
    })
}

pub(super) fn selectattr(call: &FilterCall<'_>) -> Result<Object, Fault> {
    by_attribute(call, true)
}

pub(super) fn rejectattr(call: &FilterCall<'_>) -> Result<Object, Fault> {
    by_attribute(call, false)
}
