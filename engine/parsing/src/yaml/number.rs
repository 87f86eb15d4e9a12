//! YAML 1.1 numbers: binary, octal (`0644`), hexadecimal, sexagesimal (`1:30`), underscores, `.inf` and `.nan`.

use std::sync::Arc;

use num_bigint::BigInt;

use crate::Value;

/// The integer that `text` is, by PyYAML's pattern.
pub(super) fn int(text: &str) -> Option<Value> {
    let (negative, digits) = split_sign(text);
    let magnitude = if let Some(digits) = digits.strip_prefix("0b") {
        radix(digits, 2)
    } else if let Some(digits) = digits.strip_prefix("0x") {
        radix(digits, 16)
    } else if digits.starts_with('0') && digits.trim_end_matches('_') == "0" {
        Some(BigInt::ZERO)
    } else if let Some(octal) = digits.strip_prefix('0') {
        radix(octal, 8)
    } else if digits.contains(':') {
        sexagesimal(digits)
    } else {
        digits.starts_with(|c: char| c.is_ascii_digit()).then(|| radix(digits, 10)).flatten()
    }?;
    Some(value(if negative { -magnitude } else { magnitude }))
}

/// The float that `text` is, by PyYAML's pattern: there must be a point, and an exponent must have a sign.
pub(super) fn float(text: &str) -> Option<f64> {
    let (negative, rest) = split_sign(text);
    let signed = rest.len() != text.len();
    let magnitude = match rest {
        ".inf" | ".Inf" | ".INF" => f64::INFINITY,
        ".nan" | ".NaN" | ".NAN" if !signed => f64::NAN,
        _ if rest.contains(':') => sexagesimal_float(rest)?,
        _ => decimal(rest, signed)?,
    };
    Some(if negative { -magnitude } else { magnitude })
}

fn value(number: BigInt) -> Value {
    match i64::try_from(&number) {
        Ok(small) => Value::Int(small),
        Err(_) => Value::BigInt(Arc::new(number)),
    }
}

fn split_sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Python reads no longer integers either; what is longer stays text.
const MAX_DIGITS: usize = 4300;

/// Digits of `radix` and underscores, at least one digit.
fn radix(digits: &str, radix: u32) -> Option<BigInt> {
    if digits.len() > MAX_DIGITS || !digits.chars().all(|c| c == '_' || c.is_digit(radix)) {
        return None;
    }
    let digits: String = digits.chars().filter(|c| *c != '_').collect();
    BigInt::parse_bytes(digits.as_bytes(), radix)
}

/// `[1-9][0-9_]*(:[0-5]?[0-9])+`
fn sexagesimal(text: &str) -> Option<BigInt> {
    let (first, rest) = text.split_once(':')?;
    if !first.starts_with(|c: char| ('1'..='9').contains(&c)) {
        return None;
    }
    rest.split(':').try_fold(radix(first, 10)?, |sum, part| Some(sum * 60 + sixtieth(part)?))
}

/// `[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*`
fn sexagesimal_float(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once('.')?;
    let (first, rest) = whole.split_once(':')?;
    if !first.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let first: f64 = plain_digits(first)?.parse().ok()?;
    let whole = rest.split(':').try_fold(first, |sum, part| Some(sum * 60.0 + f64::from(sixtieth(part)?)))?;
    let fraction: f64 = format!("0.{}", plain_digits(fraction)?).parse().ok()?;
    Some(whole + fraction)
}

fn sixtieth(part: &str) -> Option<u8> {
    let digits = part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit());
    part.parse().ok().filter(|n| digits && *n < 60)
}

/// Digits without the underscores among them; `None` when there is anything else.
fn plain_digits(text: &str) -> Option<String> {
    text.bytes().all(|b| b == b'_' || b.is_ascii_digit()).then(|| text.replace('_', ""))
}

/// `[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?`, or `\.[0-9][0-9_]*([eE][-+][0-9]+)?` without a sign.
fn decimal(text: &str, signed: bool) -> Option<f64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.')?;
    let starts_with_digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let leading_point = whole.is_empty() && !signed && starts_with_digit(fraction);
    if !leading_point && !starts_with_digit(whole) {
        return None;
    }
    let mut number = format!("{}.{}", plain_digits(whole)?, plain_digits(fraction)?);
    if let Some(exponent) = exponent {
        let digits = exponent.strip_prefix(['-', '+'])?;
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        number = format!("{number}e{exponent}");
    }
    number.parse().ok()
}
