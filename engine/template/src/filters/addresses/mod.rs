//! The address filters of `ansible.utils`, under its name: nothing has to be installed for them.

mod hardware;
mod ipaddr;
mod network;
mod properties;
mod subnets;

use super::{Filter, row};

pub(super) static FILTERS: &[Filter] = &[
    row("ansible.utils.cidr_merge", &["action?"], subnets::cidr_merge),
    row("ansible.utils.hwaddr", &["query?", "alias?"], hardware::hwaddr),
    row("ansible.utils.ip4_hex", &["delimiter?"], subnets::ip4_hex),
    row("ansible.utils.ipaddr", &["query?", "version?", "alias?"], ipaddr::ipaddr),
    row("ansible.utils.ipcut", &["amount"], subnets::ipcut),
    row("ansible.utils.ipmath", &["amount"], subnets::ipmath),
    row("ansible.utils.ipsubnet", &["query?", "index?"], subnets::ipsubnet),
    row("ansible.utils.ipv4", &["query?"], ipaddr::ipv4),
    row("ansible.utils.ipv6", &["query?"], ipaddr::ipv6),
    row("ansible.utils.ipv6form", &["format"], subnets::ipv6form),
    row("ansible.utils.ipwrap", &["query?"], ipaddr::ipwrap),
    row("ansible.utils.macaddr", &["query?"], hardware::macaddr),
    row("ansible.utils.network_in_network", &["test"], subnets::network_in_network),
    row("ansible.utils.network_in_usable", &["test"], subnets::network_in_usable),
    row("ansible.utils.next_nth_usable", &["offset"], subnets::next_nth_usable),
    row("ansible.utils.nthhost", &["query"], subnets::nthhost),
    row("ansible.utils.previous_nth_usable", &["offset"], subnets::previous_nth_usable),
    row("ansible.utils.reduce_on_network", &["network"], subnets::reduce_on_network),
    row("ansible.utils.slaac", &["query"], hardware::slaac),
    row("ansible.utils.usable_range", &[], subnets::usable_range),
];
