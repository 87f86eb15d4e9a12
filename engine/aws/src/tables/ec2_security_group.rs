//! The table of `amazon.aws.ec2_security_group`.

use kapell_modules::{Arg, ArgKind, Constraint};

use super::{PURGE_TAGS, STATE, TAGS, Table};

pub(crate) const TABLE: Table = Table {
    name: "amazon.aws.ec2_security_group",
    aliases: &["amazon.aws.ec2_group"],
    args: ARGS,
    constraints: &[
        Constraint::RequiredOneOf(&["name", "group_id"]),
        Constraint::RequiredIf("state", "present", &["name", "description"]),
    ],
};

const ARGS: &[Arg] = &[
    Arg::str("name"),
    Arg::str("group_id"),
    Arg::str("description"),
    Arg::str("vpc_id"),
    Arg::list_of("rules", &ArgKind::Dict).options(RULE_ARGS),
    Arg::list_of("rules_egress", &ArgKind::Dict).options(RULE_ARGS).alias(&["egress_rules"]),
    STATE,
    Arg::bool("purge_rules").default("true"),
    Arg::bool("purge_rules_egress").default("true").alias(&["purge_egress_rules"]),
    TAGS,
    PURGE_TAGS,
];

const RULE_ARGS: &[Arg] = &[
    Arg::str("proto").default("tcp"),
    Arg::list("ports"),
    Arg::int("from_port"),
    Arg::int("to_port"),
    Arg::int("icmp_type"),
    Arg::int("icmp_code"),
    Arg::list_of("cidr_ip", &ArgKind::Raw),
    Arg::list_of("cidr_ipv6", &ArgKind::Raw),
    Arg::list("ip_prefix"),
    Arg::list("group_id"),
    Arg::list("group_name"),
    Arg::str("group_desc"),
    Arg::str("rule_desc"),
];
