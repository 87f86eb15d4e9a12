//! Who may launch an image: those the task names, and nobody else.

use aws_sdk_ec2::types::{LaunchPermission, LaunchPermissionModifications, PermissionGroup};
use kapell_modules::Args;

use super::super::cloud::Cloud;
use super::super::image_query::launch_permissions;
use crate::api_error::ApiError;

/// True when they were others. Without `launch_permissions` they stay.
pub(super) async fn settle(cloud: &Cloud, id: &str) -> Result<bool, ApiError> {
    let Some(given) = cloud.args.dict("launch_permissions") else { return Ok(false) };
    let wanted = wanted(&Args::of_map(given));
    let current = launch_permissions(cloud, id).await?;
    let without = |these: &[LaunchPermission], those: &[LaunchPermission]| -> Vec<LaunchPermission> {
        these.iter().filter(|one| !those.contains(one)).cloned().collect()
    };
    let (add, remove) = (without(&wanted, &current), without(&current, &wanted));
    if add.is_empty() && remove.is_empty() {
        return Ok(false);
    }
    if !cloud.check {
        let change = LaunchPermissionModifications::builder()
            .set_add((!add.is_empty()).then_some(add))
            .set_remove((!remove.is_empty()).then_some(remove))
            .build();
        let call = cloud.client.modify_image_attribute().image_id(id).attribute("launchPermission");
        let done = call.launch_permission(change).send().await;
        done.map_err(cloud.failed("ModifyImageAttribute"))?;
    }
    Ok(true)
}

/// Groups first, then accounts, organizations and their units.
fn wanted(given: &Args) -> Vec<LaunchPermission> {
    let new = LaunchPermission::builder;
    let users = given.list_of_str("user_ids").into_iter().map(|id| new().user_id(id).build());
    let groups = given.list_of_str("group_names").into_iter();
    let groups = groups.map(|name| new().group(PermissionGroup::from(name.as_str())).build());
    let organizations = given.list_of_str("org_arns").into_iter().map(|arn| new().organization_arn(arn).build());
    let units = given.list_of_str("org_unit_arns").into_iter();
    let units = units.map(|arn| new().organizational_unit_arn(arn).build());
    groups.chain(users).chain(organizations).chain(units).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everybody_named_gets_a_permission() {
        let given = json!({"user_ids": ["1"], "group_names": ["all"], "org_arns": ["arn:o"], "org_unit_arns": null});
        let wanted = wanted(&Args::of_map(given.as_object().unwrap()));
        let told: Vec<_> = wanted.iter().map(|one| (one.user_id(), one.group(), one.organization_arn())).collect();
        let expected =
            [(None, Some(&PermissionGroup::All), None), (Some("1"), None, None), (None, None, Some("arn:o"))];
        assert_eq!(told, expected);
    }
}
