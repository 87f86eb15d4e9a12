//! One task on one host: its loop, its conditions, its retries. Ends in a `TaskOutcome` that the dispatcher records.

use std::sync::Arc;
use std::time::Duration;

use kapell_connection::ConnectionSpec;
use kapell_parsing::{Key, Map, Value};
use kapell_playbook::Task;
use kapell_template::{RenderContext, is_omit};

use crate::action::{self, ActionContext, ActionError, Effects};
use crate::background;
use crate::condition::{self, Verdict};
use crate::connection_variables::connection_spec;
use crate::debugger;
use crate::error_report::ErrorReport;
use crate::event::HostResult;
use crate::loops::{self, LoopControl};
use crate::module_run::{self, Resolution};
use crate::resolve::{self, Keywords, ResolvedTask};
use crate::run_state::World;
use crate::variables::{HostVariables, TaskVariables, load_for_host};
use crate::{Event, Run, TaskInfo, TaskResult, TaskStatus};

/// A task to be done on one host, with everything it needs: runs on its own, touches nothing shared but events.
pub struct HostTask {
    pub run: Arc<Run>,
    pub world: World,
    pub host: String,
    pub task: Arc<Task>,
    pub variables: Arc<TaskVariables>,
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

/// What came of it.
pub struct TaskOutcome {
    pub host: String,
    pub result: TaskResult,
    pub effects: Effects,
    pub ignore_errors: bool,
    pub ignore_unreachable: bool,
    pub delegated_to: Option<String>,
    pub diff: bool,
    /// The rendered task in the way `ansible_failed_task` shows it.
    pub failed_task: Value,
}

impl TaskOutcome {
    /// A failure that is not the task's own: its include could not be loaded.
    pub fn failed(host: &str, result: TaskResult) -> Self {
        Self::new(host, result)
    }

    fn new(host: &str, result: TaskResult) -> Self {
        Self {
            host: host.to_owned(),
            result,
            effects: Effects::default(),
            ignore_errors: false,
            ignore_unreachable: false,
            delegated_to: None,
            diff: false,
            failed_task: Value::Null,
        }
    }
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
        let mut vars = HostVariables::new(&self.run, &self.world, &self.host, Some(&self.variables));
        if let Some(play) = &self.world.play
            && !play.host_vars_files.is_empty()
        {
            let loaded = load_for_host(&self.run, &play.host_vars_files, &vars, &play.play.basedir)
                .map_err(|diagnostic| ErrorReport { causes: vec![diagnostic] })?;
            vars = vars.with_layer_over_play(loaded);
        }
        if !self.overrides.vars.is_empty() {
            vars = vars.with_locals(&self.overrides.vars);
        }
        let cx = resolve::render_context(&self.task.scope, self.world.play.as_deref());
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

    async fn run_loop(&self, frame: &Frame, items: Vec<Value>) -> TaskOutcome {
        let keywords = self.keywords(&frame.vars, &frame.cx);
        let control = match LoopControl::read(&keywords) {
            Ok(control) => control,
            Err(report) => return TaskOutcome::new(&self.host, TaskResult::failed(self.in_task(report))),
        };
        if kapell_template::VariableSource::get(&frame.vars, &control.variable).is_some() {
            self.run.emit(Event::Diagnostic(control.collision()));
        }
        let mut total = LoopTotal { excused: true, ..LoopTotal::default() };
        let mut carried = Map::new();
        let (count, all) = (items.len(), Value::list(items));
        for index in 0..count {
            if index > 0 && control.pause > 0.0 {
                tokio::time::sleep(Duration::from_secs_f64(control.pause)).await;
            }
            let item_vars = control.variables(&all, index);
            let vars = frame.vars.with_locals(&carried).with_locals(&item_vars);
            let label = self.label(&control, &vars, &frame.cx);
            let mut outcome = self.run_item(frame, &vars, Some(&item_vars)).await;
            carried.extend(self.carry_over(&outcome));
            Self::describe_item(&mut outcome.result, &control, &item_vars);
            outcome.ignore_unreachable =
                self.keywords(&vars, &frame.cx).bool("ignore_unreachable").ok().flatten().unwrap_or(false);
            let label = label.unwrap_or_else(|message| {
                outcome.result.set("failed", true);
                outcome.result.set("msg", message);
                "None".to_owned()
            });
            outcome.effects.includes.iter_mut().for_each(|include| include.item_label = Some(label.clone()));
            self.emit_item(&outcome, &label);
            match self.breaks(&control, &vars, &frame.cx, &outcome.result) {
                Ok(false) => total.add(outcome),
                Ok(true) => {
                    total.add(outcome);
                    break;
                }
                Err(report) => {
                    let mut result = TaskResult::failed(report);
                    result.data.shift_remove("changed");
                    return TaskOutcome::new(&self.host, result);
                }
            }
        }
        total.into_outcome(&self.host)
    }

