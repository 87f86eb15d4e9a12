//! The `amazon.aws` modules: their table, and the arguments all of them share.

mod cloud;
mod ec2_ami_info;
mod ec2_instance;
mod ec2_instance_info;
mod ec2_key;
mod ec2_security_group;
mod ec2_security_group_info;
mod ec2_tag;
mod ec2_vpc_net;
mod ec2_vpc_subnet;
mod instance_query;
mod tags;

use kapell_executor::controller_module::ControllerModule;
use kapell_modules::Arg;

pub const MODULES: &[ControllerModule] = &[
    ec2_ami_info::MODULE,
    ec2_instance::MODULE,
    ec2_instance_info::MODULE,
    ec2_key::MODULE,
    ec2_security_group::MODULE,
    ec2_security_group_info::MODULE,
    ec2_tag::MODULE,
    ec2_vpc_net::MODULE,
    ec2_vpc_subnet::MODULE,
];

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

const TAGS: Arg = Arg::dict("tags").alias(&["resource_tags"]);
const PURGE_TAGS: Arg = Arg::bool("purge_tags").default("true");
