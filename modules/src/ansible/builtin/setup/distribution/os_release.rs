//! Files of shell assignments: `os-release`, `lsb-release`.

use std::collections::BTreeMap;

use crate::words;

/// The assignments by name, quotes removed.
pub(in super::super) fn parse(text: &str) -> BTreeMap<String, String> {
    let assignment = |line: &str| {
        let (name, value) = line.trim().split_once('=').filter(|(name, _)| !name.starts_with('#'))?;
        let value = words::split(value).map_or_else(|_| value.to_owned(), |words| words.join(" "));
        Some((name.to_owned(), value))
    };
    text.lines().filter_map(assignment).collect()
}
