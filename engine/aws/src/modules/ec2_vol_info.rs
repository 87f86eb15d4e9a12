//! `amazon.aws.ec2_vol_info`: volumes as they are.

use kapell_executor::controller_module::ControllerModule;
use kapell_modules::Arg;
use serde_json::Value as Json;

use super::cloud::{self, Cloud, Outcome, filters, result};
use super::ec2_vol::{told, volumes};
use super::{FILTERS, module};

pub(super) const MODULE: ControllerModule = module("amazon.aws.ec2_vol_info", ARGS, &[], |call| cloud::run(call, run));

const ARGS: &[Arg] = &[FILTERS];

async fn run(cloud: Cloud) -> Outcome {
    let region = Json::from(cloud.place.region.as_str());
    let with_region = |mut volume: kapell_modules::Map| {
        volume.insert("region".to_owned(), region.clone());
        volume
    };
    let found = volumes(&cloud, Vec::new(), filters(cloud.args.dict("filters"))).await?;
    Ok(result(false, [("volumes", found.iter().map(told).map(with_region).collect::<Vec<_>>().into())]))
}
