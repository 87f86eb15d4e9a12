//! Asking for instances, page by page.

use aws_sdk_ec2::types::{Filter, Instance};
use kapell_modules::Map;
use serde_json::Value as Json;

use super::cloud::Cloud;
use crate::api_error::ApiError;
use crate::shape::described;

/// The instances with these ids (all when there are none) that match the filters.
pub(crate) async fn instances(
    cloud: &Cloud,
    ids: Vec<String>,
    filters: Vec<Filter>,
) -> Result<Vec<Instance>, ApiError> {
    let ids = (!ids.is_empty()).then_some(ids);
    let call = cloud.client.describe_instances().set_instance_ids(ids).set_filters(Some(filters));
    let mut pages = call.into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| cloud.failed("DescribeInstances")(error))?;
        all.extend(page.reservations.unwrap_or_default().into_iter().flat_map(|one| one.instances.unwrap_or_default()));
    }
    Ok(all)
}

pub(crate) fn id(instance: &Instance) -> String {
    instance.instance_id().unwrap_or_default().to_owned()
}

pub(crate) fn ids(instances: &[Instance]) -> Vec<String> {
    instances.iter().map(id).collect()
}

/// `running`, `stopped`, …
pub(crate) fn state(instance: &Instance) -> &str {
    instance.state().and_then(|state| state.name()).map_or("", |name| name.as_str())
}

pub(crate) fn all_described(instances: &[Instance]) -> Json {
    instances.iter().map(described).collect::<Vec<Map>>().into()
}
