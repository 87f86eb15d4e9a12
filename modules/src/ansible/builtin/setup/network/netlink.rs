//! The kernel's own answers about addresses and routes, over an rtnetlink socket.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rustix::fd::OwnedFd;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with};

const GET_ADDRESSES: u16 = 22;
const NEW_ADDRESS: u16 = 20;
const GET_ROUTE: u16 = 26;
const NEW_ROUTE: u16 = 24;
const DONE: u16 = 3;
const ERROR: u16 = 2;
const REQUEST: u16 = 1;
const DUMP: u16 = 0x300;
const HEADER: usize = 16;
const FAMILY_IPV4: u8 = 2;
const FAMILY_IPV6: u8 = 10;

/// An address of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) interface: u32,
    pub(super) ip: IpAddr,
    pub(super) prefix: u8,
    pub(super) scope: u8,
    pub(super) broadcast: Option<Ipv4Addr>,
    /// The interface's name, with `:1` and the like behind it for a labelled address.
    pub(super) label: Option<String>,
    pub(super) secondary: bool,
}

/// How the node would reach some place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) interface: u32,
    pub(super) source: Option<IpAddr>,
    pub(super) gateway: Option<IpAddr>,
}

/// All addresses of all interfaces, in the kernel's order.
pub(super) fn addresses() -> io::Result<Vec<Address>> {
    let messages = ask(GET_ADDRESSES, REQUEST | DUMP, &[0; 8])?;
    Ok(messages.iter().filter(|(kind, _)| *kind == NEW_ADDRESS).filter_map(|(_, body)| address(body)).collect())
}

/// The route to `destination`; `None` when there is none.
pub(super) fn route_to(destination: IpAddr) -> Option<Route> {
    let (family, bytes) = match destination {
        IpAddr::V4(ip) => (FAMILY_IPV4, ip.octets().to_vec()),
        IpAddr::V6(ip) => (FAMILY_IPV6, ip.octets().to_vec()),
    };
    // A route message without anything but the destination's length, then the destination as an attribute.
    let mut body = vec![family, (bytes.len() * 8) as u8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    body.extend(((bytes.len() + 4) as u16).to_ne_bytes());
    body.extend(1_u16.to_ne_bytes());
    body.extend(bytes);
    let messages = ask(GET_ROUTE, REQUEST, &body).ok()?;
    messages.iter().find(|(kind, _)| *kind == NEW_ROUTE).and_then(|(_, body)| route(body))
}

/// Sends a request and collects the answers: type and body of each message.
fn ask(kind: u16, flags: u16, body: &[u8]) -> io::Result<Vec<(u16, Vec<u8>)>> {
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    let mut request = Vec::with_capacity(HEADER + body.len());
    request.extend(((HEADER + body.len()) as u32).to_ne_bytes());
    request.extend(kind.to_ne_bytes());
    request.extend(flags.to_ne_bytes());
    request.extend(1_u32.to_ne_bytes());
    request.extend(0_u32.to_ne_bytes());
    request.extend(body);
    send(&socket, &request, SendFlags::empty())?;
    let mut messages = Vec::new();
    while !receive(&socket, &mut messages, flags & DUMP != 0)? {}
    Ok(messages)
}

/// Reads one datagram; true when it was the last.
fn receive(socket: &OwnedFd, messages: &mut Vec<(u16, Vec<u8>)>, many: bool) -> io::Result<bool> {
    let mut buffer = vec![0_u8; 64 * 1024];
    let (length, _) = recv(socket, &mut buffer, RecvFlags::empty())?;
    let mut rest = &buffer[..length];
    while rest.len() >= HEADER {
        let total = number32(rest, 0).unwrap_or(0) as usize;
        let kind = number16(rest, 4).unwrap_or(0);
        if total < HEADER || total > rest.len() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "malformed netlink message"));
        }
        match kind {
            DONE => return Ok(true),
            ERROR => return Err(io::Error::other("netlink request refused")),
            _ => messages.push((kind, rest[HEADER..total].to_vec())),
        }
        rest = &rest[aligned(total).min(rest.len())..];
    }
    Ok(!many)
}

fn address(body: &[u8]) -> Option<Address> {
    let (prefix, flags, scope) = (*body.get(1)?, *body.get(2)?, *body.get(3)?);
    let interface = number32(body, 4)?;
    let attributes = attributes(body.get(8..)?);
    let find = |kind: u16| attributes.iter().find(|(found, _)| *found == kind).map(|(_, value)| *value);
    // For IPv4 the local address, which differs from the other on point-to-point links.
    let ip = find(2).or_else(|| find(1)).and_then(ip_of)?;
    let broadcast = find(4).and_then(ip_of).and_then(|ip| if let IpAddr::V4(ip) = ip { Some(ip) } else { None });
    let label = find(3).map(|text| String::from_utf8_lossy(text).trim_end_matches('\0').to_owned());
    Some(Address { interface, ip, prefix, scope, broadcast, label, secondary: flags & 1 != 0 })
}

fn route(body: &[u8]) -> Option<Route> {
    let attributes = attributes(body.get(12..)?);
    let find = |kind: u16| attributes.iter().find(|(found, _)| *found == kind).map(|(_, value)| *value);
    let interface = find(4).and_then(|value| number32(value, 0))?;
    Some(Route { interface, source: find(7).and_then(ip_of), gateway: find(5).and_then(ip_of) })
}

fn attributes(mut bytes: &[u8]) -> Vec<(u16, &[u8])> {
    let mut found = Vec::new();
    while let (Some(length), Some(kind)) = (number16(bytes, 0), number16(bytes, 2)) {
        let length = usize::from(length);
        let Some(value) = bytes.get(4..length) else { break };
        found.push((kind & 0x3fff, value));
        bytes = bytes.get(aligned(length)..).unwrap_or_default();
    }
    found
}

fn ip_of(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(short) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(short).into());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|long| Ipv6Addr::from(long).into())
}

fn aligned(length: usize) -> usize {
    length.div_ceil(4) * 4
}

fn number16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn number32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_address_is_known() {
        let found = addresses().unwrap();
        let loopback = found.iter().find(|address| address.ip == IpAddr::V4(Ipv4Addr::LOCALHOST)).unwrap();
        assert_eq!((loopback.prefix, loopback.label.as_deref()), (8, Some("lo")));
        let route = route_to(Ipv4Addr::LOCALHOST.into()).unwrap();
        assert_eq!(route.interface, loopback.interface);
    }

    #[test]
    fn broken_messages_are_no_harm() {
        assert_eq!(address(&[2, 8]), None);
        assert_eq!(attributes(&[200, 0, 1, 0, 9]), []);
        assert_eq!(attributes(&[0, 0, 1, 0]), []);
    }
}
