//! Amounts as tasks write them: sizes in bytes, times in nanoseconds.

use crate::ModuleError;
use crate::conversion::human_bytes;

pub(super) fn bytes(option: &str, text: &str) -> Result<i64, ModuleError> {
    human_bytes(text).ok_or_else(|| {
        ModuleError::failed(format!(
            "Failed to convert {option} to bytes: human_to_bytes() can't interpret following string: {text}"
        ))
    })
}

/// `1m30s`, `2.5s`, `100ms`; a plain number is nanoseconds.
pub(super) fn nanoseconds(text: &str) -> Result<i64, ModuleError> {
    let wrong = || ModuleError::failed(format!("Invalid time duration - {text}"));
    if let Ok(number) = text.parse::<i64>() {
        return Ok(number);
    }
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().map_err(|_| wrong())?;
        rest = &rest[digits..];
        let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let factor = match &rest[..end] {
            "h" => 3600e9,
            "m" => 60e9,
            "s" => 1e9,
            "ms" => 1e6,
            "us" => 1e3,
            "ns" => 1.0,
            _ => return Err(wrong()),
        };
        total += number * factor;
        rest = &rest[end..];
    }
    Ok(total.round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_nanoseconds() {
        for (text, expected) in [("1m30s", 90_000_000_000), ("100ms", 100_000_000), ("0s", 0), ("2.5s", 2_500_000_000)]
        {
            assert_eq!(nanoseconds(text).unwrap(), expected, "{text}");
        }
        assert!(nanoseconds("5 minutes").is_err());
        assert!(bytes("memory", "64M").unwrap() == 64 << 20 && bytes("memory", "x").is_err());
    }
}
