//! TOML as `ansible-inventory --toml` prints it: values first, then tables under their full names.

use kapell_parsing::{Map, Value, value::float_repr};

/// An item of a list longer than this becomes a table of its own.
const LINE: usize = 100;

/// The error names what TOML has no form for.
pub(crate) fn write(table: &Map) -> Result<String, String> {
    let mut out = String::new();
    write_table(&mut out, table, "", false)?;
    Ok(out)
}

fn write_table(out: &mut String, table: &Map, name: &str, is_item: bool) -> Result<(), String> {
    let is_table = |value: &Value| matches!(value, Value::Map(_)) || is_list_of_tables(value);
    let (tables, values): (Vec<_>, Vec<_>) = table.iter().partition(|(_, value)| is_table(value));
    if is_item || !name.is_empty() && (!values.is_empty() || tables.is_empty()) {
        let blank = if out.is_empty() { "" } else { "\n" };
        out.push_str(&if is_item { format!("{blank}[[{name}]]\n") } else { format!("{blank}[{name}]\n") });
    }
    for (key, value) in &values {
        out.push_str(&format!("{} = ", key_text(&key.to_string())));
        write_value(out, value, 0)?;
        out.push('\n');
    }
    for (key, value) in tables {
        let key = key_text(&key.to_string());
        let name = if name.is_empty() { key } else { format!("{name}.{key}") };
        match value {
            Value::Map(table) => write_table(out, table, &name, false)?,
            other => {
                for table in other.as_list().unwrap_or_default().iter().filter_map(Value::as_map) {
                    write_table(out, table, &name, true)?;
                }
            }
        }
    }
    Ok(())
}

/// A list of tables that do not each fit on a line.
fn is_list_of_tables(value: &Value) -> bool {
    let fits = |item: &Value| {
        let mut line = String::new();
        write_value(&mut line, item, 0).is_ok() && !line.contains('\n') && line.chars().count() + 5 <= LINE
    };
    value.as_list().is_some_and(|items| {
        !items.is_empty() && items.iter().all(|item| matches!(item, Value::Map(_))) && !items.iter().all(fits)
    })
}

fn write_value(out: &mut String, value: &Value, level: usize) -> Result<(), String> {
    match value {
        Value::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::BigInt(number) => out.push_str(&number.to_string()),
        Value::Float(number) if number.is_nan() => out.push_str("nan"),
        Value::Float(number) => out.push_str(&float_repr(*number)),
        Value::Str(text) if text.vault_data().is_some() => {
            return Err("vault data has no form in TOML: list the inventory as JSON or with --yaml".into());
        }
        Value::Str(text) => write_text(out, text),
        Value::List(items) if items.is_empty() => out.push_str("[]"),
        Value::List(items) => {
            out.push_str("[\n");
            for item in items.iter() {
                out.push_str(&" ".repeat(4 * (level + 1)));
                write_value(out, item, level + 1)?;
                out.push_str(",\n");
            }
            out.push_str(&" ".repeat(4 * level));
            out.push(']');
        }
        Value::Map(table) if table.is_empty() => out.push_str("{}"),
        Value::Map(table) => {
            out.push_str("{ ");
            for (place, (key, value)) in table.iter().enumerate() {
                out.push_str(if place == 0 { "" } else { ", " });
                out.push_str(&format!("{} = ", key_text(&key.to_string())));
                write_value(out, value, level)?;
            }
            out.push_str(" }");
        }
        Value::Null | Value::Undefined(_) => {
            return Err(format!("Object of type '{}' is not TOML serializable", value.type_name()));
        }
    }
    Ok(())
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push('\t'),
            '\r' => out.push_str("\\r"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Bare where it may be.
fn key_text(key: &str) -> String {
    if !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        return key.to_owned();
    }
    let mut quoted = String::new();
    write_text(&mut quoted, key);
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_before_tables() {
        let json =
            serde_json::json!({"g": {"hosts": {"a.b": {"d": {"x": "1\n"}, "n": 1, "l": [true, [], {"k": 1.0}]}}}});
        let text = write(Value::from_json(&json).as_map().unwrap()).unwrap();
        let expected = "[g.hosts.\"a.b\"]\nn = 1\nl = [\n    true,\n    [],\n    { k = 1.0 },\n]\n\n[g.hosts.\"a.b\".d]\nx = \"1\\n\"\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn nothing_has_no_form() {
        let json = serde_json::json!({"g": {"vars": {"n": null}}});
        assert!(write(Value::from_json(&json).as_map().unwrap()).unwrap_err().contains("NoneType"));
    }
}
