//! `amazon.aws.ec2_vpc_net`: virtual private clouds.

use aws_sdk_ec2::types::{
    AttributeBooleanValue, ResourceType, Tenancy, Vpc, VpcAttributeName, VpcCidrBlockAssociation, VpcCidrBlockState,
    VpcIpv6CidrBlockAssociation,
};
use kapell_executor::controller_module::ControllerModule;
use serde_json::{Value as Json, json};

use super::cloud::{self, Cloud, Outcome, filter, result};
use super::{module, tags};
use crate::api_error::ApiError;
use crate::shape::described;
use crate::tables::ec2_vpc_net;

pub(super) const MODULE: ControllerModule = module(&ec2_vpc_net::TABLE, |call| cloud::run(call, run));

async fn run(cloud: Cloud) -> Outcome {
    let existing = find(&cloud).await?;
    if cloud.wants_absent() {
        if let Some(id) = existing.as_ref().and_then(Vpc::vpc_id).filter(|_| !cloud.check) {
            cloud.client.delete_vpc().vpc_id(id).send().await.map_err(cloud.failed("DeleteVpc"))?;
        }
        return Ok(result(existing.is_some(), [("vpc", json!({}))]));
    }
    let (vpc, made) = match existing {
        Some(vpc) => (vpc, false),
        None if cloud.check => {
            return Ok(result(true, [("msg", "VPC would be created if not in check mode".into())]));
        }
        None => (create(&cloud).await?, true),
    };
    let id = vpc.vpc_id().unwrap_or_default();
    let mut changed = made
        | settle_blocks(&cloud, &vpc).await?
        | settle_ipv6(&cloud, &vpc).await?
        | settle_dhcp(&cloud, &vpc).await?;
    for (name, argument) in
        [(VpcAttributeName::EnableDnsSupport, "dns_support"), (VpcAttributeName::EnableDnsHostnames, "dns_hostnames")]
    {
        // New ones have both; those that are there keep what they have unless the task says so.
        if let Some(wanted) = cloud.args.opt_bool(argument).or(made.then_some(true)) {
            changed |= settle_dns(&cloud, id, name, wanted).await?;
        }
    }
    let current = tags::current(&described(&vpc));
    changed |= tags::settle_named(&cloud, id, &current).await?;
    let now = by_id(&cloud, id).await?;
    Ok(result(changed, [("vpc", told(&cloud, &now))]))
}

fn told(cloud: &Cloud, vpc: &Vpc) -> Json {
    let mut told = described(vpc);
    told.extend(told.get("vpc_id").cloned().map(|id| ("id".to_owned(), id)));
    told.shift_remove("vpc_id");
    told.extend(cloud.args.opt_str("name").map(|name| ("name".to_owned(), name.into())));
    told.into()
}

async fn by_id(cloud: &Cloud, id: &str) -> Result<Vpc, ApiError> {
    let call = cloud.client.describe_vpcs().vpc_ids(id);
    let found = call.send().await.map_err(cloud.failed("DescribeVpcs"))?.vpcs.unwrap_or_default();
    found.into_iter().next().ok_or_else(|| ApiError::new(format!("the VPC {id} has gone")))
}

/// By id, or by name and first block; several of these are an error, so that none is changed by mistake.
async fn find(cloud: &Cloud) -> Result<Option<Vpc>, ApiError> {
    if let Some(id) = cloud.args.opt_str("vpc_id") {
        return match by_id(cloud, id).await {
            Err(error) if error.is_not_found() && cloud.wants_absent() => Ok(None),
            found => found.map(Some),
        };
    }
    let mut filters = vec![filter("tag:Name", cloud.args.opt_str("name"))];
    let blocks = cloud.args.list_of_str("cidr_block");
    if !blocks.is_empty() {
        filters.push(filter("cidr", blocks));
    }
    let call = cloud.client.describe_vpcs().set_filters(Some(filters));
    let mut found = call.send().await.map_err(cloud.failed("DescribeVpcs"))?.vpcs.unwrap_or_default();
    if cloud.args.bool("multi_ok") && cloud.args.opt_str("state") != Some("absent") {
        return Ok(None);
    }
    if found.len() > 1 {
        let message = format!("{} VPCs have this name and one of these blocks", found.len());
        return Err(ApiError::new(message).hint("name one with vpc_id, or make another one with multi_ok"));
    }
    Ok(found.pop())
}

async fn create(cloud: &Cloud) -> Result<Vpc, ApiError> {
    let block = cloud.args.list_of_str("cidr_block").into_iter().next();
    let missing = || ApiError::new("a new VPC needs a cidr_block");
    let tags = tags::named(cloud);
    let call = cloud
        .client
        .create_vpc()
        .cidr_block(block.ok_or_else(missing)?)
        .set_instance_tenancy(cloud.args.opt_str("tenancy").map(Tenancy::from))
        .set_tag_specifications(tags::of_new(ResourceType::Vpc, Some(&tags)));
    let made = call.send().await.map_err(cloud.failed("CreateVpc"))?.vpc;
    let id = made.and_then(|vpc| vpc.vpc_id).unwrap_or_default();
    let look = async || {
        let is_there = |vpc: &Vpc| vpc.state().is_none_or(|state| state.as_str() != "pending");
        by_id(cloud, &id).await.map(|vpc| Some(vpc).filter(is_there))
    };
    cloud.until(&format!("the new VPC {id} is not available"), look).await
}

