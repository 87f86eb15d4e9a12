//! `Recap`: the counts per host at the end of a run, read from what `kapell` and `ansible-playbook` print.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Host -> counter (`ok`, `changed`, …) -> value.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recap(pub(crate) BTreeMap<String, BTreeMap<String, u32>>);

impl Recap {
    /// Reads the last recap in `output`; empty when there is none.
    pub(crate) fn parse(output: &str) -> Self {
        let recap = output.rfind("PLAY RECAP").map_or("", |start| &output[start..]);
        Self(recap.lines().skip(1).map_while(parse_line).collect())
    }

    pub(crate) fn count(&self, host: &str, counter: &str) -> u32 {
        self.0.get(host).and_then(|counters| counters.get(counter)).copied().unwrap_or(0)
    }

    /// Hosts for which `counter` is not zero.
    pub(crate) fn hosts_with(&self, counter: &str) -> Vec<&str> {
        self.0.keys().map(String::as_str).filter(|host| self.count(host, counter) > 0).collect()
    }
}

fn parse_line(line: &str) -> Option<(String, BTreeMap<String, u32>)> {
    let (host, counters) = line.split_once(" : ")?;
    let counters = counters
        .split_whitespace()
        .map(|counter| counter.split_once('=').and_then(|(name, value)| Some((name.to_owned(), value.parse().ok()?))))
        .collect::<Option<_>>()?;
    Some((host.trim().to_owned(), counters))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_last_recap() {
        let output = "PLAY RECAP ****\nold : ok=9\n\nPLAY RECAP *****\n\
            app1                       : ok=3    changed=1    unreachable=0    failed=1    skipped=0\n\
            app2 : ok=0 changed=0 unreachable=1 failed=0 skipped=0\n\nafterwards : a=b\n";
        let recap = Recap::parse(output);
        assert_eq!(recap.0.len(), 2);
        assert_eq!(recap.count("app1", "ok"), 3);
        assert_eq!(recap.hosts_with("failed"), ["app1"]);
        assert_eq!(recap.hosts_with("unreachable"), ["app2"]);
        assert_eq!(recap.count("absent", "ok"), 0);
    }

    #[test]
    fn no_recap_is_an_empty_one() {
        assert_eq!(Recap::parse("ERROR! the playbook could not be found"), Recap::default());
    }
}
