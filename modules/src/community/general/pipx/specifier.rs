//! `Specifier`: a package with the versions of it that will do, as Python writes them (PEP 508, PEP 440).

use crate::python_version::Specifiers;

/// `tox`, `tox[docs]>=4,<5`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Specifier {
    pub name: String,
    versions: Specifiers,
}

impl Specifier {
    /// The error says what is wrong with the text.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let end = text.find(|c: char| !is_name(c)).unwrap_or(text.len());
        let (name, mut rest) = text.split_at(end);
        if name.is_empty() {
            return Err("expected the name of a package".to_owned());
        }
        rest = rest.trim_start();
        if let Some(extras) = rest.strip_prefix('[') {
            rest = extras.split_once(']').ok_or("expected a closing bracket")?.1;
        }
        let versions = rest.split(';').next().unwrap_or_default().trim();
        let versions = versions.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(versions);
        versions.split(',').map(str::trim).filter(|clause| !clause.is_empty()).try_for_each(check)?;
        let versions = Specifiers::parse(versions).ok_or_else(|| format!("no versions: {versions}"))?;
        Ok(Self { name: name.to_owned(), versions })
    }

    pub(super) fn allows(&self, version: &str) -> bool {
        self.versions.admit(version)
    }
}

/// What is wrong with one of the conditions.
fn check(text: &str) -> Result<(), String> {
    let operators = ["===", "~=", "==", "!=", "<=", ">=", "<", ">"];
    let operator = operators.iter().find(|operator| text.starts_with(**operator));
    let operator = operator.ok_or_else(|| format!("expected an operator before {text}"))?;
    let version = text[operator.len()..].trim();
    if version.starts_with(|c: char| c.is_ascii_digit() || c == 'v') {
        return Ok(());
    }
    Err(format!("expected a version after {operator}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_judged_as_python_does() {
        for (text, version, allowed) in [
            ("tox", "4", true),
            ("tox<5", "4.0.0", true),
            ("tox>=4.1", "4.0.0", false),
            ("tox[docs] >= 4, < 4.2", "4.1", true),
            ("tox==4.*", "4.9", true),
            ("tox==4.0", "4.0.0", true),
            ("tox!=4", "4.0.0", false),
            ("tox~=4.1", "4.9", true),
            ("tox~=4.1", "5.0", false),
            ("tox>=4", "4rc1", false),
            ("tox>4", "4.post1", true),
            ("tox<10.0.1", "10.0.1.dev3", true),
        ] {
            assert_eq!(Specifier::parse(text).unwrap().allows(version), allowed, "{text} {version}");
        }
        assert_eq!(Specifier::parse("tox<<4").unwrap_err(), "expected a version after <");
        assert!(Specifier::parse("tox 4").is_err());
    }
}
