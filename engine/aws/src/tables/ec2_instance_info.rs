//! The table of `amazon.aws.ec2_instance_info`.

use kapell_modules::{Arg, Constraint};

use super::{FILTERS, Table};

pub(crate) const TABLE: Table = Table {
    name: "amazon.aws.ec2_instance_info",
    aliases: &["amazon.aws.ec2_instance_facts"],
    args: ARGS,
    constraints: &[Constraint::MutuallyExclusive(&["instance_ids", "filters"])],
};

const ATTRIBUTES: &[&str] = &[
    "instanceType",
    "kernel",
    "ramdisk",
    "userData",
    "disableApiTermination",
    "instanceInitiatedShutdownBehavior",
    "rootDeviceName",
    "blockDeviceMapping",
    "productCodes",
    "sourceDestCheck",
    "groupSet",
    "ebsOptimized",
    "sriovNetSupport",
    "enclaveOptions",
    "disableApiStop",
];

const ARGS: &[Arg] = &[
    Arg::list("instance_ids"),
    FILTERS,
    Arg::int("minimum_uptime").alias(&["uptime"]),
    Arg::list("include_attributes").alias(&["attributes", "instance_attributes"]).choices(ATTRIBUTES),
];
