//! Versions of Python packages and what a requirement says of them (PEP 440).

use std::cmp::Ordering;

/// `>=1.2,<2`: all of them hold. None of them: any version will do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Specifiers(Vec<(Operator, String)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    /// `===`: as text.
    Identical,
    Equal,
    NotEqual,
    Compatible,
    AtLeast,
    AtMost,
    Above,
    Below,
}

/// Longer ones first.
const OPERATORS: [(&str, Operator); 8] = [
    ("===", Operator::Identical),
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("~=", Operator::Compatible),
    (">=", Operator::AtLeast),
    ("<=", Operator::AtMost),
    (">", Operator::Above),
    ("<", Operator::Below),
];

impl Specifiers {
    /// `None` for what is no list of specifiers, such as extras and markers.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let one = |part: &str| {
            let (sign, operator) = OPERATORS.into_iter().find(|(sign, _)| part.starts_with(sign))?;
            let version = part[sign.len()..].trim();
            let is_version =
                !version.is_empty() && version.chars().all(|c| c.is_ascii_alphanumeric() || "._+!*-".contains(c));
            is_version.then(|| (operator, version.to_owned()))
        };
        parts.map(one).collect::<Option<Vec<_>>>().map(Self)
    }

    pub(crate) fn admit(&self, installed: &str) -> bool {
        let Some(found) = Version::parse(installed) else { return self.0.is_empty() };
        self.0.iter().all(|(operator, text)| admits(*operator, text, installed, &found))
    }
}

fn admits(operator: Operator, text: &str, installed: &str, found: &Version) -> bool {
    if operator == Operator::Identical {
        return text.eq_ignore_ascii_case(installed);
    }
    if let Some(prefix) = text.strip_suffix(".*") {
        let begins = Release::parse(prefix).is_some_and(|(prefix, _)| prefix.begins(found));
        return (operator == Operator::NotEqual) != begins;
    }
    let (Some(wanted), Some((release, _))) = (Version::parse(text), Release::parse(text)) else { return false };
    let order = found.cmp(&wanted);
    match operator {
        Operator::NotEqual => order != Ordering::Equal,
        Operator::Compatible => order != Ordering::Less && release.series().begins(found),
        Operator::AtLeast => order != Ordering::Less,
        Operator::AtMost => order != Ordering::Greater,
        Operator::Above => order == Ordering::Greater,
        Operator::Below => order == Ordering::Less,
        Operator::Equal | Operator::Identical => order == Ordering::Equal,
    }
}

/// `1!2.3rc1.post2.dev3`; what follows a `+` is left aside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    /// Without zeros at its end: 1.0 is 1.
    release: Release,
    /// Development releases come before alphas, these before betas and candidates, these before the release.
    stage: (u8, u64),
    /// One more than the number of the post release; 0 is the release itself.
    post: u64,
    /// Below the largest number for development releases.
    development: u64,
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches(['v', 'V']).to_ascii_lowercase();
        let text = text.split('+').next().unwrap_or_default();
        let (mut release, rest) = Release::parse(text)?;
        while release.numbers.len() > 1 && release.numbers.last() == Some(&0) {
            release.numbers.pop();
        }
        let mut version = Self { release, stage: (4, 0), post: 0, development: u64::MAX };
        let mut has_stage = false;
        for (word, number) in suffixes(rest) {
            match word.as_str() {
                "a" | "alpha" => version.stage = (1, number),
                "b" | "beta" => version.stage = (2, number),
                "rc" | "c" | "pre" | "preview" => version.stage = (3, number),
                "post" | "rev" | "r" | "" => version.post = number + 1,
                "dev" => version.development = number,
                _ => return None,
            }
            has_stage |= word != "dev";
        }
        if version.development != u64::MAX && !has_stage {
            version.stage = (0, 0);
        }
        Some(version)
    }
}

/// `1!2.3`, as it is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Release {
    epoch: u64,
    numbers: Vec<u64>,
}

impl Release {
    /// With what follows it.
    fn parse(text: &str) -> Option<(Self, &str)> {
        let (epoch, text) =
            text.split_once('!').map_or(Some((0, text)), |(epoch, rest)| Some((epoch.parse().ok()?, rest)))?;
        let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
        let (numbers, rest) = text.split_at(end);
        let numbers = numbers.trim_matches('.').split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        Some((Self { epoch, numbers }, rest))
    }

    /// 1.4 of 1.4.2.
    fn series(mut self) -> Self {
        if self.numbers.len() > 1 {
            self.numbers.pop();
        }
        self
    }

    /// Whether a version's numbers begin with these.
    fn begins(&self, version: &Version) -> bool {
        let number = |at: usize| version.release.numbers.get(at).copied().unwrap_or(0);
        self.epoch == version.release.epoch && self.numbers.iter().enumerate().all(|(at, own)| *own == number(at))
    }
}

/// `rc1.post2` as words with their numbers.
fn suffixes(text: &str) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    let mut rest = text.trim_start_matches(['.', '-', '_']);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let after = after.trim_start_matches(['.', '-', '_']);
        let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        if word.is_empty() && end == 0 {
            break;
        }
        found.push((word.to_owned(), after[..end].parse().unwrap_or(0)));
        rest = after[end..].trim_start_matches(['.', '-', '_']);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_an_order() {
        let texts = ["1.0.dev1", "1.0a1", "1.0b2", "1.0rc1", "1.0", "1.0.post1", "1.1", "1.10", "1!0.1"];
        for pair in texts.windows(2) {
            assert!(Version::parse(pair[0]) < Version::parse(pair[1]), "{pair:?}");
        }
        assert_eq!(Version::parse("1.0.0"), Version::parse("1"));
    }

    #[test]
    fn specifiers_admit_versions() {
        for (text, version, expected) in [
            ("", "1", true),
            ("==1.0", "1.0.0", true),
            ("==1.*", "1.9", true),
            ("!=1.*", "1.9", false),
            ("==1.0.*", "1.0.7", true),
            ("==1.0.*", "1.5", false),
            ("~=1.0.4", "1.0.9", true),
            ("~=1.0.4", "1.5", false),
            (">=1.2,<2", "1.10", true),
            (">=1.2,<2", "2.0", false),
            ("~=1.4.2", "1.4.9", true),
            ("~=1.4.2", "1.5", false),
            ("~=1.4.0", "1.5", false),
            ("===1.0", "1.0.0", false),
        ] {
            assert_eq!(Specifiers::parse(text).unwrap().admit(version), expected, "{text} {version}");
        }
        assert_eq!(Specifiers::parse("[extra]"), None);
    }
}
