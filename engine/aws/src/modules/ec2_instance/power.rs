//! Starting, stopping and terminating, and waiting until it is done.

use aws_sdk_ec2::types::{Instance, SummaryStatus};
use kapell_modules::Map;
use serde_json::json;

use super::super::cloud::{Cloud, Patience, result};
use super::super::instance_query::{id, ids, instances, state};
use crate::api_error::ApiError;

/// What was started or stopped.
pub(super) struct Power {
    msg: &'static str,
    /// Whether anything is, or in check mode would be, changed.
    changed: bool,
    restarted: Option<Vec<String>>,
    started: Option<Vec<String>>,
    stopped: Option<Vec<String>>,
}

impl Power {
    /// Makes all of `found` run, stand still, or both in turn.
    pub(super) async fn settle(cloud: &Cloud, found: &[Instance], wanted: &str) -> Result<Self, ApiError> {
        let those = |states: &[&str]| -> Vec<String> {
            found.iter().filter(|one| states.contains(&state(one))).map(id).collect()
        };
        let empty = Self { msg: "", changed: false, restarted: None, started: None, stopped: None };
        match wanted {
            "stopped" => {
                let changed = those(&["pending", "running"]);
                stop(cloud, &changed, &ids(found)).await?;
                Ok(Self { msg: "Instances stopped", stopped: Some(changed), ..empty })
            }
            "running" | "started" => {
                let changed = those(&["stopped", "stopping"]);
                start(cloud, &changed, &ids(found), wanted == "started").await?;
                // The collection says it twice.
                Ok(Self { msg: "Instances started", restarted: Some(changed.clone()), started: Some(changed), ..empty })
            }
            _ => {
                let running = those(&["pending", "running"]);
                stop(cloud, &running, &ids(found)).await?;
                start(cloud, &ids(found), &ids(found), wanted == "restarted").await?;
                // In check mode nothing has succeeded.
                let done = if cloud.check { Vec::new() } else { ids(found) };
                let changed = !found.is_empty();
                Ok(Self { msg: "Instances restarted", changed, restarted: Some(done), ..empty })
            }
        }
    }

    pub(super) fn changed(&self) -> bool {
        self.changed || [&self.started, &self.stopped].into_iter().flatten().any(|ids| !ids.is_empty())
    }

    pub(super) fn into_result(self) -> Map {
        let mut told = result(self.changed(), [("msg", self.msg.into())]);
        for (name, ids) in [("reboot", self.restarted), ("start", self.started), ("stop", self.stopped)] {
            let Some(ids) = ids else { continue };
            told.insert(format!("{name}_success"), ids.into());
            told.insert(format!("{name}_failed"), json!([]));
        }
        told.shift_remove("changed");
        told
    }
}

/// Stops `ids`, and waits until `all` stand still.
async fn stop(cloud: &Cloud, ids: &[String], all: &[String]) -> Result<(), ApiError> {
    if cloud.check {
        return Ok(());
    }
    if !ids.is_empty() {
        let call = cloud.client.stop_instances().set_instance_ids(Some(ids.to_vec()));
        call.send().await.map_err(cloud.failed("StopInstances"))?;
    }
    reach(cloud, all, &["stopped"]).await.map(drop)
}

/// Starts `ids`, and waits until `all` run; with `checked` until EC2's own checks of them have passed.
async fn start(cloud: &Cloud, ids: &[String], all: &[String], checked: bool) -> Result<(), ApiError> {
    if cloud.check {
        return Ok(());
    }
    let stopping = instances(cloud, ids.to_vec(), Vec::new()).await?;
    if !ids.is_empty() {
        if stopping.iter().any(|one| state(one) == "stopping") {
            reach(cloud, ids, &["stopped"]).await?;
        }
        let call = cloud.client.start_instances().set_instance_ids(Some(ids.to_vec()));
        call.send().await.map_err(cloud.failed("StartInstances"))?;
    }
    reach(cloud, all, &["running"]).await?;
    if checked { pass_checks(cloud, all).await } else { Ok(()) }
}

