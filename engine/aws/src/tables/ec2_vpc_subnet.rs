//! The table of `amazon.aws.ec2_vpc_subnet`.

use kapell_modules::Arg;

use super::{PURGE_TAGS, STATE, TAGS, Table};

pub(crate) const TABLE: Table = Table { name: "amazon.aws.ec2_vpc_subnet", aliases: &[], args: ARGS, constraints: &[] };

const ARGS: &[Arg] = &[
    Arg::str("vpc_id").required(),
    Arg::str("cidr").required(),
    Arg::str("az"),
    Arg::str("ipv6_cidr").default(""),
    Arg::str("outpost_arn").default(""),
    Arg::bool("map_public").default("false"),
    Arg::bool("assign_instances_ipv6").default("false"),
    STATE,
    Arg::bool("wait").default("true"),
    Arg::int("wait_timeout").default("300"),
    TAGS,
    PURGE_TAGS,
];
