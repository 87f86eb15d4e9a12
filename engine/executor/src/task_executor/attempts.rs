//! Doing one item, again and again where the task has retries, and what to tell of a failure.

use std::sync::Arc;
use std::time::Duration;

use kapell_parsing::{Map, Value};
use kapell_template::RenderContext;

use super::{Frame, HostTask, Prepared, TaskOutcome};
use crate::action::{self, ActionContext, ActionError, Effects};
use crate::background;
use crate::condition::{self, Verdict};
use crate::error_report::ErrorReport;
use crate::resolve::{Keywords, ResolvedTask};
use crate::variables::HostVariables;
use crate::{Event, TaskResult};

impl HostTask {
    /// Runs the action, again while `until` says so.
    pub(super) async fn attempt(&self, frame: &Frame, prepared: Prepared, item_vars: Option<&Map>) -> TaskOutcome {
        let Prepared { resolved, spec, vars } = prepared;
        let keywords = self.keywords(&vars, &frame.cx);
        let retry = match Retry::read(&keywords) {
            Ok(retry) => retry,
            Err(report) => return TaskOutcome::new(&self.host, TaskResult::failed(self.in_task(report))),
        };
        let cx = ActionContext { run: &self.run, host: &self.host, vars: &vars, cx: &frame.cx, spec: &spec, item_vars };
        let mut attempt = 1;
        loop {
            let (mut result, effects) = self.act(&resolved, &cx).await;
            if let Some(job) = background::awaited(&resolved, &result) {
                result = self.await_job(job, &resolved, &cx).await;
            }
            result.no_log |= resolved.no_log;
            if retry.attempts > 1 {
                result.set("attempts", attempt as i64);
            }
            self.apply_verdicts(&frame.resolution.action, &mut result, &vars, &frame.cx);
            let done = match retry.is_done(self, &result, &vars, &frame.cx) {
                Ok(done) => done,
                Err(report) => return TaskOutcome::new(&self.host, TaskResult::failed(self.in_task(report))),
            };
            if retry.attempts > 1 {
                // A task that gives up reports its retries, not the first try.
                let shown = if done { attempt } else { attempt.min(retry.attempts - 1) };
                result.set("attempts", shown as i64);
                result.attempts = Some(shown);
            }
            if done || attempt >= retry.attempts || result.unreachable {
                if !done {
                    result.set("failed", true);
                    result.excused = matches!(result.data.get("failed_when_result"), Some(Value::Bool(false)));
                }
                return self.outcome(result, effects, resolved);
            }
            result.set("retries", retry.attempts as i64);
            self.run.emit(Event::Retry {
                host: self.host.clone(),
                task: Arc::clone(&self.info),
                retries_left: retry.attempts - attempt,
                result,
            });
            tokio::time::sleep(retry.delay).await;
            attempt += 1;
        }
    }

    pub(super) fn failure_report(&self, result: &TaskResult, task: &ResolvedTask) -> ErrorReport {
        let is_action = task.plugin.is_some()
            || action::is_action(&task.action) && !result.by_module && task.action != "ansible.builtin.async_status";
        let kind = if is_action { "Action" } else { "Module" };
        let detail = match result.data.get("msg").map(Value::to_string) {
            // What a module does here that is an action there fails as one, and says so itself.
            Some(text) if !is_action && !result.no_log && text.starts_with("Task failed: ") => text,
            Some(text) if !text.is_empty() && !result.no_log => {
                let text = text.strip_prefix("Task failed: Action failed: ").unwrap_or(&text);
                match result.data.get("exception").and_then(Value::as_str) {
                    // What the module was told by the system; a traceback is for nobody.
                    Some(cause) if !cause.starts_with("Traceback") && !text.contains(cause) => {
                        format!("Task failed: {kind} failed: {}: {cause}", text.trim_end_matches('.'))
                    }
                    _ => format!("Task failed: {kind} failed: {text}"),
                }
            }
            _ => "Task failed: Action failed.".to_owned(),
        };
        ErrorReport::new(detail, Some(&self.task.origin))
    }

    async fn act(&self, resolved: &ResolvedTask, cx: &ActionContext<'_>) -> (TaskResult, Effects) {
        // The node's own limit only matters when this one cannot be heard there: it lies a second later.
        let bounded = resolved.timeout.map(|limit| ResolvedTask { timeout: Some(limit + 1), ..resolved.clone() });
        let running = action::run(bounded.as_ref().unwrap_or(resolved), cx);
        let ended = match resolved.timeout {
            None => running.await,
            Some(seconds) => match tokio::time::timeout(Duration::from_secs(seconds), running).await {
                Ok(ended) => ended,
                Err(_) => return (self.timed_out(seconds), Effects::default()),
            },
        };
        match ended {
            Ok(output) => (output.result, output.effects),
            Err(ActionError::Failed(failure)) => (failure.into_result(&self.task.origin), Effects::default()),
            Err(ActionError::Unreachable(message)) => {
                let message = format!("Task failed: {message}");
                let mut result = TaskResult::unreachable(message.as_str());
                result.error = Some(ErrorReport::new(message, Some(&self.task.origin)));
                (result, Effects::default())
            }
        }
    }

    fn timed_out(&self, seconds: u64) -> TaskResult {
        let report = self.in_task(ErrorReport::new(format!("Timed out after {seconds} second(s)."), None));
        let mut result = TaskResult::failed(report);
        let note = "Configure `DISPLAY_TRACEBACK` to see a traceback on timeout errors.";
        let period = [("frame".into(), note.into()), ("period".into(), (seconds as i64).into())];
        result.set("timedout", Value::map(Map::from_iter(period)));
        result
    }
}

/// `until`, `retries` and `delay`.
struct Retry {
    until: Option<Value>,
    attempts: u64,
    delay: Duration,
}

impl Retry {
    fn read(keywords: &Keywords<'_>) -> Result<Self, ErrorReport> {
        let retries = keywords.integer("retries", "retries")?.map(|retries| retries.max(0) as u64);
        // Where nothing is tried again, nobody asks whether it has to be.
        let asks = |until: &&Value| !until.is_null() && !until.as_list().is_some_and(<[Value]>::is_empty);
        let until = keywords.scope.own("until").filter(|until| asks(until) && retries != Some(0)).cloned();
        let attempts = match (&until, retries) {
            (None, None) => 1,
            (_, Some(retries)) => retries + 1,
            (Some(_), None) => 4,
        };
        let delay = keywords.number("delay")?.unwrap_or(5.0).max(0.0);
        Ok(Self { until, attempts, delay: Duration::from_secs_f64(delay) })
    }

    fn is_done(
        &self,
        task: &HostTask,
        result: &TaskResult,
        vars: &HostVariables,
        cx: &RenderContext,
    ) -> Result<bool, ErrorReport> {
        let Some(until) = &self.until else { return Ok(!result.is_failed()) };
        let source = task.with_registered(vars, result).as_source();
        let verdict = condition::judge(&task.run.templar, &condition::as_list(until), &source, cx);
        verdict.map(|verdict| matches!(verdict, Verdict::True)).map_err(|error| error.report())
    }
}
