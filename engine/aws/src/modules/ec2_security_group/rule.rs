//! `Rule`: one opening of a security group: a protocol, its ports, and one peer.

use std::net::{Ipv4Addr, Ipv6Addr};

use aws_sdk_ec2::types::{IpPermission, IpRange, Ipv6Range, PrefixListId, UserIdGroupPair};
use kapell_modules::Args;
use serde_json::Value as Json;

use crate::api_error::ApiError;

/// Who is let in, or may be talked to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Peer {
    V4(String),
    V6(String),
    Prefix(String),
    Group(String),
    /// A group that has yet to be looked up.
    GroupName(String),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rule {
    /// `-1` for all.
    pub(super) protocol: String,
    /// First and last port; type and code for ICMP; nothing for all.
    pub(super) ports: Option<(i32, i32)>,
    pub(super) peer: Peer,
    pub(super) description: Option<String>,
}

impl Rule {
    /// Whether both open the same, however they are described.
    pub(super) fn opens_same(&self, other: &Self) -> bool {
        (&self.protocol, self.ports, &self.peer) == (&other.protocol, other.ports, &other.peer)
    }

    /// The rules that one entry of `rules` stands for: one for each peer and range of ports.
    pub(super) fn of_argument(entry: &Json, warnings: &mut Vec<String>) -> Result<Vec<Self>, ApiError> {
        let Some(map) = entry.as_object() else { return Err(ApiError::new("an entry of rules is a map")) };
        let args = Args::of_map(map);
        let protocol = match args.opt_str("proto").unwrap_or("tcp").to_lowercase().as_str() {
            "all" | "-1" => "-1".to_owned(),
            other => other.to_owned(),
        };
        let description = args.opt_str("rule_desc").filter(|text| !text.is_empty()).map(str::to_owned);
        let peers = peers(&args, warnings)?;
        if peers.is_empty() {
            let message =
                "one of the following is required: group_id, group_name, cidr_ip, cidr_ipv6, ip_prefix found in rules";
            return Err(ApiError::new(message));
        }
        let mut rules = Vec::new();
        for ports in ranges(&args, &protocol)? {
            for peer in &peers {
                let (protocol, description) = (protocol.clone(), description.clone());
                rules.push(Self { protocol, ports, peer: peer.clone(), description });
            }
        }
        Ok(rules)
    }

    /// The rules within a permission, which has several peers.
    pub(super) fn of_permission(permission: &IpPermission) -> Vec<Self> {
        let protocol = permission.ip_protocol().unwrap_or("-1").to_owned();
        let ports = permission.from_port().zip(permission.to_port()).filter(|_| protocol != "-1");
        let rule = |peer: Peer, description: Option<&str>| Self {
            protocol: protocol.clone(),
            ports,
            peer,
            description: description.filter(|text| !text.is_empty()).map(str::to_owned),
        };
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let v4 = permission.ip_ranges().iter().map(|one| rule(Peer::V4(text(one.cidr_ip())), one.description()));
        let v6 = permission.ipv6_ranges().iter().map(|one| rule(Peer::V6(text(one.cidr_ipv6())), one.description()));
        let prefixes = permission.prefix_list_ids().iter();
        let prefixes = prefixes.map(|one| rule(Peer::Prefix(text(one.prefix_list_id())), one.description()));
        let groups = permission.user_id_group_pairs().iter();
        let groups = groups.map(|one| rule(Peer::Group(text(one.group_id())), one.description()));
        v4.chain(v6).chain(prefixes).chain(groups).collect()
    }

    pub(super) fn to_permission(&self) -> IpPermission {
        let description = self.description.clone();
        let permission = IpPermission::builder()
            .ip_protocol(&self.protocol)
            .set_from_port(self.ports.map(|(from, _)| from))
            .set_to_port(self.ports.map(|(_, to)| to));
        match &self.peer {
            Peer::V4(cidr) => {
                permission.ip_ranges(IpRange::builder().cidr_ip(cidr).set_description(description).build())
            }
            Peer::V6(cidr) => {
                permission.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(cidr).set_description(description).build())
            }
            Peer::Prefix(id) => permission
                .prefix_list_ids(PrefixListId::builder().prefix_list_id(id).set_description(description).build()),
            Peer::Group(id) | Peer::GroupName(id) => permission
                .user_id_group_pairs(UserIdGroupPair::builder().group_id(id).set_description(description).build()),
        }
        .build()
    }
}

fn peers(args: &Args, warnings: &mut Vec<String>) -> Result<Vec<Peer>, ApiError> {
    let mut peers = Vec::new();
    for cidr in flat(args.list("cidr_ip")) {
        peers.push(Peer::V4(network(&cidr, 32, warnings)?));
    }
    for cidr in flat(args.list("cidr_ipv6")) {
        peers.push(Peer::V6(network(&cidr, 128, warnings)?));
    }
    peers.extend(args.list_of_str("ip_prefix").into_iter().map(Peer::Prefix));
    peers.extend(args.list_of_str("group_id").into_iter().map(Peer::Group));
    peers.extend(args.list_of_str("group_name").into_iter().map(Peer::GroupName));
    Ok(peers)
}

/// Lists may hold lists.
fn flat(items: &[Json]) -> Vec<String> {
    let mut texts = Vec::new();
    for item in items {
        match item {
            Json::Array(inner) => texts.extend(flat(inner)),
            item => texts.push(super::super::cloud::word(item)),
        }
    }
    texts
}

