//! Host names: literal addresses, then `/etc/hosts`, then the node's `getent`, which knows everything else.
//!
//! The worker is static and cannot use the C library's resolver.

use std::net::{IpAddr, SocketAddr};
use std::process::{Command, Stdio};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// More addresses than this ureq does not take.
const MOST: usize = 16;

#[derive(Debug, Default)]
pub(super) struct NodeResolver;

impl Resolver for NodeResolver {
    fn resolve(&self, uri: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().ok_or(ureq::Error::HostNotFound)?.trim_matches(['[', ']']);
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        let mut found = self.empty();
        for address in addresses(host).into_iter().take(MOST) {
            found.push(SocketAddr::new(address, port));
        }
        if found.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(found) }
    }
}

fn addresses(host: &str) -> Vec<IpAddr> {
    if let Ok(address) = host.parse() {
        return vec![address];
    }
    let hosts = fs_err::read_to_string("/etc/hosts").unwrap_or_default();
    let mut found = listed(host, &hosts);
    if found.is_empty() {
        found = asked(host);
    }
    if found.is_empty() && (host == "localhost" || host.ends_with(".localhost")) {
        found = vec![IpAddr::from([127, 0, 0, 1])];
    }
    found
}

/// The addresses that a hosts file gives to a name.
fn listed(host: &str, hosts: &str) -> Vec<IpAddr> {
    let lines = hosts.lines().map(|line| line.split('#').next().unwrap_or_default().split_whitespace());
    lines
        .filter_map(|mut words| {
            let address = words.next()?.parse().ok()?;
            words.any(|name| name.eq_ignore_ascii_case(host)).then_some(address)
        })
        .collect()
}

fn asked(host: &str) -> Vec<IpAddr> {
    let mut command = Command::new("getent");
    command.args(["ahosts", "--", host]).stdin(Stdio::null()).stderr(Stdio::null());
    let Ok(output) = command.output() else { return Vec::new() };
    let mut found: Vec<IpAddr> = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let address = line.split_whitespace().next().and_then(|word| word.parse().ok());
        found.extend(address.filter(|address| !found.contains(address)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_files_list_names_after_addresses() {
        let hosts = "127.0.0.1 localhost\n10.0.0.1\tweb web.example # main\n::1 WEB\n# 10.0.0.2 web\nbroken web\n";
        let expected: Vec<IpAddr> = vec!["10.0.0.1".parse().unwrap(), "::1".parse().unwrap()];
        assert_eq!(listed("web", hosts), expected);
        assert!(listed("main", hosts).is_empty());
    }

    #[test]
    fn literal_addresses_need_no_look_up() {
        assert_eq!(addresses("192.0.2.1"), vec![IpAddr::from([192, 0, 2, 1])]);
        assert_eq!(addresses("::1").len(), 1);
    }
}
