//! Installed packages, from `rpm`.

use std::collections::BTreeMap;

use crate::{CommandSpec, Context, ModuleError};

const FORMAT: &str = "%{NAME} %{NAME}-%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}.%{ARCH}\\n";

/// NEVRAs by name; kernels and the like are installed several times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Installed {
    packages: BTreeMap<String, Vec<String>>,
}

impl Installed {
    /// Everything that is installed.
    pub(super) fn read(root: &str, cx: &mut Context<'_>) -> Result<Self, ModuleError> {
        let output = cx.run_read(&rpm(root).args(["-qa", "--qf", FORMAT]))?;
        Ok(Self::parse(&output.stdout()))
    }

    fn parse(text: &str) -> Self {
        let mut packages: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, nevra) in text.lines().filter_map(|line| line.split_once(' ')) {
            packages.entry(name.to_owned()).or_default().push(nevra.replacen("-0:", "-", 1));
        }
        packages.values_mut().for_each(|nevras| nevras.sort());
        Self { packages }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.packages.contains_key(name)
    }

    fn all(&self) -> impl Iterator<Item = &String> {
        self.packages.values().flatten()
    }

    /// Whether the request may name another version of an installed package (`foo-1.0`).
    pub(super) fn may_change_version(&self, request: &str) -> bool {
        self.packages.keys().any(|name| request.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('-')))
    }

    /// What a transaction did: `Installed: …` and `Removed: …`.
    pub(super) fn changes_to(&self, after: &Self) -> Vec<String> {
        let lacks = |of: &Self, nevra: &String| !of.all().any(|other| other == nevra);
        let installed = after.all().filter(|nevra| lacks(self, nevra)).map(|nevra| format!("Installed: {nevra}"));
        let removed = self.all().filter(|nevra| lacks(after, nevra)).map(|nevra| format!("Removed: {nevra}"));
        installed.chain(removed).collect()
    }

    /// The installed NEVRA that a new one of the same name and architecture replaces.
    pub(super) fn replaced_by(&self, name: &str, architecture: &str) -> Option<&String> {
        self.packages.get(name)?.iter().find(|nevra| nevra.ends_with(&format!(".{architecture}")))
    }
}

/// The requests that no installed package answers, by its name, version or what it provides.
pub(super) fn not_installed(root: &str, requests: &[String], cx: &mut Context<'_>) -> Result<Vec<String>, ModuleError> {
    let by_name = answers(root, &[], requests, cx)?;
    let rest: Vec<String> =
        requests.iter().zip(by_name).filter(|(_, found)| !found).map(|(name, _)| name.clone()).collect();
    if rest.is_empty() {
        return Ok(rest);
    }
    let provided = answers(root, &["--whatprovides"], &rest, cx)?;
    Ok(rest.into_iter().zip(provided).filter(|(_, found)| !found).map(|(name, _)| name).collect())
}

/// For each request whether rpm knows an answer. Patterns, groups and files need dnf.
fn answers(root: &str, option: &[&str], requests: &[String], cx: &mut Context<'_>) -> Result<Vec<bool>, ModuleError> {
    let can_ask = |request: &&String| !request.contains(['*', '?', '[', ' ']) && !request.starts_with(['@', '-']);
    let asked: Vec<&String> = requests.iter().filter(can_ask).collect();
    if asked.is_empty() {
        return Ok(vec![false; requests.len()]);
    }
    let command = rpm(root).arg("-q").args(option.iter().copied()).args(["--qf", FORMAT]);
    let output = cx.run_read(&command.args(asked.iter().map(|request| request.as_str())))?;
    let (stdout, stderr) = (output.stdout(), output.stderr());
    let denied = |request: &String| {
        let texts = [
            format!("package {request} is not installed"),
            format!("no package provides {request}"),
            format!("file {request} is not owned by any package"),
            format!("file {request}: No such file or directory"),
        ];
        stdout
            .lines()
            .chain(stderr.lines())
            .any(|line| texts.iter().any(|text| line.trim_start_matches("error: ") == text))
    };
    Ok(requests.iter().map(|request| can_ask(&request) && !denied(request)).collect())
}

/// The name, epoch:version-release and architecture of a package file.
pub(super) fn of_file(path: &str, cx: &mut Context<'_>) -> Result<(String, String), ModuleError> {
    let output = cx.run_read(&CommandSpec::new(["rpm", "-qp", "--qf", FORMAT, path]))?;
    let text = output.stdout();
    match text.lines().next().and_then(|line| line.split_once(' ')) {
        Some((name, nevra)) if output.ok() => Ok((name.to_owned(), nevra.replacen("-0:", "-", 1))),
        _ => {
            Err(ModuleError::failed(format!("Error occurred attempting remote rpm operation: Could not open: {path}"))
                .with("rc", 1)
                .with("results", Vec::<String>::new()))
        }
    }
}

fn rpm(root: &str) -> CommandSpec {
    let command = CommandSpec::new(["rpm"]);
    if root == "/" { command } else { command.args(["--root", root]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_what_differs() {
        let before = Installed::parse("foo foo-1.0-1.noarch\nkernel kernel-5-1.x86_64\nold old-1:1-1.noarch\n");
        let after = Installed::parse(
            "foo foo-2.0-1.noarch\nkernel kernel-5-1.x86_64\nkernel kernel-6-1.x86_64\nz z-0:1-1.noarch\n",
        );
        assert_eq!(
            before.changes_to(&after),
            [
                "Installed: foo-2.0-1.noarch",
                "Installed: kernel-6-1.x86_64",
                "Installed: z-1-1.noarch",
                "Removed: foo-1.0-1.noarch",
                "Removed: old-1:1-1.noarch"
            ]
        );
        assert!(before.may_change_version("foo-2.0") && !before.may_change_version("foo"));
        assert!(before.changes_to(&before).is_empty());
        assert_eq!(before.replaced_by("foo", "noarch").map(String::as_str), Some("foo-1.0-1.noarch"));
    }
}
