//! Options and return values as text: name, description, and what else is said of each.

use kapell_parsing::{Map, Value};

use super::markup::{plain, wrapped};

/// What is shown in other places than among the other fields.
const APART: &[&str] =
    &["description", "required", "suboptions", "options", "contains", "version_added", "version_added_collection"];

/// How wide text is and how far it stands in.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    pub width: usize,
    /// Where names begin.
    pub margin: usize,
    /// Where the fields of an option begin.
    pub fields: usize,
    /// Whether what has no default says so.
    pub defaults: bool,
}

/// Every option of `options`, by name, with what is nested in it.
pub(crate) fn push(text: &mut String, options: &Map, layout: Layout) {
    let mut options: Vec<(String, &Value)> = options.iter().map(|(name, value)| (name.to_string(), value)).collect();
    options.sort_by(|(left, _), (right, _)| left.cmp(right));
    for (name, option) in options {
        text.push('\n');
        push_option(text, &name, option, layout);
    }
}

fn push_option(text: &mut String, name: &str, option: &Value, layout: Layout) {
    let required = option.get("required").and_then(Value::to_bool_loose).unwrap_or(false);
    let mark = if required { '=' } else { '-' };
    let lead = format!("{}{mark} {name}", " ".repeat(layout.margin));
    let column = (lead.chars().count() + 2).max(layout.fields + 2);
    let lead = format!("{lead:<column$}");
    let others = " ".repeat(column + 1);
    for (index, paragraph) in paragraphs(option.get("description")).iter().enumerate() {
        let first = if index == 0 { &lead } else { &others };
        text.push_str(&format!("{}\n", wrapped(paragraph, layout.width, first, &others)));
    }
    let indent = " ".repeat(layout.fields);
    for (field, value) in fields(option, required, layout.defaults) {
        text.push_str(&format!("{indent}{field}: {value}\n"));
    }
    for nested in ["suboptions", "options", "contains"] {
        if let Some(options) = option.get(nested).and_then(Value::as_map).filter(|options| !options.is_empty()) {
            text.push_str(&format!("{indent}{nested}:\n"));
            push(text, options, Layout { margin: layout.fields, fields: layout.fields + 2, ..layout });
        }
    }
}

fn fields(option: &Value, required: bool, defaults: bool) -> Vec<(String, String)> {
    let given = option.as_map().into_iter().flat_map(Map::iter);
    let mut fields: Vec<(String, String)> = given
        .map(|(name, value)| (name.to_string(), flow(value)))
        .filter(|(name, _)| !APART.contains(&name.as_str()))
        .collect();
    if defaults && !required && option.get("default").is_none() {
        fields.push(("default".to_owned(), "null".to_owned()));
    }
    fields.sort();
    fields
}

/// A description's paragraphs, without marks; at least one.
pub(crate) fn paragraphs(description: Option<&Value>) -> Vec<String> {
    let all: Vec<String> = match description {
        Some(Value::List(items)) => items.iter().map(|item| plain(&item.to_string())).collect(),
        None | Some(Value::Null) => Vec::new(),
        Some(other) => vec![plain(&other.to_string())],
    };
    if all.is_empty() { vec![String::new()] } else { all }
}

/// A value on one line, as YAML would have it.
pub(crate) fn flow(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Map(map) => {
            let fields = map.iter().map(|(key, value)| format!("{key}: {}", flow(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Str(text) if text.is_empty() => "''".to_owned(),
        other => other.to_string(),
    }
}
