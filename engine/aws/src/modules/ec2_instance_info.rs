//! `amazon.aws.ec2_instance_info`: instances as they are.

use aws_sdk_ec2::types::{AttributeBooleanValue, AttributeValue, Instance, InstanceAttributeName};
use kapell_executor::controller_module::ControllerModule;
use kapell_modules::Map;
use serde_json::{Value as Json, json};

use super::cloud::{self, Cloud, Outcome, filter, filters, result};
use super::instance_query::{id, instances};
use super::module;
use crate::api_error::ApiError;
use crate::shape::{Shape, described};
use crate::tables::ec2_instance_info;

pub(super) const MODULE: ControllerModule = module(&ec2_instance_info::TABLE, |call| cloud::run(call, run));

async fn run(cloud: Cloud) -> Outcome {
    let mut asked = filters(cloud.args.dict("filters"));
    let uptime = cloud.args.opt_int("minimum_uptime");
    if uptime.is_some() {
        asked.retain(|filter| filter.name() != Some("instance-state-name"));
        asked.push(filter("instance-state-name", ["running"]));
    }
    let mut found = match instances(&cloud, cloud.args.list_of_str("instance_ids"), asked).await {
        Err(error) if error.is_not_found() => Vec::new(),
        found => found?,
    };
    if let Some(minutes) = uptime {
        let latest = std::time::SystemTime::now() - std::time::Duration::from_secs(minutes.max(0) as u64 * 60);
        let latest = aws_sdk_ec2::primitives::DateTime::from(latest);
        found.retain(|instance| instance.launch_time().is_some_and(|launched| *launched <= latest));
    }
    let mut told = Vec::new();
    for instance in &found {
        let mut map = described(instance);
        let attributes = cloud.args.list_of_str("include_attributes");
        if !attributes.is_empty() {
            map.insert("attributes".to_owned(), with_attributes(&cloud, instance, &attributes).await?.into());
        }
        told.push(Json::Object(map));
    }
    Ok(result(false, [("instances", told.into())]))
}

async fn with_attributes(cloud: &Cloud, instance: &Instance, names: &[String]) -> Result<Map, ApiError> {
    let mut all = Map::new();
    for name in names {
        let attribute = InstanceAttributeName::from(name.as_str());
        let call = cloud.client.describe_instance_attribute().instance_id(id(instance)).attribute(attribute);
        let answer = call.send().await.map_err(cloud.failed("DescribeInstanceAttribute"))?;
        let flag =
            |value: Option<&AttributeBooleanValue>| json!({"value": value.and_then(AttributeBooleanValue::value)});
        let text = |value: Option<&AttributeValue>| match value.and_then(AttributeValue::value) {
            Some(value) => json!({ "value": value }),
            None => json!({}),
        };
        let (key, value) = match name.as_str() {
            "instanceType" => ("instance_type", text(answer.instance_type())),
            "kernel" => ("kernel_id", text(answer.kernel_id())),
            "ramdisk" => ("ramdisk_id", text(answer.ramdisk_id())),
            "userData" => ("user_data", text(answer.user_data())),
            "disableApiTermination" => ("disable_api_termination", flag(answer.disable_api_termination())),
            "disableApiStop" => ("disable_api_stop", flag(answer.disable_api_stop())),
            "instanceInitiatedShutdownBehavior" => {
                ("instance_initiated_shutdown_behavior", text(answer.instance_initiated_shutdown_behavior()))
            }
            "rootDeviceName" => ("root_device_name", text(answer.root_device_name())),
            "blockDeviceMapping" => ("block_device_mappings", answer.block_device_mappings.json().unwrap_or(json!([]))),
            "productCodes" => ("product_codes", answer.product_codes.json().unwrap_or(json!([]))),
            "sourceDestCheck" => ("source_dest_check", flag(answer.source_dest_check())),
            "groupSet" => ("groups", answer.groups.json().unwrap_or(json!([]))),
            "ebsOptimized" => ("ebs_optimized", flag(answer.ebs_optimized())),
            "sriovNetSupport" => ("sriov_net_support", text(answer.sriov_net_support())),
            _ => ("enclave_options", answer.enclave_options.json().unwrap_or(json!({}))),
        };
        all.insert(key.to_owned(), value);
    }
    Ok(all)
}
