//! `ipaddr` and its variants: what of a text is an address, and one thing asked of it (behaviour measured on
//! ansible.utils 6.0).

use num_bigint::BigInt;

use super::network::Network;
use super::properties;
use crate::evaluate::{Fault, FilterCall, iterate};
use crate::object::Object;
use crate::python;

/// What a filter was given, read.
pub(super) struct Value {
    pub(super) network: Network,
    /// As it was written; a number as address and prefix.
    shown: String,
    /// Whether a prefix was written.
    has_prefix: bool,
}

/// The value as an address of the family wanted; nothing when it is none.
pub(super) fn read(object: &Object, version: Option<i64>) -> Option<Value> {
    let family = |network: Network| match version {
        Some(4) if network.is_v6 => None,
        Some(6) if !network.is_v6 => None,
        _ => Some(network),
    };
    let text = match object {
        Object::Str(text) => text.to_string(),
        Object::Int(number) => number.to_string(),
        Object::BigInt(number) => number.to_string(),
        _ => return None,
    };
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        let number: u128 = text.parse().ok()?;
        let network = match version {
            Some(6) => Network::v6(number, 128),
            _ => family(Network::of_number(number))?,
        };
        return Some(Value { shown: network.cidr(), network, has_prefix: false });
    }
    let network = family(Network::parse(&text)?)?;
    Some(Value { network, has_prefix: text.contains('/'), shown: text })
}

fn unknown(alias: &str, query: &str) -> Fault {
    Fault::error(format!("{alias}: unknown filter type: {query}"))
}

/// What `query` gives for one value; `Null` where it does not have it, `False` where it is no address.
fn ask(object: &Object, query: &str, version: Option<i64>, alias: &str) -> Result<Object, Fault> {
    let Some(value) = read(object, version) else { return Ok(Object::Bool(false)) };
    if let Some(answer) = answer(&value, query) {
        return answer;
    }
    if let Ok(index) = query.parse::<i128>() {
        return Ok(indexed(&value, index));
    }
    let Some(container) = Network::parse(query) else { return Err(unknown(alias, query)) };
    Ok(if container.contains(&value.network) { value.shown.into() } else { Object::Null })
}

fn indexed(value: &Value, index: i128) -> Object {
    let network = value.network;
    if network.is_single() {
        return plain(value);
    }
    network.at(index).map_or(Object::Bool(false), |address| Network { address, ..network }.cidr().into())
}

/// The address, with its prefix where one was written.
fn plain(value: &Value) -> Object {
    if value.has_prefix { value.network.cidr() } else { value.network.ip() }.into()
}

fn answer(value: &Value, query: &str) -> Option<Result<Object, Fault>> {
    let network = value.network;
    let when = |holds: bool, object: Object| if holds { object } else { Object::Null };
    let kept = |holds: bool| when(holds, value.shown.as_str().into());
    // A pair has no network address of its own.
    let is_host = !network.is_network() || network.is_pair();
    let in_network = !network.is_single() && is_host;
    let (ip, cidr) = (network.ip(), network.cidr());
    let (mask, wildcard) = (network.show(network.net_mask()), network.show(network.host_mask()));
    let first = network.show(network.first());
    Some(Ok(match query {
        "" => plain(value),
        "bool" => Object::Bool(true),
        "address" | "ip" => when(is_host || network.is_v6, ip.into()),
        "address/prefix" | "gateway" | "gw" | "host/prefix" | "hostnet" | "router" => {
            let is_last = !network.is_single() && !network.is_pair() && network.address == network.last();
            if is_host && !is_last { cidr.into() } else { Object::Bool(false) }
        }
        "host" => when(is_host, cidr.into()),
        "ip/prefix" => when(in_network, cidr.into()),
        "ip_netmask" => when(in_network, format!("{ip} {mask}").into()),
        "cidr" => cidr.into(),
        "prefix" => i64::from(network.prefix).into(),
        "netmask" => mask.into(),
        "hostmask" | "wildcard" => wildcard.into(),
        "network" | "network_id" => first.into(),
        "network/prefix" | "subnet" => network.network().cidr().into(),
        "network_netmask" => format!("{first} {mask}").into(),
        "network_wildcard" => format!("{first} {wildcard}").into(),
        "broadcast" => when(!network.is_single() && !network.is_pair(), network.show(network.last()).into()),
        "net" => when(network.is_network(), cidr.into()),
        "type" => if network.is_network() { "network" } else { "address" }.into(),
        "version" => Object::Int(if network.is_v6 { 6 } else { 4 }),
        "size" => Object::from_big(network.size()),
        "size_usable" => {
            Object::from_big(network.usable().map_or(BigInt::ZERO, |(first, last)| BigInt::from(last - first) + 1))
        }
        "int" if value.has_prefix => format!("{}/{}", network.address, network.prefix).into(),
        "int" => Object::from_big(network.address.into()),
        "revdns" => properties::reverse_name(&network).into(),
        "wrap" if !network.is_v6 => value.shown.as_str().into(),
        "wrap" if value.has_prefix => format!("[{ip}]/{}", network.prefix).into(),
        "wrap" => format!("[{ip}]").into(),
        "unicast" => kept(!properties::is_multicast(&network)),
        "multicast" => kept(properties::is_multicast(&network)),
        "loopback" | "lo" => kept(properties::is_loopback(&network)),
        "link-local" => kept(properties::is_link_local(&network)),
        "public" => kept(!properties::is_multicast(&network) && properties::is_global(&network)),
        "private" => kept(!properties::is_global(&network)),
        "ipv4" => properties::as_v4(&network).map_or(Object::Bool(false), |v4| match network.is_v6 {
            true => v4.cidr().into(),
            false => value.shown.as_str().into(),
        }),
        "ipv6" => match network.is_v6 {
            true => value.shown.as_str().into(),
            false => format!("::ffff:{ip}/{}", network.prefix + 96).into(),
        },
        "6to4" => properties::six_to_four(&network, &value.shown).map_or(Object::Bool(false), Object::from),
        "first_usable" | "last_usable" | "range_usable" | "next_usable" | "previous_usable" | "peer" => {
            return Some(usable(value, query));
        }
        _ => return None,
    }))
}

