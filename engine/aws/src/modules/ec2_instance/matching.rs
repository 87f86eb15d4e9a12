//! Which instances a task means: those it names, or that match its filters; by default those of its name, image, subnet.

use aws_sdk_ec2::primitives::DateTime;
use aws_sdk_ec2::types::{Filter, Instance};
use serde_json::Value as Json;

use super::super::cloud::{Cloud, filter, filters, word};
use super::super::instance_query::instances;
use crate::api_error::ApiError;

const LIVING: [&str; 4] = ["pending", "running", "stopping", "stopped"];

/// The oldest first; those of one second in the API's order.
pub(super) async fn find(cloud: &Cloud) -> Result<Vec<Instance>, ApiError> {
    let mut found = instances(cloud, Vec::new(), wanted(cloud).await?).await?;
    let wanted = cloud.args.list_of_str("instance_ids");
    let missing: Vec<&String> =
        wanted.iter().filter(|wanted| !found.iter().any(|one| one.instance_id() == Some(wanted))).collect();
    if let Some(missing) = missing.first()
        && !matches!(cloud.args.opt_str("state"), Some("absent" | "terminated"))
    {
        return Err(ApiError::new(format!("there is no instance {missing} in {}", cloud.place.region)));
    }
    found.sort_by_key(|one| one.launch_time().map(DateTime::secs));
    Ok(found)
}

/// Whether the task says itself, in `filters`, which instances there are: more than the state they are in.
pub(super) fn is_told(cloud: &Cloud) -> bool {
    let given = cloud.args.dict("filters");
    given.is_some_and(|given| given.keys().any(|name| !name.starts_with("instance-state-")))
}

async fn wanted(cloud: &Cloud) -> Result<Vec<Filter>, ApiError> {
    let args = &cloud.args;
    if let Some(given) = args.dict("filters") {
        let mut asked = filters(Some(given));
        // Nobody means those that are gone, unless they say so.
        if !given.contains_key("instance-state-name") && !given.contains_key("instance-state-code") {
            asked.push(filter("instance-state-name", LIVING));
        }
        return Ok(asked);
    }
    let mut asked = vec![filter("instance-state-name", LIVING)];
    let ids = args.list_of_str("instance_ids");
    if !ids.is_empty() {
        asked.push(filter("instance-id", ids));
        return Ok(asked);
    }
    if let Some(subnet) = subnet(cloud).await? {
        asked.push(filter("subnet-id", [subnet]));
    }
    let tag = args.dict("tags").and_then(|tags| tags.get("Name")).map(word);
    if let Some(name) = args.opt_str("name").map(str::to_owned).or(tag) {
        asked.push(filter("tag:Name", [name]));
    }
    let image = args.opt_str("image_id").or_else(|| args.dict("image")?.get("id")?.as_str());
    if let Some(image) = image {
        asked.push(filter("image-id", [image]));
    }
    Ok(asked)
}

/// The subnet that new instances go to; nothing where the task leaves it to interfaces or to a launch template.
pub(super) async fn subnet(cloud: &Cloud) -> Result<Option<String>, ApiError> {
    let args = &cloud.args;
    if let Some(subnet) = args.opt_str("vpc_subnet_id") {
        return Ok(Some(subnet.to_owned()));
    }
    if let Some(network) = args.dict("network") {
        return Ok(network.get("subnet_id").and_then(Json::as_str).map(str::to_owned));
    }
    if ["network_interfaces", "network_interfaces_ids", "launch_template"].iter().any(|name| args.has(name)) {
        return Ok(None);
    }
    default_subnet(cloud).await
}

/// The default one of the availability zone, or of the first zone.
async fn default_subnet(cloud: &Cloud) -> Result<Option<String>, ApiError> {
    let placed = || cloud.args.dict("placement")?.get("availability_zone")?.as_str();
    let mut asked = vec![filter("default-for-az", ["true"])];
    if let Some(zone) = cloud.args.opt_str("availability_zone").or_else(placed) {
        asked.push(filter("availability-zone", [zone]));
    }
    let call = cloud.client.describe_subnets().set_filters(Some(asked));
    let mut subnets = call.send().await.map_err(cloud.failed("DescribeSubnets"))?.subnets.unwrap_or_default();
    subnets.retain(|subnet| subnet.default_for_az() != Some(false));
    subnets.sort_by_key(|subnet| subnet.availability_zone().map(str::to_owned));
    Ok(subnets.into_iter().next().and_then(|subnet| subnet.subnet_id))
}
