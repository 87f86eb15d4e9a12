//! `amazon.aws.ec2_security_group_info`: security groups as they are.

use kapell_executor::controller_module::ControllerModule;
use kapell_modules::Map;

use super::cloud::{self, Cloud, Outcome, filters, result};
use super::module;
use crate::shape::described;
use crate::tables::ec2_security_group_info;

pub(super) const MODULE: ControllerModule = module(&ec2_security_group_info::TABLE, |call| cloud::run(call, run));

async fn run(cloud: Cloud) -> Outcome {
    // Underscores in names of filters are forgiven, but not in names of tags.
    let written = cloud.args.dict("filters").cloned().unwrap_or_default();
    let dashed = |name: String| if name.starts_with("tag:") { name } else { name.replace('_', "-") };
    let written: Map = written.into_iter().map(|(name, value)| (dashed(name), value)).collect();
    let call = cloud.client.describe_security_groups().set_filters(Some(filters(Some(&written))));
    let mut pages = call.into_paginator().send();
    let mut groups = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| cloud.failed("DescribeSecurityGroups")(error))?;
        groups.extend(page.security_groups().iter().map(described));
    }
    Ok(result(false, [("security_groups", groups.into())]))
}
