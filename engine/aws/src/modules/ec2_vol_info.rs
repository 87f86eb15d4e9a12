//! `amazon.aws.ec2_vol_info`: volumes as they are.

use kapell_executor::controller_module::ControllerModule;
use serde_json::Value as Json;

use super::cloud::{self, Cloud, Outcome, filters, result};
use super::ec2_vol::{told, volumes};
use super::module;
use crate::tables::ec2_vol_info;

pub(super) const MODULE: ControllerModule = module(&ec2_vol_info::TABLE, |call| cloud::run(call, run));

async fn run(cloud: Cloud) -> Outcome {
    let region = Json::from(cloud.place.region.as_str());
    let with_region = |mut volume: kapell_modules::Map| {
        volume.insert("region".to_owned(), region.clone());
        volume
    };
    let found = volumes(&cloud, Vec::new(), filters(cloud.args.dict("filters"))).await?;
    Ok(result(false, [("volumes", found.iter().map(told).map(with_region).collect::<Vec<_>>().into())]))
}
