//! `int('…')` and `float('…')`.

use num_bigint::BigInt;

use crate::object::Object;

/// Python's `int(text, base)`: surrounding space, a sign, `_` between digits, and a prefix that fits the base.
pub(crate) fn parse_int(text: &str, base: u32) -> Option<Object> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (base, digits) = strip_prefix(digits, base)?;
    let valid = !digits.is_empty()
        && !digits.starts_with('_')
        && !digits.ends_with('_')
        && !digits.contains("__")
        && digits.chars().all(|c| c == '_' || c.is_digit(base));
    if !valid || digits.len() > 4300 {
        return None;
    }
    let digits = digits.replace('_', "");
    let number = BigInt::parse_bytes(digits.as_bytes(), base)?;
    Some(Object::from_big(if negative { -number } else { number }))
}

fn strip_prefix(digits: &str, base: u32) -> Option<(u32, &str)> {
    let lower = digits.get(..2).map(str::to_ascii_lowercase);
    let prefixed = match lower.as_deref() {
        Some("0x") => Some(16),
        Some("0o") => Some(8),
        Some("0b") => Some(2),
        _ => None,
    };
    match (base, prefixed) {
        (0, Some(prefix)) => Some((prefix, &digits[2..])),
        (0, None) => Some((10, digits)),
        (2..=36, Some(prefix)) if prefix == base => Some((base, digits[2..].trim_start_matches('_'))),
        (2..=36, _) => Some((base, digits)),
        _ => None,
    }
}

/// Python's `float(text)`.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    match lower.trim_start_matches(['+', '-']) {
        "nan" => return Some(f64::NAN),
        "inf" | "infinity" => return Some(if lower.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }),
        _ => {}
    }
    let digits = lower.replace('_', "");
    let plain = !lower.starts_with('_') && !lower.ends_with('_') && !lower.contains("__");
    let numeric = digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | '+' | '-'));
    if plain && numeric { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_as_python_reads_them() {
        let cases = [
            (" 12 ", 10, Some(12)),
            ("-7", 10, Some(-7)),
            ("1_000", 10, Some(1000)),
            ("0x1f", 16, Some(31)),
            ("0x1f", 0, Some(31)),
            ("1f", 16, Some(31)),
            ("0755", 8, Some(493)),
            ("5.7", 10, None),
            ("", 10, None),
            ("_1", 10, None),
            ("12a", 10, None),
        ];
        for (text, base, expected) in cases {
            assert_eq!(parse_int(text, base).and_then(|o| o.as_i64()), expected, "{text:?}");
        }
    }
}
