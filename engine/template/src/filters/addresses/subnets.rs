//! Arithmetic with networks: parts of them, neighbours, sums (behaviour measured on ansible.utils 6.0).

use num_bigint::BigInt;

use super::ipaddr::read;
use super::network::Network;
use crate::evaluate::{Fault, FilterCall, iterate};
use crate::object::Object;
use crate::python;

/// The input as a network; nothing when it is none.
fn input(call: &FilterCall<'_>) -> Option<Network> {
    read(&call.input, None).map(|value| value.network)
}

/// An argument that names a network.
fn named(call: &FilterCall<'_>, at: usize) -> Option<Network> {
    read(call.args.some(at)?, None).map(|value| value.network)
}

fn no_address(call: &FilterCall<'_>) -> Fault {
    Fault::error(format!("You must pass a valid IP address; {} is invalid", call.text().unwrap_or_default()))
}

/// The input as an address alone.
fn address(call: &FilterCall<'_>) -> Result<Network, Fault> {
    Network::parse_address(&call.text()?).ok_or_else(|| no_address(call))
}

/// A whole number, also written as text.
fn whole(call: &FilterCall<'_>, at: usize, name: &str) -> Result<i128, Fault> {
    let Some(object) = call.args.some(at) else {
        return Err(Fault::error(format!("missing required arguments: {name}")));
    };
    let text = python::str(call.rendering, object)?;
    text.trim().parse().map_err(|_| {
        let (kind, shown) = (object.type_name(), python::repr(call.rendering, object).unwrap_or_default());
        Fault::error(format!("argument '{name}' is of type {kind} and we were unable to convert to int: {shown}"))
    })
}

pub(super) fn ipmath(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let amount = whole(call, 0, "amount")?;
    let text = call.text()?;
    let network = Network::parse(&text).ok_or_else(|| no_address(call))?;
    let sum = BigInt::from(network.address) + amount;
    let sum = u128::try_from(sum).ok().filter(|sum| network.is_v6 || *sum <= u128::from(u32::MAX));
    let sum =
        sum.ok_or_else(|| Fault::error(format!("result outside valid IP address boundary: {text} + {amount}")))?;
    Ok(network.show(sum).into())
}

pub(super) fn nthhost(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let Some(network) = input(call) else { return Ok(Object::Bool(false)) };
    let Ok(index) = whole(call, 0, "query") else { return Ok(Object::Bool(false)) };
    match network.at(index) {
        Some(address) => Ok(network.show(address).into()),
        None if index < 0 => Err(Fault::error("index out range for address range size!")),
        None => Ok(Object::Bool(false)),
    }
}

/// The address `offset` on, when hosts may have it.
fn nth_usable(call: &FilterCall<'_>, direction: i128) -> Result<Object, Fault> {
    let Some(network) = input(call) else { return Ok(Object::Bool(false)) };
    let offset = whole(call, 0, "offset")?.saturating_mul(direction);
    let Some((first, last)) = network.usable() else { return Ok(Object::Null) };
    let target = u128::try_from(BigInt::from(network.address) + offset).ok();
    Ok(match target.filter(|target| (first..=last).contains(target)) {
        Some(target) => network.show(target).into(),
        None => Object::Null,
    })
}

pub(super) fn next_nth_usable(call: &FilterCall<'_>) -> Result<Object, Fault> {
    nth_usable(call, 1)
}

pub(super) fn previous_nth_usable(call: &FilterCall<'_>) -> Result<Object, Fault> {
    nth_usable(call, -1)
}

#[expect(clippy::unnecessary_wraps, reason = "the signature of a filter")]
pub(super) fn network_in_network(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let both = input(call).zip(named(call, 0));
    Ok(Object::Bool(both.is_some_and(|(network, other)| network.contains(&other))))
}

#[expect(clippy::unnecessary_wraps, reason = "the signature of a filter")]
pub(super) fn network_in_usable(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let is_in = |network: Network, other: Network| {
        let (first, last) = network.usable().unwrap_or((network.address, network.address));
        network.is_v6 == other.is_v6 && first <= other.first() && other.last() <= last
    };
    Ok(Object::Bool(input(call).zip(named(call, 0)).is_some_and(|(network, other)| is_in(network, other))))
}

