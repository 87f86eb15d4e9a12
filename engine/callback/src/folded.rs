//! `--fold`: what a task says of its hosts, once for all hosts of which it says the same, with their change above it.

use indexmap::IndexMap;

use crate::Color;
use crate::host_ranges::{host_ranges, sort};

/// A line about a host: what stands before and after the host's name, and the change it tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct HostLine {
    pub(crate) before: String,
    pub(crate) after: String,
    pub(crate) diff: String,
    pub(crate) color: Color,
    pub(crate) is_failure: bool,
}

impl HostLine {
    pub(crate) fn about(&self, hosts: &str) -> String {
        format!("{}{hosts}{}", self.before, self.after)
    }
}

/// The lines of a task so far, in the order in which the first host of each came.
#[derive(Default)]
pub(crate) struct Folded {
    lines: IndexMap<HostLine, Vec<String>>,
}

impl Folded {
    pub(crate) fn add(&mut self, line: HostLine, host: String) {
        self.lines.entry(line).or_default().push(host);
    }

    /// Every line with its hosts, how many they are where they are several.
    pub(crate) fn take(&mut self) -> Vec<(HostLine, String)> {
        let lines = std::mem::take(&mut self.lines).into_iter();
        lines.map(|(line, hosts)| (line, counted(hosts))).collect()
    }
}

/// Names of hosts, and how many they are where they are several.
pub(crate) fn counted(mut hosts: Vec<String>) -> String {
    sort(&mut hosts);
    let names = host_ranges(&hosts);
    if hosts.len() > 1 { format!("{} hosts: {names}", hosts.len()) } else { names }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_with_the_same_line_and_change_are_one() {
        let line = |diff: &str| HostLine {
            before: "changed: [".into(),
            after: "]".into(),
            diff: diff.into(),
            color: Color::Changed,
            is_failure: false,
        };
        let mut folded = Folded::default();
        ["web3", "web1", "web2"].iter().for_each(|host| folded.add(line("-a\n+b\n"), (*host).to_owned()));
        folded.add(line("-a\n+c\n"), "web4".into());
        let told: Vec<String> = folded.take().iter().map(|(line, hosts)| line.about(hosts)).collect();
        assert_eq!(told, ["changed: [3 hosts: web[1:3]]", "changed: [web4]"]);
        assert!(folded.take().is_empty());
    }
}
