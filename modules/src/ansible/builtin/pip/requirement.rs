//! Python packages by name: how a task writes them, and which are installed in a virtual environment.

use std::collections::BTreeMap;
use std::path::Path;

use crate::python_version::Specifiers;

/// `name[extra]==1.2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Requirement {
    pub text: String,
    name: String,
    versions: Specifiers,
    is_plain: bool,
}

impl Requirement {
    pub(super) fn parse(text: &str) -> Self {
        let text = text.trim();
        let end =
            text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let versions = Specifiers::parse(rest.trim().trim_start_matches('(').trim_end_matches(')'));
        let is_plain = !name.is_empty() && !text.contains("://") && versions.is_some();
        Self { text: text.to_owned(), name: normal_name(name), versions: versions.unwrap_or_default(), is_plain }
    }

    /// Whether these packages certainly satisfy the requirement.
    pub(super) fn is_met(&self, installed: &BTreeMap<String, String>) -> bool {
        let found = installed.get(&self.name).filter(|_| self.is_plain);
        found.is_some_and(|found| self.versions.admit(found))
    }

    /// Whether it certainly is not there at all.
    pub(super) fn is_absent(&self, installed: &BTreeMap<String, String>) -> bool {
        self.is_plain && !installed.contains_key(&self.name)
    }
}

/// PEP 503: runs of `-`, `_` and `.` are one dash.
fn normal_name(name: &str) -> String {
    let lower = name.to_lowercase();
    lower.split(['-', '_', '.']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// Names and versions from `pip list --format=freeze`.
pub(super) fn parse_freeze(text: &str) -> BTreeMap<String, String> {
    let pair = |line: &str| {
        let (name, version) = line.split_once("==")?;
        Some((normal_name(name), version.trim().to_owned()))
    };
    text.lines().filter_map(pair).collect()
}

/// What the `*.dist-info` directories of a virtual environment say.
pub(super) fn in_environment(environment: &Path) -> BTreeMap<String, String> {
    let mut installed = BTreeMap::new();
    let Ok(pythons) = std::fs::read_dir(environment.join("lib")) else { return installed };
    for python in pythons.flatten() {
        let Ok(packages) = std::fs::read_dir(python.path().join("site-packages")) else { continue };
        for package in packages.flatten() {
            let name = package.file_name().to_string_lossy().into_owned();
            if let Some((name, version)) = name.strip_suffix(".dist-info").and_then(|name| name.rsplit_once('-')) {
                installed.insert(normal_name(name), version.to_owned());
            }
        }
    }
    installed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_compared_with_what_is_installed() {
        let installed = parse_freeze("Foo_Bar==1.2\n-e git+x\nbaz==2\n");
        for (text, met) in [
            ("foo-bar", true),
            ("foo.bar==1.2", true),
            ("foo-bar == 1.3", false),
            ("foo-bar>=1", true),
            ("foo-bar<1.2,>1", false),
            ("foo-bar ~= 1.1", true),
            ("foo-bar!=1.2.0", false),
            ("foo-bar; python_version > '3'", false),
            ("foo-bar[x]", false),
            ("nosuch", false),
            ("git+https://x/baz", false),
        ] {
            assert_eq!(Requirement::parse(text).is_met(&installed), met, "{text}");
        }
        assert!(Requirement::parse("nosuch").is_absent(&installed));
        assert!(!Requirement::parse("nosuch[x]").is_absent(&installed));
    }
}
