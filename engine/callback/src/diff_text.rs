//! Diffs of results: unified, as ansible-playbook prints them.

use kapell_parsing::{Map, Value};

use crate::json_text::{Layout, map_text};
use crate::{Color, Display, unified_diff};

/// Prints the diffs a result carries; of those that say nothing an empty line.
pub(crate) fn show(display: &Display, data: &Map, context: usize) {
    if data.get("diff").is_some_and(Value::is_truthy) {
        print(display, &text(data, context));
    }
}

/// With a line end, unless it has one.
pub(crate) fn print(display: &Display, text: &str) {
    let text = painted(display, text);
    display.out(text.strip_suffix('\n').unwrap_or(&text), Color::Plain);
}

/// All of them in one text, without colours.
pub(crate) fn text(data: &Map, context: usize) -> String {
    let diffs: Vec<&Value> = match data.get("diff") {
        Some(Value::List(items)) => items.iter().collect(),
        Some(Value::Map(map)) if !map.is_empty() => data.get("diff").into_iter().collect(),
        _ => Vec::new(),
    };
    diffs.into_iter().map(|diff| diff_text(diff, context)).collect()
}

/// Why a file is not compared: what the result has then, whose file it is, and what is wrong with it.
const SKIPPED: [(&str, &str, &str); 4] = [
    ("dst_binary", "destination file", "appears to be binary"),
    ("src_binary", "source file", "appears to be binary"),
    ("dst_larger", "destination file", "size is greater than"),
    ("src_larger", "source file", "size is greater than"),
];

fn diff_text(diff: &Value, context: usize) -> String {
    let mut text = String::new();
    for (key, file, words) in SKIPPED {
        let Some(value) = diff.get(key).filter(|value| value.is_truthy()) else { continue };
        let limit = if key.ends_with("larger") { format!(" {value}") } else { String::new() };
        text.push_str(&format!("diff skipped: {file} {words}{limit}\n"));
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

/// With an empty line behind it, which a diff that modules prepared does not get.
fn unified(diff: &Value, before: &str, after: &str, context: usize) -> String {
    if before == after {
        return String::new();
    }
    let hunks = unified_diff::hunks(before, after, context);
    let header = |name: &str, word: &str| match diff.get(name) {
        Some(text) => format!("{word}: {text}"),
        None => word.to_owned(),
    };
    let (old, new) = (header("before_header", "before"), header("after_header", "after"));
    format!("--- {old}\n+++ {new}\n{hunks}\n")
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
    let painted = lines.collect::<Vec<_>>().join("\n");
    if text.ends_with('\n') { painted + "\n" } else { painted }
}
