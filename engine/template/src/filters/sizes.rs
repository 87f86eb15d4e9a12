//! Sizes in words: `human_readable`, `human_to_bytes`, `filesizeformat`.

use super::basics::number;
use crate::evaluate::{Fault, FilterCall};
use crate::object::Object;
use crate::operators::float_to_int;
use crate::python;

/// Largest first, each 1024 of the next.
const UNITS: [(&str, u32); 9] =
    [("Y", 80), ("Z", 70), ("E", 60), ("P", 50), ("T", 40), ("G", 30), ("M", 20), ("K", 10), ("B", 0)];

/// What stands before `byte` or `bit` in the unit written out; `zeta` is how ansible-core spells it.
const WORDS: [&str; 9] = ["yotta", "zeta", "exa", "peta", "tera", "giga", "mega", "kilo", ""];

fn scale(power: u32) -> f64 {
    2_f64.powi(i32::try_from(power).unwrap_or(0))
}

pub(super) fn human_readable(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let size = number(&call.input).map_err(|_| {
        let kind = call.input.type_name();
        Fault::error(format!(
            "human_readable() failed on bad input: '>=' not supported between instances of '{kind}' and 'int'"
        ))
    })?;
    let bits = call.args.truthy(0, false);
    let wanted = call.args.text(1);
    let unit = UNITS.iter().find(|(name, power)| match &wanted {
        None => size >= scale(*power),
        Some(wanted) => wanted.to_uppercase().starts_with(name),
    });
    let (name, power) = unit.copied().unwrap_or(("B", 0));
    let base = if bits { "bits" } else { "Bytes" };
    let suffix = if name == "B" { base.to_owned() } else { format!("{name}{}", if bits { "b" } else { "B" }) };
    Ok(format!("{:.2} {suffix}", size / scale(power)).into())
}

pub(super) fn human_to_bytes(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let text = call.text()?;
    let bytes = to_bytes(&text, &call.args.text_or(0, ""), call.args.truthy(1, false)).map_err(|reason| {
        Fault::error(format!("human_to_bytes() can't interpret the input: human_to_bytes() {reason}"))
    })?;
    float_to_int(bytes).ok_or_else(|| Fault::error("human_to_bytes() can't interpret the input: it is too large"))
}

fn to_bytes(text: &str, default_unit: &str, bits: bool) -> Result<f64, String> {
    let (amount, written) = amount_and_unit(text).ok_or_else(|| format!("can't interpret following string: {text}"))?;
    let unit = if written.is_empty() { default_unit } else { written };
    let Some(first) = unit.chars().next() else {
        return Ok(amount.round_ties_even());
    };
    let row = UNITS.iter().zip(WORDS).find(|((name, _), _)| name.starts_with(first.to_ascii_uppercase()));
    let Some(((name, power), prefix)) = row else {
        return Err(format!(
            "failed to convert {text} (unit = {unit}). The suffix must be one of Y, Z, E, P, T, G, M, K, B"
        ));
    };
    let (short, long) = if bits { ("b", "bit") } else { ("B", "byte") };
    let full = if *name == "B" { short.to_owned() } else { format!("{name}{short}") };
    if unit.len() > 1 && unit != full && unit.to_ascii_lowercase() != format!("{prefix}{long}") {
        let other = if *name == "B" { long } else { name };
        return Err(format!("failed to convert {text}. Value is not a valid string (expect {full} or {other})"));
    }
    Ok((amount * scale(*power)).round_ties_even())
}

/// `1.5 GB`: a number that ends with a digit, then perhaps letters.
fn amount_and_unit(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (digits, unit) = (&text[..end], text[end..].trim());
    let is_number = digits.ends_with(|last: char| last.is_ascii_digit());
    let is_unit = unit.chars().all(|c| c.is_ascii_alphabetic());
    digits.parse().ok().filter(|_| is_number && is_unit).map(|amount| (amount, unit))
}

pub(super) fn filesizeformat(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let bytes = match &call.input {
        Object::Str(text) => python::parse_float(text)
            .ok_or_else(|| Fault::error(format!("could not convert string to float: '{text}'")))?,
        other => number(other)?,
    };
    let binary = call.args.truthy(0, false);
    let base: f64 = if binary { 1024.0 } else { 1000.0 };
    let names = if binary {
        ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"]
    } else {
        ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"]
    };
    if bytes.to_bits() == 1.0_f64.to_bits() {
        return Ok("1 Byte".into());
    }
    if bytes < base {
        return Ok(format!("{} Bytes", bytes.trunc()).into());
    }
    let mut unit = base;
    for name in names {
        if bytes < unit * base || name.starts_with('Y') {
            return Ok(format!("{:.1} {name}", bytes / unit).into());
        }
        unit *= base;
    }
    Ok(Object::Null)
}
