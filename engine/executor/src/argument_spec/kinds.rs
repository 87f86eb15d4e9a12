//! The types an argument specification names, and how values are converted to them (measured on ansible-core 2.19).

use kapell_modules::{ArgKind, convert_value};
use kapell_parsing::{Text, Value, python_literal};

/// The value as `kind`; the error is the reason alone.
pub(super) fn convert(value: &Value, kind: &str) -> Result<Value, String> {
    let kind = match kind {
        "raw" => return Ok(value.clone()),
        "str" | "path" => return Ok(if value.is_null() { "".into() } else { Value::from(value.to_string()) }),
        "bytes" | "bits" => return size(value, kind),
        "dict" => return dict(value),
        "bool" => ArgKind::Bool,
        "int" => return int(value),
        "float" => ArgKind::Float,
        "list" => ArgKind::List(&ArgKind::Raw),
        "json" | "jsonarg" => ArgKind::Json,
        _ => return Err("'NoneType' object is not callable".to_owned()),
    };
    if let (Value::List(_), ArgKind::List(_)) = (value, kind) {
        return Ok(value.clone());
    }
    converted(value, kind)
}

fn converted(value: &Value, kind: ArgKind) -> Result<Value, String> {
    let converted = convert_value(&value.to_json(), kind).map(|converted| Value::from_json(&converted));
    converted.map_err(|reason| match reason.strip_prefix("<class '") {
        Some(rest) => {
            let (_, rest) = rest.split_once('\'').unwrap_or_default();
            format!("<class '{}'{rest}", class(value))
        }
        None => reason,
    })
}

/// `1_000` is a number to Python.
fn int(value: &Value) -> Result<Value, String> {
    match value {
        Value::BigInt(_) => Ok(value.clone()),
        Value::Str(text) => {
            let plain = Value::from(text.replace('_', ""));
            converted(&plain, ArgKind::Int).or_else(|_| converted(value, ArgKind::Int))
        }
        other => converted(other, ArgKind::Int),
    }
}

/// A string may be JSON, a Python literal, or `key=value`.
pub(super) fn dict(value: &Value) -> Result<Value, String> {
    let reason = match converted(value, ArgKind::Dict) {
        Ok(Value::Map(_)) if matches!(value, Value::Map(_)) => return Ok(value.clone()),
        Ok(converted) => return Ok(converted),
        Err(reason) => reason,
    };
    let literal = value
        .as_str()
        .filter(|text| text.starts_with('{'))
        .and_then(|text| python_literal::parse(text, &|text| Text::from(text)));
    match literal {
        Some(literal @ Value::Map(_)) => Ok(literal),
        _ => Err(reason),
    }
}

/// `10`, `1.5 MB`, `20Mb`: a number with a unit of bytes or of bits.
fn size(value: &Value, kind: &str) -> Result<Value, String> {
    let (short, long, noun) = if kind == "bits" { ("b", "bit", "Bit") } else { ("B", "byte", "Byte") };
    let text = value.to_string();
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let unit = text[digits..].trim();
    let prefixes = [
        ("Y", "yotta"),
        ("Z", "zetta"),
        ("E", "exa"),
        ("P", "peta"),
        ("T", "tera"),
        ("G", "giga"),
        ("M", "mega"),
        ("K", "kilo"),
    ];
    let is_unit = unit.is_empty()
        || unit.eq_ignore_ascii_case("b")
        || unit.eq_ignore_ascii_case(long)
        || prefixes.iter().any(|(letter, name)| {
            unit.eq_ignore_ascii_case(letter)
                || unit == format!("{letter}{short}")
                || unit.eq_ignore_ascii_case(&format!("{name}{long}"))
        });
    let is_number = text[..digits].parse::<f64>().is_ok() && !value.is_null();
    if is_number && is_unit {
        return Ok(value.clone());
    }
    Err(format!("<class '{}'> cannot be converted to a {noun} value", class(value)))
}

/// The short name of the value's Python class.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null | Value::Undefined(_) => "NoneType",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::BigInt(_) => "int",
        Value::Float(_) => "float",
        Value::Str(_) => "str",
        Value::List(_) => "list",
        Value::Map(_) => "dict",
    }
}

/// The whole name: ansible-core marks values that have a place in a file by a class of their own.
fn class(value: &Value) -> String {
    let marked = match value {
        Value::Str(text) if text.origin().is_none() => None,
        Value::Str(_) => Some("Str"),
        Value::Int(_) | Value::BigInt(_) => Some("Int"),
        Value::Float(_) => Some("Float"),
        Value::List(_) => Some("List"),
        Value::Map(_) => Some("Dict"),
        _ => None,
    };
    match marked {
        Some(name) => format!("ansible.module_utils._internal._datatag._AnsibleTagged{name}"),
        None => type_name(value).to_owned(),
    }
}
