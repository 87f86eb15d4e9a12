//! The table of `amazon.aws.ec2_vol`.

use kapell_modules::{Arg, Constraint};

use super::{PURGE_TAGS, STATE, TAGS, Table};

pub(crate) const TABLE: Table =
    Table { name: "amazon.aws.ec2_vol", aliases: &[], args: ARGS, constraints: CONSTRAINTS };

const TYPES: &[&str] = &["standard", "gp2", "io1", "st1", "sc1", "gp3", "io2"];

const CONSTRAINTS: &[Constraint] =
    &[Constraint::RequiredIf("volume_type", "io1", &["iops"]), Constraint::RequiredIf("volume_type", "io2", &["iops"])];

const ARGS: &[Arg] = &[
    STATE,
    Arg::str("id"),
    Arg::str("name"),
    Arg::str("instance"),
    Arg::str("device_name"),
    Arg::str("zone").alias(&["availability_zone", "aws_zone", "ec2_zone"]),
    Arg::int("volume_size"),
    Arg::str("volume_type").choices(TYPES).default("standard"),
    Arg::int("iops"),
    Arg::int("throughput"),
    Arg::str("snapshot"),
    Arg::bool("encrypted").default("false"),
    Arg::str("kms_key_id"),
    Arg::bool("multi_attach"),
    Arg::bool("delete_on_termination").default("false"),
    Arg::bool("modify_volume").default("false"),
    Arg::str("outpost_arn"),
    TAGS,
    PURGE_TAGS,
];
