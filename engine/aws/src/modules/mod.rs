//! The `amazon.aws` modules: their table, and the arguments all of them share.

mod cloud;
mod ec2_ami;
mod ec2_ami_info;
mod ec2_eip;
mod ec2_eip_info;
mod ec2_instance;
mod ec2_instance_info;
mod ec2_key;
mod ec2_security_group;
mod ec2_security_group_info;
mod ec2_tag;
mod ec2_vol;
mod ec2_vol_info;
mod ec2_vpc_net;
mod ec2_vpc_subnet;
mod image_query;
mod instance_query;
mod tags;

use kapell_executor::controller_module::{ControllerCall, ControllerFuture, ControllerModule};
use kapell_modules::{Arg, Constraint, Support};

pub const MODULES: &[ControllerModule] = &[
    ec2_ami::MODULE,
    ec2_ami_info::MODULE,
    ec2_eip::MODULE,
    ec2_eip_info::MODULE,
    ec2_instance::MODULE,
    ec2_instance_info::MODULE,
    ec2_key::MODULE,
    ec2_security_group::MODULE,
    ec2_security_group_info::MODULE,
    ec2_tag::MODULE,
    ec2_vol::MODULE,
    ec2_vol_info::MODULE,
    ec2_vpc_net::MODULE,
    ec2_vpc_subnet::MODULE,
];

/// A module that is reached as all of them are, and knows check mode.
const fn module(
    name: &'static str,
    args: &'static [Arg],
    constraints: &'static [Constraint],
    run: fn(ControllerCall) -> ControllerFuture,
) -> ControllerModule {
    let (shared_args, check_mode) = (ACCESS_ARGS, Support::Full);
    ControllerModule { name, aliases: &[], args, shared_args, constraints, check_mode, run }
}

/// How AWS is reached.
const ACCESS_ARGS: &[Arg] = &[
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
