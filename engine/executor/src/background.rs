//! `async`: tasks whose module runs as a job of its own, and waiting for it.

use std::time::Duration;

use kapell_parsing::{Key, Map, Origin, Value};
use kapell_protocol::Job;
use kapell_template::{Variable, VariableSource};

use crate::action::{ActionContext, ActionError, look_at_job};
use crate::error_report::ErrorReport;
use crate::resolve::{Background, ResolvedTask};
use crate::task_executor::HostTask;
use crate::{Event, TaskResult};

/// Actions that run on the control node and yet hand their module over whole.
const SUPPORTED: &[&str] = &["command", "dnf", "dnf5", "package", "service", "shell", "uri", "yum"];
/// Modules without a controller half here, but with one in ansible-core, which has no jobs for it.
const UNSUPPORTED: &[&str] = &["assemble", "reboot", "unarchive"];

/// Whether `action` (fully qualified) can run as a job.
pub(crate) fn is_supported(action: &str) -> bool {
    let name = action.strip_prefix("ansible.builtin.").unwrap_or(action);
    SUPPORTED.contains(&name) || (!crate::action::is_action(action) && !UNSUPPORTED.contains(&name))
}

/// The job the task is to wait for.
pub(crate) fn awaited(task: &ResolvedTask, started: &TaskResult) -> Option<String> {
    task.background.filter(|background| background.poll > 0)?;
    if started.is_failed() || started.unreachable || started.is_skipped() {
        return None;
    }
    started.data.get("ansible_job_id").map(Value::to_string)
}

impl ActionContext<'_> {
    /// Where jobs of this host leave their results.
    pub(crate) fn async_dir(&self) -> Result<String, ActionError> {
        let Some(Variable::Value(written)) = self.vars.get("ansible_async_dir") else {
            return Ok(self.run.settings.async_dir.clone());
        };
        Ok(self.run.templar.render(&written, &self.vars.as_source(), self.cx)?.to_string())
    }

    pub(crate) fn job(&self, background: Background) -> Result<Job, ActionError> {
        let number = rand::random_range(0..1_000_000_000_000);
        Ok(Job { directory: self.async_dir()?, number, limit: background.limit })
    }
}

impl HostTask {
    /// Looks at `job` until it has ended or its time is up, and returns its result.
    pub(crate) async fn await_job(&self, job: String, task: &ResolvedTask, cx: &ActionContext<'_>) -> TaskResult {
        let Some(background) = task.background else { return TaskResult::new(Map::new()) };
        let args =
            |mode: &str| Map::from_iter([("jid", job.as_str()), ("mode", mode)].map(|(k, v)| (Key::from(k), v.into())));
        let mut left = background.limit as i64;
        let mut last = None;
        while left > 0 {
            tokio::time::sleep(Duration::from_secs(background.poll)).await;
            // One look that fails on the way is no reason to give the job up.
            let look = match look_at_job(task, cx, args("status")).await {
                Ok(look) => look,
                Err(ActionError::Failed(failure)) => failure.into_result(&self.task.origin),
                Err(ActionError::Unreachable(message)) => TaskResult::unreachable(message),
            };
            let has_ended = is_finished(&look);
            last = Some(look);
            if has_ended {
                break;
            }
            left -= background.poll as i64;
            if left > 0 {
                self.run.emit(Event::JobPoll { host: self.host.clone(), job: job.clone() });
            }
        }
        let result = match last {
            Some(look) if is_finished(&look) || look.unreachable => look,
            last => out_of_time(background, last, &self.task.origin),
        };
        if !result.unreachable {
            let _ = look_at_job(&ResolvedTask { check: false, ..task.clone() }, cx, args("cleanup")).await;
        }
        self.run.emit(Event::JobEnd { host: self.host.clone(), job, failed: result.is_failed() });
        result
    }
}

fn is_finished(look: &TaskResult) -> bool {
    !look.unreachable && look.data.get("finished").is_some_and(Value::is_truthy)
}

fn out_of_time(background: Background, last: Option<TaskResult>, origin: &Origin) -> TaskResult {
    let mut result = TaskResult::new(Map::new());
    if let Some(look) = last {
        let state = look.data.iter().filter(|(key, _)| !matches!(key.as_str(), Some("changed" | "invocation")));
        result.set("async_result", Value::map(state.map(|(key, value)| (key.clone(), value.clone())).collect()));
    }
    result.set("changed", false);
    result.set("failed", true);
    let message = format!("async task did not complete within the requested time - {}s", background.limit);
    result.error = Some(ErrorReport::new(format!("Task failed: Action failed: {message}"), Some(origin)));
    result.set("msg", message);
    result
}