    /// `set_fact` in a loop is seen by the next item, except where extra vars win.
    fn carry_over(&self, outcome: &TaskOutcome) -> Map {
        let extra = &self.run.options.extra_vars;
        let set = outcome.effects.variables.iter().chain(&outcome.effects.included);
        set.filter(|(key, _)| !extra.contains_key(*key)).map(|(k, v)| (k.clone(), v.clone())).collect()
    }

    fn breaks(
        &self,
        control: &LoopControl,
        vars: &HostVariables,
        cx: &RenderContext,
        result: &TaskResult,
    ) -> Result<bool, ErrorReport> {
        if control.break_when.is_empty() {
            return Ok(false);
        }
        let vars = self.with_registered(vars, result).as_source();
        let conditions: Vec<&Value> = control.break_when.iter().collect();
        let verdict = condition::judge(&self.run.templar, &conditions, &vars, cx);
        verdict.map(|verdict| matches!(verdict, Verdict::True)).map_err(|error| error.report())
    }

    /// What stands for the item in the output; otherwise what is wrong with it.
    fn label(&self, control: &LoopControl, vars: &HostVariables, cx: &RenderContext) -> Result<String, String> {
        let Some(label) = &control.label else { return Ok(vars_item(vars, &control.variable)) };
        let rendered = self.run.templar.render(label, &vars.as_source(), cx);
        rendered
            .map(|value| value.to_string())
            .map_err(|error| format!("Failed to template loop_control.label: {error}"))
    }

    fn describe_item(result: &mut TaskResult, control: &LoopControl, item_vars: &Map) {
        result.set("ansible_loop_var", control.variable.as_str());
        for key in [Some(control.variable.as_str()), control.index_variable.as_deref(), Some("ansible_loop")] {
            if let Some(key) = key
                && let Some(value) = item_vars.get(key)
            {
                result.set(key, value.clone());
            }
        }
        if let Some(name) = &control.index_variable {
            result.set("ansible_index_var", name.as_str());
        }
    }

    fn emit_item(&self, outcome: &TaskOutcome, label: &str) {
        if !outcome.effects.includes.is_empty() {
            return;
        }
        if let Some(error) = &outcome.result.error {
            self.run.turn_to(&self.info);
            self.run.emit(Event::TaskError(error.clone()));
        }
        self.run.emit(Event::ItemResult(HostResult {
            host: self.host.clone(),
            delegated_to: outcome.delegated_to.clone(),
            task: Arc::clone(&self.info),
            status: match outcome.result.status() {
                TaskStatus::Unreachable => TaskStatus::Failed,
                status => status,
            },
            result: outcome.result.clone(),
            item_label: Some(label.to_owned()),
            ignore_errors: outcome.ignore_errors,
            diff_mode: outcome.diff,
        }));
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
        self.attempt(frame, prepared, item_vars).await
    }

    /// The host this item is delegated to; an empty name is none.
    fn delegate(&self, vars: &HostVariables, cx: &RenderContext) -> Result<Option<String>, (ErrorReport, Value)> {
        let Some(written) = self.task.scope.inherited("delegate_to") else { return Ok(None) };
        match self.run.templar.render(written, &vars.as_source(), cx) {
            Ok(value) if value.is_null() || is_omit(&value) => Ok(None),
            Ok(value) => Ok(Some(value.to_string()).filter(|name| !name.is_empty())),
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
            plugin: frame.resolution.plugin.clone(),
            args,
            check: keywords.bool("check_mode")?.unwrap_or(self.run.options.check),
            diff: keywords.bool("diff")?.unwrap_or(self.run.options.diff),
            no_log: keywords.bool("no_log")?.unwrap_or(self.run.settings.no_log),
            environment: keywords.environment()?,
            background: keywords.background()?,
            timeout: keywords.number("timeout")?.map(|seconds| seconds as u64).filter(|seconds| *seconds > 0),
            delegate_to,
            delegate_facts: keywords.bool("delegate_facts")?.unwrap_or(false),
            notify: keywords.notified()?,
        })
    }

    /// Runs the action, again while `until` says so.
    async fn attempt(&self, frame: &Frame, prepared: Prepared, item_vars: Option<&Map>) -> TaskOutcome {
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
                return self.outcome(result, effects, resolved, &spec);
            }
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

    fn outcome(
        &self,
        mut result: TaskResult,
        mut effects: Effects,
        resolved: ResolvedTask,
        spec: &ConnectionSpec,
    ) -> TaskOutcome {
        self.take_facts(&mut result, &mut effects, &resolved);
        effects.notify.clone_from(&resolved.notify);
        if result.says_failed() && result.error.is_none() {
            result.error = Some(self.failure_report(&result, &resolved));
        }
        let delegated_to =
            resolved.delegate_to.as_ref().filter(|host| **host != self.host).map(|host| match &spec.address {
                address if address == host => host.clone(),
                address => format!("{host}({address})"),
            });
        let failed_task = failed_task(&resolved.task, resolved.args.clone());
        TaskOutcome { effects, delegated_to, diff: resolved.diff, failed_task, ..TaskOutcome::new(&self.host, result) }
    }

