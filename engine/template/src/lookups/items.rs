//! Lookups over lists and dicts: `items`, `list`, `dict`, `nested`, `together`, `subelements`, `indexed_items`, `flattened`.
#![expect(clippy::unnecessary_wraps, reason = "rows of one table have one signature")]

use std::sync::Arc;

use kapell_parsing::Key;

use super::LookupCall;
use crate::evaluate::{Fault, defined, iterate};
use crate::filters::{cartesian, key_value_items, subelements_of};
use crate::object::Object;
use crate::python;
use crate::python::random::Random;

/// The terms, lists among them opened one level.
fn flattened(call: &LookupCall<'_>, terms: &[Object]) -> Result<Vec<Object>, Fault> {
    let mut flat = Vec::new();
    for term in terms {
        match term {
            Object::List(_) | Object::Tuple(_) => flat.extend(iterate(call.rendering, term)?.iter().cloned()),
            other => flat.push(other.clone()),
        }
    }
    Ok(flat)
}

pub(super) fn items(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    flattened(call, &call.terms)
}

/// Lists in lists, however deep, as one.
pub(super) fn flattened_deep(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let mut flat = call.terms.clone();
    while flat.iter().any(|item| matches!(item, Object::List(_) | Object::Tuple(_))) {
        flat = flattened(call, &flat)?;
    }
    Ok(flat)
}

pub(super) fn list(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    Ok(call.terms.clone())
}

pub(super) fn indexed_items(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let items = flattened(call, &call.terms)?.into_iter().enumerate();
    Ok(items.map(|(at, item)| Object::tuple(vec![at.into(), item])).collect())
}

pub(super) fn dict(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let mut found = Vec::new();
    for term in flattened(call, &call.terms)? {
        let term = defined(term)?;
        if !term.is_mapping() {
            let (shown, kind) = (python::str(call.rendering, &term)?, term.type_name());
            return Err(Fault::error(format!(
                "the 'dict' lookup plugin expects a dictionary, got '{shown}' of type <class '{kind}'>)"
            )));
        }
        found.extend(key_value_items(call.rendering, &term)?);
    }
    Ok(found)
}

fn lists(call: &LookupCall<'_>) -> Result<Vec<Arc<Vec<Object>>>, Fault> {
    let list = |term: &Object| match defined(term.clone())? {
        list @ (Object::List(_) | Object::Tuple(_)) => iterate(call.rendering, &list),
        single => Ok(Arc::new(vec![single])),
    };
    call.terms.iter().map(list).collect()
}

pub(super) fn nested(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let lists = lists(call)?;
    if lists.is_empty() {
        return Err(Fault::error("with_nested requires at least one element in the nested list"));
    }
    let rows = iterate(call.rendering, &cartesian(call.rendering, &lists)?)?;
    rows.iter().map(|row| Ok(Object::list(flattened(call, &iterate(call.rendering, row)?)?))).collect()
}

pub(super) fn together(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let lists = lists(call)?;
    if lists.is_empty() {
        return Err(Fault::error("with_together requires at least one element in each list"));
    }
    let longest = lists.iter().map(|list| list.len()).max().unwrap_or(0);
    let row = |at: usize| {
        let row: Vec<Object> = lists.iter().map(|list| list.get(at).cloned().unwrap_or(Object::Null)).collect();
        flattened(call, &row).map(Object::list)
    };
    (0..longest).map(row).collect()
}

/// Like the filter, but items come without the list that was taken out of them.
pub(super) fn subelements(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let ([objects, path] | [objects, path, _]) = call.terms.as_slice() else {
        return Err(Fault::error(
            "subelements lookup expects a list of two or three items, first a dict or a list, second a string pointing to the subkey",
        ));
    };
    let skip_missing = match call.terms.get(2) {
        Some(Object::Dict(flags)) => flags.get_str(call.rendering, "skip_missing")?.is_some_and(|flag| match &flag {
            Object::Str(text) => matches!(text.to_lowercase().as_str(), "yes" | "on" | "1" | "true" | "y" | "t"),
            other => other.is_truthy(),
        }),
        Some(_) => return Err(Fault::error("the optional third item must be a dict with flags skip_missing")),
        None => false,
    };
    let path_text = python::str(call.rendering, path)?;
    let pairs = subelements_of(call.rendering, objects, path, skip_missing).map_err(quoted_item)?;
    let without_list = |pair: Object| match &pair {
        Object::Tuple(parts) => match &parts[0] {
            Object::Dict(dict) if !path_text.contains('.') => {
                let entries = dict.entries(call.rendering)?;
                let key = Key::from(path_text.as_str());
                let rest = entries.iter().filter(|(known, _)| **known != key).map(|(k, v)| (k.clone(), v.clone()));
                Ok(Object::tuple(vec![Object::dict(rest), parts[1].clone()]))
            }
            _ => Ok(pair.clone()),
        },
        _ => Ok(pair.clone()),
    };
    pairs.into_iter().map(without_list).collect()
}

/// The lookup quotes the item in this message where the filter does not.
fn quoted_item(fault: Fault) -> Fault {
    match fault {
        Fault::Error(message) => match message.split_once(" key in iterated item ") {
            Some((start, item)) => Fault::Error(format!("{start} key in iterated item '{item}'")),
            None => Fault::Error(message),
        },
        other => other,
    }
}

pub(super) fn random_choice(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    match u64::try_from(call.terms.len()) {
        Ok(count @ 1..) => {
            let at = usize::try_from(Random::from_system().below(count)).unwrap_or(0);
            Ok(vec![call.terms[at].clone()])
        }
        _ => Ok(Vec::new()),
    }
}