async fn settle_blocks(cloud: &Cloud, vpc: &Vpc) -> Result<bool, ApiError> {
    let wanted = cloud.args.list_of_str("cidr_block");
    let is_there = |one: &&VpcCidrBlockAssociation| {
        one.cidr_block_state()
            .and_then(VpcCidrBlockState::state)
            .is_none_or(|state| state.as_str().starts_with("associat"))
    };
    let current: Vec<_> = vpc.cidr_block_association_set().iter().filter(is_there).collect();
    let id = vpc.vpc_id().unwrap_or_default();
    let mut changed = false;
    for block in wanted.iter().filter(|block| !current.iter().any(|one| one.cidr_block() == Some(block))) {
        changed = true;
        if !cloud.check {
            let call = cloud.client.associate_vpc_cidr_block().vpc_id(id).cidr_block(block);
            call.send().await.map_err(cloud.failed("AssociateVpcCidrBlock"))?;
        }
    }
    if !cloud.args.bool("purge_cidrs") || wanted.is_empty() {
        return Ok(changed);
    }
    for one in current {
        let block = one.cidr_block().unwrap_or_default();
        if wanted.iter().any(|wanted| wanted == block) || vpc.cidr_block() == Some(block) {
            continue;
        }
        changed = true;
        if !cloud.check {
            let call =
                cloud.client.disassociate_vpc_cidr_block().association_id(one.association_id().unwrap_or_default());
            call.send().await.map_err(cloud.failed("DisassociateVpcCidrBlock"))?;
        }
    }
    Ok(changed)
}

/// `ipv6_cidr`: one block that Amazon chooses, or none.
async fn settle_ipv6(cloud: &Cloud, vpc: &Vpc) -> Result<bool, ApiError> {
    let Some(wanted) = cloud.args.opt_bool("ipv6_cidr") else { return Ok(false) };
    let id = vpc.vpc_id().unwrap_or_default();
    let associations = of_ipv6(vpc);
    if wanted != associations.is_empty() || cloud.check {
        return Ok(wanted == associations.is_empty());
    }
    if wanted {
        let call = cloud.client.associate_vpc_cidr_block().vpc_id(id).amazon_provided_ipv6_cidr_block(true);
        call.send().await.map_err(cloud.failed("AssociateVpcCidrBlock"))?;
    }
    for association in associations {
        let call = cloud.client.disassociate_vpc_cidr_block().association_id(association);
        call.send().await.map_err(cloud.failed("DisassociateVpcCidrBlock"))?;
    }
    let look = async || by_id(cloud, id).await.map(|vpc| Some(()).filter(|()| wanted != of_ipv6(&vpc).is_empty()));
    cloud.until(&format!("the IPv6 block of the VPC {id} is not as it was asked for"), look).await?;
    Ok(true)
}

/// The ids of the associations with blocks of IPv6 that are there or on their way.
fn of_ipv6(vpc: &Vpc) -> Vec<String> {
    let is_there = |one: &&VpcIpv6CidrBlockAssociation| {
        let state = one.ipv6_cidr_block_state().and_then(VpcCidrBlockState::state);
        state.is_none_or(|state| state.as_str().starts_with("associat"))
    };
    let there = vpc.ipv6_cidr_block_association_set().iter().filter(is_there);
    there.filter_map(|one| one.association_id().map(str::to_owned)).collect()
}

async fn settle_dhcp(cloud: &Cloud, vpc: &Vpc) -> Result<bool, ApiError> {
    let Some(wanted) = cloud.args.opt_str("dhcp_opts_id").filter(|wanted| vpc.dhcp_options_id() != Some(wanted)) else {
        return Ok(false);
    };
    if !cloud.check {
        let call = cloud.client.associate_dhcp_options().dhcp_options_id(wanted);
        let done = call.vpc_id(vpc.vpc_id().unwrap_or_default()).send().await;
        done.map_err(cloud.failed("AssociateDhcpOptions"))?;
    }
    Ok(true)
}

async fn settle_dns(cloud: &Cloud, id: &str, name: VpcAttributeName, wanted: bool) -> Result<bool, ApiError> {
    let is_support = name == VpcAttributeName::EnableDnsSupport;
    let call = cloud.client.describe_vpc_attribute().vpc_id(id).attribute(name);
    let answer = call.send().await.map_err(cloud.failed("DescribeVpcAttribute"))?;
    let current = if is_support { answer.enable_dns_support() } else { answer.enable_dns_hostnames() };
    if current.and_then(AttributeBooleanValue::value) == Some(wanted) {
        return Ok(false);
    }
    if !cloud.check {
        let value = AttributeBooleanValue::builder().value(wanted).build();
        let call = cloud.client.modify_vpc_attribute().vpc_id(id);
        let call = if is_support { call.enable_dns_support(value) } else { call.enable_dns_hostnames(value) };
        call.send().await.map_err(cloud.failed("ModifyVpcAttribute"))?;
    }
    Ok(true)
}
