//! The dpkg status database (`/var/lib/dpkg/status`), read without running dpkg.

use std::collections::HashMap;

use crate::{Context, ModuleError};

/// One package of one architecture, whatever its state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DpkgPackage {
    pub name: String,
    pub architecture: String,
    pub version: String,
    /// What the administrator selected: `install`, `hold`, `deinstall`, `purge`, `unknown`.
    pub want: String,
    /// `ok` or `reinstreq`.
    pub flag: String,
    /// `installed`, `config-files`, `half-configured`, …
    pub status: String,
    pub section: String,
    pub source: String,
}

impl DpkgPackage {
    pub(crate) fn is_installed(&self) -> bool {
        self.status == "installed" || self.status == "triggers-awaited" || self.status == "triggers-pending"
    }

    /// Something of it is still on the system: files, or after removal its configuration.
    pub(crate) fn has_config_files(&self) -> bool {
        self.status != "not-installed" && !self.status.is_empty()
    }
}

/// All packages dpkg knows of.
#[derive(Debug, Clone, Default)]
pub(crate) struct DpkgStatus {
    packages: Vec<DpkgPackage>,
    by_name: HashMap<String, Vec<usize>>,
}

impl DpkgStatus {
    /// The database of this node; empty when it has none.
    pub(crate) fn read(cx: &Context<'_>) -> Result<Self, ModuleError> {
        let mut text = cx.read_text("/var/lib/dpkg/status")?.unwrap_or_default();
        // What dpkg wrote since it last rewrote the whole database.
        for journal in cx.list_dir("/var/lib/dpkg/updates").unwrap_or_default() {
            text.push_str("\n\n");
            text.push_str(&cx.read_text(journal)?.unwrap_or_default());
        }
        Ok(Self::parse(&text))
    }

    /// Reads the database's text; later records of a package and architecture replace earlier ones, so
    /// journal files (`/var/lib/dpkg/updates/*`) can be appended.
    pub(crate) fn parse(text: &str) -> Self {
        let mut database = Self::default();
        for stanza in text.split("\n\n") {
            if let Some(package) = parse_stanza(stanza) {
                database.insert(package);
            }
        }
        database
    }

    fn insert(&mut self, package: DpkgPackage) {
        let places = self.by_name.entry(package.name.clone()).or_default();
        let known = places.iter().copied().find(|at| self.packages[*at].architecture == package.architecture);
        if let Some(at) = known {
            self.packages[at] = package;
        } else {
            places.push(self.packages.len());
            self.packages.push(package);
        }
    }

    /// Every record, in the order of the database.
    pub(crate) fn all(&self) -> impl Iterator<Item = &DpkgPackage> {
        self.packages.iter()
    }

    /// Records of `name` or `name:arch`; without an architecture, installed ones first.
    pub(crate) fn find(&self, name: &str) -> Option<&DpkgPackage> {
        let (name, architecture) = split_architecture(name);
        let mut found: Vec<_> = self.by_name.get(name)?.iter().map(|at| &self.packages[*at]).collect();
        found.retain(|package| {
            architecture
                .is_none_or(|wanted| wanted == "any" || package.architecture == wanted || package.architecture == "all")
        });
        found.sort_by_key(|package| !package.is_installed());
        found.first().copied()
    }

    /// The installed package of that name, if any.
    pub(crate) fn installed(&self, name: &str) -> Option<&DpkgPackage> {
        self.find(name).filter(|package| package.is_installed())
    }
}

/// `name:arch` -> name and architecture.
pub(crate) fn split_architecture(name: &str) -> (&str, Option<&str>) {
    match name.split_once(':') {
        Some((name, architecture)) => (name, Some(architecture)),
        None => (name, None),
    }
}

fn parse_stanza(stanza: &str) -> Option<DpkgPackage> {
    let mut package = DpkgPackage::default();
    for line in stanza.lines() {
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let Some((field, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        match field {
            "Package" => value.clone_into(&mut package.name),
            "Architecture" => value.clone_into(&mut package.architecture),
            "Version" => value.clone_into(&mut package.version),
            "Section" => value.clone_into(&mut package.section),
            "Source" => value.clone_into(&mut package.source),
            "Status" => {
                let mut words = value.split(' ').map(str::to_owned);
                package.want = words.next().unwrap_or_default();
                package.flag = words.next().unwrap_or_default();
                package.status = words.next().unwrap_or_default();
            }
            _ => {}
        }
    }
    (!package.name.is_empty()).then_some(package)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2-1\n\
        Description: shell\n Bash is: a shell\n\n\
        Package: exim4-daemon-light\nStatus: hold ok installed\nArchitecture: amd64\nVersion: 4.96\n\
        \n\
        Package: nano\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 7.2\n\n\
        Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36\n\n\
        Package: libc6\nStatus: install ok installed\nArchitecture: i386\nVersion: 2.35\n";

    #[test]
    fn finds_states_and_architectures() {
        let status = DpkgStatus::parse(STATUS);
        assert_eq!(status.installed("bash").map(|package| package.version.as_str()), Some("5.2-1"));
        assert!(status.installed("nano").is_none());
        assert!(status.find("nano").is_some_and(DpkgPackage::has_config_files));
        assert_eq!(status.find("exim4-daemon-light").map(|package| package.want.as_str()), Some("hold"));
        assert_eq!(status.installed("libc6:i386").map(|package| package.version.as_str()), Some("2.35"));
        assert!(status.installed("libc6:arm64").is_none());
        assert_eq!(status.packages.len(), 5);
    }

    #[test]
    fn later_records_replace_earlier_ones() {
        let journal = "\n\nPackage: bash\nStatus: deinstall ok not-installed\nArchitecture: amd64\n";
        let status = DpkgStatus::parse(&format!("{STATUS}{journal}"));
        assert!(status.installed("bash").is_none());
    }
}
