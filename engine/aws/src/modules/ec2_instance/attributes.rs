//! Attributes of instances that are there: those that can be changed and differ.

use aws_sdk_ec2::types::{
    AttributeBooleanValue, AttributeValue, Instance, InstanceAttributeName, InstanceNetworkInterface,
};
use serde_json::{Value as Json, json};

use super::super::cloud::Cloud;
use super::super::instance_query::id;
use super::network;
use crate::api_error::ApiError;
use crate::shape::described;

/// Makes the attributes as the task has them. What was, or would be, changed.
pub(super) async fn settle(cloud: &Cloud, instance: &Instance) -> Result<Vec<Json>, ApiError> {
    let args = &cloud.args;
    let mut changes = Vec::new();
    if let Some(wanted) = args.opt_bool("ebs_optimized").filter(|wanted| instance.ebs_optimized() != Some(*wanted)) {
        changes.push(set_flag(cloud, instance, "EbsOptimized", wanted).await?);
    }
    let checked =
        args.opt_bool("source_dest_check").or_else(|| args.dict("network")?.get("source_dest_check")?.as_bool());
    if let Some(wanted) = checked.filter(|wanted| instance.source_dest_check() != Some(*wanted)) {
        changes.push(set_flag(cloud, instance, "SourceDestCheck", wanted).await?);
    }
    if let Some(wanted) = args.opt_bool("termination_protection")
        && is_protected(cloud, instance).await? != wanted
    {
        changes.push(set_flag(cloud, instance, "DisableApiTermination", wanted).await?);
    }
    if let Some(wanted) = args.opt_str("instance_initiated_shutdown_behavior")
        && shutdown_behavior(cloud, instance).await?.as_deref() != Some(wanted)
    {
        if !cloud.check {
            let value = AttributeValue::builder().value(wanted).build();
            let call = cloud.client.modify_instance_attribute().instance_id(id(instance));
            let done = call.instance_initiated_shutdown_behavior(value).send().await;
            done.map_err(cloud.failed("ModifyInstanceAttribute"))?;
        }
        changes.push(json!({"InstanceId": id(instance), "InstanceInitiatedShutdownBehavior": {"Value": wanted}}));
    }
    changes.extend(settle_groups(cloud, instance).await?);
    changes.extend(settle_metadata(cloud, instance).await?);
    Ok(changes)
}

async fn set_flag(cloud: &Cloud, instance: &Instance, name: &str, wanted: bool) -> Result<Json, ApiError> {
    let told = json!({"InstanceId": id(instance), name: {"Value": wanted}});
    if cloud.check {
        return Ok(told);
    }
    let value = AttributeBooleanValue::builder().value(wanted).build();
    let call = cloud.client.modify_instance_attribute().instance_id(id(instance));
    let call = match name {
        "EbsOptimized" => call.ebs_optimized(value),
        "SourceDestCheck" => call.source_dest_check(value),
        _ => call.disable_api_termination(value),
    };
    call.send().await.map_err(cloud.failed("ModifyInstanceAttribute"))?;
    Ok(told)
}

async fn is_protected(cloud: &Cloud, instance: &Instance) -> Result<bool, ApiError> {
    let call = cloud.client.describe_instance_attribute().instance_id(id(instance));
    let answer = call.attribute(InstanceAttributeName::DisableApiTermination).send().await;
    let answer = answer.map_err(cloud.failed("DescribeInstanceAttribute"))?;
    Ok(answer.disable_api_termination().and_then(AttributeBooleanValue::value).unwrap_or(false))
}

async fn shutdown_behavior(cloud: &Cloud, instance: &Instance) -> Result<Option<String>, ApiError> {
    let call = cloud.client.describe_instance_attribute().instance_id(id(instance));
    let answer = call.attribute(InstanceAttributeName::InstanceInitiatedShutdownBehavior).send().await;
    let answer = answer.map_err(cloud.failed("DescribeInstanceAttribute"))?;
    Ok(answer.instance_initiated_shutdown_behavior().and_then(AttributeValue::value).map(str::to_owned))
}

/// The groups of the task in place of the instance's, where the task has any.
async fn settle_groups(cloud: &Cloud, instance: &Instance) -> Result<Option<Json>, ApiError> {
    let wanted = network::groups(cloud, instance.vpc_id()).await?;
    if wanted.is_empty() {
        return Ok(None);
    }
    let mut current: Vec<String> =
        instance.security_groups().iter().filter_map(|group| group.group_id().map(str::to_owned)).collect();
    if current.is_empty() {
        let groups = instance.network_interfaces().first().map(InstanceNetworkInterface::groups).unwrap_or_default();
        current = groups.iter().filter_map(|group| group.group_id().map(str::to_owned)).collect();
    }
    if current.len() == wanted.len() && wanted.iter().all(|group| current.contains(group)) {
        return Ok(None);
    }
    if !cloud.check {
        let call = cloud.client.modify_instance_attribute().instance_id(id(instance));
        let done = call.set_groups(Some(wanted.clone())).send().await;
        done.map_err(cloud.failed("ModifyInstanceAttribute"))?;
    }
    Ok(Some(json!({"InstanceId": id(instance), "Groups": wanted})))
}

async fn settle_metadata(cloud: &Cloud, instance: &Instance) -> Result<Option<Json>, ApiError> {
    let Some(wanted) = cloud.args.dict("metadata_options") else { return Ok(None) };
    let current = instance.metadata_options();
    let text = |name: &str| wanted.get(name).and_then(Json::as_str);
    let hops = wanted.get("http_put_response_hop_limit").and_then(Json::as_i64).map(|hops| hops as i32);
    let now = current.map(described).unwrap_or_default();
    let same = wanted.iter().all(|(name, value)| value.is_null() || now.get(name) == Some(value));
    if same {
        return Ok(None);
    }
    if !cloud.check {
        let call = cloud
            .client
            .modify_instance_metadata_options()
            .instance_id(id(instance))
            .set_http_endpoint(text("http_endpoint").map(Into::into))
            .set_http_tokens(text("http_tokens").map(Into::into))
            .set_http_protocol_ipv6(text("http_protocol_ipv6").map(Into::into))
            .set_instance_metadata_tags(text("instance_metadata_tags").map(Into::into))
            .set_http_put_response_hop_limit(hops);
        call.send().await.map_err(cloud.failed("ModifyInstanceMetadataOptions"))?;
    }
    Ok(Some(json!({"InstanceId": id(instance), "MetadataOptions": wanted})))
}
