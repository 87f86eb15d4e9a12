//! `amazon.aws.ec2_eip_info`: elastic IP addresses as they are.

use kapell_executor::controller_module::ControllerModule;
use kapell_modules::Map;

use super::cloud::{self, Cloud, Outcome, filters, result};
use super::module;
use crate::shape::described;
use crate::tables::ec2_eip_info;

pub(super) const MODULE: ControllerModule = module(&ec2_eip_info::TABLE, |call| cloud::run(call, run));

async fn run(cloud: Cloud) -> Outcome {
    let call = cloud.client.describe_addresses().set_filters(Some(filters(cloud.args.dict("filters"))));
    let found = call.send().await.map_err(cloud.failed("DescribeAddresses"))?.addresses.unwrap_or_default();
    Ok(result(false, [("addresses", found.iter().map(described).collect::<Vec<Map>>().into())]))
}
