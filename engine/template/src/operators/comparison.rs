//! `== != < <= > >= in` and sorting.

use std::cmp::Ordering;

use super::integers::{big_to_float, to_big};
use crate::dates;
use crate::evaluate::{Fault, Rendering, iterate};
use crate::object::Object;
use crate::syntax::CompareOp;

pub(crate) fn compare(rendering: &Rendering<'_>, op: CompareOp, left: &Object, right: &Object) -> Result<bool, Fault> {
    Ok(match op {
        CompareOp::Eq => equal(rendering, left, right)?,
        CompareOp::Ne => !equal(rendering, left, right)?,
        CompareOp::In => contains(rendering, right, left)?,
        CompareOp::NotIn => !contains(rendering, right, left)?,
        CompareOp::Lt => order(rendering, "<", left, right)? == Some(Ordering::Less),
        CompareOp::Gt => order(rendering, ">", left, right)? == Some(Ordering::Greater),
        CompareOp::Le => matches!(order(rendering, "<=", left, right)?, Some(Ordering::Less | Ordering::Equal)),
        CompareOp::Ge => matches!(order(rendering, ">=", left, right)?, Some(Ordering::Greater | Ordering::Equal)),
    })
}

/// Python's `==`.
pub(crate) fn equal(rendering: &Rendering<'_>, left: &Object, right: &Object) -> Result<bool, Fault> {
    Ok(match (left, right) {
        (Object::Undefined(missing), _) | (_, Object::Undefined(missing)) => {
            return Err(Fault::Undefined(missing.clone()));
        }
        (Object::Str(a), Object::Str(b)) => a == b,
        (Object::Null, Object::Null) | (Object::Omit, Object::Omit) | (Object::Blank, Object::Blank) => true,
        (Object::List(a), Object::List(b)) => {
            a.is(b) || a.len() == b.len() && all_equal(rendering, &a.items(rendering)?, &b.items(rendering)?)?
        }
        (Object::Tuple(a), Object::Tuple(b)) => a.len() == b.len() && all_equal(rendering, a, b)?,
        (Object::Dict(a), Object::Dict(b)) => {
            a.is(b) || {
                let (a, b) = (a.entries(rendering)?, b.entries(rendering)?);
                a.len() == b.len()
                    && rendering.deeper(|| {
                        for (key, left) in a.iter() {
                            match b.get(key) {
                                Some(right) if equal(rendering, left, right)? => {}
                                _ => return Ok(false),
                            }
                        }
                        Ok(true)
                    })?
            }
        }
        (Object::Native(_), _) | (_, Object::Native(_)) => dates::order(left, right) == Some(Ordering::Equal),
        (a, b) if a.is_number() && b.is_number() => number_order(a, b) == Some(Ordering::Equal),
        _ => false,
    })
}

fn all_equal(rendering: &Rendering<'_>, left: &[Object], right: &[Object]) -> Result<bool, Fault> {
    rendering.deeper(|| {
        for (a, b) in left.iter().zip(right) {
            if !equal(rendering, a, b)? {
                return Ok(false);
            }
        }
        Ok(true)
    })
}

/// How two objects are ordered; nothing when one is not a number (`nan`). `symbol` is for the error's message.
pub(crate) fn order(
    rendering: &Rendering<'_>,
    symbol: &str,
    left: &Object,
    right: &Object,
) -> Result<Option<Ordering>, Fault> {
    match (left, right) {
        (Object::Undefined(missing), _) | (_, Object::Undefined(missing)) => Err(Fault::Undefined(missing.clone())),
        (Object::Str(a), Object::Str(b)) => {
            rendering.spend(a.len().min(b.len()) / 64)?;
            Ok(Some(a.as_str().cmp(b.as_str())))
        }
        (Object::List(a), Object::List(b)) => {
            sequence_order(rendering, symbol, &a.items(rendering)?, &b.items(rendering)?)
        }
        (Object::Tuple(a), Object::Tuple(b)) => sequence_order(rendering, symbol, a, b),
        (a, b) if a.is_number() && b.is_number() => Ok(number_order(a, b)),
        (a, b) => match dates::order(a, b) {
            Some(ordering) => Ok(Some(ordering)),
            None => {
                let (a, b) = (a.type_name(), b.type_name());
                Err(Fault::error(format!("'{symbol}' not supported between instances of '{a}' and '{b}'")))
            }
        },
    }
}

