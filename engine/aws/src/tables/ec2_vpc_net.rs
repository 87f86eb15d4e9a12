//! The table of `amazon.aws.ec2_vpc_net`.

use kapell_modules::{Arg, Constraint};

use super::{PURGE_TAGS, STATE, TAGS, Table};

pub(crate) const TABLE: Table = Table {
    name: "amazon.aws.ec2_vpc_net",
    aliases: &[],
    args: ARGS,
    constraints: &[
        Constraint::RequiredOneOf(&["vpc_id", "name"]),
        Constraint::RequiredOneOf(&["vpc_id", "cidr_block"]),
    ],
};

const ARGS: &[Arg] = &[
    Arg::str("name"),
    Arg::str("vpc_id"),
    Arg::list("cidr_block"),
    Arg::bool("ipv6_cidr"),
    Arg::bool("purge_cidrs").default("false"),
    Arg::bool("dns_support"),
    Arg::bool("dns_hostnames"),
    Arg::str("dhcp_opts_id"),
    Arg::str("tenancy").choices(&["default", "dedicated"]).default("default"),
    Arg::bool("multi_ok").default("false"),
    STATE,
    TAGS,
    PURGE_TAGS,
];