/// What is asked of the addresses around; that needs a prefix.
fn usable(value: &Value, query: &str) -> Result<Object, Fault> {
    let network = value.network;
    if !value.has_prefix {
        return Err(Fault::error("Not a network address"));
    }
    if query == "peer" {
        return peer(&network).map(Object::from);
    }
    let Some((first, last)) = network.usable() else { return Ok(Object::Null) };
    // Numbers small enough are shown as IPv4, whatever they were.
    let show = |address: u128| Network::of_number(address).ip();
    let near = |address: Option<u128>| match address.filter(|address| (first..=last).contains(address)) {
        Some(address) => Object::from(show(address)),
        None => Object::Null,
    };
    Ok(match query {
        "first_usable" => show(first).into(),
        "last_usable" => show(last).into(),
        "range_usable" => format!("{}-{}", show(first), show(last)).into(),
        "next_usable" => near(network.address.checked_add(1)),
        _ => match network.address.checked_sub(1) {
            None => return Err(Fault::error("failed to detect a valid IP address from -1")),
            address => near(address),
        },
    })
}

/// The other end of a point-to-point network.
fn peer(network: &Network) -> Result<String, Fault> {
    if network.is_pair() {
        return Ok(network.show(network.address ^ 1));
    }
    if network.prefix + 2 != network.width() {
        return Err(Fault::error("Not a point-to-point network"));
    }
    match network.address & 3 {
        0 => Err(Fault::error("Network address of /30 has no peer")),
        3 => Err(Fault::error("Broadcast address of /30 has no peer")),
        _ => Ok(network.show(network.address ^ 3)),
    }
}

fn query_of(call: &FilterCall<'_>) -> Result<String, Fault> {
    match call.args.some(0) {
        Some(query) => python::str(call.rendering, query),
        None => Ok(String::new()),
    }
}

/// One value, or each of a list: there, what is no address, and what gives nothing, is left out.
fn filter(
    call: &FilterCall<'_>,
    input: &Object,
    query: &str,
    version: Option<i64>,
    alias: &str,
) -> Result<Object, Fault> {
    match input {
        Object::List(_) | Object::Tuple(_) => {
            let items = iterate(call.rendering, input)?;
            let found = items.iter().map(|item| filter(call, item, query, version, alias));
            let found = found.collect::<Result<Vec<_>, _>>()?;
            Ok(Object::list(found.into_iter().filter(Object::is_truthy).collect()))
        }
        Object::Str(_) | Object::Int(_) | Object::BigInt(_) => {
            let found = ask(input, query, version, alias)?;
            Ok(match (input.is_secret(), found) {
                (true, Object::Str(text)) => Object::Str(text.with_secret(true)),
                (_, found) => found,
            })
        }
        Object::Bool(_) => Ok(Object::Bool(false)),
        other => Err(unrecognized(other, alias)),
    }
}

fn unrecognized(object: &Object, alias: &str) -> Fault {
    Fault::error(format!("Unrecognized type <<class '{}'>> for {alias} filter <value>", object.type_name()))
}

pub(super) fn ipaddr(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let alias = call.args.text_or(2, "ipaddr");
    filter(call, &call.input, &query_of(call)?, call.args.int(1)?, &alias)
}

pub(super) fn ipv4(call: &FilterCall<'_>) -> Result<Object, Fault> {
    filter(call, &call.input, &query_of(call)?, Some(4), "ipv4")
}

pub(super) fn ipv6(call: &FilterCall<'_>) -> Result<Object, Fault> {
    filter(call, &call.input, &query_of(call)?, Some(6), "ipv6")
}

/// IPv6 addresses in brackets; what is no address stays what it is. The query changes nothing.
pub(super) fn ipwrap(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let wrapped = |item: &Object| -> Result<Object, Fault> {
        if read(item, None).is_none() {
            return Ok(item.clone());
        }
        filter(call, item, "wrap", None, "ipwrap")
    };
    match &call.input {
        Object::List(_) | Object::Tuple(_) => {
            let items = call.items()?.iter().map(wrapped).collect::<Result<Vec<_>, _>>()?;
            Ok(Object::list(items))
        }
        Object::Str(_) => {
            let Some(value) = read(&call.input, None) else { return Ok(call.input.clone()) };
            filter(call, &call.input, if value.network.is_v6 { "wrap" } else { "" }, None, "ipwrap")
        }
        Object::Bool(_) => Ok(call.input.clone()),
        other => Err(unrecognized(other, "ipwrap")),
    }
}
