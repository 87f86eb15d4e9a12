//! `amazon.aws.ec2_eip`: elastic IP addresses: allocated, associated with a device, disassociated, released.

use aws_sdk_ec2::types::{Address, AddressAttribute, AddressAttributeName, DomainType, Filter, ResourceType};
use kapell_executor::controller_module::ControllerModule;
use kapell_modules::Args;
use serde_json::{Value as Json, json};

use super::cloud::{self, Cloud, Outcome, filter, result};
use super::{module, tags};
use crate::api_error::ApiError;
use crate::shape::{Shape, described};
use crate::tables::ec2_eip;

pub(super) const MODULE: ControllerModule = module(&ec2_eip::TABLE, |call| cloud::run(call, run));

/// What an address leads to.
enum Device {
    Instance(String),
    Interface(String),
}

impl Device {
    fn of(args: &Args) -> Result<Option<Self>, ApiError> {
        let Some(id) = args.opt_str("device_id").filter(|id| !id.is_empty()) else { return Ok(None) };
        if id.starts_with("i-") {
            Ok(Some(Self::Instance(id.to_owned())))
        } else if !id.starts_with("eni-") {
            let message = format!("device_id '{id}' is neither an instance (i-…) nor a network interface (eni-…)");
            Err(ApiError::new(message))
        } else if args.bool("in_vpc") {
            Ok(Some(Self::Interface(id.to_owned())))
        } else {
            Err(ApiError::new("If you are specifying an ENI, in_vpc must be true"))
        }
    }

    fn filter(&self) -> Filter {
        match self {
            Self::Instance(id) => filter("instance-id", [id]),
            Self::Interface(id) => filter("network-interface-id", [id]),
        }
    }

    fn has(&self, address: &Address) -> bool {
        match self {
            Self::Instance(id) => address.instance_id() == Some(id),
            Self::Interface(id) => address.network_interface_id() == Some(id),
        }
    }
}

async fn run(cloud: Cloud) -> Outcome {
    let device = Device::of(&cloud.args)?;
    let found = find(&cloud, device.as_ref()).await?;
    if cloud.wants_absent() {
        return give_up(&cloud, found.as_ref(), device.as_ref()).await;
    }
    let (address, made) = match found {
        Some(address) => (address, false),
        None if cloud.check => return Ok(result(true, [])),
        None => (allocate(&cloud).await?, true),
    };
    let mut changed = made;
    if let Some(device) = device.filter(|device| !device.has(&address)) {
        associate(&cloud, &address, device).await?;
        changed = true;
    }
    let (id, current) = (address.allocation_id().unwrap_or_default(), tags::current(&described(&address)));
    changed |= tags::settle(&cloud, id, &current, cloud.args.dict("tags")).await?.0;
    let mut answer = result(false, [("allocation_id", address.allocation_id.json().into())]);
    answer.insert("public_ip".to_owned(), address.public_ip.json().into());
    if let Some(domain) = cloud.text("domain_name") {
        let (renamed, attribute) = name(&cloud, id, &domain).await?;
        changed |= renamed;
        answer.insert("update_reverse_dns_record_result".to_owned(), json!({ "address": attribute }));
    }
    answer.insert("changed".to_owned(), changed.into());
    Ok(answer)
}

async fn addresses(cloud: &Cloud, filters: Vec<Filter>) -> Result<Vec<Address>, ApiError> {
    let call = cloud.client.describe_addresses().set_filters(Some(filters));
    Ok(call.send().await.map_err(cloud.failed("DescribeAddresses"))?.addresses.unwrap_or_default())
}

/// The address that is named, or that the device has, or one that nobody uses where that is allowed.
async fn find(cloud: &Cloud, device: Option<&Device>) -> Result<Option<Address>, ApiError> {
    if let Some(ip) = cloud.text("public_ip") {
        let found = addresses(cloud, vec![filter("public-ip", [&ip])]).await?.into_iter().next();
        if found.is_none() && !cloud.wants_absent() {
            return Err(ApiError::new(format!(
                "the address {ip} is not allocated to this account in {}",
                cloud.place.region
            )));
        }
        return Ok(found);
    }
    if let Some(device) = device {
        let mut filters = vec![device.filter()];
        filters.extend(cloud.text("private_ip_address").map(|ip| filter("private-ip-address", [ip])));
        if let Some(found) = addresses(cloud, filters).await?.into_iter().next() {
            return Ok(Some(found));
        }
    }
    if cloud.wants_absent() || !cloud.args.bool("reuse_existing_ip_allowed") {
        return Ok(None);
    }
    let mut filters = vec![filter("domain", [if cloud.args.bool("in_vpc") { "vpc" } else { "standard" }])];
    filters.extend(match (cloud.text("tag_name"), cloud.text("tag_value")) {
        (Some(name), Some(value)) => Some(filter(&format!("tag:{name}"), [value])),
        (Some(name), None) => Some(filter("tag-key", [name])),
        (None, _) => None,
    });
    let is_free = |address: &Address| address.association_id().is_none_or(str::is_empty);
    Ok(addresses(cloud, filters).await?.into_iter().find(is_free))
}

