//! One network interface: what `/sys/class/net` and its addresses say about it.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::netlink::Address;
use super::number;
use crate::Map;
use crate::ansible::builtin::setup::collector::content;

pub(super) const SCOPE_HOST: u8 = 254;
const FLAG_PROMISCUOUS: i64 = 0x100;

pub(super) struct Interface {
    pub(super) name: String,
    pub(super) index: u32,
    pub(super) facts: Map,
}

impl Interface {
    /// All interfaces, sorted by name, then the names that labelled addresses have.
    pub(super) fn all(addresses: &[Address]) -> Vec<Self> {
        let entries = fs_err::read_dir("/sys/class/net").into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter(|entry| entry.path().is_dir())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        let own: Vec<Self> = names.into_iter().map(|name| Self::new(name, addresses)).collect();
        let labelled: Vec<Self> = own.iter().flat_map(|one| one.labelled(addresses)).collect();
        own.into_iter().chain(labelled).collect()
    }

    fn new(name: String, addresses: &[Address]) -> Self {
        let path = PathBuf::from("/sys/class/net").join(&name);
        let index = number(path.join("ifindex")).and_then(|index| u32::try_from(index).ok()).unwrap_or(0);
        let mut facts = describe(&name, &path);
        add_addresses(&mut facts, &name, addresses.iter().filter(|address| address.interface == index));
        Self { name, index, facts }
    }

    /// `eth0:1`: an address with a name of its own.
    fn labelled(&self, addresses: &[Address]) -> Vec<Self> {
        let own = addresses.iter().filter(|address| address.interface == self.index);
        let other =
            own.filter_map(|address| Some((address, address.label.clone().filter(|label| *label != self.name)?)));
        let facts = |address: &Address| match address.ip {
            IpAddr::V4(ip) => Map::from_iter([("ipv4".to_owned(), Value::Object(ipv4_address(address, ip)))]),
            IpAddr::V6(_) => Map::new(),
        };
        other.map(|(address, name)| Self { facts: facts(address), name, index: 0 }).collect()
    }
}

fn describe(name: &str, path: &Path) -> Map {
    let read = |file: &str| content(path.join(file));
    let mut facts = Map::new();
    let mut set = |key: &str, value: Value| drop(facts.insert(key.to_owned(), value));
    set("device", name.into());
    if let Some(mac) = read("address").filter(|mac| !mac.is_empty() && mac != "00:00:00:00:00:00") {
        set("macaddress", mac.into());
    }
    if let Some(mtu) = number(path.join("mtu")) {
        set("mtu", mtu.into());
    }
    if let Some(state) = read("operstate") {
        set("active", (state != "down").into());
    }
    let link = |file: &str| {
        fs_err::canonicalize(path.join(file)).ok()?.file_name().map(|name| name.to_string_lossy().into_owned())
    };
    if let Some(module) = link("device/driver/module") {
        set("module", module.into());
    }
    if let Some(id) = link("device") {
        set("pciid", id.into());
    }
    if let Some(kind) = kind(path) {
        set("type", kind.into());
    }
    if let Some(speed) = number(path.join("speed")) {
        set("speed", speed.into());
    }
    let flags = read("flags").and_then(|text| i64::from_str_radix(text.trim_start_matches("0x"), 16).ok());
    set("promisc", (flags.unwrap_or(0) & FLAG_PROMISCUOUS != 0).into());
    facts.extend(bridge(path));
    facts.extend(bond(path));
    facts
}

/// The kind of interface; most are known by their link layer.
fn kind(path: &Path) -> Option<&'static str> {
    if path.join("bridge").exists() {
        return Some("bridge");
    }
    if path.join("bonding").exists() {
        return Some("bonding");
    }
    Some(match number(path.join("type"))? {
        1 => "ether",
        32 => "infiniband",
        512 => "ppp",
        772 => "loopback",
        65534 => "tunnel",
        _ => "unknown",
    })
}

fn bridge(path: &Path) -> Map {
    let mut facts = Map::new();
    if !path.join("bridge").exists() {
        return facts;
    }
    let ports = fs_err::read_dir(path.join("brif")).into_iter().flatten().flatten();
    let mut ports: Vec<String> = ports.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    ports.sort();
    facts.insert("interfaces".to_owned(), ports.into());
    if let Some(id) = content(path.join("bridge/bridge_id")) {
        facts.insert("id".to_owned(), id.into());
    }
    if let Some(stp) = content(path.join("bridge/stp_state")) {
        facts.insert("stp".to_owned(), (stp == "1").into());
    }
    facts
}

