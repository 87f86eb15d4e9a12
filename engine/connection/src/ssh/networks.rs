//! `Network`: addresses in the notation `192.0.2.0/24`, and whether this machine has one of them.

use std::net::IpAddr;

use nix::net::if_::InterfaceFlags;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    /// Bits that count.
    prefix: u32,
}

impl Network {
    /// Separated by commas. Error: the one that is no network.
    pub(crate) fn parse_list(list: &str) -> Result<Vec<Self>, String> {
        list.split(',').map(|text| Self::parse(text).ok_or_else(|| text.to_owned())).collect()
    }

    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Some(most), |prefix| prefix.parse().ok())?;
        (prefix <= most).then_some(Self { address, prefix })
    }

    fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => (own.to_bits() ^ other.to_bits()).leading_zeros() >= self.prefix,
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits() ^ other.to_bits()).leading_zeros() >= self.prefix,
            _ => false,
        }
    }

    /// Whether an interface that is up has an address of it.
    pub(crate) fn is_local(&self) -> bool {
        let interfaces = nix::ifaddrs::getifaddrs().into_iter().flatten();
        let up = interfaces.filter(|interface| interface.flags.contains(InterfaceFlags::IFF_UP));
        up.filter_map(|interface| interface.address).any(|address| {
            let v4 = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
            let v6 = address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip()));
            v4.or(v6).is_some_and(|address| self.contains(address))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_network() {
        let cases = [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "::1", false),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
        ];
        for (network, address, expected) in cases {
            assert_eq!(Network::parse(network).unwrap().contains(address.parse().unwrap()), expected, "{network}");
        }
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "x/1", "10.0.0.0/-1"] {
            assert_eq!(Network::parse_list(&format!("::1,{wrong}")), Err(wrong.to_owned()));
        }
    }

    #[test]
    fn the_loopback_is_local() {
        assert!(Network::parse("127.0.0.0/8").unwrap().is_local());
        assert!(!Network::parse("240.0.0.0/8").unwrap().is_local());
    }
}
