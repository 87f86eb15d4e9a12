//! Addresses of host names, without the C library's resolver: literals, `/etc/hosts`, then the node's own `getent`.

use std::net::IpAddr;

use crate::{CommandSpec, Context};

/// The addresses of `host`, IPv4 first; none when nobody knows it.
pub(crate) fn addresses(host: &str, cx: &mut Context<'_>) -> Vec<IpAddr> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = host.parse() {
        return vec![address];
    }
    let mut found = in_hosts_file(&fs_err::read_to_string("/etc/hosts").unwrap_or_default(), host);
    if found.is_empty() {
        let spec = CommandSpec::new(["getent", "ahosts", host]);
        let output = cx.run_read(&spec).map(|output| output.stdout()).unwrap_or_default();
        found = output.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect();
    }
    found.sort_by_key(IpAddr::is_ipv6);
    found.dedup();
    found
}

/// The fully qualified name of this node, as Python's `getfqdn` finds it: the names of the node's own address, the
/// first of them that has a dot, otherwise the first.
pub(crate) fn full_name(own: &str, cx: &mut Context<'_>) -> String {
    let hosts = fs_err::read_to_string("/etc/hosts").unwrap_or_default();
    let address = in_hosts_file(&hosts, own).first().copied().or_else(|| addresses(own, cx).first().copied());
    let Some(address) = address else { return own.to_owned() };
    let mut names = names_of(&hosts, address);
    if names.is_empty() {
        let spec = CommandSpec::new(["getent", "hosts", &address.to_string()]);
        let output = cx.run_read(&spec).map(|output| output.stdout()).unwrap_or_default();
        names = output.lines().take(1).flat_map(|line| line.split_whitespace().skip(1)).map(str::to_owned).collect();
    }
    let full = names.iter().find(|name| name.contains('.')).or_else(|| names.first());
    full.cloned().unwrap_or_else(|| own.to_owned())
}

/// All names the hosts file has for an address.
fn names_of(text: &str, address: IpAddr) -> Vec<String> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let names = |line: &str| -> Option<Vec<String>> {
        let mut words = line.split_whitespace();
        (words.next()?.parse() == Ok(address)).then(|| words.map(str::to_owned).collect())
    };
    // The C library stops at the first line that fits.
    lines.into_iter().find_map(names).unwrap_or_default()
}

fn in_hosts_file(text: &str, host: &str) -> Vec<IpAddr> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let address_of = |line: &str| {
        let mut words = line.split_whitespace();
        let address = words.next()?.parse().ok()?;
        words.any(|name| name.eq_ignore_ascii_case(host)).then_some(address)
    };
    lines.filter_map(address_of).collect()
}

#[cfg(test)]
mod tests {
    use super::in_hosts_file;

    #[test]
    fn the_hosts_file_is_read() {
        let text = "# x\n127.0.0.1 localhost\n10.0.0.7\tWeb web.example # comment web2\n::1 localhost\n";
        assert_eq!(in_hosts_file(text, "web"), ["10.0.0.7".parse::<std::net::IpAddr>().unwrap()]);
        assert_eq!(in_hosts_file(text, "localhost").len(), 2);
        assert!(in_hosts_file(text, "web2").is_empty());
    }
}
