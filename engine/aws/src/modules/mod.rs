//! The `amazon.aws` modules; their arguments are in `tables`.

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
use kapell_modules::Support;

use crate::tables::{ACCESS_ARGS, Table};

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
const fn module(table: &Table, run: fn(ControllerCall) -> ControllerFuture) -> ControllerModule {
    let &Table { name, aliases, args, constraints } = table;
    let (shared_args, check_mode) = (ACCESS_ARGS, Support::Full);
    ControllerModule { name, aliases, args, shared_args, constraints, check_mode, run }
}
