//! The table of `amazon.aws.ec2_ami`.

use kapell_modules::{Arg, ArgKind, Constraint};

use super::{PURGE_TAGS, STATE, TAGS, Table};

pub(crate) const TABLE: Table =
    Table { name: "amazon.aws.ec2_ami", aliases: &[], args: ARGS, constraints: CONSTRAINTS };

const CONSTRAINTS: &[Constraint] = &[Constraint::RequiredIf("state", "absent", &["image_id"])];

const ARGS: &[Arg] = &[
    STATE,
    Arg::str("image_id"),
    Arg::str("instance_id"),
    Arg::str("name"),
    Arg::str("description").default(""),
    Arg::str("architecture").default("x86_64"),
    Arg::str("virtualization_type").default("hvm"),
    Arg::str("boot_mode").choices(&["legacy-bios", "uefi", "uefi-preferred"]),
    Arg::str("tpm_support"),
    Arg::str("uefi_data"),
    Arg::bool("enhanced_networking"),
    Arg::str("sriov_net_support"),
    Arg::str("kernel_id"),
    Arg::str("ramdisk_id"),
    Arg::str("image_location"),
    Arg::str("root_device_name"),
    Arg::list("billing_products"),
    Arg::list_of("device_mapping", &ArgKind::Dict).options(DEVICE_ARGS),
    Arg::bool("no_reboot").default("false"),
    Arg::dict("launch_permissions").options(&[
        Arg::list("user_ids"),
        Arg::list("group_names"),
        Arg::list("org_arns"),
        Arg::list("org_unit_arns"),
    ]),
    Arg::bool("delete_snapshot").default("false"),
    Arg::bool("wait").default("false"),
    Arg::int("wait_timeout").default("1200"),
    TAGS,
    PURGE_TAGS,
];

const DEVICE_ARGS: &[Arg] = &[
    Arg::str("device_name").required(),
    Arg::str("virtual_name"),
    Arg::bool("no_device"),
    Arg::str("snapshot_id"),
    Arg::int("volume_size").alias(&["size"]),
    Arg::str("volume_type"),
    Arg::int("iops"),
    Arg::bool("encrypted"),
    Arg::bool("delete_on_termination"),
];
