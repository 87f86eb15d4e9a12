//! Asking for machine images, and for who may launch them.

use aws_sdk_ec2::types::{Filter, Image, ImageAttributeName, LaunchPermission, PermissionGroup};
use serde_json::{Value as Json, json};

use super::cloud::Cloud;
use crate::api_error::ApiError;

/// The image with this id; nothing when it has been deregistered.
pub(crate) async fn image(cloud: &Cloud, id: &str) -> Result<Option<Image>, ApiError> {
    let call = cloud.client.describe_images().image_ids(id);
    Ok(call.send().await.map_err(cloud.failed("DescribeImages"))?.images.unwrap_or_default().into_iter().next())
}

/// The account's own images that match the filters.
pub(crate) async fn own_images(cloud: &Cloud, filters: Vec<Filter>) -> Result<Vec<Image>, ApiError> {
    let call = cloud.client.describe_images().owners("self").set_filters(Some(filters));
    Ok(call.send().await.map_err(cloud.failed("DescribeImages"))?.images.unwrap_or_default())
}

/// Of others' images it is nobody else's business: then there are none.
pub(crate) async fn launch_permissions(cloud: &Cloud, id: &str) -> Result<Vec<LaunchPermission>, ApiError> {
    let call = cloud.client.describe_image_attribute().image_id(id).attribute(ImageAttributeName::LaunchPermission);
    match call.send().await.map_err(cloud.failed("DescribeImageAttribute")) {
        Ok(answer) => Ok(answer.launch_permissions.unwrap_or_default()),
        Err(error) if error.is_forbidden() || error.is_code("AuthFailure") => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

pub(crate) fn permissions_told(permissions: &[LaunchPermission]) -> Json {
    let told = |one: &LaunchPermission| {
        let entries = [
            ("user_id", one.user_id()),
            ("group", one.group().map(PermissionGroup::as_str)),
            ("organization_arn", one.organization_arn()),
            ("organizational_unit_arn", one.organizational_unit_arn()),
        ];
        entries.into_iter().find_map(|(name, value)| Some(json!({ name: value? }))).unwrap_or_else(|| json!({}))
    };
    permissions.iter().map(told).collect()
}
