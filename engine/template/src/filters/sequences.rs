//! Filters on sequences: ends, length, order, sums, groups, chance.

use std::sync::Arc;

use super::attributes::Getter;
use crate::evaluate::{Fault, FilterCall, defined, iterate};
use crate::object::Object;
use crate::operators;
use crate::python;
use crate::python::random::Random;

pub(super) fn first(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let first = match &call.input {
        Object::List(list) => list.get(call.rendering, 0)?,
        _ => call.items()?.first().cloned(),
    };
    Ok(first.unwrap_or_else(|| Object::undefined(None, "No first item, sequence was empty.")))
}

pub(super) fn last(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let last = match &call.input {
        Object::List(list) => match list.len().checked_sub(1) {
            Some(at) => list.get(call.rendering, at)?,
            None => None,
        },
        _ => call.items()?.last().cloned(),
    };
    Ok(last.unwrap_or_else(|| Object::undefined(None, "No last item, sequence was empty.")))
}

pub(super) fn length(call: &FilterCall<'_>) -> Result<Object, Fault> {
    crate::evaluate::length(&call.input).map(Object::from)
}

pub(super) fn list(call: &FilterCall<'_>) -> Result<Object, Fault> {
    Ok(Object::list(call.items()?.to_vec()))
}

pub(super) fn reverse(call: &FilterCall<'_>) -> Result<Object, Fault> {
    if let Object::Str(text) = &call.input {
        return Ok(text.chars().rev().collect::<String>().into());
    }
    Ok(Object::list(call.items()?.iter().rev().cloned().collect()))
}

pub(super) fn join(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let separator = call.args.text_or(0, "");
    let getter = Getter::new(call.args.get(1), None);
    let mut out = String::new();
    let mut secret = false;
    for (at, item) in call.items()?.iter().enumerate() {
        if at > 0 {
            out.push_str(&separator);
        }
        let item = getter.get(call.rendering, item)?;
        secret |= item.is_secret();
        let text = python::str(call.rendering, &item)?;
        call.rendering.spend_bytes(text.len() + separator.len())?;
        out.push_str(&text);
    }
    let joined = Object::from(out);
    Ok(if secret { crate::evaluate::mark_secret(joined) } else { joined })
}

/// The items with the value they are compared by: their attribute, lower case unless cases count.
fn keyed(call: &FilterCall<'_>, getter: &Getter, case_sensitive: bool) -> Result<Vec<(Object, Object)>, Fault> {
    let items = call.items()?;
    let keyed = items.iter().map(|item| {
        let key = defined(getter.get(call.rendering, item)?)?;
        let key = if case_sensitive { key } else { without_case(call, &key)? };
        Ok((key, item.clone()))
    });
    keyed.collect()
}

pub(super) fn without_case(call: &FilterCall<'_>, key: &Object) -> Result<Object, Fault> {
    Ok(match key {
        Object::Str(text) => text.to_lowercase().into(),
        Object::List(list) => {
            let parts: Result<Vec<_>, Fault> =
                list.items(call.rendering)?.iter().map(|part| without_case(call, part)).collect();
            Object::list(parts?)
        }
        other => other.clone(),
    })
}

pub(super) fn sort(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let getter = Getter::several(call.args.get(2));
    let mut keyed = keyed(call, &getter, call.args.truthy(1, false))?;
    operators::sort_by(call.rendering, &mut keyed, call.args.truthy(0, false), |(key, _)| key)?;
    Ok(Object::list(keyed.into_iter().map(|(_, item)| item).collect()))
}

fn extreme(call: &FilterCall<'_>, symbol: &str) -> Result<Object, Fault> {
    let getter = Getter::new(call.args.get(1), None);
    let mut best: Option<(Object, Object)> = None;
    for (key, item) in keyed(call, &getter, call.args.truthy(0, false))? {
        let better = match &best {
            None => true,
            Some((best, _)) => {
                let ordering = operators::order(call.rendering, symbol, &key, best)?;
                ordering == Some(if symbol == "<" { std::cmp::Ordering::Less } else { std::cmp::Ordering::Greater })
            }
        };
        if better {
            best = Some((key, item));
        }
    }
    Ok(best.map_or_else(|| Object::undefined(None, "No aggregated item, sequence was empty."), |(_, item)| item))
}

pub(super) fn min(call: &FilterCall<'_>) -> Result<Object, Fault> {
    extreme(call, "<")
}

pub(super) fn max(call: &FilterCall<'_>) -> Result<Object, Fault> {
    extreme(call, ">")
}

pub(super) fn sum(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let getter = Getter::new(call.args.get(0), None);
    let mut total = call.args.get(1).cloned().unwrap_or(Object::Int(0));
    for item in call.items()?.iter() {
        let item = defined(getter.get(call.rendering, item)?)?;
        total = operators::add(call.rendering, &total, &item)?;
    }
    Ok(total)
}

