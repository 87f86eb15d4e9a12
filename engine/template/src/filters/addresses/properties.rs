//! What kind of address one is, by the registries of special-purpose addresses (RFC 6890 and its successors).

use super::network::Network;

const NOT_GLOBAL: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "240.0.0.0/4",
    "::1/128",
    "::/128",
    "::ffff:0:0/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "fc00::/7",
    "fe80::/10",
];

/// Parts of these that can be reached all the same.
const GLOBAL: &[&str] = &[
    "192.0.0.9/32",
    "192.0.0.10/32",
    "2001:1::1/128",
    "2001:1::2/128",
    "2001:3::/32",
    "2001:4:112::/48",
    "2001:20::/28",
    "2001:30::/28",
];

fn is_in(network: &Network, list: &[&str]) -> bool {
    list.iter().any(|text| network.is_within(text))
}

pub(super) fn is_global(network: &Network) -> bool {
    !is_in(network, NOT_GLOBAL) || is_in(network, GLOBAL)
}

pub(super) fn is_multicast(network: &Network) -> bool {
    is_in(network, &["224.0.0.0/4", "ff00::/8"])
}

pub(super) fn is_loopback(network: &Network) -> bool {
    is_in(network, &["127.0.0.0/8", "::1/128"])
}

pub(super) fn is_link_local(network: &Network) -> bool {
    is_in(network, &["169.254.0.0/16", "fe80::/10"])
}

/// The name of the address in the reverse zones.
pub(super) fn reverse_name(network: &Network) -> String {
    if network.is_v6 {
        let digits = format!("{:032x}", network.address);
        let reversed: String = digits.chars().rev().flat_map(|digit| [digit, '.']).collect();
        return format!("{reversed}ip6.arpa.");
    }
    let mut parts: Vec<String> = network.ip().split('.').map(ToOwned::to_owned).collect();
    parts.reverse();
    format!("{}.in-addr.arpa.", parts.join("."))
}

/// As IPv4: itself, or what an IPv6 address embeds.
pub(super) fn as_v4(network: &Network) -> Option<Network> {
    if !network.is_v6 {
        return Some(*network);
    }
    let high = network.address >> 32;
    let prefix = network.prefix.checked_sub(96)?;
    (high == 0 || high == 0xffff).then(|| Network::v4(network.address & u128::from(u32::MAX), prefix))
}

/// The 6to4 network of an IPv4 address; one that is such a network stays.
pub(super) fn six_to_four(network: &Network, shown: &str) -> Option<String> {
    if network.is_v6 {
        return network.is_within("2002::/16").then(|| shown.to_owned());
    }
    let usable = !network.is_network() && !is_multicast(network);
    let (high, low) = (network.address >> 16, network.address & 0xffff);
    usable.then(|| format!("2002:{high:04x}:{low:04x}::1/48"))
}
