//! Versions of collections (<https://semver.org>) and what is asked of them: `>=1.0.0,<2.0.0`.

use std::cmp::Ordering;
use std::fmt;

use semver::Version;

/// All of these must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Constraint {
    written: String,
    parts: Vec<(Operator, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Any,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The longer ones first: `>=` is not `>`.
const OPERATORS: &[(&str, Operator)] = &[
    (">=", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("!=", Operator::NotEqual),
    ("==", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("=", Operator::Equal),
];

impl Constraint {
    /// `*`, a version, or conditions with commas between them.
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.trim();
        let written = if text.is_empty() { "*" } else { text };
        let parts = written.split(',').map(str::trim).filter(|part| !part.is_empty());
        Self { written: written.to_owned(), parts: parts.map(part).collect() }
    }

    /// Whether `version` will do. What is no semantic version is only equal to itself.
    pub(crate) fn allows(&self, version: &str) -> bool {
        self.parts.iter().all(|(operator, wanted)| holds(*operator, version, wanted))
    }

    /// The one version that is asked for by name.
    pub(crate) fn exact(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [(Operator::Equal, version)] => Some(version),
            _ => None,
        }
    }

    /// Pre-releases are for those who ask for them.
    pub(crate) fn names_prerelease(&self) -> bool {
        self.parts.iter().any(|(operator, version)| *operator != Operator::Any && is_prerelease(version))
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

fn part(text: &str) -> (Operator, String) {
    if text == "*" || text.eq_ignore_ascii_case("latest") {
        return (Operator::Any, "*".into());
    }
    let found = OPERATORS.iter().find_map(|(sign, operator)| Some((*operator, text.strip_prefix(sign)?)));
    match found {
        Some((_, "*")) => (Operator::Any, "*".into()),
        Some((operator, version)) => (operator, version.trim().to_owned()),
        None => (Operator::Equal, text.to_owned()),
    }
}

fn holds(operator: Operator, version: &str, wanted: &str) -> bool {
    let order = compare(version, wanted);
    match operator {
        Operator::Any => true,
        Operator::Equal => order.map_or(version == wanted, Ordering::is_eq),
        Operator::NotEqual => order.map_or(version != wanted, Ordering::is_ne),
        Operator::Less => order.is_some_and(Ordering::is_lt),
        Operator::LessOrEqual => order.is_some_and(Ordering::is_le),
        Operator::Greater => order.is_some_and(Ordering::is_gt),
        Operator::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
    }
}

/// `1.0` counts as `1.0.0`; what follows a `+` does not count.
fn parsed(text: &str) -> Option<Version> {
    let number = text.find(['-', '+']).unwrap_or(text.len());
    let missing = 2usize.saturating_sub(text[..number].matches('.').count());
    let whole = format!("{}{}{}", &text[..number], ".0".repeat(missing), &text[number..]);
    let mut version = Version::parse(&whole).ok()?;
    version.build = semver::BuildMetadata::EMPTY;
    Some(version)
}

pub(crate) fn compare(a: &str, b: &str) -> Option<Ordering> {
    Some(parsed(a)?.cmp(&parsed(b)?))
}

pub(crate) fn is_prerelease(version: &str) -> bool {
    parsed(version).is_some_and(|version| !version.pre.is_empty())
}

/// The highest first; what is no version last.
pub(crate) fn sort_highest_first(versions: &mut [String]) {
    versions.sort_by_key(|version| std::cmp::Reverse(parsed(version)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_hold_as_semantic_versions_do() {
        for (constraint, version, expected) in [
            ("*", "0.1.0", true),
            ("", "3.0.0", true),
            ("1.0.0", "1.0.0", true),
            ("1.0", "1.0.0", true),
            ("==1.0.0", "1.0.1", false),
            (">=1.0.0,<2.0.0", "1.9.9", true),
            (">=1.0.0,<2.0.0", "2.0.0", false),
            (">=1.0.0, !=1.5.0", "1.5.0", false),
            (">1.0.0", "1.0.0", false),
            ("<=1.0.0", "1.0.0-rc1", true),
            (">1.9.0", "1.10.0", true),
            ("main", "main", true),
            (">=1.0.0", "main", false),
        ] {
            assert_eq!(Constraint::parse(constraint).allows(version), expected, "{constraint} with {version}");
        }
    }

    #[test]
    fn versions_are_numbers_not_text() {
        let mut versions = ["1.9.0", "1.10.0", "nightly", "1.10.0-rc1"].map(String::from).to_vec();
        sort_highest_first(&mut versions);
        assert_eq!(versions, ["1.10.0", "1.10.0-rc1", "1.9.0", "nightly"]);
        assert!(is_prerelease("1.0.0-b1") && !is_prerelease("1.0.0"));
    }
}