fn bond(path: &Path) -> Map {
    let mut facts = Map::new();
    let first_word =
        |file: &str| content(path.join("bonding").join(file))?.split_whitespace().next().map(str::to_owned);
    if let Some(slaves) = content(path.join("bonding/slaves")) {
        facts.insert("slaves".to_owned(), slaves.split_whitespace().map(Value::from).collect());
        for (key, file) in [("mode", "mode"), ("miimon", "miimon"), ("lacp_rate", "lacp_rate"), ("primary", "primary")]
        {
            if let Some(value) = first_word(file) {
                facts.insert(key.to_owned(), value.into());
            }
        }
        if let Some(all) = first_word("all_slaves_active") {
            facts.insert("all_slaves_active".to_owned(), (all == "1").into());
        }
    }
    if let Some(mac) = content(path.join("bonding_slave/perm_hwaddr")) {
        facts.insert("perm_macaddress".to_owned(), mac.into());
    }
    facts
}

fn add_addresses<'a>(facts: &mut Map, name: &str, addresses: impl Iterator<Item = &'a Address>) {
    let (mut first, mut secondaries, mut six): (Option<Map>, Vec<Value>, Vec<Value>) = (None, Vec::new(), Vec::new());
    for address in addresses {
        match address.ip {
            IpAddr::V4(ip) => {
                let own_label = address.label.as_deref().is_none_or(|label| label == name);
                match &first {
                    None if own_label && !address.secondary => first = Some(ipv4_address(address, ip)),
                    _ => secondaries.push(ipv4_address(address, ip).into()),
                }
            }
            IpAddr::V6(ip) => six.push(json!({
                "address": ip.to_string(), "prefix": address.prefix.to_string(), "scope": scope_name(address.scope),
            })),
        }
    }
    if let Some(first) = first {
        facts.insert("ipv4".to_owned(), first.into());
    }
    if !secondaries.is_empty() {
        facts.insert("ipv4_secondaries".to_owned(), secondaries.into());
    }
    if !six.is_empty() {
        facts.insert("ipv6".to_owned(), six.into());
    }
}

fn ipv4_address(address: &Address, ip: Ipv4Addr) -> Map {
    let mut facts = Map::from_iter([("address".to_owned(), Value::from(ip.to_string()))]);
    facts.extend(ipv4_facts(address, ip));
    facts
}

/// Broadcast address, netmask, network and prefix.
pub(super) fn ipv4_facts(address: &Address, ip: Ipv4Addr) -> Map {
    let entries = [
        ("broadcast", address.broadcast.map(|ip| ip.to_string()).unwrap_or_default()),
        ("netmask", Ipv4Addr::from(mask(address.prefix)).to_string()),
        ("network", network_of(ip, address.prefix).to_string()),
        ("prefix", address.prefix.to_string()),
    ];
    entries.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect()
}

pub(super) fn network_of(ip: Ipv4Addr, prefix: u8) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(ip) & mask(prefix))
}

fn mask(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0)
}

pub(super) fn scope_name(scope: u8) -> &'static str {
    match scope {
        0 => "global",
        200 => "site",
        253 => "link",
        SCOPE_HOST => "host",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_follow_from_prefixes() {
        let ip = Ipv4Addr::new(192, 0, 2, 130);
        assert_eq!(network_of(ip, 25), Ipv4Addr::new(192, 0, 2, 128));
        assert_eq!(network_of(ip, 0), Ipv4Addr::UNSPECIFIED);
        assert_eq!(network_of(ip, 32), ip);
    }

    #[test]
    fn further_addresses_are_secondaries() {
        let address = |last: u8, label: &str, secondary| Address {
            interface: 2,
            ip: Ipv4Addr::new(10, 0, 0, last).into(),
            prefix: 24,
            scope: 0,
            broadcast: None,
            label: Some(label.to_owned()),
            secondary,
        };
        let all = [address(1, "eth0", false), address(2, "eth0:1", true)];
        let mut facts = Map::new();
        add_addresses(&mut facts, "eth0", all.iter());
        assert_eq!(facts["ipv4"]["address"], "10.0.0.1");
        assert_eq!(facts["ipv4_secondaries"][0]["address"], "10.0.0.2");
    }
}
