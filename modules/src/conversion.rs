//! Converting a given value to the kind an argument declares, with Ansible's rules and messages (measured on 2.19).

use serde_json::Value;

use crate::Map;
use crate::arg::ArgKind;
use crate::python_repr::{repr, str_of, type_name};

const TRUE_WORDS: &[&str] = &["1", "on", "t", "true", "y", "yes"];
const FALSE_WORDS: &[&str] = &["0", "f", "false", "n", "no", "off"];

/// What `~` and `$NAME` in paths stand for.
pub(crate) trait PathVariables {
    fn variable(&self, name: &str) -> Option<String>;
    fn home_of(&self, user: &str) -> Option<String>;
}

/// The value as `kind`; the error is the reason alone.
pub(crate) fn convert(value: &Value, kind: ArgKind, paths: &dyn PathVariables) -> Result<Value, String> {
    match kind {
        ArgKind::Raw => Ok(value.clone()),
        ArgKind::Str => Ok(text(value)),
        ArgKind::Path => Ok(Value::String(expand(&text_of(value), paths))),
        ArgKind::Bool => bool_of(value),
        ArgKind::Int => int_of(value),
        ArgKind::Float => float_of(value),
        ArgKind::List(element) => list_of(value, *element, paths),
        ArgKind::Dict => dict_of(value),
        ArgKind::Json => json_of(value),
        ArgKind::Bytes => bytes_of(value),
    }
}

/// The value as `kind`, paths as they are written.
pub fn convert_value(value: &Value, kind: ArgKind) -> Result<Value, String> {
    struct NoPaths;
    impl PathVariables for NoPaths {
        fn variable(&self, _: &str) -> Option<String> {
            None
        }
        fn home_of(&self, _: &str) -> Option<String> {
            None
        }
    }
    convert(value, kind, &NoPaths)
}

/// How messages call a kind.
pub(crate) fn kind_name(kind: ArgKind) -> &'static str {
    if kind == ArgKind::Json { "jsonarg" } else { kind.name() }
}

/// A truth value as playbooks write it.
pub(crate) fn truth(text: &str) -> Option<bool> {
    let word = text.trim().to_lowercase();
    if TRUE_WORDS.contains(&word.as_str()) {
        return Some(true);
    }
    FALSE_WORDS.contains(&word.as_str()).then_some(false)
}

fn text_of(value: &Value) -> String {
    if value.is_null() { String::new() } else { str_of(value) }
}

fn text(value: &Value) -> Value {
    Value::String(text_of(value))
}

fn cannot(value: &Value, kind: &str) -> String {
    format!("<class '{}'> cannot be converted to a {kind}", type_name(value))
}

fn bool_of(value: &Value) -> Result<Value, String> {
    let truth = match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) => truth(text),
        Value::Number(number) if number.as_f64() == Some(1.0) => Some(true),
        Value::Number(number) if number.as_f64() == Some(0.0) => Some(false),
        Value::Number(_) => None,
        _ => return Err(cannot(value, "bool")),
    };
    truth.map(Value::Bool).ok_or_else(|| {
        format!(
            "The value '{}' is not a valid boolean. Valid booleans include: 0, 1, {}",
            str_of(value),
            FALSE_WORDS.iter().chain(TRUE_WORDS).map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ")
        )
    })
}

fn int_of(value: &Value) -> Result<Value, String> {
    let whole = match value {
        Value::Number(number) if number.is_f64() => number.as_f64(),
        Value::Bool(_) | Value::Number(_) => return Ok(value.clone()),
        Value::String(text) => match text.trim().parse::<i64>() {
            Ok(number) => return Ok(number.into()),
            Err(_) => text.trim().parse::<f64>().ok(),
        },
        _ => None,
    };
    match whole {
        Some(number) if number.fract() == 0.0 && number.abs() < 9.0e18 => Ok(Value::from(number as i64)),
        _ => Err(format!("\"{}\" cannot be converted to an int", repr(value))),
    }
}