pub(super) fn reduce_on_network(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let container = named(call, 0);
    let is_in = |item: &Object| {
        let network = read(item, None).map(|value| value.network);
        container.zip(network).is_some_and(|(container, network)| container.contains(&network))
    };
    Ok(Object::list(call.items()?.iter().filter(|item| is_in(item)).cloned().collect()))
}

pub(super) fn ipsubnet(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let Some(network) = input(call) else { return Ok(Object::Bool(false)) };
    let query = call.args.text_or(0, "");
    if query.is_empty() {
        return Ok(network.network().cidr().into());
    }
    if query.bytes().all(|b| b.is_ascii_digit()) {
        let prefix = query.parse().unwrap_or(u32::MAX);
        if prefix > network.width() {
            return Ok(Object::Bool(false));
        }
        return match call.args.some(1) {
            Some(_) => Ok(part(&network, prefix, whole(call, 1, "index")?)),
            None => parts(&network, prefix),
        };
    }
    let container = Network::parse(&query)
        .ok_or_else(|| Fault::error(format!("You must pass a valid subnet or IP address; {query} is invalid")))?;
    if !container.contains(&network) {
        let (part, whole) = (network.network().cidr(), container.cidr());
        return Err(Fault::error(format!("{part} is not in the subnet {whole}")));
    }
    let steps = shifted(network.first() - container.first(), network.width() - network.prefix);
    Ok((steps + 1).to_string().into())
}

fn shifted(number: u128, bits: u32) -> u128 {
    number.checked_shr(bits).unwrap_or(0)
}

/// How many networks of that size there are; of an address alone, the one it is in.
fn parts(network: &Network, prefix: u32) -> Result<Object, Fault> {
    if network.is_single() {
        return Ok(Network { prefix, ..*network }.network().cidr().into());
    }
    let Some(bits) = prefix.checked_sub(network.prefix) else {
        return Err(Fault::error(format!("Requested subnet size of {prefix} is invalid")));
    };
    Ok((BigInt::from(1) << bits).to_string().into())
}

/// The network number `index` of that size; of an address alone, those it is in, from large to small.
fn part(network: &Network, prefix: u32, index: i128) -> Object {
    if network.is_single() {
        let lengths: Vec<u32> = (prefix..network.width()).collect();
        let count = i128::try_from(lengths.len()).unwrap_or(0);
        let at = if index < 0 { index + count } else { index };
        let prefix = usize::try_from(at).ok().and_then(|at| lengths.get(at).copied());
        return prefix.map_or(Object::Bool(false), |prefix| Network { prefix, ..*network }.network().cidr().into());
    }
    let Some(bits) = prefix.checked_sub(network.prefix) else {
        // Not masked: that is how the collection gives it.
        let around = Network { prefix, ..network.network() };
        return if index == 0 { around.cidr().into() } else { Object::Bool(false) };
    };
    let step = BigInt::from(1) << (network.width() - prefix);
    let index = if index < 0 { (BigInt::from(1) << bits) + index } else { index.into() };
    let address = BigInt::from(network.first()) + index * step;
    match u128::try_from(address).ok().filter(|address| (network.first()..=network.last()).contains(address)) {
        Some(address) => Network { address, prefix, ..*network }.cidr().into(),
        None => Object::Bool(false),
    }
}

pub(super) fn cidr_merge(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let action = call.args.text_or(0, "merge");
    let items = match &call.input {
        Object::List(_) | Object::Tuple(_) => iterate(call.rendering, &call.input)?.to_vec(),
        single => vec![single.clone()],
    };
    if !matches!(action.as_str(), "merge" | "span") {
        return Err(Fault::error(format!("cidr_merge: invalid action '{action}'")));
    }
    let mut networks = Vec::new();
    for item in &items {
        let text = python::str(call.rendering, item)?;
        let network = Network::parse(&text);
        networks.push(
            network.ok_or_else(|| Fault::error(format!("cidr_merge: error in netaddr:\ninvalid IPNetwork {text}")))?,
        );
    }
    call.rendering.spend(networks.len())?;
    if action == "span" {
        return span(&networks);
    }
    Ok(Object::list(merged(networks).iter().map(|network| network.cidr().into()).collect()))
}

