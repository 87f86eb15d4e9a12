//! The table of `amazon.aws.ec2_security_group_info`.

use kapell_modules::Arg;

use super::Table;

pub(crate) const TABLE: Table = Table {
    name: "amazon.aws.ec2_security_group_info",
    aliases: &["amazon.aws.ec2_group_info", "amazon.aws.ec2_group_facts"],
    args: ARGS,
    constraints: &[],
};

const ARGS: &[Arg] = &[Arg::dict("filters").default("{}")];
