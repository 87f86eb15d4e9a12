//! Python's `datetime` and `timedelta`, as `now()` and `to_datetime` give them.

mod datetime;
mod strftime;
mod timedelta;

use std::cmp::Ordering;

pub(crate) use datetime::{DateTime, now};
pub(crate) use strftime::{strftime, with_local_offset};
pub(crate) use timedelta::TimeDelta;

use crate::evaluate::Fault;
use crate::object::Object;
use crate::syntax::BinaryOp;

/// Sums and differences with a date or a duration in them; nothing when neither side is one.
pub(crate) fn arithmetic(op: BinaryOp, left: &Object, right: &Object) -> Option<Result<Object, Fault>> {
    let (a, b) = (left.native_as::<DateTime>(), right.native_as::<DateTime>());
    let (c, d) = (left.native_as::<TimeDelta>(), right.native_as::<TimeDelta>());
    let delta = |microseconds: Option<i128>| {
        let delta = microseconds.ok_or_else(|| Fault::error("date value out of range"));
        delta.map(|microseconds| Object::native(TimeDelta::new(microseconds)))
    };
    Some(match (op, a, b, c, d) {
        (BinaryOp::Sub, Some(a), Some(b), ..) => a.since(b).map(|m| Object::native(TimeDelta::new(m))),
        (BinaryOp::Add, Some(a), _, _, Some(d)) => a.plus(d.microseconds).map(Object::native),
        (BinaryOp::Sub, Some(a), _, _, Some(d)) => a.plus(-d.microseconds).map(Object::native),
        (BinaryOp::Add, _, Some(b), Some(c), _) => b.plus(c.microseconds).map(Object::native),
        (BinaryOp::Add, _, _, Some(c), Some(d)) => delta(c.microseconds.checked_add(d.microseconds)),
        (BinaryOp::Sub, _, _, Some(c), Some(d)) => delta(c.microseconds.checked_sub(d.microseconds)),
        (BinaryOp::Mul, _, _, Some(c), _) if right.as_i64().is_some() => {
            delta(c.microseconds.checked_mul(right.as_i64().unwrap_or(0).into()))
        }
        (BinaryOp::Div, _, _, Some(c), Some(d)) if d.microseconds != 0 => {
            Ok(Object::Float(c.microseconds as f64 / d.microseconds as f64))
        }
        _ => return None,
    })
}

/// How two natives of one kind are ordered.
pub(crate) fn order(left: &Object, right: &Object) -> Option<Ordering> {
    if let (Some(a), Some(b)) = (left.native_as::<DateTime>(), right.native_as::<DateTime>()) {
        return a.order(b);
    }
    if let (Some(a), Some(b)) = (left.native_as::<TimeDelta>(), right.native_as::<TimeDelta>()) {
        return Some(a.microseconds.cmp(&b.microseconds));
    }
    match (left, right) {
        (Object::Native(a), Object::Native(b)) if std::sync::Arc::ptr_eq(a, b) => Some(Ordering::Equal),
        (Object::Native(a), Object::Native(b)) => crate::globals::range_order(&**a, &**b),
        _ => None,
    }
}

/// `'{:%Y}'.format(date)`.
pub(crate) fn format(object: &Object, spec: &str) -> Option<Result<String, Fault>> {
    object.native_as::<DateTime>().map(|date| Ok(strftime(date, spec)))
}
