//! `amazon.aws.ec2_eip_info`: elastic IP addresses as they are.

use kapell_executor::controller_module::ControllerModule;
use kapell_modules::{Arg, Map};

use super::cloud::{self, Cloud, Outcome, filters, result};
use super::{FILTERS, module};
use crate::shape::described;

pub(super) const MODULE: ControllerModule = module("amazon.aws.ec2_eip_info", ARGS, &[], |call| cloud::run(call, run));

const ARGS: &[Arg] = &[FILTERS];

async fn run(cloud: Cloud) -> Outcome {
    let call = cloud.client.describe_addresses().set_filters(Some(filters(cloud.args.dict("filters"))));
    let found = call.send().await.map_err(cloud.failed("DescribeAddresses"))?.addresses.unwrap_or_default();
    Ok(result(false, [("addresses", found.iter().map(described).collect::<Vec<Map>>().into())]))
}
