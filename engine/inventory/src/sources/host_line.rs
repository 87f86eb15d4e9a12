//! What a host is written as: a name, a range of names, with a port or without.

use crate::{address, host_range};

/// The names a pattern stands for, and the port behind it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hosts {
    pub(crate) names: Vec<String>,
    pub(crate) port: Option<u32>,
}

/// What errors of `expand` are hinted with.
pub(crate) const RANGES: &str = "ranges of hosts are web[1:20], web[01:20], web[1:20:2] and db[a:f]";

/// The error is a message without a place.
pub(crate) fn expand(pattern: &str) -> Result<Hosts, String> {
    if pattern.is_empty() {
        return Err("a host has an empty name".into());
    }
    let (name, port) = address::split_port(pattern).unwrap_or((pattern, None));
    let names = host_range::expand(name).map_err(|error| error.to_string())?;
    Ok(Hosts { names, port })
}
