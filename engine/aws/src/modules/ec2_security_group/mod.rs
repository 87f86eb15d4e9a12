//! `amazon.aws.ec2_security_group`: security groups and their rules.

mod direction;
mod rule;

use aws_sdk_ec2::types::{ResourceType, SecurityGroup};
use kapell_executor::controller_module::ControllerModule;
use kapell_modules::Map;
use serde_json::{Value as Json, json};

use self::direction::Direction;
use super::cloud::{self, Cloud, Outcome, filter, result};
use super::{module, tags};
use crate::api_error::ApiError;
use crate::shape::described;
use crate::tables::ec2_security_group;

pub(super) const MODULE: ControllerModule = module(&ec2_security_group::TABLE, |call| cloud::run(call, run));

async fn run(cloud: Cloud) -> Outcome {
    let existing = find(&cloud).await?;
    if cloud.wants_absent() {
        return remove(&cloud, existing.as_ref()).await;
    }
    let mut warnings = Vec::new();
    // Before anything is made: what is wrong with the rules is wrong in check mode, too.
    let directions = Direction::all(&cloud.args, &mut warnings)?;
    let (group, made) = match existing {
        Some(group) => (group, false),
        None if cloud.check => return Ok(told(true, json!({"group_id": null}), warnings)),
        None => (create(&cloud).await?, true),
    };
    let before = described(&group);
    let id = group.group_id().unwrap_or_default();
    if cloud.args.opt_str("description").is_some_and(|wanted| group.description() != Some(wanted)) {
        warnings.push(
            "Group description does not match existing group. Descriptions cannot be changed without deleting and \
             re-creating the security group. Try using state=absent to delete, then rerunning this task."
                .to_owned(),
        );
    }
    let (tagged, _) = tags::settle(&cloud, id, &tags::current(&before), cloud.args.dict("tags")).await?;
    let mut changed = made | tagged;
    for direction in directions {
        changed |= direction.settle(&cloud, &group).await?;
    }
    let after = if changed && !cloud.check { described(&by_id(&cloud, id).await?) } else { before.clone() };
    let mut answer = told(changed, after.clone().into(), warnings);
    if cloud.diff && !made {
        answer.insert("diff".to_owned(), json!([{"before": before, "after": after}]));
    }
    Ok(answer)
}

fn told(changed: bool, group: Json, warnings: Vec<String>) -> Map {
    let mut answer = result(changed, []);
    if let Json::Object(group) = group {
        answer.extend(group);
    }
    if !warnings.is_empty() {
        answer.insert("warnings".to_owned(), warnings.into());
    }
    answer
}

/// By id, or by name in the VPC that is named, else in any, the default VPC's first.
async fn find(cloud: &Cloud) -> Result<Option<SecurityGroup>, ApiError> {
    let (name, id) = (cloud.args.opt_str("name"), cloud.args.opt_str("group_id"));
    let mut filters = Vec::new();
    match (id, name) {
        (Some(id), _) => filters.push(filter("group-id", [id])),
        (None, Some(name)) => filters.push(filter("group-name", [name])),
        (None, None) => return Ok(None),
    }
    let vpc = match cloud.args.opt_str("vpc_id") {
        Some(vpc) => {
            filters.push(filter("vpc-id", [vpc]));
            Some(vpc.to_owned())
        }
        None if id.is_some() => None,
        None => default_vpc(cloud).await?,
    };
    let call = cloud.client.describe_security_groups().set_filters(Some(filters));
    let mut groups =
        call.send().await.map_err(cloud.failed("DescribeSecurityGroups"))?.security_groups.unwrap_or_default();
    let place = groups.iter().position(|group| vpc.is_some() && group.vpc_id() == vpc.as_deref()).unwrap_or(0);
    Ok((!groups.is_empty()).then(|| groups.swap_remove(place)))
}

async fn default_vpc(cloud: &Cloud) -> Result<Option<String>, ApiError> {
    let call = cloud.client.describe_vpcs().filters(filter("is-default", ["true"]));
    let vpcs = call.send().await.map_err(cloud.failed("DescribeVpcs"))?.vpcs.unwrap_or_default();
    Ok(vpcs.into_iter().next().and_then(|vpc| vpc.vpc_id))
}

async fn by_id(cloud: &Cloud, id: &str) -> Result<SecurityGroup, ApiError> {
    let call = cloud.client.describe_security_groups().group_ids(id);
    let found = call.send().await.map_err(cloud.failed("DescribeSecurityGroups"))?.security_groups.unwrap_or_default();
    found.into_iter().next().ok_or_else(|| ApiError::new(format!("the security group {id} has gone")))
}

/// A new group may not be seen at once.
async fn create(cloud: &Cloud) -> Result<SecurityGroup, ApiError> {
    let args = &cloud.args;
    let call = cloud
        .client
        .create_security_group()
        .set_group_name(args.opt_str("name").map(str::to_owned))
        .set_description(args.opt_str("description").map(str::to_owned))
        .set_vpc_id(args.opt_str("vpc_id").map(str::to_owned))
        .set_tag_specifications(tags::of_new(ResourceType::SecurityGroup, args.dict("tags")));
    let made = call.send().await.map_err(cloud.failed("CreateSecurityGroup"))?;
    let id = made.group_id.unwrap_or_default();
    let look = async || by_id(cloud, &id).await.map(Some);
    cloud.until(&format!("the new security group {id} cannot be seen"), look).await
}

async fn remove(cloud: &Cloud, group: Option<&SecurityGroup>) -> Outcome {
    if let Some(id) = group.and_then(SecurityGroup::group_id).filter(|_| !cloud.check) {
        let call = cloud.client.delete_security_group().group_id(id);
        call.send().await.map_err(cloud.failed("DeleteSecurityGroup"))?;
    }
    Ok(result(group.is_some(), [("group_id", Json::Null)]))
}
