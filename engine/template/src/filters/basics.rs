//! Conversions and defaults: `default`, `bool`, `int`, `float`, `ternary`.
#![expect(clippy::unnecessary_wraps, reason = "rows of one table have one signature")]

use kapell_parsing::Deprecation;

use crate::evaluate::{Fault, FilterCall, defined};
use crate::object::Object;
use crate::operators::{big_to_float, float_to_int};
use crate::python;

pub(super) fn default(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let boolean = call.args.truthy(1, false);
    if call.input.is_absent()? || boolean && !call.input.is_truthy() {
        return Ok(call.args.get(0).cloned().unwrap_or_else(|| Object::from("")));
    }
    Ok(call.input.clone())
}

pub(super) fn mandatory(call: &FilterCall<'_>) -> Result<Object, Fault> {
    call.input.is_absent()?;
    match (&call.input, call.args.text(0)) {
        (Object::Undefined(_) | Object::Blank, Some(message)) => Err(Fault::error(message)),
        (Object::Undefined(missing), None) => {
            Err(Fault::error(match missing.name.as_deref().or(lacking(&missing.reason)) {
                Some(name) => format!("Mandatory variable '{name}' not defined."),
                None => "Mandatory variable not defined.".into(),
            }))
        }
        (Object::Blank, None) => Err(Fault::error("Mandatory variable not defined.")),
        (defined, _) => Ok(defined.clone()),
    }
}

/// The attribute something undefined was to be.
fn lacking(reason: &str) -> Option<&str> {
    reason.split_once("has no attribute ").map(|(_, name)| name.trim_matches('\''))
}

/// Ansible's truth of a value: few words are true, everything else is false.
pub(super) fn bool(call: &FilterCall<'_>) -> Result<Object, Fault> {
    const FALSE: [&str; 4] = ["no", "off", "0", "false"];
    let (truth, is_known) = match &call.input {
        Object::Bool(truth) => (*truth, true),
        Object::Int(number) => (*number == 1, matches!(number, 0 | 1)),
        Object::Float(number) => (number.to_bits() == 1.0_f64.to_bits(), false),
        Object::Str(text) => {
            let word = text.to_lowercase();
            let truth = matches!(word.as_str(), "yes" | "on" | "1" | "true");
            (truth, truth || FALSE.contains(&word.as_str()))
        }
        _ => (false, false),
    };
    if !is_known {
        let input = python::repr(call.rendering, &call.input)?;
        let (kind, truth) = (call.input.type_name(), if truth { "True" } else { "False" });
        let message = format!("The `bool` filter coerced invalid value {input} ({kind}) to {truth}.");
        call.rendering.deprecated(&Deprecation::of_core(message, "2.23"));
    }
    Ok(truth.into())
}

pub(super) fn int(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let default = || Ok(call.args.get(0).cloned().unwrap_or(Object::Int(0)));
    let base = u32::try_from(call.args.int_or(1, 10)?).unwrap_or(10);
    match &call.input {
        Object::Bool(b) => Ok(Object::Int((*b).into())),
        number @ (Object::Int(_) | Object::BigInt(_)) => Ok(number.clone()),
        Object::Float(float) => match float_to_int(*float).filter(|_| float.is_finite()) {
            Some(whole) => Ok(whole),
            None => default(),
        },
        Object::Str(text) => {
            let read = python::parse_int(text, base)
                .or_else(|| python::parse_float(text).filter(|float| float.is_finite()).and_then(float_to_int));
            read.map_or_else(default, Ok)
        }
        _ => default(),
    }
}

pub(super) fn float(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let read = match &call.input {
        Object::Float(float) => Some(*float),
        Object::BigInt(big) => Some(big_to_float(big)),
        Object::Str(text) => python::parse_float(text),
        other => other.as_i64().map(|i| i as f64),
    };
    Ok(read.map_or_else(|| call.args.get(0).cloned().unwrap_or(Object::Float(0.0)), Object::Float))
}

pub(super) fn ternary(call: &FilterCall<'_>) -> Result<Object, Fault> {
    if call.input.is_undefined() {
        return Ok(call.input.clone());
    }
    let branch = match &call.input {
        Object::Null if call.args.some(2).is_some() => call.args.get(2),
        value if value.is_truthy() => call.args.get(0),
        _ => call.args.get(1),
    };
    Ok(branch.cloned().unwrap_or(Object::Null))
}

pub(super) fn type_debug(call: &FilterCall<'_>) -> Result<Object, Fault> {
    Ok(call.input.type_name().into())
}

/// A number argument, from a number or its text.
pub(super) fn number(object: &Object) -> Result<f64, Fault> {
    match defined(object.clone())? {
        Object::Float(float) => Ok(float),
        Object::BigInt(big) => Ok(big_to_float(&big)),
        other => match other.as_i64() {
            Some(i) => Ok(i as f64),
            None => Err(Fault::error(format!("must be real number, not {}", other.type_name()))),
        },
    }
}

/// Ansible's own tests of itself use it: everything in the value templated.
pub(super) fn finalize(call: &FilterCall<'_>) -> Result<Object, Fault> {
    python::to_value(call.rendering, &call.input).map(|value| Object::finished(&value))
}
