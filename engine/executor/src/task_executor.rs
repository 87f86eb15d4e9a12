//! One task on one host: its loop, its conditions, its retries. Ends in a `TaskOutcome` that the dispatcher records.

mod attempts;
mod items;
mod outcome;

use std::sync::Arc;

use kapell_connection::ConnectionSpec;
use kapell_parsing::{Map, Text, Value};
use kapell_playbook::Task;
use kapell_template::{RenderContext, is_omit};

use crate::action::{self, Effects};
use crate::condition::{self, Verdict};
use crate::connection_variables::connection_spec;
use crate::debugger;
use crate::error_report::ErrorReport;
use crate::loops;
use crate::module_run::{self, Resolution};
use crate::resolve::{self, Keywords, ResolvedTask};
use crate::variables::HostVariables;
use crate::{Event, Run, TaskInfo, TaskResult};

pub use self::outcome::TaskOutcome;
use self::outcome::failed_task;

/// A task to be done on one host, with everything it needs: runs on its own, touches nothing shared but events.
pub struct HostTask {
    pub run: Arc<Run>,
    pub host: String,
    pub task: Arc<Task>,
    pub vars: HostVariables,
    pub info: Arc<TaskInfo>,
    pub overrides: Overrides,
}

/// What the debugger changed for doing a task again.
#[derive(Clone, Default)]
pub struct Overrides {
    /// Instead of the task's own arguments, rendered.
    pub args: Option<Map>,
    pub vars: Map,
}

/// Keywords of a task that hold for all items of its loop.
struct Frame {
    vars: HostVariables,
    cx: RenderContext,
    resolution: Resolution,
}

impl HostTask {
    /// Never fails as such: whatever goes wrong is the result.
    pub async fn execute(self) -> TaskOutcome {
        self.run.emit(Event::HostStart { host: self.host.clone(), task: Arc::clone(&self.info) });
        let frame = match self.frame() {
            Ok(frame) => frame,
            Err(report) => return TaskOutcome::new(&self.host, TaskResult::failed(self.in_task(report))),
        };
        let mut outcome = match loops::items(&self.run, &self.task, &frame.vars, &frame.cx) {
            Ok(None) => {
                let mut outcome = self.run_item(&frame, &frame.vars, None).await;
                if self.run.options.verbosity < 3 {
                    outcome.result.invocation = outcome.result.data.shift_remove("invocation");
                }
                outcome
            }
            Ok(Some(items)) => Box::pin(self.run_loop(&frame, items)).await,
            Err(error) => self.without_items(&frame, error),
        };
        self.finish(&frame, &mut outcome);
        if outcome.failed_task.is_null() {
            outcome.failed_task = failed_task(&self.task, self.task.args.as_map().cloned().unwrap_or_default());
        }
        outcome
    }

    fn frame(&self) -> Result<Frame, ErrorReport> {
        let mut vars = self.vars.clone();
        if !self.overrides.vars.is_empty() {
            vars = vars.with_locals(&self.overrides.vars);
        }
        let cx = resolve::render_context(&self.task.scope, self.vars.world().play.as_deref());
        let action = self.action_name(&vars, &cx)?;
        let resolution = module_run::resolve(&self.run, &action, &self.task);
        Ok(Frame { vars, cx, resolution })
    }

    /// The name may be a template: `action: "{{ ansible_facts.pkg_mgr }}"`.
    fn action_name(&self, vars: &HostVariables, cx: &RenderContext) -> Result<String, ErrorReport> {
        let written = &self.task.action;
        if !written.is_template() {
            return Ok(written.to_string());
        }
        let rendered = self.run.templar.render(&Value::Str(written.clone()), &vars.as_source(), cx);
        rendered.map(|name| name.to_string()).map_err(|error| ErrorReport::of_template(&error, written.origin()))
    }

    fn in_task(&self, report: ErrorReport) -> ErrorReport {
        report.wrap("Task failed.", Some(&self.task.origin))
    }

