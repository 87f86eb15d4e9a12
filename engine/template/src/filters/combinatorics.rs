//! Filters that pair lists up: `zip`, `product`, `permutations`, `combinations`; and `flatten`.

use std::sync::Arc;

use itertools::Itertools as _;

use crate::evaluate::{Fault, FilterCall, Rendering, all_defined, iterate};
use crate::object::Object;

/// Results longer than this are refused.
const MAX_RESULTS: usize = 10_000_000;

fn lists(call: &FilterCall<'_>) -> Result<Vec<Arc<Vec<Object>>>, Fault> {
    let list = |object: &Object| {
        let items = iterate(call.rendering, object)?;
        if let Object::List(_) = object {
            all_defined(items.iter())?;
        }
        Ok(items)
    };
    std::iter::once(&call.input).chain(&call.args.rest).map(list).collect()
}

fn rows(rendering: &Rendering<'_>, lists: &[Arc<Vec<Object>>], length: usize, fill: &Object) -> Result<Object, Fault> {
    rendering.spend_items(length.saturating_mul(lists.len()))?;
    let row = |at: usize| Object::tuple(lists.iter().map(|l| l.get(at).unwrap_or(fill).clone()).collect());
    Ok(Object::list((0..length).map(row).collect()))
}

pub(super) fn zip(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let lists = lists(call)?;
    let shortest = lists.iter().map(|list| list.len()).min().unwrap_or(0);
    let strict = call.args.extra("strict").is_some_and(Object::is_truthy);
    if strict && lists.iter().any(|list| list.len() != shortest) {
        return Err(Fault::error("zip() arguments have different lengths"));
    }
    rows(call.rendering, &lists, shortest, &Object::Null)
}

pub(super) fn zip_longest(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let lists = lists(call)?;
    let longest = lists.iter().map(|list| list.len()).max().unwrap_or(0);
    rows(call.rendering, &lists, longest, call.args.extra("fillvalue").unwrap_or(&Object::Null))
}

pub(super) fn product(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let mut lists = lists(call)?;
    let repeat = match call.args.extra("repeat") {
        Some(repeat) => usize::try_from(crate::evaluate::integer(repeat)?).unwrap_or(0),
        None => 1,
    };
    let once = lists.clone();
    call.rendering.spend_items(lists.len().saturating_mul(repeat))?;
    for _ in 1..repeat {
        lists.extend(once.iter().cloned());
    }
    cartesian(call.rendering, &lists)
}

/// Every way to take one item of each list, the last list changing fastest.
pub(crate) fn cartesian(rendering: &Rendering<'_>, lists: &[Arc<Vec<Object>>]) -> Result<Object, Fault> {
    let total = lists.iter().try_fold(1_usize, |total, list| total.checked_mul(list.len()));
    let total = bounded(total)?;
    rendering.spend_items(total.saturating_mul(lists.len()))?;
    let row = |mut at: usize| {
        let mut row: Vec<Object> = Vec::with_capacity(lists.len());
        for list in lists.iter().rev() {
            row.push(list[at % list.len()].clone());
            at /= list.len();
        }
        row.reverse();
        Object::tuple(row)
    };
    Ok(Object::list((0..total).map(row).collect()))
}

fn too_many() -> Fault {
    Fault::error("the result has too many items")
}

pub(super) fn permutations(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let items = call.items()?;
    let size = call.args.int(0)?.map_or(items.len(), |size| usize::try_from(size).unwrap_or(0));
    if size > items.len() {
        return Ok(Object::list(Vec::new()));
    }
    let choices = (0..size).try_fold(1_usize, |choices, chosen| bounded(choices.checked_mul(items.len() - chosen)))?;
    spend_choices(call.rendering, choices, size)?;
    Ok(Object::list(items.iter().cloned().permutations(size).map(Object::tuple).collect()))
}

pub(super) fn combinations(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let items = call.items()?;
    let size = usize::try_from(call.args.int_or(0, 0)?).unwrap_or(0);
    let Some(left_out) = items.len().checked_sub(size) else {
        return Ok(Object::list(Vec::new()));
    };
    let choices = (0..size.min(left_out)).try_fold(1_usize, |choices, chosen| {
        bounded(choices.checked_mul(items.len() - chosen).map(|product| product / (chosen + 1)))
    })?;
    spend_choices(call.rendering, choices, size)?;
    Ok(Object::list(items.iter().cloned().combinations(size).map(Object::tuple).collect()))
}

/// The number of choices, when they are few enough to be listed.
fn bounded(choices: Option<usize>) -> Result<usize, Fault> {
    choices.filter(|choices| *choices <= MAX_RESULTS).ok_or_else(too_many)
}

fn spend_choices(rendering: &Rendering<'_>, choices: usize, size: usize) -> Result<(), Fault> {
    rendering.spend_items(choices.saturating_mul(size.saturating_add(1)))
}

pub(super) fn flatten(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let levels = call.args.int(0)?;
    let skip_nulls = call.args.truthy(1, true);
    let flat = flatten_levels(call.rendering, &call.input, levels, skip_nulls)?;
    all_defined(flat.iter())?;
    Ok(Object::list(flat))
}

/// The items with lists in them opened, `levels` deep or (nothing given) all the way.
pub(crate) fn flatten_levels(
    rendering: &Rendering<'_>,
    object: &Object,
    levels: Option<i64>,
    skip_nulls: bool,
) -> Result<Vec<Object>, Fault> {
    let mut flat = Vec::new();
    for item in iterate(rendering, object)?.iter() {
        match item {
            Object::Null if skip_nulls => {}
            Object::Str(text) if skip_nulls && matches!(text.as_str(), "None" | "null") => {}
            Object::List(_) | Object::Tuple(_) if levels.is_none_or(|levels| levels >= 1) => {
                let inner = levels.map(|levels| levels - 1);
                flat.extend(rendering.deeper(|| flatten_levels(rendering, item, inner, skip_nulls))?);
            }
            other => flat.push(other.clone()),
        }
    }
    Ok(flat)
}
