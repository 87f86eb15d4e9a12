//! `Inventory`: the packages and groups pacman knows, installed and to be had.

use std::collections::{BTreeMap, BTreeSet};

use super::Target;
use crate::{CommandSpec, Context, ModuleError};

#[derive(Debug, Default)]
pub(super) struct Inventory {
    installed: BTreeMap<String, String>,
    installed_groups: BTreeMap<String, BTreeSet<String>>,
    available: BTreeSet<String>,
    available_groups: BTreeMap<String, BTreeSet<String>>,
    upgradable: BTreeSet<String>,
    explicit: BTreeSet<String>,
}

impl Inventory {
    pub(super) fn read(program: &str, cx: &mut Context<'_>) -> Result<Self, ModuleError> {
        let installed = query(program, &["--query"], cx)?;
        let groups = query(program, &["--query", "--groups"], cx)?;
        let available = query(program, &["--sync", "--list"], cx)?;
        let available_groups = query(program, &["--sync", "--groups", "--groups"], cx)?;
        let explicit = query(program, &["--query", "--explicit"], cx)?;
        Ok(Self {
            installed: pairs(&installed).collect(),
            installed_groups: members(&groups),
            available: available.lines().filter_map(|line| line.split(' ').nth(1).map(str::to_owned)).collect(),
            available_groups: members(&available_groups),
            upgradable: upgrades(program, cx)?.into_iter().map(|one| one.name).collect(),
            explicit: pairs(&explicit).map(|(name, _)| name).collect(),
        })
    }

    pub(super) fn version(&self, name: &str) -> Option<&str> {
        self.installed.get(name).map(String::as_str)
    }

    /// Why an installed package is there.
    pub(super) fn reason(&self, name: &str) -> Option<&'static str> {
        self.installed.get(name)?;
        Some(if self.explicit.contains(name) { "explicit" } else { "dependency" })
    }

    pub(super) fn is_available(&self, name: &str) -> bool {
        self.available.contains(name)
    }

    pub(super) fn available_members(&self, group: &str) -> Option<&BTreeSet<String>> {
        self.available_groups.get(group)
    }

    /// The installed packages of a group, or the name itself.
    pub(super) fn installed_members(&self, name: &str) -> Vec<String> {
        match self.installed_groups.get(name) {
            Some(members) => members.iter().cloned().collect(),
            None => vec![name.to_owned()],
        }
    }

    /// Whether pacman has to be asked for it. Which version a file has only pacman knows.
    pub(super) fn wants(&self, target: &Target, latest: bool) -> bool {
        target.is_file
            || !self.installed.contains_key(&target.name)
            || (latest && self.upgradable.contains(&target.name))
    }
}

/// A package with a newer version.
#[derive(Debug)]
pub(super) struct Upgrade {
    pub name: String,
    pub from: String,
    pub to: String,
}

/// Lines such as `bash 5.2-1 -> 5.2-2`; ignored packages are none of them.
pub(super) fn upgrades(program: &str, cx: &mut Context<'_>) -> Result<Vec<Upgrade>, ModuleError> {
    // Nothing to upgrade is exit code 1.
    let listing = cx.run_read(&CommandSpec::new([program, "--query", "--upgrades"]))?.stdout();
    let upgrade = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [name, from, "->", to] = words[..] else { return None };
        Some(Upgrade { name: name.to_owned(), from: from.to_owned(), to: to.to_owned() })
    };
    Ok(listing.lines().filter_map(upgrade).collect())
}

fn query(program: &str, words: &[&str], cx: &mut Context<'_>) -> Result<String, ModuleError> {
    let command = CommandSpec::new([program]).args(words.iter().copied());
    let output = cx.run_read(&command)?;
    // What is not there (no groups, nothing explicit) is exit code 1 without a word.
    if output.ok() || (output.rc == 1 && output.stderr.is_empty()) {
        return Ok(output.stdout());
    }
    Err(super::failed(ModuleError::failed("Couldn't list packages").with("rc", output.rc), &command, &output))
}

fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    text.lines().filter_map(|line| line.split_once(' ')).map(|(one, other)| (one.to_owned(), other.trim().to_owned()))
}

fn members(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (group, name) in pairs(text) {
        groups.entry(group).or_default().insert(name);
    }
    groups
}
