//! Numbers of any size: conversions, floor division and remainder as Python rounds them.

use num_bigint::{BigInt, Sign};

use crate::object::Object;

/// The integer as a big one; booleans count as 0 and 1.
pub(crate) fn to_big(object: &Object) -> Option<BigInt> {
    match object {
        Object::BigInt(big) => Some((**big).clone()),
        small => small.as_i64().map(BigInt::from),
    }
}

/// The nearest float; infinite when too large.
pub(crate) fn big_to_float(big: &BigInt) -> f64 {
    big.to_string().parse().unwrap_or(f64::NAN)
}

/// A finite float's integer part.
pub(crate) fn float_to_int(float: f64) -> Option<Object> {
    let whole = float.trunc();
    if whole.abs() < 9.0e18 {
        return Some(Object::Int(whole as i64));
    }
    format!("{whole:.0}").parse().ok().map(Object::from_big)
}

pub(super) fn floor_div(a: i64, b: i64) -> Option<i64> {
    let quotient = a.checked_div(b)?;
    let uneven = a % b != 0 && (a < 0) != (b < 0);
    Some(if uneven { quotient - 1 } else { quotient })
}

pub(super) fn floor_rem(a: i64, b: i64) -> Option<i64> {
    let remainder = a.checked_rem(b)?;
    Some(if remainder != 0 && (remainder < 0) != (b < 0) { remainder + b } else { remainder })
}

pub(super) fn big_floor_div(a: &BigInt, b: &BigInt) -> BigInt {
    let (quotient, remainder) = (a / b, a % b);
    let uneven = remainder.sign() != Sign::NoSign && remainder.sign() != b.sign();
    if uneven { quotient - 1 } else { quotient }
}

pub(super) fn big_floor_rem(a: &BigInt, b: &BigInt) -> BigInt {
    let remainder = a % b;
    let uneven = remainder.sign() != Sign::NoSign && remainder.sign() != b.sign();
    if uneven { remainder + b } else { remainder }
}

pub(crate) fn float_rem(a: f64, b: f64) -> f64 {
    let remainder = a % b;
    if remainder != 0.0 && (remainder < 0.0) != (b < 0.0) {
        remainder + b
    } else if remainder == 0.0 {
        0.0_f64.copysign(b)
    } else {
        remainder
    }
}

pub(crate) fn float_floor_div(a: f64, b: f64) -> f64 {
    ((a - float_rem(a, b)) / b).round()
}
