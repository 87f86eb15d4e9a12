//! The connections a port still has, from the kernel's tables of sockets.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::port::Port;
use crate::name_resolution::addresses;
use crate::{Args, Context, ModuleError};

/// Which connections count.
pub(super) struct ActiveConnections {
    port: u16,
    local: BTreeSet<IpAddr>,
    excluded: BTreeSet<IpAddr>,
    states: Vec<u8>,
}

/// A line of `/proc/net/tcp`.
#[derive(Debug, PartialEq, Eq)]
struct Socket {
    local: IpAddr,
    port: u16,
    remote: IpAddr,
    state: u8,
}

/// The kernel's number of a state by its name.
pub(super) fn state_number(name: &str) -> Option<u8> {
    let names = ["ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT"];
    names.iter().position(|known| *known == name).and_then(|index| u8::try_from(index + 1).ok())
}

impl ActiveConnections {
    pub(super) fn new(args: &Args, port: &Port<'_>, cx: &mut Context<'_>) -> Result<Self, ModuleError> {
        let states = args.list_of_str("active_connection_states");
        let mut excluded = BTreeSet::new();
        for host in args.list_of_str("exclude_hosts") {
            let found = addresses(&host, cx);
            if found.is_empty() {
                return Err(ModuleError::failed(format!("failed to resolve hostname {host}")));
            }
            excluded.extend(found);
        }
        Ok(Self {
            port: port.number,
            local: addresses(port.host, cx).into_iter().collect(),
            excluded,
            states: states.iter().filter_map(|state| state_number(state)).collect(),
        })
    }

    pub(super) fn count(&self) -> usize {
        let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| fs_err::read_to_string(path).unwrap_or_default());
        tables.iter().flat_map(|table| table.lines()).filter_map(parse).filter(|socket| self.is_active(socket)).count()
    }

    fn is_active(&self, socket: &Socket) -> bool {
        let any = self.local.iter().any(IpAddr::is_unspecified);
        socket.port == self.port
            && self.states.contains(&socket.state)
            && (any || self.local.contains(&socket.local))
            && !self.excluded.contains(&socket.remote)
    }
}

fn parse(line: &str) -> Option<Socket> {
    let mut fields = line.split_whitespace().skip(1);
    let (local, remote, state) = (fields.next()?, fields.next()?, fields.next()?);
    let (local, port) = local.split_once(':')?;
    let (remote, _) = remote.split_once(':')?;
    Some(Socket {
        local: address(local)?,
        port: u16::from_str_radix(port, 16).ok()?,
        remote: address(remote)?,
        state: u8::from_str_radix(state, 16).ok()?,
    })
}

/// An address as the kernel prints it: words in the machine's byte order. IPv4 in IPv6 is IPv4.
fn address(hex: &str) -> Option<IpAddr> {
    let words: Vec<u32> = (0..hex.len() / 8)
        .map(|index| u32::from_str_radix(&hex[index * 8..index * 8 + 8], 16))
        .collect::<Result<_, _>>()
        .ok()?;
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes.as_slice()) {
        return Some(Ipv4Addr::from(bytes).into());
    }
    let long = Ipv6Addr::from(<[u8; 16]>::try_from(bytes.as_slice()).ok()?);
    Some(long.to_ipv4_mapped().map_or(long.into(), IpAddr::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_kernel_are_read() {
        let line = "   1: 0100007F:1F90 0200000A:C350 01 00000000:00000000 00:00000000 00000000     0        0 1 1";
        let expected = Socket {
            local: Ipv4Addr::LOCALHOST.into(),
            port: 8080,
            remote: Ipv4Addr::new(10, 0, 0, 2).into(),
            state: 1,
        };
        assert_eq!(parse(line), Some(expected));
        let mapped = "0000000000000000FFFF00000100007F";
        assert_eq!(address(mapped), Some(Ipv4Addr::LOCALHOST.into()));
        assert_eq!(parse("  sl  local_address rem_address   st"), None);
    }
}
