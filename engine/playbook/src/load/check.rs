//! Whether a literal can be what its keyword takes. Templates are checked once they are rendered, by the executor.

use kapell_parsing::Value;

use crate::keyword::{Keyword, KeywordKind};

/// `Some(what it must be)` when `value` can never be a value of `keyword`.
pub(crate) fn expected(keyword: &Keyword, value: &Value) -> Option<String> {
    if value.as_text().is_some_and(kapell_parsing::Text::is_template) || value.is_undefined() {
        return None;
    }
    let (fits, what) = match keyword.kind {
        KeywordKind::Bool => (value.to_bool_loose().is_some(), "yes or no"),
        KeywordKind::Int => (is_integer(value), "a whole number"),
        KeywordKind::Float => (is_number(value), "a number"),
        KeywordKind::Percent => (is_percent(value), "a number or a percentage like 30%"),
        KeywordKind::Str => (!is_collection(value), "text"),
        KeywordKind::Choice(words) => {
            let fits = value.as_str().is_some_and(|word| words.contains(&word));
            return (!fits).then(|| format!("one of {}", words.join(", ")));
        }
        KeywordKind::StrList => (each(value, &|item| !is_collection(item)), "text or a list of texts"),
        KeywordKind::Condition => {
            let fits = each(value, &|item| matches!(item, Value::Str(_) | Value::Bool(_) | Value::Null));
            (fits, "an expression, yes or no, or a list of those")
        }
        KeywordKind::Dict => (matches!(value, Value::Map(_)), "a mapping"),
        KeywordKind::DictList => (each(value, &is_map_or_template), "a mapping or a list of mappings"),
        KeywordKind::Tasks => (matches!(value, Value::List(_)), "a list of tasks"),
        KeywordKind::List | KeywordKind::Any => (true, ""),
    };
    (!fits).then(|| what.to_string())
}

/// How messages show a wrong value: short ones as they are, collections by type.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Map(_) => "a mapping".into(),
        Value::List(_) => "a list".into(),
        Value::Null => "nothing".into(),
        other => other.repr(),
    }
}

fn each(value: &Value, fits: &dyn Fn(&Value) -> bool) -> bool {
    value.as_list().unwrap_or(std::slice::from_ref(value)).iter().all(fits)
}

fn is_collection(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Map(_))
}

fn is_map_or_template(value: &Value) -> bool {
    match value {
        Value::Map(_) | Value::Null => true,
        Value::Str(text) => text.is_template(),
        _ => false,
    }
}

fn is_integer(value: &Value) -> bool {
    match value {
        Value::Int(_) | Value::BigInt(_) | Value::Bool(_) => true,
        Value::Float(f) => f.fract() == 0.0,
        Value::Str(text) => text.trim().parse::<i64>().is_ok() || text.is_template(),
        _ => false,
    }
}

fn is_number(value: &Value) -> bool {
    match value {
        Value::Float(_) => true,
        Value::Str(text) => text.trim().parse::<f64>().is_ok(),
        other => is_integer(other),
    }
}

pub(crate) fn is_percent(value: &Value) -> bool {
    match value {
        Value::Str(text) => text.is_template() || text.trim().trim_end_matches('%').trim().parse::<f64>().is_ok(),
        other => is_number(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyword::find;

    #[test]
    fn literals_are_held_against_the_keyword() {
        let list = |items: &[Value]| Value::list(items.to_vec());
        let cases: &[(&str, Value, Option<&str>)] = &[
            ("become", "yes".into(), None),
            ("become", Value::Int(1), None),
            ("become", Value::Int(2), Some("yes or no")),
            ("become", "maybe".into(), Some("yes or no")),
            ("become", Value::trusted("{{ x }}"), None),
            ("retries", "3".into(), None),
            ("retries", Value::Float(1.5), Some("a whole number")),
            ("delay", "0.5".into(), None),
            ("max_fail_percentage", "30%".into(), None),
            ("max_fail_percentage", "abc".into(), Some("a number or a percentage like 30%")),
            ("become_user", Value::Int(5), None),
            ("become_user", list(&["a".into()]), Some("text")),
            ("when", list(&[true.into(), "x".into()]), None),
            ("when", Value::Int(1), Some("an expression, yes or no, or a list of those")),
            ("module_defaults", "foo".into(), Some("a mapping or a list of mappings")),
            ("order", "random".into(), Some("one of inventory, sorted, reverse_sorted, reverse_inventory, shuffle")),
        ];
        for (name, value, expectation) in cases {
            assert_eq!(expected(find(name).unwrap(), value).as_deref(), *expectation, "{name}: {}", value.repr());
        }
    }
}
