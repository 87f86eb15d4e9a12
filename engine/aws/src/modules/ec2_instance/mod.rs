//! `amazon.aws.ec2_instance`: instances made, changed, started, stopped and terminated.

mod attributes;
mod fleet;
mod launch;
mod matching;
mod network;
mod power;
mod volumes;

use aws_sdk_ec2::types::Instance;
use kapell_executor::controller_module::ControllerModule;
use kapell_modules::Map;
use serde_json::{Value as Json, json};

use self::power::Power;
use super::cloud::{self, Cloud, Outcome, result};
use super::instance_query::{all_described, id, ids, instances};
use super::{module, tags};
use crate::api_error::ApiError;
use crate::shape::described;
use crate::tables::ec2_instance;

pub(super) const MODULE: ControllerModule = module(&ec2_instance::TABLE, |call| cloud::run(call, run));

async fn run(cloud: Cloud) -> Outcome {
    let state = cloud.args.opt_str("state").unwrap_or("present").to_owned();
    let found = matching::find(&cloud).await?;
    if let Some(count) = cloud.args.opt_int("exact_count").filter(|_| !matches!(&*state, "absent" | "terminated")) {
        return fleet::keep(&cloud, found, count).await;
    }
    if matches!(&*state, "absent" | "terminated") {
        return terminate(&cloud, &found).await;
    }
    if let Some(count) = cloud.args.opt_int("count") {
        return fleet::add(&cloud, found, count).await;
    }
    if found.is_empty() {
        if !matches!(&*state, "present" | "running" | "started") {
            let message = "No instances found with filters or ids, and no state that makes any";
            return if cloud.args.has("instance_ids") {
                Err(ApiError::new(message))
            } else {
                Ok(result(false, [("msg", "No matching instances found".into()), ("instances", json!([]))]))
            };
        }
        return fleet::make(&cloud, Vec::new(), 1).await;
    }
    change(&cloud, found, &state).await
}

async fn terminate(cloud: &Cloud, found: &[Instance]) -> Outcome {
    if found.is_empty() {
        return Ok(result(false, [("msg", "No matching instances found".into())]));
    }
    let done = match power::terminate(cloud, &ids(found)).await {
        Ok(done) => done,
        Err(error) => return Ok(not_terminated(&error, ids(found))),
    };
    let now = if cloud.check { found.to_vec() } else { instances(cloud, ids(found), Vec::new()).await? };
    Ok(result(
        true,
        [
            ("msg", "Instances terminated".into()),
            ("terminate_success", done.into()),
            ("terminate_failed", json!([])),
            ("instances", all_described(&now)),
        ],
    ))
}

fn not_terminated(error: &ApiError, ids: Vec<String>) -> Map {
    let msg = format!("Unable to terminate instances: {}", error.clone().with_hint());
    let failed = json!({"code": error.code, "message": error.message});
    let lists = [("terminate_success", json!([])), ("terminate_failed", ids.into())];
    result(false, [[("failed", true.into()), ("msg", msg.into()), ("error", failed)].as_slice(), &lists].concat())
}

/// What is there is made as asked for: attributes, tags, then whether it runs.
async fn change(cloud: &Cloud, found: Vec<Instance>, state: &str) -> Outcome {
    let mut changes = Vec::new();
    let mut tagged = false;
    for instance in &found {
        changes.extend(attributes::settle(cloud, instance).await?);
        let current = tags::current(&described(instance));
        tagged |= tags::settle_named(cloud, &id(instance), &current).await?;
    }
    if !cloud.check {
        // Whose change it is, is told of those that are planned.
        for change in changes.iter_mut().filter_map(Json::as_object_mut) {
            change.shift_remove("InstanceId");
        }
    }
    let power = match state {
        "present" => None,
        state => Some(Power::settle(cloud, &found, state).await?),
    };
    let changed = tagged || !changes.is_empty() || power.as_ref().is_some_and(Power::changed);
    let now = if cloud.check || !changed { found } else { instances(cloud, ids(&found), Vec::new()).await? };
    let mut answer = result(
        changed,
        [("instances", all_described(&now)), ("instance_ids", ids(&now).into()), ("changes", changes.into())],
    );
    answer.extend(power.map(Power::into_result).unwrap_or_default());
    Ok(answer)
}
