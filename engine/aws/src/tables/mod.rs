//! The modules' arguments as data, in every build: pages are made of them without the SDK.

pub(crate) mod ec2_ami;
pub(crate) mod ec2_ami_info;
pub(crate) mod ec2_eip;
pub(crate) mod ec2_eip_info;
pub(crate) mod ec2_instance;
pub(crate) mod ec2_instance_info;
pub(crate) mod ec2_key;
pub(crate) mod ec2_security_group;
pub(crate) mod ec2_security_group_info;
pub(crate) mod ec2_tag;
pub(crate) mod ec2_vol;
pub(crate) mod ec2_vol_info;
pub(crate) mod ec2_vpc_net;
pub(crate) mod ec2_vpc_subnet;

use kapell_modules::{Arg, Constraint};

/// What is known about a module without running it.
pub struct Table {
    /// Fully qualified name.
    pub name: &'static str,
    /// Other fully qualified names of the same module.
    pub aliases: &'static [&'static str],
    /// Its own; `ACCESS_ARGS` come besides.
    pub args: &'static [Arg],
    pub constraints: &'static [Constraint],
}

/// Those of all modules, by name.
pub const TABLES: &[&Table] = &[
    &ec2_ami::TABLE,
    &ec2_ami_info::TABLE,
    &ec2_eip::TABLE,
    &ec2_eip_info::TABLE,
    &ec2_instance::TABLE,
    &ec2_instance_info::TABLE,
    &ec2_key::TABLE,
    &ec2_security_group::TABLE,
    &ec2_security_group_info::TABLE,
    &ec2_tag::TABLE,
    &ec2_vol::TABLE,
    &ec2_vol_info::TABLE,
    &ec2_vpc_net::TABLE,
    &ec2_vpc_subnet::TABLE,
];

/// How AWS is reached: arguments of all of them.
pub const ACCESS_ARGS: &[Arg] = &[
    Arg::str("region").alias(&["aws_region"]),
    Arg::str("profile").alias(&["aws_profile"]),
    Arg::str("access_key").alias(&["aws_access_key_id", "aws_access_key"]).no_log(),
    Arg::str("secret_key").alias(&["aws_secret_access_key", "aws_secret_key"]).no_log(),
    Arg::str("session_token").alias(&["aws_session_token"]).no_log(),
    Arg::str("endpoint_url").alias(&["aws_endpoint_url"]),
    Arg::path("aws_ca_bundle"),
    Arg::bool("validate_certs").default("true"),
];

const STATE: Arg = Arg::str("state").choices(&["present", "absent"]).default("present");
const FILTERS: Arg = Arg::dict("filters").default("{}");
const TAGS: Arg = Arg::dict("tags").alias(&["resource_tags"]);
const PURGE_TAGS: Arg = Arg::bool("purge_tags").default("true");
