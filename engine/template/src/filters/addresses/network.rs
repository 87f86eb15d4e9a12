//! `Network`: an IP address with the network it is in.

use std::net::{Ipv4Addr, Ipv6Addr};

use num_bigint::BigInt;

/// An address of either family and a prefix length; a single address has the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    pub(super) is_v6: bool,
    pub(super) address: u128,
    pub(super) prefix: u32,
}

impl Network {
    fn new(is_v6: bool, address: u128) -> Self {
        Self { is_v6, address, prefix: if is_v6 { 128 } else { 32 } }
    }

    /// A number: IPv4 where it fits.
    pub(super) fn of_number(number: u128) -> Self {
        Self::new(number > u128::from(u32::MAX), number)
    }

    pub(super) fn v4(address: u128, prefix: u32) -> Self {
        Self { is_v6: false, address, prefix }
    }

    pub(super) fn v6(address: u128, prefix: u32) -> Self {
        Self { is_v6: true, address, prefix }
    }

    /// An address alone, written in full.
    pub(super) fn parse_address(text: &str) -> Option<Self> {
        if let Ok(v4) = text.parse::<Ipv4Addr>() {
            return Some(Self::new(false, u32::from(v4).into()));
        }
        text.parse::<Ipv6Addr>().ok().map(|v6| Self::new(true, u128::from(v6)))
    }

    /// `ADDRESS`, `ADDRESS/PREFIX`, `ADDRESS/NETMASK` or `ADDRESS/HOSTMASK`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let Some((address, prefix)) = text.split_once('/') else {
            return Self::parse_address(text);
        };
        let address = Self::parse_address(address)?;
        Some(Self { prefix: address.prefix_length(prefix)?, ..address })
    }

    fn prefix_length(&self, written: &str) -> Option<u32> {
        if !written.is_empty() && written.bytes().all(|b| b.is_ascii_digit()) {
            return written.parse().ok().filter(|prefix| *prefix <= self.width());
        }
        let mask = Self::parse_address(written).filter(|mask| mask.is_v6 == self.is_v6)?.address;
        (0..=self.width()).find(|prefix| {
            let host = Self { prefix: *prefix, ..*self }.host_mask();
            mask == self.all() ^ host || mask == host
        })
    }

    pub(super) fn width(&self) -> u32 {
        if self.is_v6 { 128 } else { 32 }
    }

    fn all(&self) -> u128 {
        if self.is_v6 { u128::MAX } else { u32::MAX.into() }
    }

    pub(super) fn host_mask(&self) -> u128 {
        match self.width() - self.prefix {
            128 => u128::MAX,
            bits => (1 << bits) - 1,
        }
    }

    pub(super) fn net_mask(&self) -> u128 {
        self.all() ^ self.host_mask()
    }

    pub(super) fn first(&self) -> u128 {
        self.address & self.net_mask()
    }

    pub(super) fn last(&self) -> u128 {
        self.first() | self.host_mask()
    }

    pub(super) fn size(&self) -> BigInt {
        BigInt::from(self.host_mask()) + 1
    }

    pub(super) fn is_single(&self) -> bool {
        self.prefix == self.width()
    }

    /// Two addresses, both of them usable.
    pub(super) fn is_pair(&self) -> bool {
        self.prefix + 1 == self.width()
    }

    /// Whether it is written by its first address, so that it stands for the network.
    pub(super) fn is_network(&self) -> bool {
        !self.is_single() && self.address == self.first()
    }

    /// The addresses hosts may have; nothing where there is a single one.
    pub(super) fn usable(&self) -> Option<(u128, u128)> {
        match (self.is_single(), self.is_pair()) {
            (true, _) => None,
            (_, true) => Some((self.first(), self.last())),
            _ => Some((self.first() + 1, self.last() - 1)),
        }
    }

    pub(super) fn contains(&self, other: &Self) -> bool {
        self.is_v6 == other.is_v6 && self.first() <= other.first() && other.last() <= self.last()
    }

    /// Whether the address is in the network written as `text`.
    pub(super) fn is_within(&self, text: &str) -> bool {
        let alone = Self::new(self.is_v6, self.address);
        Self::parse(text).is_some_and(|network| network.contains(&alone))
    }

    /// Another address of the same family.
    pub(super) fn show(&self, address: u128) -> String {
        if self.is_v6 {
            return show_v6(address);
        }
        Ipv4Addr::from(u32::try_from(address).unwrap_or(u32::MAX)).to_string()
    }

    pub(super) fn ip(&self) -> String {
        self.show(self.address)
    }

    /// `ADDRESS/PREFIX`.
    pub(super) fn cidr(&self) -> String {
        format!("{}/{}", self.ip(), self.prefix)
    }

    /// The network alone.
    pub(super) fn network(&self) -> Self {
        Self { address: self.first(), ..*self }
    }

    /// The address at `index`, from the end when negative.
    pub(super) fn at(&self, index: i128) -> Option<u128> {
        let address = match u128::try_from(index) {
            Ok(index) => self.first().checked_add(index)?,
            Err(_) => self.last().checked_sub(index.unsigned_abs() - 1)?,
        };
        (self.first()..=self.last()).contains(&address).then_some(address)
    }

    /// The eight groups of an IPv6 address.
    pub(super) fn groups(&self) -> [u16; 8] {
        Ipv6Addr::from(self.address).segments()
    }
}

/// As the C library writes it: IPv4 in the last part where the rest says so.
fn show_v6(address: u128) -> String {
    if address >> 32 == 0 && address > 0xffff {
        let v4 = Ipv4Addr::from(u32::try_from(address).unwrap_or_default());
        return format!("::{v4}");
    }
    Ipv6Addr::from(address).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_and_shown() {
        for (text, shown) in [
            ("192.168.1.5", Some("192.168.1.5/32")),
            ("192.168.1.5/255.255.255.0", Some("192.168.1.5/24")),
            ("192.168.1.5/0.0.0.255", Some("192.168.1.5/24")),
            ("2001:DB8:0:0::5/64", Some("2001:db8::5/64")),
            ("::1.2.3.4/0", Some("::1.2.3.4/0")),
            ("::ffff:1.2.3.4", Some("::ffff:1.2.3.4/128")),
            ("::/ffff::", Some("::/16")),
            ("010.0.0.1", None),
            ("10.0.0.1/33", None),
            ("10.0.0.1/", None),
            ("10.0.0.1/255.0.255.0", None),
            ("fe80::1%eth0", None),
        ] {
            assert_eq!(Network::parse(text).map(|network| network.cidr()).as_deref(), shown, "{text}");
        }
    }

    #[test]
    fn the_whole_space_has_bounds() {
        let all = Network::v6(5, 0);
        assert_eq!((all.first(), all.last(), all.at(-1)), (0, u128::MAX, Some(u128::MAX)));
        assert_eq!(Network::v4(0, 0).at(1 << 33), None);
    }
}
