//! How many files may be open: a connection costs one or a few, and what shells allow at first is meant for small programs.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Enough for ten thousand hosts, and few enough for programs that close all they might have inherited.
const ENOUGH: u64 = 65_536;

/// Raises what is allowed at first towards what is allowed at most.
pub(crate) fn allow_many() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(ENOUGH, |most| most.min(ENOUGH));
    if limit.current.is_some_and(|now| now < wanted) {
        // Without it, what is there has to do.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..limit });
    }
}