    /// No items: skipped when a condition says so anyway, else an error.
    fn without_items(&self, frame: &Frame, error: loops::LoopError) -> TaskOutcome {
        let result = match self.conditions(&frame.vars, &frame.cx) {
            Ok(Verdict::False(condition)) => TaskResult::skipped("Conditional result was False", Some(condition)),
            _ => {
                let is_value = matches!(error, loops::LoopError::NotAList(_));
                let mut result = TaskResult::failed(error.into_report(&self.task));
                if is_value {
                    result.data.shift_remove("changed");
                }
                result
            }
        };
        TaskOutcome::new(&self.host, result)
    }

    fn conditions(&self, vars: &HostVariables, cx: &RenderContext) -> Result<Verdict, ErrorReport> {
        let conditions = self.task.scope.conditions();
        for deprecation in conditions.iter().filter_map(|condition| condition::deprecated_delimiters(condition)) {
            self.run.emit(Event::Diagnostic(deprecation));
        }
        condition::judge(&self.run.templar, &conditions, &vars.as_source(), cx)
            .map_err(|error| self.in_task(error.report()))
    }

    /// One item, or the whole task when it does not loop.
    async fn run_item(&self, frame: &Frame, vars: &HostVariables, item_vars: Option<&Map>) -> TaskOutcome {
        let delegate_to = match self.delegate(vars, &frame.cx) {
            Ok(delegate_to) => delegate_to,
            Err((report, written)) => {
                let delegated_to = Some(written.to_string());
                return TaskOutcome { delegated_to, ..TaskOutcome::new(&self.host, TaskResult::failed(report)) };
            }
        };
        let vars = &match &delegate_to {
            Some(host) => vars.with_delegate(host),
            None => vars.clone(),
        };
        match self.conditions(vars, &frame.cx) {
            Ok(Verdict::True) => {}
            Ok(Verdict::False(condition)) => {
                let condition = condition.with_trust(kapell_parsing::Trust::Untrusted);
                let result = TaskResult::skipped("Conditional result was False", Some(condition));
                return TaskOutcome::new(&self.host, result);
            }
            Err(report) => return TaskOutcome::new(&self.host, TaskResult::failed(report)),
        }
        let prepared = match self.prepare(frame, vars, delegate_to.clone()) {
            Ok(prepared) => prepared,
            Err(report) => {
                let result = TaskResult::failed(report);
                return TaskOutcome { delegated_to: delegate_to, ..TaskOutcome::new(&self.host, result) };
            }
        };
        let mut outcome = Box::pin(self.attempt(frame, prepared, item_vars)).await;
        outcome.result.delegate = delegate_to.as_ref().map(|host| self.reach(host, vars, &frame.cx));
        let address = outcome.result.delegate.as_ref().and_then(|delegate| delegate.get("ansible_host"));
        if let (Some(told), Some(address)) = (&mut outcome.delegated_to, address.map(Value::to_string))
            && *told != address
        {
            *told = format!("{told}({address})");
        }
        outcome
    }

    /// The variables by which a task reaches the host it is delegated to.
    fn reach(&self, host: &str, vars: &HostVariables, cx: &RenderContext) -> Map {
        let of_host = vars.of_delegate(host);
        let rendered = |value: Value| self.run.templar.render(&value, &of_host.as_source(), cx).ok();
        let value = |name: &str| of_host.lookup_named(name).and_then(rendered);
        let address = value("ansible_host").unwrap_or_else(|| host.into());
        let connection = value("ansible_connection").unwrap_or_else(|| {
            let is_here = matches!(host, "localhost" | "127.0.0.1" | "::1");
            if is_here { "local".into() } else { Value::Null }
        });
        let others = ["ansible_port", "ansible_user"].map(|name| (name.into(), value(name).unwrap_or(Value::Null)));
        let known = [("ansible_host".into(), address), ("ansible_connection".into(), connection)];
        known.into_iter().chain(others).collect()
    }

