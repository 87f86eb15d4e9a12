//! `Host`: a machine the inventory names, with the variables its sources gave it.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use indexmap::Equivalent;
use kapell_parsing::Origin;
use smallvec::SmallVec;

use crate::OwnVars;
use crate::inventory::GroupId;

#[derive(Clone, Debug, Default)]
pub struct Host {
    pub name: String,
    /// What inventory sources and `add_host` say about this host itself; groups and `host_vars` are not mixed in.
    pub vars: OwnVars,
    /// Where it was written first, for messages.
    pub origin: Option<Origin>,
    /// Made up because a play asked for `localhost` and no source has it: member of no group, not even `all`.
    pub implicit: bool,
    /// The source that named it first, `inventory_file`: a whole path, or the text of a host list. Shared by its hosts.
    pub source: Option<Arc<Path>>,
    /// Direct groups, in the order they were joined. Most hosts are in few, which need no room elsewhere.
    pub(crate) groups: SmallVec<[GroupId; 4]>,
}

impl Host {
    /// `inventory_dir`: the directory of the source; none for host lists and hosts made during the run.
    pub fn inventory_dir(&self) -> Option<&Path> {
        self.source.as_deref().filter(|source| source.is_absolute())?.parent()
    }
}

/// `inventory_hostname_short`: the name up to its first dot; an address is short already.
pub fn short_name(name: &str) -> &str {
    if name.parse::<IpAddr>().is_ok() { name } else { name.split('.').next().unwrap_or(name) }
}

/// Hosts are told apart by their names: an inventory has one of each.
impl PartialEq for Host {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}
impl Eq for Host {}
impl Hash for Host {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.as_str().hash(state);
    }
}
impl Equivalent<Host> for str {
    fn equivalent(&self, host: &Host) -> bool {
        host.name == self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As ansible-core 2.19 has them.
    #[test]
    fn addresses_are_not_shortened() {
        for (name, short) in [
            ("web1.example.com", "web1"),
            ("10.0.0.1", "10.0.0.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("1.2.3", "1"),
            ("a", "a"),
        ] {
            assert_eq!(short_name(name), short);
        }
    }
}