fn float_of(value: &Value) -> Result<Value, String> {
    match value {
        Value::Number(number) => Ok(number.as_f64().map_or(Value::Null, Value::from)),
        Value::String(text) => text.trim().parse::<f64>().map(Value::from).map_err(|_| cannot(value, "float")),
        Value::Bool(truth) => Ok(Value::from(f64::from(u8::from(*truth)))),
        _ => Err(cannot(value, "float")),
    }
}

fn list_of(value: &Value, element: ArgKind, paths: &dyn PathVariables) -> Result<Value, String> {
    let items = match value {
        Value::Array(items) => items.clone(),
        Value::String(text) => text.split(',').map(Value::from).collect(),
        Value::Number(_) | Value::Bool(_) => vec![text(value)],
        _ => return Err(cannot(value, "list")),
    };
    let convert_item =
        |item: &Value| convert(item, element, paths).map_err(|reason| format!("Elements value: {reason}"));
    items.iter().map(convert_item).collect::<Result<_, _>>().map(Value::Array)
}

fn dict_of(value: &Value) -> Result<Value, String> {
    match value {
        Value::Object(_) => Ok(value.clone()),
        Value::String(text) if text.starts_with('{') => serde_json::from_str::<Map>(text)
            .map(Value::Object)
            .map_err(|_| "unable to evaluate string as dictionary".to_owned()),
        Value::String(text) if text.contains('=') => key_values(text)
            .map(Value::Object)
            .ok_or_else(|| "unable to evaluate string in the \"key=value\" format as dictionary".to_owned()),
        Value::String(_) => Err("dictionary requested, could not parse JSON or key=value".to_owned()),
        _ => Err(cannot(value, "dict")),
    }
}

/// `a=1, b='x y'`: separated by commas or blanks outside quotes.
fn key_values(text: &str) -> Option<Map> {
    let mut fields = vec![String::new()];
    let mut quote = None;
    let mut escaped = false;
    for character in text.trim().chars() {
        let field = fields.last_mut()?;
        match character {
            c if escaped => {
                field.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            c if quote == Some(c) => quote = None,
            c @ ('\'' | '"') if quote.is_none() => quote = Some(c),
            ',' | ' ' if quote.is_none() => {
                if !field.is_empty() {
                    fields.push(String::new());
                }
            }
            c => field.push(c),
        }
    }
    let pairs = fields.iter().filter(|field| !field.is_empty());
    pairs.map(|field| field.split_once('=').map(|(key, value)| (key.to_owned(), value.into()))).collect()
}

fn json_of(value: &Value) -> Result<Value, String> {
    match value {
        Value::String(text) => Ok(Value::String(text.trim().to_owned())),
        Value::Array(_) | Value::Object(_) => Ok(Value::String(value.to_string())),
        _ => Err(cannot(value, "json string")),
    }
}

fn bytes_of(value: &Value) -> Result<Value, String> {
    let text = text_of(value);
    human_bytes(&text)
        .map(Value::from)
        .ok_or_else(|| format!("<class '{}'> cannot be converted to a Byte value", type_name(value)))
}

/// `10`, `1.5K`, `3MB`: binary multiples.
pub(crate) fn human_bytes(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-').unwrap_or(text.len());
    let number: f64 = text[..digits].parse().ok()?;
    let unit = text[digits..].trim();
    let power = match unit.chars().next().map(|c| c.to_ascii_uppercase()) {
        None | Some('B') => 0,
        Some(letter) => "KMGTPEZY".find(letter)? + 1,
    };
    let rest = unit.get(1..).unwrap_or_default();
    if power > 0 && !matches!(rest, "" | "B" | "b" | "iB" | "ib") {
        return None;
    }
    Some((number * 1024f64.powi(i32::try_from(power).ok()?)).round() as i64)
}

/// Expands a leading `~` or `~user`, then `$NAME` and `${NAME}`; unknown names stay as they are.
pub(crate) fn expand(path: &str, paths: &dyn PathVariables) -> String {
    expand_variables(&expand_home(path, paths), paths)
}

fn expand_home(path: &str, paths: &dyn PathVariables) -> String {
    let Some(rest) = path.strip_prefix('~') else { return path.to_owned() };
    let (user, tail) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match paths.home_of(user) {
        Some(home) => {
            let home = home.trim_end_matches('/');
            if home.is_empty() && tail.is_empty() { "/".to_owned() } else { format!("{home}{tail}") }
        }
        None => path.to_owned(),
    }
}

fn expand_variables(path: &str, paths: &dyn PathVariables) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (name, used) = variable_name(after);
        match paths.variable(name).filter(|_| !name.is_empty()) {
            Some(value) => out.push_str(&value),
            None => out.push_str(&rest[at..=(at + used)]),
        }
        rest = &after[used..];
    }
    out + rest
}

