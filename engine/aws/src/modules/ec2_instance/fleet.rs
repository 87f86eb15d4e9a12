//! How many instances there are to be: one, some more, or an exact number.

use aws_sdk_ec2::types::Instance;
use serde_json::json;

use super::super::cloud::{Cloud, Outcome, result};
use super::super::instance_query::{all_described, ids, instances};
use super::{launch, matching, power};
use crate::api_error::ApiError;

/// Makes `count` instances beside those that are there. `count` alone asks for new ones, whatever there is.
pub(super) async fn make(cloud: &Cloud, before: Vec<Instance>, count: i64) -> Outcome {
    if cloud.check {
        let mut answer = result(true, [("msg", "Would have launched instances if not in check_mode.".into())]);
        if !before.is_empty() {
            answer.insert("instances".to_owned(), all_described(&before));
            answer.insert("instance_ids".to_owned(), ids(&before).into());
        }
        return Ok(answer);
    }
    let made = launch::launch(cloud, count).await?;
    let wanted = match cloud.args.opt_str("state") {
        Some("running" | "started") => "running",
        _ => "pending",
    };
    let made = power::await_launch(cloud, made, wanted).await?;
    let changed = ids(&made);
    let mut all = before;
    let is_first = all.is_empty();
    all.extend(made);
    let mut answer = result(true, [("instance_ids", ids(&all).into())]);
    if cloud.waits() {
        answer.insert("instances".to_owned(), all_described(&all));
    }
    if !is_first {
        answer.insert("changed_ids".to_owned(), changed.into());
    }
    Ok(answer)
}

pub(super) async fn add(cloud: &Cloud, before: Vec<Instance>, count: i64) -> Outcome {
    make(cloud, before, count).await
}

/// `exact_count`: makes those that are missing, terminates the oldest of those that are too many. A whole fleet goes only
/// where the task says itself which one: a number that came out as zero by mistake would end what merely looks alike.
pub(super) async fn keep(cloud: &Cloud, found: Vec<Instance>, count: i64) -> Outcome {
    if count < 0 {
        return Err(ApiError::new(format!("exact_count is a number of instances, not {count}")));
    }
    if count == 0 && !matching::is_told(cloud) {
        let error =
            ApiError::new("exact_count: 0 terminates all instances, and the task has no filters that say which");
        return Err(error.hint("write filters, such as {\"tag:app\": \"web\"}, or state: absent"));
    }
    let there = found.len() as i64;
    if there < count {
        return make(cloud, found, count - there).await;
    }
    if there == count {
        let msg = format!("{there} instances already present, nothing to do.");
        let told = [("msg", msg.into()), ("instances", all_described(&found)), ("instance_ids", ids(&found).into())];
        return Ok(result(false, told));
    }
    let surplus = ids(&found[..(there - count) as usize]);
    if cloud.check {
        let told = [
            ("msg", planned(&surplus).into()),
            ("terminated_ids", surplus.into()),
            ("instance_ids", ids(&found).into()),
        ];
        return Ok(result(true, told));
    }
    power::terminate(cloud, &surplus).await?;
    let now = instances(cloud, ids(&found), Vec::new()).await?;
    let told = [
        ("msg", "Successfully terminated instances.".into()),
        ("terminated_ids", json!(surplus)),
        ("instances", all_described(&now)),
        ("instance_ids", ids(&found).into()),
    ];
    Ok(result(true, told))
}

fn planned(surplus: &[String]) -> String {
    let quoted: Vec<String> = surplus.iter().map(|id| format!("'{id}'")).collect();
    format!("Would have terminated following instances if not in check mode [{}]", quoted.join(", "))
}
