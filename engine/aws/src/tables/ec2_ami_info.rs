//! The table of `amazon.aws.ec2_ami_info`.

use kapell_modules::Arg;

use super::{FILTERS, Table};

pub(crate) const TABLE: Table =
    Table { name: "amazon.aws.ec2_ami_info", aliases: &["amazon.aws.ec2_ami_facts"], args: ARGS, constraints: &[] };

const ARGS: &[Arg] = &[
    Arg::list("image_ids").alias(&["image_id"]),
    FILTERS,
    Arg::list("owners").alias(&["owner"]),
    Arg::list("executable_users").alias(&["executable_user"]),
    Arg::bool("describe_image_attributes").default("false"),
];
