//! Arithmetic filters: `abs`, `round`, `log`, `pow`, `root`.

use super::basics::number;
use crate::evaluate::{Fault, FilterCall};
use crate::object::Object;
use crate::operators;

pub(super) fn abs(call: &FilterCall<'_>) -> Result<Object, Fault> {
    match &call.input {
        Object::Float(float) => Ok(Object::Float(float.abs())),
        Object::BigInt(big) => Ok(Object::from_big(num_bigint::BigInt::from(big.magnitude().clone()))),
        Object::Int(number) if *number >= 0 => Ok(call.input.clone()),
        Object::Int(_) => operators::negate(&call.input),
        Object::Bool(b) => Ok(Object::Int((*b).into())),
        other => Err(Fault::error(format!("bad operand type for abs(): '{}'", other.type_name()))),
    }
}

/// Always a float, as Jinja's `round`.
pub(super) fn round(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let precision = call.args.int_or(0, 0)?.clamp(-300, 300);
    let method = call.args.text_or(1, "common");
    if method == "common" && precision >= 0 {
        match &call.input {
            Object::Int(_) | Object::BigInt(_) => return Ok(call.input.clone()),
            Object::Bool(bit) => return Ok(Object::Int(i64::from(*bit))),
            _ => {}
        }
    }
    if !call.input.is_number() {
        let kind = call.input.type_name();
        return Err(Fault::error(format!("type {kind} doesn't define __round__ method")));
    }
    let value = number(&call.input)?;
    let scale = 10_f64.powi(i32::try_from(precision).unwrap_or(0));
    Ok(match method.as_str() {
        "common" if precision >= 0 => {
            let places = usize::try_from(precision).unwrap_or(0);
            let rounded = format!("{value:.places$}").parse().unwrap_or(value);
            Object::Float(rounded)
        }
        "common" => {
            let rounded = ((value * scale).round_ties_even()) / scale;
            if matches!(call.input, Object::Float(_)) { Object::Float(rounded) } else { Object::Int(rounded as i64) }
        }
        "ceil" => Object::Float((value * scale).ceil() / scale),
        "floor" => Object::Float((value * scale).floor() / scale),
        _ => return Err(Fault::error("method must be common, ceil or floor")),
    })
}

pub(super) fn log(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let value = number(&call.input).map_err(|fault| named(fault, "log"))?;
    let base = call.args.get(0).map(number).transpose().map_err(|fault| named(fault, "log"))?;
    if value <= 0.0 || base.is_some_and(|base| base <= 0.0) {
        return Err(Fault::error("math domain error"));
    }
    Ok(Object::Float(match base {
        None => value.ln(),
        Some(10.0) => value.log10(),
        Some(base) => value.ln() / base.ln(),
    }))
}

fn named(fault: Fault, function: &str) -> Fault {
    match fault {
        Fault::Error(message) => Fault::Error(format!("{function}() can only be used on numbers: {message}")),
        other => other,
    }
}

pub(super) fn pow(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let base = number(&call.input).map_err(|fault| named(fault, "pow"))?;
    let exponent = call.args.get(0).map_or(Ok(1.0), number).map_err(|fault| named(fault, "pow"))?;
    let power = base.powf(exponent);
    if power.is_infinite() && base.is_finite() {
        return Err(Fault::error("math range error"));
    }
    Ok(Object::Float(power))
}

pub(super) fn root(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let value = number(&call.input).map_err(|fault| named(fault, "root"))?;
    let base = call.args.get(0).map_or(Ok(2.0), number).map_err(|fault| named(fault, "root"))?;
    if value < 0.0 {
        return Err(Fault::error("root() can only be used on numbers: math domain error"));
    }
    Ok(Object::Float(match base {
        2.0 => value.sqrt(),
        base => value.powf(1.0 / base),
    }))
}
