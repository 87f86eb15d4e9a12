//! What differs between two engines' runs of a case, in words that show where.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::printed;
use super::snapshot::{Content, Entry, Kind, Snapshot};
use super::trial::Run;
use crate::recap::Recap;

/// One finding; `expected` is the reference's.
pub(super) struct Difference {
    place: String,
    expected: String,
    actual: String,
}

impl Difference {
    fn new(place: impl Into<String>, expected: impl Into<String>, actual: impl Into<String>) -> Self {
        Self { place: place.into(), expected: expected.into(), actual: actual.into() }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "    {}", self.place)?;
        writeln!(f, "      expected  {}", shorten(&self.expected))?;
        write!(f, "      but got   {}", shorten(&self.actual))
    }
}

fn shorten(text: &str) -> String {
    let line = text.trim_end().replace('\n', "\\n");
    if line.chars().count() > 400 { format!("{}…", line.chars().take(400).collect::<String>()) } else { line }
}

/// `with_lines`: what is printed has to be the same, too.
pub(super) fn compare(with_lines: bool, expected: &[Run], actual: &[Run]) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (index, (expected, actual)) in expected.iter().zip(actual).enumerate() {
        let mut own = compare_run(expected, actual);
        if with_lines {
            own.extend(first_other_line(expected, actual));
        }
        if !own.is_empty() && !actual.errors.trim().is_empty() {
            own.push(Difference::new("stderr", expected.errors.as_str(), actual.errors.as_str()));
        }
        for difference in &mut own {
            difference.place = format!("run {}: {}", index + 1, difference.place);
        }
        differences.extend(own);
    }
    differences
}

fn compare_run(expected: &Run, actual: &Run) -> Vec<Difference> {
    let mut differences = Vec::new();
    if expected.code != actual.code {
        differences.push(Difference::new("exit code", format!("{:?}", expected.code), format!("{:?}", actual.code)));
    }
    differences.extend(recaps(&expected.recap, &actual.recap));
    differences.extend(snapshots(&expected.files, &actual.files));
    differences
}

pub(super) fn recaps(expected: &Recap, actual: &Recap) -> Vec<Difference> {
    let hosts: BTreeSet<&String> = expected.0.keys().chain(actual.0.keys()).collect();
    let counts = |recap: &Recap, host: &str| {
        recap.0.get(host).map_or("no such host".to_owned(), |counters| {
            counters.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
        })
    };
    hosts
        .into_iter()
        .map(|host| Difference::new(format!("recap of {host}"), counts(expected, host), counts(actual, host)))
        .filter(|difference| difference.expected != difference.actual)
        .collect()
}

pub(super) fn snapshots(expected: &Snapshot, actual: &Snapshot) -> Vec<Difference> {
    let paths: BTreeSet<&String> = expected.keys().chain(actual.keys()).collect();
    let mut differences = Vec::new();
    for path in paths {
        match (expected.get(path), actual.get(path)) {
            (Some(expected), Some(actual)) => differences.extend(entries(path, expected, actual)),
            (Some(entry), None) => differences.push(Difference::new(path, describe(entry), "absent")),
            (None, Some(entry)) => differences.push(Difference::new(path, "absent", describe(entry))),
            (None, None) => {}
        }
    }
    differences
}

fn entries(path: &str, expected: &Entry, actual: &Entry) -> Vec<Difference> {
    let mut differences = Vec::new();
    match (&expected.kind, &actual.kind) {
        (Kind::File(Content::Data(expected)), Kind::File(Content::Data(actual))) => {
            values(path, expected, actual, &mut differences);
        }
        (one, other) if one != other => differences.push(Difference::new(path, kind(one), kind(other))),
        _ => {}
    }
    if (expected.mode, expected.owner) != (actual.mode, actual.owner) {
        differences.push(Difference::new(path, attributes(expected), attributes(actual)));
    }
    differences
}

/// Walks into maps and lists, so that a finding names the innermost place.
fn values(place: &str, expected: &Value, actual: &Value, differences: &mut Vec<Difference>) {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            let keys: BTreeSet<&String> = expected.keys().chain(actual.keys()).collect();
            for key in keys {
                let absent = Value::String("(absent)".to_owned());
                let (one, other) = (expected.get(key).unwrap_or(&absent), actual.get(key).unwrap_or(&absent));
                values(&format!("{place} .{key}"), one, other, differences);
            }
        }
        (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
            for (index, (one, other)) in expected.iter().zip(actual).enumerate() {
                values(&format!("{place}[{index}]"), one, other, differences);
            }
        }
        (one, other) if one != other => differences.push(Difference::new(place, one.to_string(), other.to_string())),
        _ => {}
    }
}

fn describe(entry: &Entry) -> String {
    format!("{}, {}", kind(&entry.kind), attributes(entry))
}

fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Directory => "a directory".to_owned(),
        Kind::File(Content::Data(data)) => data.to_string(),
        Kind::File(Content::Bytes(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        Kind::Link(target) => format!("a link to {target}"),
        Kind::Other => "something else".to_owned(),
    }
}

fn attributes(entry: &Entry) -> String {
    format!("mode {:04o}, owner {}:{}", entry.mode, entry.owner.0, entry.owner.1)
}

pub(super) fn same_output(expected: &[Run], actual: &[Run]) -> bool {
    expected.iter().zip(actual).all(|(expected, actual)| first_other_line(expected, actual).is_none())
}

fn first_other_line(expected: &Run, actual: &Run) -> Option<Difference> {
    other_line("stdout", &expected.output, &actual.output)
}

/// The first line that is not the same in two texts that were printed.
pub(super) fn other_line(place: &str, expected: &str, actual: &str) -> Option<Difference> {
    let (expected, actual) = (printed::lines(expected), printed::lines(actual));
    let at = (0..expected.len().max(actual.len())).find(|&index| expected.get(index) != actual.get(index))?;
    let line = |lines: &[String]| lines.get(at).cloned().unwrap_or_else(|| "(end)".to_owned());
    Some(Difference::new(format!("{place}, line {}", at + 1), line(&expected), line(&actual)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_in_data_names_the_innermost_place() {
        let mut found = Vec::new();
        let data = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        values("f", &data(r#"{"a": [1, {"b": 2}], "c": 3}"#), &data(r#"{"a": [1, {"b": 9}]}"#), &mut found);
        let places: Vec<&str> = found.iter().map(|difference| difference.place.as_str()).collect();
        assert_eq!(places, ["f .a[1] .b", "f .c"]);
    }
}