    /// The host this item is delegated to. An empty name is none where it is written, and refused where a template gives
    /// it: the task would run on another host than was meant.
    fn delegate(&self, vars: &HostVariables, cx: &RenderContext) -> Result<Option<String>, (ErrorReport, Value)> {
        let Some(written) = self.task.scope.inherited("delegate_to") else { return Ok(None) };
        match self.run.templar.render(written, &vars.as_source(), cx) {
            Ok(value) if is_omit(&value) => Ok(None),
            Ok(value) if value.is_null() || value.as_str() == Some("") => {
                if !written.as_text().is_some_and(Text::is_template) {
                    return Ok(None);
                }
                let message = format!("Empty hostname produced from delegate_to: \"{written}\"");
                Err((self.in_task(ErrorReport::new(message, None)), written.clone()))
            }
            Ok(value) => Ok(Some(value.to_string())),
            Err(error) => Err((self.in_task(ErrorReport::of_template(&error, written.origin())), written.clone())),
        }
    }

    /// Keywords, arguments and connection of this item.
    fn prepare(
        &self,
        frame: &Frame,
        vars: &HostVariables,
        delegate_to: Option<String>,
    ) -> Result<Prepared, ErrorReport> {
        let vars = vars.clone();
        let keywords = self.keywords(&vars, &frame.cx);
        let resolved = self.resolve(frame, &keywords, delegate_to).map_err(|report| self.in_task(report))?;
        let target = match &resolved.delegate_to {
            Some(host) if *host != self.host => vars.of_delegate(host),
            _ => vars.clone(),
        };
        for name in ["become_method", "become_user", "become_exe", "become_flags"] {
            keywords.string(name).map_err(|report| self.in_task(report))?;
        }
        for name in ["run_once", "ignore_errors", "ignore_unreachable", "any_errors_fatal"] {
            keywords.bool(name).map_err(|report| self.in_task(report))?;
        }
        keywords.integer("throttle", "throttle").map_err(|report| self.in_task(report))?;
        debugger::check(&keywords).map_err(|report| self.in_task(report))?;
        let delegated = resolved.delegate_to.is_some();
        let spec = connection_spec(&keywords, &target, delegated).map_err(|report| self.in_task(report))?;
        Ok(Prepared { resolved, spec, vars })
    }