/// Terminates `ids` and waits until they are gone. What was terminated.
pub(super) async fn terminate(cloud: &Cloud, ids: &[String]) -> Result<Vec<String>, ApiError> {
    if !cloud.check {
        let call = cloud.client.terminate_instances().set_instance_ids(Some(ids.to_vec()));
        call.send().await.map_err(cloud.failed("TerminateInstances"))?;
        reach(cloud, ids, &["terminated"]).await?;
    }
    Ok(ids.to_vec())
}

/// Looks at new instances until they are seen, and run where that is `wanted`.
pub(super) async fn await_launch(cloud: &Cloud, made: Vec<Instance>, wanted: &str) -> Result<Vec<Instance>, ApiError> {
    let states: &[&str] = if wanted == "running" { &["running"] } else { &["pending", "running"] };
    let seen = reach(cloud, &ids(&made), states).await?;
    if cloud.args.opt_str("state") == Some("started") {
        pass_checks(cloud, &ids(&made)).await?;
    }
    Ok(if seen.is_empty() { made } else { seen })
}

/// Waits until all of `ids` are in one of `states`; the instances then, or nothing when the task does not wait.
async fn reach(cloud: &Cloud, ids: &[String], states: &[&str]) -> Result<Vec<Instance>, ApiError> {
    let Some(patience) = cloud.patience().filter(|_| !ids.is_empty()) else { return Ok(Vec::new()) };
    loop {
        match instances(cloud, ids.to_vec(), Vec::new()).await {
            Ok(found) => {
                let late = found.iter().find(|one| !states.contains(&state(one)));
                if late.is_none() && found.len() == ids.len() {
                    return Ok(found);
                }
                give_up_on_lost(&found, states)?;
                wait_for(&patience, late, states).await?;
            }
            // What was made just now may not be seen everywhere yet.
            Err(error) if error.is_not_found() => wait_for(&patience, None, states).await?,
            Err(error) => return Err(error),
        }
    }
}

/// An instance that ends instead of starting says why.
fn give_up_on_lost(found: &[Instance], states: &[&str]) -> Result<(), ApiError> {
    if states.contains(&"terminated") {
        return Ok(());
    }
    let lost = found.iter().find(|one| matches!(state(one), "terminated" | "shutting-down"));
    let Some(lost) = lost else { return Ok(()) };
    let reason = lost.state_reason().and_then(|reason| reason.message()).unwrap_or("no reason is given");
    Err(ApiError::new(format!("instance {} has ended: {reason}", id(lost))))
}

async fn wait_for(patience: &Patience, late: Option<&Instance>, states: &[&str]) -> Result<(), ApiError> {
    let what = match late {
        Some(late) => format!("instance {} is {}, not {}", id(late), state(late), states.join(" or ")),
        None => format!("instances are not {} yet", states.join(" or ")),
    };
    patience.pause(&what).await
}

async fn pass_checks(cloud: &Cloud, ids: &[String]) -> Result<(), ApiError> {
    let Some(patience) = cloud.patience().filter(|_| !ids.is_empty()) else { return Ok(()) };
    loop {
        let call = cloud.client.describe_instance_status().set_instance_ids(Some(ids.to_vec()));
        let answer = call.send().await.map_err(cloud.failed("DescribeInstanceStatus"))?;
        let is_ok = |status: Option<&aws_sdk_ec2::types::InstanceStatusSummary>| {
            status.and_then(|summary| summary.status()) == Some(&SummaryStatus::Ok)
        };
        let statuses = answer.instance_statuses();
        let passed = statuses.iter().filter(|one| is_ok(one.instance_status()) && is_ok(one.system_status())).count();
        if passed >= ids.len() {
            return Ok(());
        }
        patience.pause(&format!("{passed} of {} instances have passed the status checks", ids.len())).await?;
    }
}
