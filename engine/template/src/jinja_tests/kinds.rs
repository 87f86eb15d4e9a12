//! Tests of what kind of object something is.
#![expect(clippy::unnecessary_wraps, reason = "rows of one table have one signature")]

use crate::evaluate::{Fault, TestCall, has_filter, has_test};
use crate::filters;
use crate::object::Object;

pub(super) fn defined(call: &TestCall<'_>) -> Result<bool, Fault> {
    Ok(!call.subject.is_absent()?)
}

pub(super) fn undefined(call: &TestCall<'_>) -> Result<bool, Fault> {
    call.subject.is_absent()
}

pub(super) fn none(call: &TestCall<'_>) -> Result<bool, Fault> {
    Ok(call.subject.is_null())
}

pub(super) fn boolean(call: &TestCall<'_>) -> Result<bool, Fault> {
    Ok(matches!(call.subject, Object::Bool(_)))
}

pub(super) fn is_true(call: &TestCall<'_>) -> Result<bool, Fault> {
    Ok(matches!(call.subject, Object::Bool(true)))
}

pub(super) fn is_false(call: &TestCall<'_>) -> Result<bool, Fault> {
    Ok(matches!(call.subject, Object::Bool(false)))
}

pub(super) fn integer(call: &TestCall<'_>) -> Result<bool, Fault> {
    Ok(matches!(call.subject, Object::Int(_) | Object::BigInt(_)))
}

pub(super) fn float(call: &TestCall<'_>) -> Result<bool, Fault> {
    Ok(matches!(call.subject, Object::Float(_)))
}

/// Booleans are numbers, as in Python.
pub(super) fn number(call: &TestCall<'_>) -> Result<bool, Fault> {
    Ok(call.subject.is_number())
}

pub(super) fn nan(call: &TestCall<'_>) -> Result<bool, Fault> {
    Ok(matches!(call.subject, Object::Float(float) if float.is_nan()))
}

pub(super) fn string(call: &TestCall<'_>) -> Result<bool, Fault> {
    Ok(matches!(call.subject, Object::Str(_)))
}

pub(super) fn mapping(call: &TestCall<'_>) -> Result<bool, Fault> {
    Ok(call.subject.is_mapping())
}

fn has_items(object: &Object) -> bool {
    match object {
        Object::Str(_) | Object::List(_) | Object::Tuple(_) | Object::Blank => true,
        Object::Native(native) => native.items().is_some(),
        other => other.is_mapping(),
    }
}

pub(super) fn sequence(call: &TestCall<'_>) -> Result<bool, Fault> {
    Ok(has_items(call.subject))
}

pub(super) fn iterable(call: &TestCall<'_>) -> Result<bool, Fault> {
    Ok(has_items(call.subject))
}

pub(super) fn callable(call: &TestCall<'_>) -> Result<bool, Fault> {
    let Object::Native(native) = call.subject else {
        return Ok(false);
    };
    Ok(matches!(native.type_name(), "function" | "builtin_function_or_method" | "Macro" | "Joiner" | "LoopContext"))
}

/// Nothing is HTML-escaped here.
pub(super) fn escaped(_call: &TestCall<'_>) -> Result<bool, Fault> {
    Ok(false)
}

pub(super) fn sameas(call: &TestCall<'_>) -> Result<bool, Fault> {
    let other = call.args.get(0).unwrap_or(&Object::Null);
    Ok(match (call.subject, other) {
        (Object::List(a), Object::List(b)) => a.is(b),
        (Object::Dict(a), Object::Dict(b)) => a.is(b),
        (Object::Null, Object::Null) => true,
        (Object::Bool(a), Object::Bool(b)) => a == b,
        (Object::Int(a), Object::Int(b)) => a == b,
        (Object::Str(a), Object::Str(b)) => a == b,
        _ => false,
    })
}

pub(super) fn filter(call: &TestCall<'_>) -> Result<bool, Fault> {
    call.subject.as_str().map_or(Ok(false), |name| has_filter(call.rendering, name))
}

pub(super) fn test(call: &TestCall<'_>) -> Result<bool, Fault> {
    call.subject.as_str().map_or(Ok(false), |name| has_test(call.rendering, name))
}

pub(super) fn truthy(call: &TestCall<'_>) -> Result<bool, Fault> {
    if !call.args.truthy(0, false) {
        return Ok(call.subject.is_truthy());
    }
    match call.subject {
        Object::Str(text) => match text.trim().to_lowercase().as_str() {
            "y" | "yes" | "on" | "1" | "true" | "t" | "1.0" => Ok(true),
            "n" | "no" | "off" | "0" | "false" | "f" | "0.0" => Ok(false),
            _ => Ok(call.subject.is_truthy()),
        },
        other => Ok(other.is_truthy()),
    }
}

pub(super) fn falsy(call: &TestCall<'_>) -> Result<bool, Fault> {
    truthy(call).map(|truthy| !truthy)
}

pub(super) fn tagged(call: &TestCall<'_>) -> Result<bool, Fault> {
    Ok(!filters::trust::tags(call.subject).is_empty())
}

pub(super) fn tagged_with(call: &TestCall<'_>) -> Result<bool, Fault> {
    const KNOWN: [&str; 5] = ["Deprecated", "Origin", "SourceWasEncrypted", "TrustedAsTemplate", "VaultedValue"];
    let name = call.args.text_or(0, "");
    if !KNOWN.contains(&name.as_str()) {
        return Err(Fault::error(format!("Unknown tag name {}.", kapell_parsing::value::str_repr(&name))));
    }
    Ok(filters::trust::tags(call.subject).contains(&name.as_str()))
}