fn sequence_order(
    rendering: &Rendering<'_>,
    symbol: &str,
    left: &[Object],
    right: &[Object],
) -> Result<Option<Ordering>, Fault> {
    rendering.deeper(|| {
        for (a, b) in left.iter().zip(right) {
            if !equal(rendering, a, b)? {
                return order(rendering, symbol, a, b);
            }
        }
        Ok(Some(left.len().cmp(&right.len())))
    })
}

fn number_order(left: &Object, right: &Object) -> Option<Ordering> {
    match (left, right) {
        (Object::Float(a), Object::Float(b)) => a.partial_cmp(b),
        (Object::Float(a), b) => a.partial_cmp(&as_float(b)),
        (a, Object::Float(b)) => as_float(a).partial_cmp(b),
        (a, b) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => Some(to_big(a)?.cmp(&to_big(b)?)),
        },
    }
}

fn as_float(object: &Object) -> f64 {
    match object {
        Object::BigInt(big) => big_to_float(big),
        other => other.as_i64().map_or(f64::NAN, |i| i as f64),
    }
}

/// Python's `item in container`.
pub(crate) fn contains(rendering: &Rendering<'_>, container: &Object, item: &Object) -> Result<bool, Fault> {
    match (container, item) {
        (Object::Undefined(missing), _) | (_, Object::Undefined(missing)) => Err(Fault::Undefined(missing.clone())),
        (Object::Str(text), Object::Str(part)) => {
            rendering.spend(text.len() / 16)?;
            Ok(text.contains(part.as_str()))
        }
        (Object::Str(_), other) => {
            let kind = other.type_name();
            Err(Fault::error(format!("'in <string>' requires string as left operand, not {kind}")))
        }
        (Object::Dict(dict), key) => Ok(dict.contains(&key.to_key()?)),
        (Object::Variables(_), Object::Str(name)) => Ok(crate::evaluate::has_entry(container, name)),
        (Object::Variables(_), _) => Ok(false),
        _ => {
            let items = iterate(rendering, container).map_err(|fault| match fault {
                Fault::Error(_) => {
                    Fault::error(format!("argument of type '{}' is not iterable", container.type_name()))
                }
                other => other,
            })?;
            rendering.spend(items.len() / 16)?;
            for candidate in items.iter() {
                if equal(rendering, candidate, item)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

/// Sorts stably by `key`, as Python's `sorted` compares. Copes with keys that have no order (`nan`).
pub(crate) fn sort_by<K: Clone>(
    rendering: &Rendering<'_>,
    items: &mut Vec<K>,
    reverse: bool,
    key: impl Fn(&K) -> &Object,
) -> Result<(), Fault> {
    rendering.spend(items.len())?;
    // Python asks whether the later one is less than the earlier one; its error names them in that order.
    let mut goes_first = |later: &K, earlier: &K| {
        let (a, b) = if reverse { (earlier, later) } else { (later, earlier) };
        Ok(order(rendering, "<", key(a), key(b))? == Some(Ordering::Less))
    };
    *items = merge_sort(items, &mut goes_first)?;
    Ok(())
}

fn merge_sort<K: Clone>(
    items: &[K],
    goes_first: &mut impl FnMut(&K, &K) -> Result<bool, Fault>,
) -> Result<Vec<K>, Fault> {
    if items.len() < 2 {
        return Ok(items.to_vec());
    }
    let (left, right) = items.split_at(items.len() / 2);
    let (left, right) = (merge_sort(left, goes_first)?, merge_sort(right, goes_first)?);
    let mut merged = Vec::with_capacity(items.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if goes_first(b, a)? { right.next() } else { left.next() };
        merged.extend(next);
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}
