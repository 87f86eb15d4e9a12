//! `amazon.aws.ec2_tag`: the tags of any resource of EC2.

use kapell_executor::controller_module::ControllerModule;
use kapell_modules::Map;
use serde_json::Value as Json;

use super::cloud::{self, Cloud, Outcome, filter, result};
use super::module;
use super::tags::TagPlan;
use crate::api_error::ApiError;
use crate::tables::ec2_tag;

pub(super) const MODULE: ControllerModule = module(&ec2_tag::TABLE, |call| cloud::run(call, run));

async fn run(cloud: Cloud) -> Outcome {
    let resource = cloud.args.opt_str("resource").unwrap_or_default();
    let current = current(&cloud, resource).await?;
    let wanted = cloud.args.dict("tags").cloned().unwrap_or_default();
    let is_absent = cloud.wants_absent();
    let plan = if is_absent {
        TagPlan::removal(&current, &wanted)
    } else {
        TagPlan::new(&current, Some(&wanted), cloud.args.bool("purge_tags"))
    };
    let changed = plan.apply(&cloud, resource).await?;
    let mut answer = result(changed, [("tags", plan.applied(&current).into())]);
    let (added, removed) = (plan.added(), plan.removed(&current));
    if !is_absent {
        answer.insert("added_tags".to_owned(), added.into());
    }
    if is_absent || !removed.is_empty() {
        answer.insert("removed_tags".to_owned(), removed.into());
    }
    Ok(answer)
}

async fn current(cloud: &Cloud, resource: &str) -> Result<Map, ApiError> {
    let call = cloud.client.describe_tags().filters(filter("resource-id", [resource]));
    let mut pages = call.into_paginator().send();
    let mut tags = Map::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| cloud.failed("DescribeTags")(error))?;
        let entry = |tag: &aws_sdk_ec2::types::TagDescription| {
            (tag.key().unwrap_or_default().to_owned(), Json::from(tag.value().unwrap_or_default()))
        };
        tags.extend(page.tags().iter().map(entry));
    }
    Ok(tags)
}
