//! `amazon.aws.ec2_vpc_subnet`: subnets of a virtual private cloud.

use aws_sdk_ec2::types::{AttributeBooleanValue, ResourceType, Subnet, SubnetIpv6CidrBlockAssociation as Association};
use kapell_executor::controller_module::ControllerModule;
use serde_json::{Value as Json, json};

use super::cloud::{self, Cloud, Outcome, filter, result};
use super::{module, tags};
use crate::api_error::ApiError;
use crate::shape::described;
use crate::tables::ec2_vpc_subnet;

pub(super) const MODULE: ControllerModule = module(&ec2_vpc_subnet::TABLE, |call| cloud::run(call, run));

async fn run(cloud: Cloud) -> Outcome {
    let existing = find(&cloud).await?;
    if cloud.wants_absent() {
        if let Some(id) = existing.as_ref().and_then(Subnet::subnet_id).filter(|_| !cloud.check) {
            cloud.client.delete_subnet().subnet_id(id).send().await.map_err(cloud.failed("DeleteSubnet"))?;
        }
        return Ok(result(existing.is_some(), []));
    }
    let (subnet, made) = match existing {
        Some(subnet) => (subnet, false),
        None if cloud.check => return Ok(result(true, [("subnet", json!({}))])),
        None => (create(&cloud).await?, true),
    };
    let mut changed = made | settle_flags(&cloud, &subnet).await?;
    let current = tags::current(&described(&subnet));
    let id = subnet.subnet_id().unwrap_or_default();
    changed |= tags::settle(&cloud, id, &current, cloud.args.dict("tags")).await?.0;
    let now = if changed && !cloud.check { find(&cloud).await?.unwrap_or(subnet) } else { subnet };
    Ok(result(changed, [("subnet", told(&now))]))
}

fn told(subnet: &Subnet) -> Json {
    let mut told = described(subnet);
    told.extend(told.get("subnet_id").cloned().map(|id| ("id".to_owned(), id)));
    told.shift_remove("subnet_id");
    let first = subnet.ipv6_cidr_block_association_set().first();
    let text = |text: Option<&str>| Json::from(text.unwrap_or_default());
    told.insert("ipv6_association_id".to_owned(), text(first.and_then(Association::association_id)));
    told.insert("ipv6_cidr_block".to_owned(), text(first.and_then(Association::ipv6_cidr_block)));
    told.into()
}

async fn find(cloud: &Cloud) -> Result<Option<Subnet>, ApiError> {
    let asked = [filter("vpc-id", cloud.args.opt_str("vpc_id")), filter("cidr-block", cloud.args.opt_str("cidr"))];
    let call = cloud.client.describe_subnets().set_filters(Some(asked.to_vec()));
    let found = call.send().await.map_err(cloud.failed("DescribeSubnets"))?.subnets.unwrap_or_default();
    Ok(found.into_iter().next())
}

async fn create(cloud: &Cloud) -> Result<Subnet, ApiError> {
    let call = cloud
        .client
        .create_subnet()
        .set_vpc_id(cloud.text("vpc_id"))
        .set_cidr_block(cloud.text("cidr"))
        .set_availability_zone(cloud.text("az"))
        .set_ipv6_cidr_block(cloud.text("ipv6_cidr"))
        .set_outpost_arn(cloud.text("outpost_arn"))
        .set_tag_specifications(tags::of_new(ResourceType::Subnet, cloud.args.dict("tags")));
    let made = call.send().await.map_err(cloud.failed("CreateSubnet"))?.subnet;
    let made = made.ok_or_else(|| ApiError::new("CreateSubnet gave no subnet"))?;
    if !cloud.waits() {
        return Ok(made);
    }
    let look = async || {
        let is_there = |subnet: &Subnet| subnet.state().is_none_or(|state| state.as_str() == "available");
        Ok(find(cloud).await?.filter(is_there))
    };
    cloud.until("the new subnet is not available", look).await
}

async fn settle_flags(cloud: &Cloud, subnet: &Subnet) -> Result<bool, ApiError> {
    let flag = |wanted: bool| AttributeBooleanValue::builder().value(wanted).build();
    let change = || cloud.client.modify_subnet_attribute().set_subnet_id(subnet.subnet_id().map(str::to_owned));
    let public = cloud.args.bool("map_public");
    let is_other_public = subnet.map_public_ip_on_launch().unwrap_or(false) != public;
    if is_other_public && !cloud.check {
        let call = change().map_public_ip_on_launch(flag(public));
        call.send().await.map_err(cloud.failed("ModifySubnetAttribute"))?;
    }
    let assigned = cloud.args.bool("assign_instances_ipv6");
    let is_other_assigned = subnet.assign_ipv6_address_on_creation().unwrap_or(false) != assigned;
    if is_other_assigned && !cloud.check {
        let call = change().assign_ipv6_address_on_creation(flag(assigned));
        call.send().await.map_err(cloud.failed("ModifySubnetAttribute"))?;
    }
    Ok(is_other_public | is_other_assigned)
}
