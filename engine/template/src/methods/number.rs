//! Methods of numbers.

use num_bigint::BigInt;

use super::{Method, MethodCall};
use crate::evaluate::Fault;
use crate::object::Object;
use crate::operators::to_big;

pub(super) const INTEGER_METHODS: &[Method] = &[
    ("as_integer_ratio", &[], |call| Ok(Object::tuple(vec![call.receiver.clone(), Object::Int(1)]))),
    ("bit_count", &[], |call| {
        Ok(magnitude(call).iter_u64_digits().map(|digits| digits.count_ones() as usize).sum::<usize>().into())
    }),
    ("bit_length", &[], |call| Ok((magnitude(call).bits() as usize).into())),
    ("conjugate", &[], |call| Ok(call.receiver.clone())),
];

pub(super) const FLOAT_METHODS: &[Method] = &[
    ("as_integer_ratio", &[], ratio),
    ("conjugate", &[], |call| Ok(call.receiver.clone())),
    ("is_integer", &[], |call| Ok((float(call).fract() == 0.0).into())),
];

fn magnitude(call: &MethodCall<'_>) -> num_bigint::BigUint {
    to_big(call.receiver).unwrap_or_default().magnitude().clone()
}

fn float(call: &MethodCall<'_>) -> f64 {
    if let Object::Float(float) = call.receiver { *float } else { 0.0 }
}

/// The two whole numbers a float is made of.
fn ratio(call: &MethodCall<'_>) -> Result<Object, Fault> {
    let float = float(call);
    if !float.is_finite() {
        let what = if float.is_nan() { "NaN" } else { "Infinity" };
        return Err(Fault::error(format!("cannot convert {what} to integer ratio")));
    }
    let (mut numerator, mut power) = (float, 0_u32);
    while numerator.fract() != 0.0 {
        numerator *= 2.0;
        power += 1;
    }
    let numerator = crate::operators::float_to_int(numerator).unwrap_or(Object::Int(0));
    Ok(Object::tuple(vec![numerator, Object::from_big(BigInt::from(1) << power)]))
}

/// `real`, `imag`, `numerator`, `denominator`.
pub(crate) fn attribute(object: &Object, name: &str) -> Option<Object> {
    let is_float = matches!(object, Object::Float(_));
    match (object, name) {
        (Object::Bool(b), "real" | "numerator") => Some(Object::Int((*b).into())),
        (Object::Float(_), "real") | (Object::Int(_) | Object::BigInt(_), "real" | "numerator") => Some(object.clone()),
        (Object::Int(_) | Object::BigInt(_) | Object::Bool(_), "denominator") => Some(Object::Int(1)),
        (_, "imag") if object.is_number() => Some(if is_float { Object::Float(0.0) } else { Object::Int(0) }),
        _ => None,
    }
}