fn ranges(args: &Args, protocol: &str) -> Result<Vec<Option<(i32, i32)>>, ApiError> {
    if protocol == "-1" {
        return Ok(vec![None]);
    }
    let number = |name: &str| args.opt_int(name).map(|number| number as i32);
    if let Some(kind) = number("icmp_type") {
        return Ok(vec![Some((kind, number("icmp_code").unwrap_or(-1)))]);
    }
    let ports = args.list_of_str("ports");
    if ports.is_empty() {
        let ports = number("from_port").zip(number("to_port").or(number("from_port")));
        // TCP and UDP always have ports; of other protocols all is meant.
        let usual = matches!(protocol, "tcp" | "udp").then_some((0, 65535));
        return Ok(vec![ports.or(usual)]);
    }
    ports.iter().map(|written| range(written).map(Some)).collect()
}

/// `22`, or `8000-8010`.
fn range(written: &str) -> Result<(i32, i32), ApiError> {
    let port = |text: &str| text.trim().parse::<i32>().ok().filter(|port| (-1..=65535).contains(port));
    let range = match written.trim().split_once('-').filter(|(first, _)| !first.is_empty()) {
        Some((first, last)) => port(first).zip(port(last)),
        None => port(written).map(|port| (port, port)),
    };
    range.ok_or_else(|| ApiError::new(format!("'{written}' is neither a port nor a range of ports")))
}

/// The network an address with a mask is in; without a mask the address alone.
fn network(cidr: &str, bits: u32, warnings: &mut Vec<String>) -> Result<String, ApiError> {
    let refused = || ApiError::new(format!("'{cidr}' is no network of IPv{}", if bits == 32 { 4 } else { 6 }));
    let (address, mask) = cidr.split_once('/').unwrap_or((cidr, ""));
    let length: u32 = if mask.is_empty() { bits } else { mask.parse().map_err(|_| refused())? };
    if length > bits {
        return Err(refused());
    }
    let network = if bits == 32 {
        let address: Ipv4Addr = address.parse().map_err(|_| refused())?;
        let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
        format!("{}/{length}", Ipv4Addr::from_bits(address.to_bits() & mask))
    } else {
        let address: Ipv6Addr = address.parse().map_err(|_| refused())?;
        let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
        format!("{}/{length}", Ipv6Addr::from_bits(address.to_bits() & mask))
    };
    if !mask.is_empty() && bits == 32 && network != cidr {
        warnings.push(format!(
            "One of your CIDR addresses ({cidr}) has host bits set. To get rid of this warning, check the network mask and \
             make sure that only network bits are set: {network}."
        ));
    }
    Ok(network)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    type Opening = (String, Option<(i32, i32)>, Peer);

    fn rules(entry: Json) -> Vec<Opening> {
        let rules = Rule::of_argument(&entry, &mut Vec::new()).unwrap();
        rules.into_iter().map(|rule| (rule.protocol, rule.ports, rule.peer)).collect()
    }

    #[test]
    fn an_entry_stands_for_every_port_and_peer() {
        let v4 = |cidr: &str| Peer::V4(cidr.to_owned());
        let entry = json!({"proto": "tcp", "ports": ["22", "8000-8010"], "cidr_ip": ["10.0.0.0/8", ["1.2.3.4"]]});
        let expected = [
            ("tcp".to_owned(), Some((22, 22)), v4("10.0.0.0/8")),
            ("tcp".to_owned(), Some((22, 22)), v4("1.2.3.4/32")),
            ("tcp".to_owned(), Some((8000, 8010)), v4("10.0.0.0/8")),
            ("tcp".to_owned(), Some((8000, 8010)), v4("1.2.3.4/32")),
        ];
        assert_eq!(rules(entry), expected);
        let all = json!({"proto": "all", "group_name": ["web"]});
        assert_eq!(rules(all), [("-1".to_owned(), None, Peer::GroupName("web".to_owned()))]);
        let icmp = json!({"proto": "icmp", "icmp_type": 8, "icmp_code": -1, "cidr_ipv6": ["::/0"]});
        assert_eq!(rules(icmp), [("icmp".to_owned(), Some((8, -1)), Peer::V6("::/0".to_owned()))]);
    }

    #[test]
    fn host_bits_are_cleared_and_told() {
        let mut warnings = Vec::new();
        assert_eq!(network("192.168.1.5/24", 32, &mut warnings).unwrap(), "192.168.1.0/24");
        assert_eq!(warnings.len(), 1);
        assert_eq!(network("0.0.0.0/0", 32, &mut warnings).unwrap(), "0.0.0.0/0");
        for wrong in ["10.0.0.0/33", "10.0.0/8", "web", "10.0.0.0/x"] {
            assert!(network(wrong, 32, &mut warnings).is_err(), "{wrong}");
        }
        assert!(range("80-").is_err() && range("70000").is_err());
    }

    #[test]
    fn permissions_and_rules_say_the_same() {
        let entry = json!({"ports": ["80"], "cidr_ip": ["10.0.0.0/8"], "rule_desc": "inside"});
        let rule = Rule::of_argument(&entry, &mut Vec::new()).unwrap().remove(0);
        assert_eq!(Rule::of_permission(&rule.to_permission()), [rule]);
    }
}
