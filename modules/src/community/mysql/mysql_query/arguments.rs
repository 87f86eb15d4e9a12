//! Values put into statements where `%s` and `%(name)s` stand.

use serde_json::Value;

/// The statement with its values. Without values a percent sign is one.
pub(super) fn filled(query: &str, values: &Value) -> Result<String, String> {
    if values.is_null() {
        return Ok(query.to_owned());
    }
    let mut out = String::with_capacity(query.len());
    let mut next = values.as_array().map(|list| list.iter());
    let mut rest = query;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        rest = match (after.chars().next(), &mut next) {
            (Some('%'), _) => {
                out.push('%');
                &after[1..]
            }
            (Some('s'), Some(values)) => {
                let value = values.next().ok_or("not enough arguments for format string")?;
                out.push_str(&literal(value)?);
                &after[1..]
            }
            (Some('('), None) => {
                let (name, after) = after[1..].split_once(")s").ok_or("incomplete format key")?;
                out.push_str(&literal(values.get(name).ok_or_else(|| format!("'{name}'"))?)?);
                after
            }
            (Some('('), Some(_)) => return Err("format requires a mapping".to_owned()),
            (Some(c), _) => return Err(format!("unsupported format character '{c}'")),
            (None, _) => return Err("incomplete format".to_owned()),
        };
    }
    out.push_str(rest);
    if next.is_some_and(|mut values| values.next().is_some()) {
        return Err("not all arguments converted during string formatting".to_owned());
    }
    Ok(out)
}

fn literal(value: &Value) -> Result<String, String> {
    Ok(match value {
        Value::Null => "NULL".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) if number.is_f64() => {
            let text = number.to_string();
            if text.contains('e') { text } else { format!("{text}e0") }
        }
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(list) => format!("({})", list.iter().map(literal).collect::<Result<Vec<_>, _>>()?.join(",")),
        Value::Object(_) => return Err("dict can not be used as parameter".to_owned()),
    })
}

fn quoted(text: &str) -> String {
    let mut out = String::from("'");
    for c in text.chars() {
        match c {
            '\0' => out.push_str("\\0"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\u{1a}' => out.push_str("\\Z"),
            '"' | '\'' | '\\' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_take_their_places() {
        let filled = |query: &str, values: Value| filled(query, &values);
        assert_eq!(filled("a % b", Value::Null).unwrap(), "a % b");
        assert_eq!(filled("%s, %s, 5%%", json!([1.5, "it's"])).unwrap(), "1.5e0, 'it\\'s', 5%");
        assert_eq!(filled("%(a)s=%(b)s", json!({"a": null, "b": [1, "x"]})).unwrap(), "NULL=(1,'x')");
        assert_eq!(filled("%s %s", json!([1])).unwrap_err(), "not enough arguments for format string");
        assert_eq!(filled("%(x)s", json!({})).unwrap_err(), "'x'");
        assert!(filled("x", json!([1])).is_err() && filled("%d", json!([1])).is_err());
    }
}
