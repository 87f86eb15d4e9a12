//! The functions of XPath 1.0.

use super::XpathError;
use super::evaluate::{Evaluation, Found, Here, Value};

pub(super) fn call(evaluation: &Evaluation<'_>, name: &str, values: &[Value], here: Here) -> Result<Value, XpathError> {
    let text = |index: usize| values.get(index).map(|value| evaluation.text(value)).unwrap_or_default();
    let number = |index: usize| values.get(index).map_or(f64::NAN, |value| evaluation.number(value));
    // Several functions speak of the node they are called at when nothing is said.
    let text_or_here = || if values.is_empty() { evaluation.text_of(here.node) } else { text(0) };
    let nodes = || match values.first() {
        Some(Value::Nodes(nodes)) => Ok(nodes.as_slice()),
        _ => Err(XpathError::Type),
    };
    let takes = |least: usize, most: usize| {
        if (least..=most).contains(&values.len()) { Ok(()) } else { Err(XpathError::Arguments) }
    };
    let (least, most) = arity(name).ok_or(XpathError::Function)?;
    takes(least, most)?;
    Ok(match name {
        "last" => Value::Number(here.size as f64),
        "position" => Value::Number(here.position as f64),
        "count" => Value::Number(nodes()?.len() as f64),
        "local-name" | "name" | "namespace-uri" => {
            let node = if values.is_empty() { Some(here.node) } else { nodes()?.first().copied() };
            Value::Text(node.map(|node| part_of_name(evaluation, node, name)).unwrap_or_default())
        }
        "string" => Value::Text(text_or_here()),
        "concat" => Value::Text((0..values.len()).map(text).collect()),
        "starts-with" => Value::Bool(text(0).starts_with(&text(1))),
        "contains" => Value::Bool(text(0).contains(&text(1))),
        "substring-before" => {
            Value::Text(text(0).split_once(&text(1)).map(|(before, _)| before.to_owned()).unwrap_or_default())
        }
        "substring-after" => {
            Value::Text(text(0).split_once(&text(1)).map(|(_, after)| after.to_owned()).unwrap_or_default())
        }
        "substring" => {
            Value::Text(substring(&text(0), number(1), if values.len() > 2 { number(2) } else { f64::INFINITY }))
        }
        "string-length" => Value::Number(text_or_here().chars().count() as f64),
        "normalize-space" => Value::Text(text_or_here().split_ascii_whitespace().collect::<Vec<_>>().join(" ")),
        "translate" => Value::Text(translate(&text(0), &text(1), &text(2))),
        "boolean" => Value::Bool(evaluation.truth(&values[0])),
        "not" => Value::Bool(!evaluation.truth(&values[0])),
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "number" => Value::Number(evaluation.number(&Value::Text(text_or_here()))),
        "sum" => {
            let numbers = nodes()?.iter().map(|node| evaluation.number(&Value::Text(evaluation.text_of(*node))));
            Value::Number(numbers.sum())
        }
        "floor" => Value::Number(number(0).floor()),
        "ceiling" => Value::Number(number(0).ceil()),
        _ => Value::Number((number(0) + 0.5).floor()),
    })
}

/// How many arguments a function takes, at least and at most.
fn arity(name: &str) -> Option<(usize, usize)> {
    Some(match name {
        "last" | "position" | "true" | "false" => (0, 0),
        "local-name" | "name" | "namespace-uri" | "string" | "string-length" | "normalize-space" | "number" => (0, 1),
        "count" | "boolean" | "not" | "sum" | "floor" | "ceiling" | "round" => (1, 1),
        "starts-with" | "contains" | "substring-before" | "substring-after" => (2, 2),
        "substring" => (2, 3),
        "translate" => (3, 3),
        "concat" => (2, usize::MAX),
        _ => return None,
    })
}

fn part_of_name(evaluation: &Evaluation<'_>, node: Found, part: &str) -> String {
    let name = match node {
        Found::Node(id) => evaluation.document.element(id).map(|element| &element.name),
        Found::Attribute(id, index) => {
            evaluation.document.element(id).and_then(|element| element.attributes.get(index)).map(|(name, _)| name)
        }
    };
    name.map(|name| match part {
        "local-name" => name.local.clone(),
        "name" => name.qualified(),
        _ => name.uri.clone(),
    })
    .unwrap_or_default()
}

/// Characters are counted from one, and places are rounded.
fn substring(text: &str, from: f64, length: f64) -> String {
    let first = (from + 0.5).floor();
    let end = first + (length + 0.5).floor();
    let inside = |place: f64| place >= first && (place < end || length.is_infinite());
    text.chars().enumerate().filter(|(index, _)| inside((index + 1) as f64)).map(|(_, c)| c).collect()
}

fn translate(text: &str, from: &str, to: &str) -> String {
    let to: Vec<char> = to.chars().collect();
    let one = |c: char| match from.chars().position(|known| known == c) {
        None => Some(c),
        Some(place) => to.get(place).copied(),
    };
    text.chars().filter_map(one).collect()
}
