//! `ansible.builtin.wait_for_connection`: tries until the host answers.

use std::time::{Duration, Instant};

use kapell_connection::Blobs;
use kapell_parsing::Map;

use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput, text_arg};
use crate::TaskResult;
use crate::resolve::ResolvedTask;

pub(super) static ACTION: Action = Action { name: "wait_for_connection", run: start };

const KNOWN: [&str; 4] = ["connect_timeout", "delay", "sleep", "timeout"];

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(run(task, cx))
}

async fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    if task.check {
        return Ok(TaskResult::untold_in_check_mode().into());
    }
    if let Some(unknown) = task.args.keys().map(ToString::to_string).find(|key| !KNOWN.contains(&key.as_str())) {
        return Err(ActionError::failed(format!("Invalid options for {}: {unknown}", task.task.action)));
    }
    let seconds = |name: &str, default: f64| -> Result<Duration, ActionError> {
        let number = text_arg(&task.args, name).map_or(Ok(default), |text| text.trim().parse());
        let number = number.map_err(|_| ActionError::failed(format!("argument '{name}' is not a number")))?;
        Ok(Duration::from_secs_f64(number.max(0.0)))
    };
    let (delay, sleep) = (seconds("delay", 0.0)?, seconds("sleep", 1.0)?);
    let (attempt_timeout, timeout) = (seconds("connect_timeout", 5.0)?, seconds("timeout", 600.0)?);
    let began = Instant::now();
    tokio::time::sleep(delay).await;
    loop {
        cx.reset().await;
        let (no_args, no_blobs) = (Map::new(), Blobs::default());
        let ping = cx.call_module(task, "ansible.builtin.ping", &no_args, &no_blobs);
        let answer = tokio::time::timeout(attempt_timeout, ping).await;
        if let Ok(Ok(result)) = &answer
            && !result.is_failed()
        {
            let mut result = TaskResult::new(Map::new());
            result.set("changed", false);
            result.set("elapsed", began.elapsed().as_secs() as i64);
            return Ok(result.into());
        }
        if began.elapsed() >= timeout {
            let reason = match answer {
                Ok(Err(ActionError::Unreachable(message))) => message,
                _ => "no answer".to_owned(),
            };
            let mut result = TaskResult::refused(format!("timed out waiting for ping module test: {reason}"));
            result.set("elapsed", began.elapsed().as_secs() as i64);
            return Ok(result.into());
        }
        tokio::time::sleep(sleep).await;
    }
}