/// The name after a `$` and how many bytes it and its braces take.
fn variable_name(text: &str) -> (&str, usize) {
    if let Some(inner) = text.strip_prefix('{') {
        return inner.find('}').map_or(("", 0), |end| (&inner[..end], end + 2));
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    (&text[..end], end)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Fixed;
    impl PathVariables for Fixed {
        fn variable(&self, name: &str) -> Option<String> {
            (name == "FOO").then(|| "bar".to_owned())
        }
        fn home_of(&self, user: &str) -> Option<String> {
            matches!(user, "" | "me").then(|| "/home/me".to_owned())
        }
    }

    #[test]
    fn values_convert_as_measured() {
        let list = ArgKind::List(&ArgKind::Str);
        let cases = [
            (ArgKind::Int, json!("5"), json!(5)),
            (ArgKind::Int, json!(5.0), json!(5)),
            (ArgKind::Int, json!("5.0"), json!(5)),
            (ArgKind::Int, json!(" 7 "), json!(7)),
            (ArgKind::Bool, json!("Yes"), json!(true)),
            (ArgKind::Bool, json!(" on "), json!(true)),
            (ArgKind::Bool, json!(1.0), json!(true)),
            (ArgKind::Bool, json!("off"), json!(false)),
            (list, json!("a,b , c"), json!(["a", "b ", " c"])),
            (list, json!(5), json!(["5"])),
            (list, json!(["a", 1, true, null, {"q": 1}]), json!(["a", "1", "True", "", "{'q': 1}"])),
            (ArgKind::Dict, json!("a=1,b=2"), json!({"a": "1", "b": "2"})),
            (ArgKind::Dict, json!("a='x y', b=\"1,2\""), json!({"a": "x y", "b": "1,2"})),
            (ArgKind::Dict, json!("{\"a\": 1}"), json!({"a": 1})),
            (ArgKind::Path, json!("~/x$FOO/../y"), json!("/home/me/xbar/../y")),
            (ArgKind::Path, json!("~me"), json!("/home/me")),
            (ArgKind::Path, json!("~you/${FOO}${BAR}$"), json!("~you/bar${BAR}$")),
            (ArgKind::Bytes, json!("1.5K"), json!(1536)),
        ];
        for (kind, given, expected) in cases {
            assert_eq!(convert(&given, kind, &Fixed), Ok(expected), "{given} as {kind:?}");
        }
    }

    #[test]
    fn impossible_conversions_say_why() {
        let cases = [
            (ArgKind::Int, json!(5.5), "\"5.5\" cannot be converted to an int"),
            (ArgKind::Int, json!("a"), "\"'a'\" cannot be converted to an int"),
            (ArgKind::Int, json!([1]), "\"[1]\" cannot be converted to an int"),
            (ArgKind::Bool, json!([1]), "<class 'list'> cannot be converted to a bool"),
            (ArgKind::List(&ArgKind::Str), json!({"a": 1}), "<class 'dict'> cannot be converted to a list"),
            (ArgKind::Dict, json!("xx"), "dictionary requested, could not parse JSON or key=value"),
            (ArgKind::Dict, json!("{bad"), "unable to evaluate string as dictionary"),
        ];
        for (kind, given, reason) in cases {
            assert_eq!(convert(&given, kind, &Fixed), Err(reason.to_owned()), "{given} as {kind:?}");
        }
    }
}
