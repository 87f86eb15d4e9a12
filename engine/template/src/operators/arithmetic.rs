//! `+ - * / // % ** ~` and unary minus.

use num_bigint::BigInt;

use super::integers::{
    big_floor_div, big_floor_rem, big_to_float, float_floor_div, float_rem, floor_div, floor_rem, to_big,
};
use crate::dates;
use crate::evaluate::{Fault, Rendering};
use crate::object::Object;
use crate::python;
use crate::syntax::BinaryOp;

/// Strings and lists longer than this are refused.
pub(crate) const MAX_LENGTH: usize = 256 * 1024 * 1024;
/// Integers with more bits are refused.
const MAX_BITS: u64 = 1 << 20;

pub(crate) fn binary(rendering: &Rendering<'_>, op: BinaryOp, left: &Object, right: &Object) -> Result<Object, Fault> {
    match op {
        BinaryOp::Concat => {
            let (left, right) = (python::str(rendering, left)?, python::str(rendering, right)?);
            check_length(rendering, left.len() + right.len())?;
            let text = left + &right;
            Ok(text.into())
        }
        BinaryOp::Add => add(rendering, left, right),
        BinaryOp::Mul => multiply(rendering, left, right),
        BinaryOp::Rem if let Object::Str(format) = left => {
            let text = python::percent_format(rendering, format, right)?;
            check_length(rendering, text.len())?;
            Ok(text.into())
        }
        _ => number_operation(op, left, right),
    }
}

fn check_length(rendering: &Rendering<'_>, length: usize) -> Result<(), Fault> {
    if length > MAX_LENGTH { Err(Fault::error("the result is too long")) } else { rendering.spend_bytes(length) }
}

pub(crate) fn add(rendering: &Rendering<'_>, left: &Object, right: &Object) -> Result<Object, Fault> {
    match (left, right) {
        (Object::Str(a), Object::Str(b)) => {
            check_length(rendering, a.len() + b.len())?;
            Ok(Object::from([a.as_str(), b.as_str()].concat()))
        }
        (Object::List(a), Object::List(b)) => {
            rendering.spend_items(a.len() + b.len())?;
            let mut items = a.items(rendering)?.to_vec();
            items.extend(b.items(rendering)?.iter().cloned());
            Ok(Object::list(items))
        }
        (Object::Tuple(a), Object::Tuple(b)) => {
            rendering.spend_items(a.len() + b.len())?;
            Ok(Object::tuple([&**a, &**b].concat()))
        }
        (Object::Str(_) | Object::List(_) | Object::Tuple(_), other) => {
            let (kind, other) = (left.type_name(), other.type_name());
            Err(Fault::error(format!("can only concatenate {kind} (not \"{other}\") to {kind}")))
        }
        _ => number_operation(BinaryOp::Add, left, right),
    }
}

fn multiply(rendering: &Rendering<'_>, left: &Object, right: &Object) -> Result<Object, Fault> {
    match (left, right) {
        (Object::Str(_) | Object::List(_) | Object::Tuple(_), times) => repeat(rendering, left, times),
        (times, Object::Str(_) | Object::List(_) | Object::Tuple(_)) => repeat(rendering, right, times),
        _ => number_operation(BinaryOp::Mul, left, right),
    }
}

fn repeat(rendering: &Rendering<'_>, sequence: &Object, times: &Object) -> Result<Object, Fault> {
    let Some(times) = times.as_i64() else {
        let kind = times.type_name();
        return Err(Fault::error(format!("can't multiply sequence by non-int of type '{kind}'")));
    };
    let times = usize::try_from(times).unwrap_or(0);
    // An item of a list takes far more room than a character.
    let length = match sequence {
        Object::Str(text) => text.len(),
        other => crate::evaluate::length(other)?.saturating_mul(64),
    };
    check_length(rendering, length.saturating_mul(times))?;
    let repeated = |items: &[Object]| items.iter().cycle().take(items.len() * times).cloned().collect::<Vec<_>>();
    Ok(match sequence {
        Object::Str(text) => text.repeat(times).into(),
        Object::Tuple(items) => Object::tuple(repeated(items)),
        other => Object::list(repeated(&crate::evaluate::iterate(rendering, other)?)),
    })
}