/// As few networks as hold the same addresses, in order.
fn merged(networks: Vec<Network>) -> Vec<Network> {
    let mut sorted: Vec<Network> = networks.iter().map(Network::network).collect();
    sorted.sort_by_key(|network| (network.is_v6, network.first(), network.prefix));
    let mut merged: Vec<Network> = Vec::new();
    for network in sorted {
        if merged.last().is_some_and(|last| last.contains(&network)) {
            continue;
        }
        merged.push(network);
        while let [.., low, high] = merged.as_slice() {
            let whole = Network { prefix: low.prefix.saturating_sub(1), ..*low };
            let are_halves = low.prefix == high.prefix && low.prefix > 0 && low.is_v6 == high.is_v6;
            if !are_halves || whole.first() != low.first() || !whole.contains(high) {
                break;
            }
            merged.truncate(merged.len() - 2);
            merged.push(whole);
        }
    }
    merged
}

fn span(networks: &[Network]) -> Result<Object, Fault> {
    let Some(first) = networks.first() else { return Ok(Object::Null) };
    if networks.iter().any(|network| network.is_v6 != first.is_v6) {
        let message = "cidr_merge: error in netaddr:\nIP sequence cannot contain both IPv4 and IPv6!";
        return Err(Fault::error(message));
    }
    let (mut low, mut high) = (first.first(), first.last());
    for network in networks {
        (low, high) = (low.min(network.first()), high.max(network.last()));
    }
    let around = |prefix: u32| Network { address: low, prefix, ..*first }.network();
    let prefix = (0..=first.width()).rev().find(|prefix| around(*prefix).last() >= high).unwrap_or(0);
    Ok(around(prefix).cidr().into())
}

pub(super) fn ip4_hex(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let address = address(call)?;
    if address.is_v6 {
        return Err(Fault::error(format!("invalid literal for int() with base 10: '{}'", address.ip())));
    }
    let delimiter = call.args.text_or(0, "");
    let parts: Vec<String> = (0..4).rev().map(|at| format!("{:02x}", (address.address >> (at * 8)) & 0xff)).collect();
    Ok(parts.join(&delimiter).into())
}

/// The first bits of an address, or the last, as groups.
pub(super) fn ipcut(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let amount = whole(call, 0, "amount")?;
    let address = address(call)?;
    let width = address.width() as usize;
    let bits = if address.is_v6 { format!("{:0128b}", address.address) } else { format!("{:032b}", address.address) };
    let count = usize::try_from(amount.unsigned_abs()).unwrap_or(width).min(width);
    let cut = if amount < 0 { &bits[width - count..] } else { &bits[..count] };
    let (size, separator) = if address.is_v6 { (16, ":") } else { (8, ".") };
    let groups = cut.as_bytes().chunks(size).map(|group| {
        let number = group.iter().fold(0_u32, |number, bit| number * 2 + u32::from(*bit == b'1'));
        if address.is_v6 { format!("{number:x}") } else { number.to_string() }
    });
    Ok(groups.collect::<Vec<_>>().join(separator).into())
}

pub(super) fn ipv6form(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let format = call.args.text_or(0, "");
    if !matches!(format.as_str(), "compress" | "expand" | "x509") {
        let message = format!("value of format must be one of: compress, expand, x509, got: {format}");
        return Err(Fault::error(message));
    }
    let address = address(call)?;
    let joined = |show: fn(&u16) -> String| address.groups().iter().map(show).collect::<Vec<_>>().join(":");
    Ok(match format.as_str() {
        "x509" if !address.is_v6 => return Err(no_address(call)),
        "x509" => joined(|group| format!("{group:x}")),
        "expand" if address.is_v6 => joined(|group| format!("{group:04x}")),
        _ => address.ip(),
    }
    .into())
}

/// Every usable address of a small network.
pub(super) fn usable_range(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let Some(network) = Network::parse(&call.text()?) else {
        return Err(Fault::error(format!(
            "Error while using plugin 'usable_range': '{}' does not appear to be an IPv4 or IPv6 network",
            call.text()?
        )));
    };
    let (first, last) = network.usable().unwrap_or((network.address, network.address));
    let count = usize::try_from(last - first).unwrap_or(usize::MAX).saturating_add(1);
    call.rendering.spend(count)?;
    let addresses: Vec<Object> = (first..=last).map(|address| network.show(address).into()).collect();
    Ok(Object::dict([("usable_ips".into(), Object::list(addresses)), ("number_of_ips".into(), count.into())]))
}
