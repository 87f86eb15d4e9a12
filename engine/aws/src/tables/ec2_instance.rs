//! The table of `amazon.aws.ec2_instance`.

use kapell_modules::{Arg, ArgKind, Constraint};

use super::{PURGE_TAGS, TAGS, Table};

pub(crate) const TABLE: Table =
    Table { name: "amazon.aws.ec2_instance", aliases: &[], args: ARGS, constraints: CONSTRAINTS };

const STATES: &[&str] = &["present", "started", "running", "stopped", "restarted", "rebooted", "terminated", "absent"];

const SWITCH: &[&str] = &["enabled", "disabled"];

const CONSTRAINTS: &[Constraint] = &[
    Constraint::MutuallyExclusive(&["security_groups", "security_group"]),
    Constraint::MutuallyExclusive(&["availability_zone", "vpc_subnet_id"]),
    Constraint::MutuallyExclusive(&["availability_zone", "placement"]),
    Constraint::MutuallyExclusive(&["exact_count", "count"]),
    Constraint::MutuallyExclusive(&["exact_count", "instance_ids"]),
    Constraint::MutuallyExclusive(&["tenancy", "placement"]),
    Constraint::MutuallyExclusive(&["placement_group", "placement"]),
    Constraint::MutuallyExclusive(&["network", "network_interfaces"]),
    Constraint::MutuallyExclusive(&["network", "network_interfaces_ids"]),
    Constraint::MutuallyExclusive(&["image_id", "image"]),
];

const ARGS: &[Arg] = &[
    Arg::str("state").choices(STATES).default("present"),
    Arg::str("name"),
    Arg::list("instance_ids"),
    Arg::dict("filters"),
    Arg::int("count"),
    Arg::int("exact_count"),
    Arg::bool("wait").default("true"),
    Arg::int("wait_timeout").default("600"),
    TAGS,
    PURGE_TAGS,
    Arg::str("image_id"),
    Arg::dict("image").options(&[Arg::str("id"), Arg::str("kernel"), Arg::str("ramdisk")]),
    Arg::str("instance_type"),
    Arg::str("key_name"),
    Arg::str("user_data"),
    Arg::str("security_group"),
    Arg::list("security_groups"),
    Arg::str("vpc_subnet_id").alias(&["subnet_id"]),
    Arg::str("availability_zone"),
    Arg::str("iam_instance_profile").alias(&["instance_role"]),
    Arg::bool("detailed_monitoring"),
    Arg::bool("ebs_optimized"),
    Arg::bool("source_dest_check"),
    Arg::bool("termination_protection"),
    Arg::str("instance_initiated_shutdown_behavior").choices(&["stop", "terminate"]),
    Arg::bool("hibernation_options").default("false"),
    Arg::str("additional_info"),
    Arg::str("cpu_credit_specification").choices(&["unlimited", "standard"]),
    Arg::dict("cpu_options")
        .options(&[Arg::int("core_count").required(), Arg::int("threads_per_core").choices(&["1", "2"]).required()]),
    Arg::str("tenancy").choices(&["dedicated", "default"]),
    Arg::str("placement_group"),
    Arg::dict("placement").options(&[
        Arg::str("affinity"),
        Arg::str("availability_zone"),
        Arg::str("group_name"),
        Arg::str("host_id"),
        Arg::str("host_resource_group_arn"),
        Arg::int("partition_number"),
        Arg::str("tenancy").choices(&["dedicated", "default", "host"]),
    ]),
    Arg::dict("metadata_options").options(&[
        Arg::str("http_endpoint").choices(SWITCH).default("enabled"),
        Arg::str("http_protocol_ipv6").choices(SWITCH).default("disabled"),
        Arg::int("http_put_response_hop_limit").default("1"),
        Arg::str("http_tokens").choices(&["optional", "required"]).default("optional"),
        Arg::str("instance_metadata_tags").choices(SWITCH).default("disabled"),
    ]),
    Arg::dict("launch_template").options(&[Arg::str("id"), Arg::str("name"), Arg::raw("version")]),
    Arg::list_of("license_specifications", &ArgKind::Dict).options(&[Arg::str("license_configuration_arn").required()]),
    Arg::list_of("volumes", &ArgKind::Dict),
    Arg::dict("network").options(&[
        Arg::bool("assign_public_ip"),
        Arg::bool("delete_on_termination"),
        Arg::str("description"),
        Arg::int("device_index"),
        Arg::list("groups"),
        Arg::list("interfaces"),
        Arg::list("ipv6_addresses"),
        Arg::str("private_ip_address"),
        Arg::list("private_ip_addresses"),
        Arg::bool("source_dest_check"),
        Arg::str("subnet_id"),
    ]),
    Arg::list_of("network_interfaces", &ArgKind::Dict).options(&[
        Arg::bool("assign_public_ip"),
        Arg::bool("delete_on_termination").default("true"),
        Arg::str("description"),
        Arg::int("device_index"),
        Arg::list("groups"),
        Arg::list("ipv6_addresses"),
        Arg::str("private_ip_address"),
        Arg::list_of("private_ip_addresses", &ArgKind::Dict)
            .options(&[Arg::bool("primary"), Arg::str("private_ip_address").required()]),
        Arg::str("subnet_id"),
    ]),
    Arg::list_of("network_interfaces_ids", &ArgKind::Dict)
        .options(&[Arg::str("id").required(), Arg::int("device_index")]),
];