fn number_operation(op: BinaryOp, left: &Object, right: &Object) -> Result<Object, Fault> {
    if let (Some(a), Some(b)) = (left.as_i64(), right.as_i64())
        && let Some(result) = small_operation(op, a, b)?
    {
        return Ok(result);
    }
    if let (Object::Float(_), other) | (other, Object::Float(_)) = (left, right)
        && other.is_number()
    {
        return float_operation(op, to_float(left), to_float(right));
    }
    if let (Some(a), Some(b)) = (to_big(left), to_big(right)) {
        return big_operation(op, &a, &b);
    }
    if let Some(result) = dates::arithmetic(op, left, right) {
        return result;
    }
    let (symbol, a, b) = (symbol(op), left.type_name(), right.type_name());
    Err(Fault::error(format!("unsupported operand type(s) for {symbol}: '{a}' and '{b}'")))
}

fn symbol(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::FloorDiv => "//",
        BinaryOp::Rem => "%",
        BinaryOp::Pow => "** or pow()",
        BinaryOp::Concat => "~",
    }
}

/// The result on machine integers, or nothing when it does not fit.
fn small_operation(op: BinaryOp, a: i64, b: i64) -> Result<Option<Object>, Fault> {
    if b == 0 {
        match op {
            BinaryOp::Div => return Err(Fault::error("division by zero")),
            BinaryOp::FloorDiv => return Err(Fault::error("integer division or modulo by zero")),
            BinaryOp::Rem => return Err(Fault::error("integer modulo by zero")),
            _ => {}
        }
    }
    let whole = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Sub => a.checked_sub(b),
        BinaryOp::Mul => a.checked_mul(b),
        BinaryOp::Div => return Ok(Some(Object::Float(a as f64 / b as f64))),
        BinaryOp::FloorDiv => floor_div(a, b),
        BinaryOp::Rem => floor_rem(a, b),
        BinaryOp::Pow if b < 0 => return float_operation(op, a as f64, b as f64).map(Some),
        BinaryOp::Pow => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
        BinaryOp::Concat => None,
    };
    Ok(whole.map(Object::Int))
}

fn to_float(object: &Object) -> f64 {
    match object {
        Object::Float(f) => *f,
        Object::BigInt(big) => big_to_float(big),
        other => other.as_i64().map_or(f64::NAN, |i| i as f64),
    }
}

fn float_operation(op: BinaryOp, a: f64, b: f64) -> Result<Object, Fault> {
    let zero = b == 0.0;
    Ok(Object::Float(match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div if zero => return Err(Fault::error("float division by zero")),
        BinaryOp::FloorDiv if zero => return Err(Fault::error("float floor division by zero")),
        BinaryOp::Rem if zero => return Err(Fault::error("float modulo")),
        BinaryOp::Div => a / b,
        BinaryOp::FloorDiv => float_floor_div(a, b),
        BinaryOp::Rem => float_rem(a, b),
        BinaryOp::Pow if a == 0.0 && b < 0.0 => {
            return Err(Fault::error("0.0 cannot be raised to a negative power"));
        }
        BinaryOp::Pow => a.powf(b),
        BinaryOp::Concat => f64::NAN,
    }))
}

fn big_operation(op: BinaryOp, a: &BigInt, b: &BigInt) -> Result<Object, Fault> {
    let too_large = || Fault::error("the integer is too large");
    if a.bits() > MAX_BITS || b.bits() > MAX_BITS {
        return Err(too_large());
    }
    let zero = *b == BigInt::ZERO;
    Ok(Object::from_big(match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div if zero => return Err(Fault::error("division by zero")),
        BinaryOp::Div => return Ok(Object::Float(big_to_float(a) / big_to_float(b))),
        BinaryOp::FloorDiv | BinaryOp::Rem if zero => {
            return Err(Fault::error("integer division or modulo by zero"));
        }
        BinaryOp::FloorDiv => big_floor_div(a, b),
        BinaryOp::Rem => big_floor_rem(a, b),
        BinaryOp::Pow => {
            let exponent = u32::try_from(b).map_err(|_| too_large())?;
            if a.bits().saturating_mul(exponent.into()) > MAX_BITS {
                return Err(too_large());
            }
            a.pow(exponent)
        }
        BinaryOp::Concat => return Err(too_large()),
    }))
}

pub(crate) fn negate(operand: &Object) -> Result<Object, Fault> {
    match operand {
        Object::Float(f) => Ok(Object::Float(-f)),
        Object::Int(i) if *i != i64::MIN => Ok(Object::Int(-i)),
        Object::Bool(b) => Ok(Object::Int(-i64::from(*b))),
        other => match to_big(other) {
            Some(big) => Ok(Object::from_big(-big)),
            None => Err(Fault::error(format!("bad operand type for unary -: '{}'", other.type_name()))),
        },
    }
}