/// `[[group, items], …]`, groups in order.
pub(super) fn groupby(call: &FilterCall<'_>) -> Result<Object, Fault> {
    // Measured: what lacks the attribute is an error even where a default is given.
    let getter = Getter::new(call.args.get(0), None);
    let case_sensitive = call.args.truthy(2, false);
    let mut keyed = keyed(call, &getter, case_sensitive)?;
    operators::sort_by(call.rendering, &mut keyed, false, |(key, _)| key)?;
    let mut groups: Vec<(Object, Object, Vec<Object>)> = Vec::new();
    for (key, item) in keyed {
        match groups.last_mut() {
            Some((known, _, items)) if operators::equal(call.rendering, known, &key)? => items.push(item),
            _ => {
                let shown = getter.get(call.rendering, &item)?;
                groups.push((key, shown, vec![item]));
            }
        }
    }
    Ok(Object::list(
        groups.into_iter().map(|(_, shown, items)| Object::tuple(vec![shown, Object::list(items)])).collect(),
    ))
}

pub(super) fn batch(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let items = call.items()?;
    let size = match usize::try_from(call.args.int_or(0, 0)?) {
        // As Jinja counts: no batch is ever full again, a first one of no items is full at once.
        Ok(0) if !items.is_empty() => {
            return Ok(Object::list(vec![Object::list(Vec::new()), Object::list(items.to_vec())]));
        }
        Ok(size) if size > 0 => size,
        _ if items.is_empty() => return Ok(Object::list(Vec::new())),
        _ => return Ok(Object::list(vec![Object::list(items.to_vec())])),
    };
    if call.args.some(1).is_some() {
        call.rendering.spend_items(size)?;
    }
    let mut batches: Vec<Vec<Object>> = items.chunks(size).map(<[Object]>::to_vec).collect();
    if let (Some(last), Some(fill)) = (batches.last_mut(), call.args.some(1)) {
        last.resize(size, fill.clone());
    }
    Ok(Object::list(batches.into_iter().map(Object::list).collect()))
}

pub(super) fn slice(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let count = usize::try_from(call.args.int_or(0, 0)?).ok().filter(|count| *count > 0);
    let Some(count) = count else {
        return Err(Fault::error("integer division or modulo by zero"));
    };
    call.rendering.spend_items(count)?;
    let items = call.items()?;
    let (size, longer) = (items.len() / count, items.len() % count);
    let mut rest = items.as_slice();
    let mut slices = Vec::with_capacity(count);
    for at in 0..count {
        let (slice, tail) = rest.split_at(size + usize::from(at < longer));
        rest = tail;
        let mut slice = slice.to_vec();
        if let (Some(fill), true) = (call.args.some(1), at >= longer) {
            slice.push(fill.clone());
        }
        slices.push(Object::list(slice));
    }
    Ok(Object::list(slices))
}

fn generator(seed: Option<&Object>) -> Random {
    match seed {
        None => Random::from_system(),
        Some(Object::Str(text)) => Random::from_text(text),
        Some(Object::Float(float)) => Random::from_text(&kapell_parsing::value::float_repr(*float)),
        Some(other) => match operators::to_big(other) {
            Some(big) => Random::from_integer(&big),
            None => Random::from_text(&python::scalar_text(other)),
        },
    }
}

pub(super) fn random(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let mut generator = generator(call.args.some(2));
    if let Object::Int(end) = call.input {
        let (start, step) = (call.args.int_or(0, 0)?, call.args.int_or(1, 1)?);
        let width = i128::from(end) - i128::from(start);
        let choices = match step {
            0 => return Err(Fault::error("zero step for randrange()")),
            step if step > 0 => (width + i128::from(step) - 1) / i128::from(step),
            step => (width + i128::from(step) + 1) / i128::from(step),
        };
        return match u64::try_from(choices) {
            Ok(choices @ 1..) => {
                let at = i64::try_from(generator.below(choices)).unwrap_or(0);
                Ok(Object::Int(start + at * step))
            }
            _ if step == 1 => Err(Fault::error(format!("empty range for randrange() ({start}, {end}, {width})"))),
            _ => Err(Fault::error(format!("empty range for randrange() ({start}, {end}, {step})"))),
        };
    }
    if !matches!(call.input, Object::List(_) | Object::Tuple(_) | Object::Str(_) | Object::Native(_)) {
        return Err(Fault::error("random can only be used on sequences and integers"));
    }
    if call.args.some(0).is_some() || call.args.some(1).is_some() {
        return Err(Fault::error("start and step can only be used with integer values"));
    }
    let items = call.items()?;
    match u64::try_from(items.len()) {
        Ok(count @ 1..) => Ok(items[usize::try_from(generator.below(count)).unwrap_or(0)].clone()),
        _ => Err(Fault::error("Cannot choose from an empty sequence")),
    }
}

pub(super) fn shuffle(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let mut items: Vec<Object> = match iterate(call.rendering, &call.input) {
        Ok(items) => Arc::unwrap_or_clone(items),
        Err(Fault::Error(_)) => return Ok(call.input.clone()),
        Err(fault) => return Err(fault),
    };
    generator(call.args.some(0)).shuffle(&mut items);
    Ok(Object::list(items))
}
