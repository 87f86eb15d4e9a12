//! `amazon.aws.ec2_ami_info`: machine images, the oldest first.

use kapell_executor::controller_module::ControllerModule;
use kapell_modules::Map;
use serde_json::Value as Json;

use super::cloud::{self, Cloud, Outcome, filters, result};
use super::image_query::{launch_permissions, permissions_told};
use super::module;
use crate::shape::described;
use crate::tables::ec2_ami_info;

pub(super) const MODULE: ControllerModule = module(&ec2_ami_info::TABLE, |call| cloud::run(call, run));

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
            let id = image.get("image_id").and_then(Json::as_str).unwrap_or_default();
            let permissions = launch_permissions(&cloud, id).await?;
            image.insert("launch_permissions".to_owned(), permissions_told(&permissions));
        }
    }
    Ok(result(false, [("images", images.into())]))
}
