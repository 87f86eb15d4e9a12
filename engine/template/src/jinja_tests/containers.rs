//! Tests of membership: `in`, `contains`, `subset`, `superset`, `all`, `any`.

use crate::evaluate::{Fault, TestCall, defined, iterate};
use crate::object::Object;
use crate::operators;

pub(super) fn is_in(call: &TestCall<'_>) -> Result<bool, Fault> {
    operators::contains(call.rendering, call.args.get(0).unwrap_or(&Object::Null), call.subject)
}

pub(super) fn contains(call: &TestCall<'_>) -> Result<bool, Fault> {
    operators::contains(call.rendering, call.subject, call.args.get(0).unwrap_or(&Object::Null))
}

fn within(call: &TestCall<'_>, part: &Object, whole: &Object) -> Result<bool, Fault> {
    let whole = Object::list(iterate(call.rendering, whole)?.to_vec());
    for item in iterate(call.rendering, part)?.iter() {
        if !operators::contains(call.rendering, &whole, item)? {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) fn subset(call: &TestCall<'_>) -> Result<bool, Fault> {
    within(call, call.subject, call.args.get(0).unwrap_or(&Object::Null))
}

pub(super) fn superset(call: &TestCall<'_>) -> Result<bool, Fault> {
    within(call, call.args.get(0).unwrap_or(&Object::Null), call.subject)
}

pub(super) fn all(call: &TestCall<'_>) -> Result<bool, Fault> {
    for item in iterate(call.rendering, call.subject)?.iter() {
        if !defined(item.clone())?.is_truthy() {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) fn any(call: &TestCall<'_>) -> Result<bool, Fault> {
    for item in iterate(call.rendering, call.subject)?.iter() {
        if defined(item.clone())?.is_truthy() {
            return Ok(true);
        }
    }
    Ok(false)
}
