//! Interfaces with their addresses, and how the node reaches the world.

mod interface;
mod netlink;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::{Value, json};

use super::collector::{Facts, content};
use crate::Map;

use interface::Interface;
use netlink::{Address, Route};

/// Places far away: whatever route leads there is the default.
const FAR_IPV4: IpAddr = IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8));
const FAR_IPV6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2404, 0x6800, 0x400a, 0x800, 0, 0, 0, 0x1012));

pub(super) fn collect(facts: &mut Facts<'_, '_>) {
    let addresses = netlink::addresses().unwrap_or_default();
    let interfaces = Interface::all(&addresses);
    facts.set("interfaces", interfaces.iter().map(|one| Value::from(one.name.as_str())).collect::<Vec<_>>());
    for one in &interfaces {
        facts.set(&fact_name(&one.name), one.facts.clone());
    }
    facts.set("default_ipv4", default_route(FAR_IPV4, &interfaces, &addresses));
    facts.set("default_ipv6", default_route(FAR_IPV6, &interfaces, &addresses));
    facts.set("all_ipv4_addresses", listed(&addresses, |ip| ip.is_ipv4() && !ip.is_loopback()));
    facts.set("all_ipv6_addresses", listed(&addresses, |ip| ip.is_ipv6() && !ip.is_loopback()));
    facts.set("locally_reachable_ips", locally_reachable(&addresses));
}

/// `br-0` and `eth0:1` are no names for variables.
fn fact_name(interface: &str) -> String {
    interface.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect()
}

fn listed(addresses: &[Address], wanted: impl Fn(&IpAddr) -> bool) -> Vec<Value> {
    addresses.iter().map(|address| address.ip).filter(|ip| wanted(ip)).map(|ip| ip.to_string().into()).collect()
}

/// The interface, address and gateway of the default route, with what the interface says about the address.
fn default_route(far: IpAddr, interfaces: &[Interface], addresses: &[Address]) -> Map {
    let Some(Route { interface, source: Some(source), gateway }) = netlink::route_to(far) else { return Map::new() };
    let Some(own) = interfaces.iter().find(|one| one.index == interface) else { return Map::new() };
    let mut facts = Map::new();
    let mut set = |key: &str, value: Value| drop(facts.insert(key.to_owned(), value));
    set("interface", own.name.as_str().into());
    set("address", source.to_string().into());
    if let Some(gateway) = gateway {
        set("gateway", gateway.to_string().into());
    }
    for key in ["macaddress", "mtu", "type"] {
        set(key, own.facts.get(key).cloned().unwrap_or(Value::Null));
    }
    let Some(address) = addresses.iter().find(|address| address.ip == source && address.interface == interface) else {
        return facts;
    };
    match source {
        IpAddr::V4(ip) => {
            for (key, value) in interface::ipv4_facts(address, ip) {
                set(&key, value);
            }
            set("alias", address.label.clone().unwrap_or_else(|| own.name.clone()).into());
        }
        IpAddr::V6(_) => {
            set("prefix", address.prefix.to_string().into());
            set("scope", interface::scope_name(address.scope).into());
        }
    }
    facts
}

/// Everything that reaches this node itself, in the order of the kernel's table: by address, networks first.
fn locally_reachable(addresses: &[Address]) -> Value {
    let mut reachable = BTreeSet::new();
    for address in addresses {
        reachable.insert((address.ip, None));
        // All of a loopback network is here, not one address of it.
        if let IpAddr::V4(ip) = address.ip
            && address.scope == interface::SCOPE_HOST
            && address.prefix < 32
        {
            reachable.insert((interface::network_of(ip, address.prefix).into(), Some(address.prefix)));
        }
    }
    let shown = |(ip, prefix): &(IpAddr, Option<u8>)| match prefix {
        Some(prefix) => format!("{ip}/{prefix}"),
        None => ip.to_string(),
    };
    let list = |is_wanted: fn(&IpAddr) -> bool| -> Vec<String> {
        reachable.iter().filter(|(ip, _)| is_wanted(ip)).map(shown).collect()
    };
    json!({ "ipv4": list(IpAddr::is_ipv4), "ipv6": list(IpAddr::is_ipv6) })
}

/// A number in a file of `/sys`.
fn number(path: impl AsRef<std::path::Path>) -> Option<i64> {
    content(path)?.parse().ok()
}
