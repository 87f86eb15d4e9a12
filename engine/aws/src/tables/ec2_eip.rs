//! The table of `amazon.aws.ec2_eip`.

use kapell_modules::{Arg, Constraint};

use super::{PURGE_TAGS, STATE, TAGS, Table};

pub(crate) const TABLE: Table =
    Table { name: "amazon.aws.ec2_eip", aliases: &[], args: ARGS, constraints: CONSTRAINTS };

const CONSTRAINTS: &[Constraint] = &[Constraint::RequiredBy("private_ip_address", &["device_id"])];

const ARGS: &[Arg] = &[
    STATE,
    Arg::str("device_id"),
    Arg::str("public_ip").alias(&["ip"]),
    Arg::str("private_ip_address"),
    Arg::str("public_ipv4_pool"),
    Arg::bool("in_vpc").default("false"),
    Arg::bool("allow_reassociation").default("false"),
    Arg::bool("release_on_disassociation").default("false"),
    Arg::bool("reuse_existing_ip_allowed").default("false"),
    Arg::str("tag_name"),
    Arg::str("tag_value"),
    Arg::str("domain_name"),
    TAGS,
    PURGE_TAGS,
];