    fn keywords<'a>(&'a self, vars: &'a HostVariables, cx: &'a RenderContext) -> Keywords<'a> {
        Keywords { run: &self.run, vars, scope: &self.task.scope, cx }
    }

    fn resolve(
        &self,
        frame: &Frame,
        keywords: &Keywords<'_>,
        delegate_to: Option<String>,
    ) -> Result<ResolvedTask, ErrorReport> {
        let args = match &self.overrides.args {
            Some(args) => args.clone(),
            None => action::arguments(&self.run, &self.task, &frame.resolution.action, keywords.vars, &frame.cx)?,
        };
        Ok(ResolvedTask {
            task: Arc::clone(&self.task),
            info: Arc::clone(&self.info),
            action: frame.resolution.action.clone(),
            foreign: frame.resolution.foreign.clone(),
            controller: frame.resolution.controller,
            plugin: frame.resolution.plugin.clone(),
            args,
            check: keywords.bool("check_mode")?.unwrap_or(self.run.options.check),
            diff: keywords.bool("diff")?.unwrap_or(self.run.options.diff),
            no_log: keywords.bool("no_log")?.unwrap_or(self.run.settings.no_log),
            environment: keywords.environment()?,
            background: keywords.background()?,
            timeout: keywords
                .integer("timeout", "timeout")?
                .and_then(|seconds| u64::try_from(seconds).ok())
                .filter(|seconds| *seconds > 0),
            delegate_to,
            delegate_facts: keywords.bool("delegate_facts")?.unwrap_or(false),
            notify: keywords.notified()?,
        })
    }

    fn outcome(&self, mut result: TaskResult, mut effects: Effects, resolved: ResolvedTask) -> TaskOutcome {
        result.complete_deprecations(None);
        self.take_facts(&mut result, &mut effects, &resolved);
        effects.notify.clone_from(&resolved.notify);
        if result.says_failed() && result.error.is_none() {
            result.error = Some(self.failure_report(&result, &resolved));
        }
        let delegated_to = resolved.delegate_to.clone().filter(|host| *host != self.host);
        let failed_task = failed_task(&resolved.task, resolved.args.clone());
        TaskOutcome { effects, delegated_to, diff: resolved.diff, failed_task, ..TaskOutcome::new(&self.host, result) }
    }

    fn with_registered(&self, vars: &HostVariables, result: &TaskResult) -> HostVariables {
        match self.register_name() {
            Some(name) => vars.with_local(&name, result.registered()),
            None => vars.clone(),
        }
    }

    fn register_name(&self) -> Option<String> {
        self.task.scope.own("register").and_then(Value::as_str).map(str::to_owned)
    }

    /// `changed_when`, then `failed_when`.
    fn apply_verdicts(&self, action: &str, result: &mut TaskResult, vars: &HostVariables, cx: &RenderContext) {
        if result.unreachable || result.is_skipped() {
            return;
        }
        for (keyword, flag, note) in
            [("changed_when", "changed", "changed_when_result"), ("failed_when", "failed", "failed_when_result")]
        {
            let Some(written) = self.task.scope.own(keyword) else { continue };
            if written.as_list().is_some_and(<[Value]>::is_empty) {
                continue;
            }
            let source = self.with_registered(vars, result).as_source();
            match condition::judge(&self.run.templar, &condition::as_list(written), &source, cx) {
                Ok(verdict) => {
                    let holds = matches!(verdict, Verdict::True);
                    let suppresses = keyword == "failed_when" && !holds && result.is_failed();
                    result.set(flag, holds);
                    if keyword == "failed_when" {
                        result.set(note, holds);
                        if !holds {
                            result.error = None;
                        }
                    }
                    if suppresses {
                        result.suppress_exception(action);
                    }
                }
                Err(error) => {
                    result.set("failed", true);
                    result.set(note, error.report().message());
                }
            }
        }
    }

    /// Facts in a result become the host's facts, or the delegate's when asked for.
    fn take_facts(&self, result: &mut TaskResult, effects: &mut Effects, resolved: &ResolvedTask) {
        if result.is_failed() || action::sets_variables(&resolved.action) {
            return;
        }
        if let Some(Value::Map(facts)) = result.data.get("ansible_facts") {
            let host = resolved.delegate_to.as_ref().filter(|_| resolved.delegate_facts).unwrap_or(&self.host);
            let mut facts = facts.as_ref().clone();
            if resolved.action == "ansible.builtin.gather_facts" {
                facts.insert("_ansible_facts_gathered".into(), true.into());
            }
            effects.facts.push((host.clone(), facts));
        }
    }

    /// What is asked once per task: what to ignore, what to register, whom to notify.
    fn finish(&self, frame: &Frame, outcome: &mut TaskOutcome) {
        let keywords = self.keywords(&frame.vars, &frame.cx);
        // Text that is no flag counts as one that is set, although the task fails for it.
        let is_text =
            || self.task.scope.inherited("ignore_errors").and_then(Value::as_text).is_some_and(|t| !t.is_template());
        outcome.ignore_errors = keywords.bool("ignore_errors").map_or_else(|_| is_text(), |set| set.unwrap_or(false));
        let ignore_unreachable = keywords.bool("ignore_unreachable");
        // In a loop it may depend on the item.
        outcome.ignore_unreachable = ignore_unreachable.map_or(outcome.ignore_unreachable, |set| set.unwrap_or(false));
        outcome.result.no_log |= self.is_secret(&keywords);
        if let Some(name) = self.register_name() {
            outcome.effects.register = Some((name, outcome.result.registered()));
        }
        // A change of any item notifies for all of them.
        if !outcome.result.is_changed() || outcome.result.is_failed() {
            outcome.effects.notify.clear();
        }
    }

    /// Asked apart from the call as well: items that are skipped have their secrets, too.
    fn is_secret(&self, keywords: &Keywords<'_>) -> bool {
        keywords.bool("no_log").ok().flatten().unwrap_or(self.run.settings.no_log)
    }
}

struct Prepared {
    resolved: ResolvedTask,
    spec: ConnectionSpec,
    vars: HostVariables,
}