async fn allocate(cloud: &Cloud) -> Result<Address, ApiError> {
    let call = cloud
        .client
        .allocate_address()
        .set_domain(cloud.args.bool("in_vpc").then_some(DomainType::Vpc))
        .set_public_ipv4_pool(cloud.text("public_ipv4_pool"))
        .set_tag_specifications(tags::of_new(ResourceType::ElasticIp, cloud.args.dict("tags")));
    let ip = call.send().await.map_err(cloud.failed("AllocateAddress"))?.public_ip.unwrap_or_default();
    let look = async || Ok(addresses(cloud, vec![filter("public-ip", [&ip])]).await?.into_iter().next());
    cloud.until(&format!("the new address {ip} cannot be seen"), look).await
}

async fn associate(cloud: &Cloud, address: &Address, device: Device) -> Result<(), ApiError> {
    if cloud.check {
        return Ok(());
    }
    let call = cloud
        .client
        .associate_address()
        .allow_reassociation(cloud.args.bool("allow_reassociation"))
        .set_private_ip_address(cloud.text("private_ip_address"));
    // Addresses outside of a VPC have no id.
    let call = match address.allocation_id.clone() {
        Some(id) => call.allocation_id(id),
        None => call.set_public_ip(address.public_ip.clone()),
    };
    let call = match device {
        Device::Instance(id) => call.instance_id(id),
        Device::Interface(id) => call.network_interface_id(id),
    };
    call.send().await.map_err(cloud.failed("AssociateAddress"))?;
    Ok(())
}

/// The reverse DNS record of the address. True when it was another one.
async fn name(cloud: &Cloud, id: &str, domain: &str) -> Result<(bool, Json), ApiError> {
    let call = cloud.client.describe_addresses_attribute().allocation_ids(id);
    let asked = call.attribute(AddressAttributeName::DomainName).send().await;
    let known = asked.map_err(cloud.failed("DescribeAddressesAttribute"))?.addresses.unwrap_or_default();
    let bare = |name: &str| name.trim_end_matches('.').to_lowercase();
    let is_named = |attribute: &&AddressAttribute| attribute.ptr_record().map(bare) == Some(bare(domain));
    if let Some(attribute) = known.first().filter(is_named) {
        return Ok((false, attribute.json().into()));
    }
    if cloud.check {
        return Ok((true, known.first().and_then(Shape::json).into()));
    }
    let call = cloud.client.modify_address_attribute().allocation_id(id).domain_name(domain);
    let done = call.send().await.map_err(cloud.failed("ModifyAddressAttribute"))?;
    Ok((true, done.address.json().into()))
}

/// Takes the address from the device; without a device, or where the task says so, it is released.
async fn give_up(cloud: &Cloud, address: Option<&Address>, device: Option<&Device>) -> Outcome {
    let told = |disassociated: bool, released: bool| {
        result(disassociated | released, [("disassociated", disassociated.into()), ("released", released.into())])
    };
    let Some(address) = address.filter(|address| device.is_none_or(|device| device.has(address))) else {
        return Ok(told(false, false));
    };
    if device.is_some() && !cloud.check {
        let call = cloud.client.disassociate_address();
        let call = match address.association_id.clone() {
            Some(id) => call.association_id(id),
            None => call.set_public_ip(address.public_ip.clone()),
        };
        call.send().await.map_err(cloud.failed("DisassociateAddress"))?;
    }
    let releases = device.is_none() || cloud.args.bool("release_on_disassociation");
    if releases && !cloud.check {
        let call = cloud.client.release_address();
        let call = match address.allocation_id.clone() {
            Some(id) => call.allocation_id(id),
            None => call.set_public_ip(address.public_ip.clone()),
        };
        call.send().await.map_err(cloud.failed("ReleaseAddress"))?;
    }
    Ok(told(device.is_some(), releases))
}
