//! `hwaddr`, `macaddr`, `slaac`: hardware addresses (behaviour measured on ansible.utils 6.0).

use super::ipaddr::read;
use super::network::Network;
use crate::evaluate::{Fault, FilterCall};
use crate::object::Object;

/// The 48 bits of an address in one of the usual notations.
fn parse(text: &str) -> Option<u64> {
    let groups = |separator: char, count: usize, longest: usize| -> Option<u64> {
        let parts: Vec<&str> = text.split(separator).collect();
        let is_group =
            |part: &&str| (1..=longest).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        if parts.len() != count || !parts.iter().all(is_group) {
            return None;
        }
        let digits: String = parts.iter().map(|part| format!("{part:0>longest$}")).collect();
        u64::from_str_radix(&digits, 16).ok()
    };
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return u64::from_str_radix(text, 16).ok();
    }
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().filter(|number| *number < 1 << 48);
    }
    groups(':', 6, 2)
        .or_else(|| groups('-', 6, 2))
        .or_else(|| groups('.', 3, 4))
        .or_else(|| groups(':', 3, 4))
        .or_else(|| groups('-', 3, 4))
        .or_else(|| groups(':', 2, 6))
        .or_else(|| groups('-', 2, 6))
}

fn notation(number: u64, query: &str) -> Option<String> {
    let digits = format!("{number:012x}");
    let grouped = |size: usize, separator: &str| {
        let groups: Vec<&str> = (0..12).step_by(size).filter_map(|at| digits.get(at..at + size)).collect();
        groups.join(separator)
    };
    Some(match query {
        "bare" => digits.to_uppercase(),
        "cisco" => grouped(4, "."),
        "eui48" | "win" => grouped(2, "-").to_uppercase(),
        "linux" => grouped(2, ":"),
        "pgsql" | "postgresql" | "psql" => grouped(6, ":"),
        "unix" => {
            let bytes: Vec<String> = (0..6).rev().map(|at| format!("{:x}", (number >> (at * 8)) & 0xff)).collect();
            bytes.join(":")
        }
        _ => return None,
    })
}

fn hardware_address(call: &FilterCall<'_>, alias: &str) -> Result<Object, Fault> {
    let text = if call.input.is_null() { String::new() } else { call.text()? };
    let query = call.args.text_or(0, "");
    match (parse(&text), query.as_str()) {
        (None, "" | "bool") => Ok(Object::Null),
        (None, _) => Err(Fault::error(format!("{alias}: not a hardware address: {text}"))),
        (Some(_), "") => Ok(text.into()),
        (Some(_), "bool") => Ok(Object::Bool(true)),
        (Some(number), "int") => Ok(Object::Int(i64::try_from(number).unwrap_or(i64::MAX))),
        (Some(number), query) => match notation(number, query) {
            Some(shown) => Ok(shown.into()),
            None => Err(Fault::error(format!("{alias}: unknown filter type: {query}"))),
        },
    }
}

pub(super) fn hwaddr(call: &FilterCall<'_>) -> Result<Object, Fault> {
    hardware_address(call, &call.args.text_or(1, "hwaddr"))
}

pub(super) fn macaddr(call: &FilterCall<'_>) -> Result<Object, Fault> {
    hardware_address(call, "macaddr")
}

/// The address a host with that hardware gives itself in an IPv6 network.
#[expect(clippy::unnecessary_wraps, reason = "the signature of a filter")]
pub(super) fn slaac(call: &FilterCall<'_>) -> Result<Object, Fault> {
    let network = read(&call.input, None).map(|value| value.network).filter(|network: &Network| network.is_v6);
    let hardware = parse(&call.args.text_or(0, ""));
    let Some((network, hardware)) = network.zip(hardware) else { return Ok(Object::Bool(false)) };
    let (high, low) = ((hardware >> 24) ^ 0x02_0000, hardware & 0xff_ffff);
    let interface = u128::from((high << 40) | (0xff_fe << 24) | low);
    Ok(network.show(network.first().wrapping_add(interface)).into())
}
