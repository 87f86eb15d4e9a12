//! Tests of task results: `failed`, `succeeded`, `changed`, `skipped` and their like.

use crate::evaluate::{Fault, TestCall, defined, iterate};
use crate::object::{Dict, Object};

fn result<'c>(call: &'c TestCall<'_>, test: &str) -> Result<&'c Dict, Fault> {
    match call.subject {
        Object::Dict(dict) => Ok(dict),
        _ => Err(Fault::error(format!("The '{test}' test expects a dictionary"))),
    }
}

/// Whether the result's entry `name` is true.
fn flag(call: &TestCall<'_>, dict: &Dict, name: &str) -> Result<bool, Fault> {
    match dict.get_str(call.rendering, name)? {
        Some(object) => Ok(defined(object)?.is_truthy()),
        None => Ok(false),
    }
}

pub(super) fn failed(call: &TestCall<'_>) -> Result<bool, Fault> {
    flag(call, result(call, "failed")?, "failed")
}

pub(super) fn succeeded(call: &TestCall<'_>) -> Result<bool, Fault> {
    flag(call, result(call, "failed")?, "failed").map(|failed| !failed)
}

pub(super) fn unreachable(call: &TestCall<'_>) -> Result<bool, Fault> {
    flag(call, result(call, "unreachable")?, "unreachable")
}

pub(super) fn reachable(call: &TestCall<'_>) -> Result<bool, Fault> {
    unreachable(call).map(|unreachable| !unreachable)
}

/// A loop's result has changed when one of its items has.
pub(super) fn changed(call: &TestCall<'_>) -> Result<bool, Fault> {
    let dict = result(call, "changed")?;
    if dict.get_str(call.rendering, "changed")?.is_some() {
        return flag(call, dict, "changed");
    }
    let Some(Object::List(items)) = dict.get_str(call.rendering, "results")? else {
        return Ok(false);
    };
    for item in iterate(call.rendering, &Object::List(items))?.iter() {
        if let Object::Dict(item) = item
            && flag(call, item, "changed")?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn skipped(call: &TestCall<'_>) -> Result<bool, Fault> {
    flag(call, result(call, "skipped")?, "skipped")
}

pub(super) fn timedout(call: &TestCall<'_>) -> Result<bool, Fault> {
    let dict = result(call, "timedout")?;
    match dict.get_str(call.rendering, "timedout")? {
        Some(Object::Dict(details)) => flag(call, &details, "period"),
        Some(other) => Ok(other.is_truthy()),
        None => Ok(false),
    }
}

pub(super) fn started(call: &TestCall<'_>) -> Result<bool, Fault> {
    flag_or_true(call, "started")
}

pub(super) fn finished(call: &TestCall<'_>) -> Result<bool, Fault> {
    flag_or_true(call, "finished")
}

/// A result that says nothing about it is of a task that ran to its end.
fn flag_or_true(call: &TestCall<'_>, name: &str) -> Result<bool, Fault> {
    let dict = result(call, name)?;
    if dict.get_str(call.rendering, name)?.is_some() {
        return flag(call, dict, name);
    }
    call.rendering
        .notice("warning", &format!("The '{name}' test expects an async task, but a non-async task was tested"));
    Ok(true)
}
