//! Security groups and network interfaces of new instances.

use aws_sdk_ec2::types::{
    InstanceIpv6Address, InstanceNetworkInterfaceSpecification as Interface, PrivateIpAddressSpecification,
};
use kapell_modules::Args;

use super::super::cloud::{Cloud, filter};
use crate::api_error::ApiError;

/// The ids of `security_group` and `security_groups`, which may be names in the VPC.
pub(super) async fn groups(cloud: &Cloud, vpc: Option<&str>) -> Result<Vec<String>, ApiError> {
    let mut wanted = cloud.args.list_of_str("security_groups");
    wanted.extend(cloud.args.opt_str("security_group").map(str::to_owned));
    look_up(cloud, wanted, vpc).await
}

async fn look_up(cloud: &Cloud, wanted: Vec<String>, vpc: Option<&str>) -> Result<Vec<String>, ApiError> {
    let (mut ids, names): (Vec<String>, Vec<String>) = wanted.into_iter().partition(|group| group.starts_with("sg-"));
    if names.is_empty() {
        return Ok(ids);
    }
    let mut asked = vec![filter("group-name", names.clone())];
    asked.extend(vpc.map(|vpc| filter("vpc-id", [vpc])));
    let call = cloud.client.describe_security_groups().set_filters(Some(asked));
    let found = call.send().await.map_err(cloud.failed("DescribeSecurityGroups"))?;
    for name in names {
        let group = found.security_groups().iter().find(|group| group.group_name() == Some(&name));
        let missing = || ApiError::new(format!("The following group names are not valid: {name}"));
        ids.push(group.and_then(|group| group.group_id()).ok_or_else(missing)?.to_owned());
    }
    Ok(ids)
}

/// The VPC of a subnet.
pub(super) async fn vpc_of(cloud: &Cloud, subnet: &str) -> Result<Option<String>, ApiError> {
    let call = cloud.client.describe_subnets().subnet_ids(subnet);
    let found = call.send().await.map_err(cloud.failed("DescribeSubnets"))?.subnets.unwrap_or_default();
    Ok(found.into_iter().next().and_then(|subnet| subnet.vpc_id))
}

/// The interfaces a new instance gets. Without any of its own it has one in `subnet`.
pub(super) async fn of_new(cloud: &Cloud, subnet: Option<String>) -> Result<Vec<Interface>, ApiError> {
    let vpc = match &subnet {
        Some(subnet) => vpc_of(cloud, subnet).await?,
        None => None,
    };
    let shared = groups(cloud, vpc.as_deref()).await?;
    let ready = cloud.args.list("network_interfaces_ids");
    let described = cloud.args.list("network_interfaces");
    let mut all = Vec::new();
    for (index, entry) in ready.iter().enumerate() {
        let entry = Args::of_map(entry.as_object().unwrap_or(&kapell_modules::Map::new()));
        let index = entry.opt_int("device_index").unwrap_or(index as i64) as i32;
        all.push(Interface::builder().device_index(index).set_network_interface_id(text(&entry, "id")).build());
    }
    for entry in described {
        let entry = Args::of_map(entry.as_object().unwrap_or(&kapell_modules::Map::new()));
        all.push(interface(cloud, &entry, all.len(), subnet.clone(), &shared).await?);
    }
    if let Some(network) = cloud.args.dict("network") {
        let network = Args::of_map(network);
        for (index, id) in network.list_of_str("interfaces").into_iter().enumerate() {
            all.push(Interface::builder().device_index(index as i32).network_interface_id(id).build());
        }
        if all.is_empty() {
            all.push(interface(cloud, &network, 0, subnet.clone(), &shared).await?);
        }
    }
    if all.is_empty() && subnet.is_some() {
        let groups = (!shared.is_empty()).then_some(shared);
        let interface = Interface::builder().device_index(0).delete_on_termination(true).set_subnet_id(subnet);
        all.push(interface.set_groups(groups).build());
    }
    Ok(all)
}

async fn interface(
    cloud: &Cloud,
    entry: &Args,
    index: usize,
    subnet: Option<String>,
    shared: &[String],
) -> Result<Interface, ApiError> {
    let subnet = text(entry, "subnet_id").or(subnet);
    let own = entry.list_of_str("groups");
    let groups = match (own.is_empty(), &subnet) {
        (true, _) => shared.to_vec(),
        (false, Some(subnet)) => look_up(cloud, own, vpc_of(cloud, subnet).await?.as_deref()).await?,
        (false, None) => look_up(cloud, own, None).await?,
    };
    let v6 = |address: String| InstanceIpv6Address::builder().ipv6_address(address).build();
    let v6: Vec<_> = entry.list_of_str("ipv6_addresses").into_iter().map(v6).collect();
    let private: Vec<_> = entry.list("private_ip_addresses").iter().map(private_address).collect();
    Ok(Interface::builder()
        .device_index(entry.opt_int("device_index").unwrap_or(index as i64) as i32)
        .delete_on_termination(entry.opt_bool("delete_on_termination").unwrap_or(true))
        .set_description(text(entry, "description"))
        .set_subnet_id(subnet)
        .set_groups((!groups.is_empty()).then_some(groups))
        .set_associate_public_ip_address(entry.opt_bool("assign_public_ip"))
        .set_private_ip_address(text(entry, "private_ip_address"))
        .set_private_ip_addresses((!private.is_empty()).then_some(private))
        .set_ipv6_addresses((!v6.is_empty()).then_some(v6))
        .build())
}

/// An address, or a map that says whether it is the first one.
fn private_address(entry: &serde_json::Value) -> PrivateIpAddressSpecification {
    let address = entry.as_str().or_else(|| entry.get("private_ip_address")?.as_str()).map(str::to_owned);
    let primary = entry.get("primary").and_then(serde_json::Value::as_bool).unwrap_or(false);
    PrivateIpAddressSpecification::builder().set_private_ip_address(address).primary(primary).build()
}

fn text(args: &Args, name: &str) -> Option<String> {
    args.opt_str(name).filter(|text| !text.is_empty()).map(str::to_owned)
}