    fn failure_report(&self, result: &TaskResult, task: &ResolvedTask) -> ErrorReport {
        let is_action =
            task.plugin.is_some() || action::is_action(&task.action) && task.action != "ansible.builtin.async_status";
        let kind = if is_action { "Action" } else { "Module" };
        let detail = match result.data.get("msg").map(Value::to_string) {
            Some(text) if !text.is_empty() && !result.no_log => {
                let text = text.strip_prefix("Task failed: Module failed: ").unwrap_or(&text);
                let text = text.strip_prefix("Task failed: Action failed: ").unwrap_or(text);
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
        let running = action::run(resolved, cx);
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
        outcome.result.no_log |= keywords.bool("no_log").ok().flatten().unwrap_or(self.run.settings.no_log);
        if let Some(name) = self.register_name() {
            outcome.effects.register = Some((name, outcome.result.registered()));
        }
        // A change of any item notifies for all of them.
        if !outcome.result.is_changed() || outcome.result.is_failed() {
            outcome.effects.notify.clear();
        }
    }
}

struct Prepared {
    resolved: ResolvedTask,
    spec: ConnectionSpec,
    vars: HostVariables,
}

/// `until`, `retries` and `delay`.
struct Retry {
    until: Option<Value>,
    attempts: u64,
    delay: Duration,
}

impl Retry {
    fn read(keywords: &Keywords<'_>) -> Result<Self, ErrorReport> {
        let until = keywords.scope.own("until").filter(|until| !until.is_null()).cloned();
        let retries = keywords.number("retries")?.map(|retries| retries.max(0.0) as u64);
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

/// The items' results added up.
#[derive(Default)]
struct LoopTotal {
    results: Vec<Value>,
    changed: bool,
    failed: bool,
    /// No item counts as failed, whatever it says.
    excused: bool,
    unreachable: bool,
    /// An item could not reach its host, and does mind.
    lost: bool,
    all_skipped: bool,
    last: Option<TaskOutcome>,
    effects: Effects,
}

impl LoopTotal {
    fn add(&mut self, mut outcome: TaskOutcome) {
        let result = &outcome.result;
        self.changed |= result.is_changed();
        self.failed |= result.says_failed();
        self.excused &= !result.is_failed();
        self.unreachable |= result.unreachable;
        self.lost |= result.unreachable && !outcome.ignore_unreachable;
        self.all_skipped = result.is_skipped() && (self.results.is_empty() || self.all_skipped);
        self.results.push(result.registered());
        self.effects.append(std::mem::take(&mut outcome.effects));
        let is_worst = !self.last.as_ref().is_some_and(|last| last.result.is_failed());
        if is_worst || self.last.is_none() {
            self.last = Some(outcome);
        }
    }

    fn into_outcome(self, host: &str) -> TaskOutcome {
        let mut data = Map::new();
        data.insert("changed".into(), self.changed.into());
        let message = if self.failed { "One or more items failed" } else { "All items completed" };
        if self.failed {
            data.insert("failed".into(), true.into());
        }
        if self.unreachable {
            data.insert("unreachable".into(), true.into());
        }
        if self.results.is_empty() {
            data.insert("skipped".into(), true.into());
            data.insert("skipped_reason".into(), "No items in the list".into());
        } else if self.all_skipped {
            data.insert("msg".into(), "All items skipped".into());
            data.insert("skipped".into(), true.into());
        } else {
            data.insert("msg".into(), message.into());
            data.insert("skipped".into(), false.into());
        }
        data.insert(Key::from("results"), self.results.into());
        let mut result = TaskResult::new(data);
        result.excused = self.excused;
        result.unreachable = self.unreachable;
        let Some(last) = self.last else {
            return TaskOutcome { effects: self.effects, ..TaskOutcome::new(host, result) };
        };
        result.no_log = last.result.no_log;
        TaskOutcome { result, effects: self.effects, ignore_unreachable: !self.lost, ..last }
    }
}

fn vars_item(vars: &HostVariables, name: &str) -> String {
    use kapell_template::{Variable, VariableSource};
    match vars.get(name) {
        Some(Variable::Value(value)) => value.to_string(),
        _ => String::new(),
    }
}

fn failed_task(task: &Task, args: Map) -> Value {
    let mut map = Map::new();
    map.insert("name".into(), task.name.clone().map_or_else(|| "".into(), Value::Str));
    map.insert("action".into(), task.action.as_str().into());
    map.insert("args".into(), Value::map(args));
    map.insert("tags".into(), Value::list(task.scope.tags().into_iter().map(Value::Str).collect()));
    Value::map(map)
}
