//! What apt could install, from the output of `apt-cache policy`.

use std::collections::HashMap;

/// One package apt knows of; virtual packages have no candidate and no versions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Offer {
    pub candidate: Option<String>,
    /// Every version of the sources and the installed one, as listed: the newest first.
    pub versions: Vec<String>,
}

/// Offers by package name (`name`, or `name:arch` of a foreign architecture).
#[derive(Debug, Clone, Default)]
pub(crate) struct Policy {
    offers: HashMap<String, Offer>,
}

impl Policy {
    pub(crate) fn parse(output: &str) -> Self {
        let mut offers: HashMap<String, Offer> = HashMap::new();
        let mut name = String::new();
        for line in output.lines() {
            if !line.starts_with(' ') {
                line.strip_suffix(':').unwrap_or_default().clone_into(&mut name);
                if !name.is_empty() {
                    offers.entry(name.clone()).or_default();
                }
                continue;
            }
            let Some(offer) = offers.get_mut(&name) else { continue };
            if let Some(candidate) = line.trim().strip_prefix("Candidate:") {
                offer.candidate = Some(candidate.trim().to_owned()).filter(|version| version != "(none)");
            } else if let Some(version) = listed_version(line) {
                offer.versions.push(version.to_owned());
            }
        }
        Self { offers }
    }

    /// The offer for a package; a name with the native architecture is listed without it.
    pub(crate) fn offer(&self, name: &str) -> Option<&Offer> {
        self.offers.get(name).or_else(|| self.offers.get(name.split_once(':')?.0))
    }
}

/// A version of the table is indented by five columns (` *** ` marks the installed one), its sources by more.
fn listed_version(line: &str) -> Option<&str> {
    let rest = line.strip_prefix(" *** ").or_else(|| line.strip_prefix("     "))?;
    if rest.starts_with(' ') { None } else { rest.split_whitespace().next() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "awk:\n  Installed: (none)\n  Candidate: (none)\n  Version table:\n\
        hello:\n  Installed: 2.9-1\n  Candidate: 2.10-3\n  Version table:\n     2.10-3 500\n        \
        500 http://deb.debian.org/debian bookworm/main amd64 Packages\n *** 2.9-1 100\n        100 /var/lib/dpkg/status\n\
        bc:i386:\n  Installed: (none)\n  Candidate: 1.0\n  Version table:\n     1.0 500\n";

    #[test]
    fn reads_candidates_and_versions() {
        let policy = Policy::parse(OUTPUT);
        let hello = policy.offer("hello:amd64").unwrap();
        assert_eq!(hello.candidate.as_deref(), Some("2.10-3"));
        assert_eq!(hello.versions, ["2.10-3", "2.9-1"]);
        assert_eq!(policy.offer("awk"), Some(&Offer::default()));
        assert!(policy.offer("bc:i386").is_some_and(|offer| offer.candidate.as_deref() == Some("1.0")));
        assert_eq!(policy.offer("nosuch"), None);
    }
}
