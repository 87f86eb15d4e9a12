//! `amazon.aws.ec2_ami_info`: machine images, the oldest first.

use aws_sdk_ec2::types::ImageAttributeName;
use kapell_executor::controller_module::{ControllerCall, ControllerFuture, ControllerModule};
use kapell_modules::{Arg, Map, Support};
use serde_json::{Value as Json, json};

use super::ACCESS_ARGS;
use super::cloud::{self, Cloud, Outcome, filters, result};
use crate::api_error::ApiError;
use crate::shape::described;

pub(super) const MODULE: ControllerModule = ControllerModule {
    name: "amazon.aws.ec2_ami_info",
    aliases: &["amazon.aws.ec2_ami_facts"],
    args: ARGS,
    shared_args: ACCESS_ARGS,
    constraints: &[],
    check_mode: Support::Full,
    run: start,
};

const ARGS: &[Arg] = &[
    Arg::list("image_ids").alias(&["image_id"]),
    Arg::dict("filters").default("{}"),
    Arg::list("owners").alias(&["owner"]),
    Arg::list("executable_users").alias(&["executable_user"]),
    Arg::bool("describe_image_attributes"),
];

fn start(call: ControllerCall) -> ControllerFuture {
    cloud::run(call, run)
}

async fn run(cloud: Cloud) -> Outcome {
    let args = &cloud.args;
    let given = |name: &str| args.opt_list_of_str(name).filter(|list| !list.is_empty());
    let call = cloud
        .client
        .describe_images()
        .set_image_ids(given("image_ids"))
        .set_filters(Some(filters(args.dict("filters"))))
        .set_owners(given("owners"))
        .set_executable_users(given("executable_users"));
    let answer = match call.send().await.map_err(cloud.failed("DescribeImages")) {
        Ok(answer) => answer.images.unwrap_or_default(),
        Err(error) if error.is_not_found() => Vec::new(),
        Err(error) => return Err(error),
    };
    let mut images: Vec<Map> = answer.iter().map(described).collect();
    images.sort_by_key(|image| image.get("creation_date").and_then(Json::as_str).unwrap_or_default().to_owned());
    if args.bool("describe_image_attributes") {
        for image in &mut images {
            let permissions = launch_permissions(&cloud, image).await?;
            image.insert("launch_permissions".to_owned(), permissions);
        }
    }
    Ok(result(false, [("images", images.into())]))
}

async fn launch_permissions(cloud: &Cloud, image: &Map) -> Result<Json, ApiError> {
    let id = image.get("image_id").and_then(Json::as_str).unwrap_or_default();
    let call = cloud.client.describe_image_attribute().image_id(id).attribute(ImageAttributeName::LaunchPermission);
    let answer = match call.send().await.map_err(cloud.failed("DescribeImageAttribute")) {
        Ok(answer) => answer,
        // Of others' images it is nobody else's business.
        Err(error) if error.is_forbidden() || error.is_code("AuthFailure") => return Ok(json!([])),
        Err(error) => return Err(error),
    };
    let permission = |one: &aws_sdk_ec2::types::LaunchPermission| match (one.user_id(), one.group()) {
        (Some(user), _) => json!({"user_id": user}),
        (None, Some(group)) => json!({"group": group.as_str()}),
        (None, None) => json!({}),
    };
    Ok(answer.launch_permissions().iter().map(permission).collect())
}
