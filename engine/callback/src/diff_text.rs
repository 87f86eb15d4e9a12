//! Diffs of results: unified, as ansible-playbook prints them.

use kapell_parsing::{Map, Value};
use similar::TextDiff;

use crate::json_text::{Layout, map_text};
use crate::{Color, Display};

/// Prints the diffs a result carries; of those that say nothing an empty line.
pub(crate) fn show(display: &Display, data: &Map, context: usize) {
    if data.get("diff").is_some_and(Value::is_truthy) {
        display.out(&painted(display, &text(data, context)), Color::Plain);
    }
}

/// All of them in one text, without colours.
pub(crate) fn text(data: &Map, context: usize) -> String {
    texts(data, context).concat()
}

fn texts(data: &Map, context: usize) -> Vec<String> {
    let diffs: Vec<&Value> = match data.get("diff") {
        Some(Value::List(items)) => items.iter().collect(),
        Some(Value::Map(map)) if !map.is_empty() => data.get("diff").into_iter().collect(),
        _ => Vec::new(),
    };
    diffs.into_iter().map(|diff| diff_text(diff, context)).filter(|text| !text.is_empty()).collect()
}

fn diff_text(diff: &Value, context: usize) -> String {
    let mut text = String::new();
    for side in ["src_binary", "dst_binary"] {
        if diff.get(side).is_some_and(Value::is_truthy) {
            text.push_str("diff skipped: file is binary\n");
        }
    }
    for side in ["src_larger", "dst_larger"] {
        if let Some(limit) = diff.get(side).filter(|limit| limit.is_truthy()) {
            text.push_str(&format!("diff skipped: file size is greater than {limit}\n"));
        }
    }
    if let (Some(before), Some(after)) = (diff.get("before"), diff.get("after")) {
        text.push_str(&unified(diff, &side(before), &side(after), context));
    }
    if let Some(prepared) = diff.get("prepared").and_then(Value::as_str) {
        text.push_str(prepared);
    }
    text
}

/// Text as it is; structures as indented JSON.
fn side(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Map(map) => map_text(map, Layout::Indented) + "\n",
        other => other.to_string(),
    }
}

fn unified(diff: &Value, before: &str, after: &str, context: usize) -> String {
    if before == after {
        return String::new();
    }
    let header = |name: &str, word: &str| match diff.get(name).map(Value::to_string).filter(|text| !text.is_empty()) {
        Some(text) => format!("{word}: {text}"),
        None => word.to_owned(),
    };
    let (old, new) = (header("before_header", "before"), header("after_header", "after"));
    let compared = TextDiff::from_lines(before, after);
    let mut text = String::new();
    for (index, hunk) in compared.unified_diff().context_radius(context).iter_hunks().enumerate() {
        if index == 0 {
            text.push_str(&format!("--- {old}\n+++ {new}\n"));
        }
        text.push_str(&hunk.to_string());
    }
    text
}

/// With the colours of a diff, line by line.
pub(crate) fn painted(display: &Display, text: &str) -> String {
    let lines = text.lines().map(|line| {
        let color = match line.as_bytes().first() {
            Some(b'+') => Color::DiffAdded,
            Some(b'-') => Color::DiffRemoved,
            Some(b'@') => Color::DiffPlace,
            _ => Color::Plain,
        };
        display.paint(line, color)
    });
    lines.map(|line| line + "\n").collect()
}
