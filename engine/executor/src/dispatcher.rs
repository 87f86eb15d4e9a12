//! `Dispatcher`: runs one batch of a play. Hands tasks out as the strategy says, at most `forks` at a time, and records
//! what comes back: the only place where results turn into variables, statistics and events.

mod effects;
mod failures;
mod questions;
mod throttle;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use kapell_config::VarsRoot;
use kapell_parsing::{Diagnostic, Text, Value};
use kapell_playbook::{Play, Scope, Task};
use kapell_template::{RenderContext, TemplateError};
use tokio::task::JoinSet;

use self::throttle::Throttle;
use crate::action::IncludeRequest;
use crate::added_items;
use crate::debugger::Order;
use crate::error_report::undefined_parts;
use crate::event::HostResult;
use crate::handlers::{KnownHandler, known_handlers};
use crate::play_iterator::{PlayIterator, Step};
use crate::play_setup::{PlaySettings, root_block};
use crate::resolve::Keywords;
use crate::run_state::RunState;
use crate::selection::Selection;
use crate::strategy::Strategy;
use crate::task_executor::{HostTask, Overrides, TaskOutcome};
use crate::told_arguments::told_arguments;
use crate::variables::{HostVariables, TaskVariables};
use crate::{Event, Run, Stopped, TaskInfo, TaskStatus, reserved_names};

/// How a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchEnd {
    Complete,
    /// `meta: end_play`: no further batches, but further plays.
    EndPlay,
    /// Too many failures: no further batches and no further plays.
    Break,
    Interrupted,
}

/// A task some hosts of the batch are doing.
struct OpenStep {
    task: Arc<Task>,
    info: Arc<TaskInfo>,
    /// Hosts that still owe a result.
    waiting: usize,
    /// At most so many hosts at a time; 0 means as many as `forks` allows.
    throttle: usize,
    /// With `run_once`: the hosts the one result counts for.
    shared_by: Option<Vec<String>>,
    any_errors_fatal: bool,
    has_failed: bool,
    includes: Vec<(String, Vec<IncludeRequest>)>,
}

pub struct Dispatcher<'a> {
    pub(crate) run: &'a Arc<Run>,
    pub(crate) play: &'a Arc<Play>,
    settings: &'a PlaySettings,
    strategy: Strategy,
    pub(crate) state: &'a mut RunState,
    pub(crate) iterator: PlayIterator,
    pub(crate) batch: Vec<String>,
    /// With the hosts that were out before: shares of the batch are shares of this.
    batch_size: usize,
    pub(crate) handlers: Vec<KnownHandler>,
    selection: Selection,
    pub(crate) busy: HashSet<String>,
    /// Hosts that are not busy and may have something to do, for strategies that look at one host at a time.
    ready: VecDeque<String>,
    steps: HashMap<u64, OpenStep>,
    last_step: u64,
    pending: VecDeque<(u64, HostTask)>,
    /// By task.
    throttles: HashMap<u64, Throttle>,
    in_flight: JoinSet<(u64, TaskOutcome)>,
    /// What the debugger changed, by step and host.
    overrides: HashMap<(u64, String), Overrides>,
    /// `--step`, until told to go on.
    asks: bool,
    /// Hosts went out since `ansible_play_hosts` was last told.
    pub(crate) hosts_left: bool,
    pub(crate) ended: Option<BatchEnd>,
}

impl<'a> Dispatcher<'a> {
    pub fn new(
        run: &'a Arc<Run>,
        play: &'a Arc<Play>,
        settings: &'a PlaySettings,
        state: &'a mut RunState,
        (batch, batch_size): (&[String], usize),
    ) -> Result<Self, Diagnostic> {
        let strategy = settings.strategy.clone()?;
        let waiting = run.options.start_at_task.is_some() && !state.start_task_met;
        let root = root_block(run, play, settings, waiting);
        let first = batch.first().map_or("localhost", String::as_str);
        let vars = HostVariables::new(run, &state.world, first, None);
        let handlers = known_handlers(run, &state.world, &play.handlers);
        Ok(Self {
            iterator: PlayIterator::new(batch, &root, play.handlers.clone()),
            selection: Selection::new(run, vars, waiting),
            batch: batch.to_vec(),
            batch_size,
            run,
            play,
            settings,
            state,
            handlers,
            busy: HashSet::new(),
            ready: batch.iter().cloned().collect(),
            steps: HashMap::new(),
            last_step: 0,
            pending: VecDeque::new(),
            throttles: HashMap::new(),
            in_flight: JoinSet::new(),
            overrides: HashMap::new(),
            hosts_left: false,
            asks: run.options.step && strategy == Strategy::Linear,
            strategy,
            ended: None,
        })
    }

    /// Runs the batch to its end.
    pub async fn run(&mut self) -> Result<BatchEnd, Stopped> {
        self.work().await?;
        self.state.start_task_met |= !self.selection.is_waiting();
        if self.run.is_interrupted() {
            return Ok(BatchEnd::Interrupted);
        }
        Ok(self.ended.unwrap_or_else(|| self.natural_end()))
    }

    /// A batch in which every host failed or became unreachable ends the play and the playbook.
    fn natural_end(&self) -> BatchEnd {
        let out = self.batch.iter().filter(|host| self.state.is_out(host)).count();
        if out == self.batch_size { BatchEnd::Break } else { BatchEnd::Complete }
    }

    async fn work(&mut self) -> Result<(), Stopped> {
        loop {
            while self.ended.is_none() && !self.run.is_interrupted() {
                let Some(step) = self.next_step()? else { break };
                let single = step.hosts.first().filter(|_| step.hosts.len() == 1).cloned();
                self.begin(step).await?;
                // A host that nothing was begun for goes on at once.
                if let Some(host) = single.filter(|host| !self.busy.contains(host)) {
                    self.strategy.take_back(host, &mut self.ready);
                }
            }
            self.launch();
            let Some(joined) = self.in_flight.join_next().await else { return Ok(()) };
            let (id, outcome) =
                joined.map_err(|error| Diagnostic::error(format!("a task ended unexpectedly: {error}")))?;
            self.record(id, outcome).await?;
        }
    }

    fn next_step(&mut self) -> Result<Option<Step>, Diagnostic> {
        let selection = &self.selection;
        let is_selected = |host: &str, task: &Task| selection.selects(host, task);
        let forks = self.run.options.forks;
        let step = self.strategy.next_step(&mut self.iterator, &self.busy, &mut self.ready, forks, &is_selected);
        self.selection.take_failure().map_or(Ok(step), Err)
    }

    pub(crate) fn play_strategy(&self) -> Strategy {
        self.strategy
    }

    pub(crate) fn variables(&self, host: &str, scope: &Arc<Scope>) -> Result<HostVariables, Diagnostic> {
        self.variables_at(host, &Arc::new(TaskVariables::new(scope, self.run.settings.hash_behaviour)))
    }

    /// `playbook_vars_root` has tasks of other places see the `group_vars` and `host_vars` there instead of the play's.
    fn read_beside(&mut self, task: &Task) {
        let mut dirs = crate::resolve::search_path(&task.scope, None);
        match self.run.settings.playbook_vars_root {
            VarsRoot::Top => return,
            VarsRoot::Bottom => dirs.truncate(1),
            VarsRoot::All => {}
        }
        self.state.read_beside(dirs, self.run);
    }

    fn variables_at(&self, host: &str, task: &Arc<TaskVariables>) -> Result<HostVariables, Diagnostic> {
        HostVariables::new(self.run, &self.state.world, host, Some(task)).with_vars_files()
    }

    /// Starts a step: meta tasks act at once, others wait for a free fork.
    async fn begin(&mut self, step: Step) -> Result<(), Diagnostic> {
        if step.task.is_handler {
            step.hosts.iter().for_each(|host| self.iterator.take_notification(host, step.task.id));
        }
        self.refresh_hosts();
        self.read_beside(&step.task);
        if step.task.action.as_str().rsplit('.').next() == Some("meta") {
            return self.meta(&step).await;
        }
        let Step { task, mut hosts } = step;
        if task.implicit && task.action.ends_with("gather_facts") {
            hosts = self.without_gathered(hosts);
        }
        let Some(first) = hosts.first().cloned() else { return Ok(()) };
        let variables = Arc::new(TaskVariables::new(&task.scope, self.run.settings.hash_behaviour));
        let vars = self.variables_at(&first, &variables)?;
        let cx = crate::resolve::render_context(&task.scope, self.state.world.play.as_deref());
        let keywords = Keywords { run: self.run, vars: &vars, scope: &task.scope, cx: &cx };
        let flag = |name: &str| keywords.bool(name).ok().flatten().unwrap_or(false);
        // What a play says of its tasks is not about gathering facts: every host has its own.
        let is_gathering = task.implicit && task.action.ends_with("gather_facts");
        let run_once = flag("run_once") && self.strategy == Strategy::Linear && !is_gathering;
        let info = Arc::new(self.describe(&task, &keywords, &vars, &cx));
        let throttle = self.throttle(&keywords)?;
        if let Some(name) = task.scope.own("register").and_then(Value::as_text) {
            reserved_names::warn(self.run, name, name.origin());
        }
        let any_errors_fatal = self.ends_all(&task.scope);
        let is_lockstep = self.strategy == Strategy::Linear;
        if !is_lockstep {
            self.warn_of_independence(flag("run_once"), any_errors_fatal);
        }
        if !self.is_agreed(&info).await {
            hosts.iter().for_each(|host| self.iterator.advance(host));
            return Ok(());
        }
        self.run.emit(Event::TaskStart(Arc::clone(&info)));
        let once_for_all = self.strategy == Strategy::Linear && is_for_all_hosts(self.run, &task);
        let doing = if run_once || once_for_all { vec![first] } else { hosts.clone() };
        self.last_step += 1;
        let open = OpenStep {
            task: Arc::clone(&task),
            info: Arc::clone(&info),
            waiting: doing.len(),
            throttle,
            shared_by: run_once.then(|| hosts.clone()),
            any_errors_fatal: any_errors_fatal && is_lockstep,
            has_failed: false,
            includes: Vec::new(),
        };
        self.busy.extend(open.shared_by.as_ref().unwrap_or(&doing).iter().cloned());
        self.steps.insert(self.last_step, open);
        // Nobody else has anything to do or to say.
        hosts.iter().filter(|host| !run_once && !doing.contains(host)).for_each(|host| self.iterator.advance(host));
        for host in doing {
            let host_task = HostTask {
                run: Arc::clone(self.run),
                vars: self.variables_at(&host, &variables)?,
                host,
                task: Arc::clone(&task),
                info: Arc::clone(&info),
                overrides: Overrides::default(),
            };
            self.pending.push_back((self.last_step, host_task));
        }
        Ok(())
    }

    /// `any_errors_fatal`, as what is nearest to the task says. ansible-core never renders it: every template means yes.
    fn ends_all(&self, scope: &Scope) -> bool {
        let says =
            |value: &Value| value.as_text().is_some_and(Text::is_template) || value.to_bool_loose() == Some(true);
        let written = scope.inherited("any_errors_fatal").filter(|value| !value.is_null());
        written.map_or(self.run.settings.any_errors_fatal, says)
    }

    /// What makes no sense where hosts do not wait for each other.
    fn warn_of_independence(&self, run_once: bool, any_errors_fatal: bool) {
        let told = [
            (
                run_once,
                "Using run_once with the free strategy is not currently supported. This task will still be executed for every host in the inventory list.",
            ),
            (
                any_errors_fatal,
                "Using any_errors_fatal with the free strategy is not supported, as tasks are executed independently on each host",
            ),
        ];
        for (_, text) in told.into_iter().filter(|(applies, _)| *applies) {
            self.run.emit(Event::Diagnostic(Diagnostic::warning(text)));
        }
    }

    /// `gathering = smart`: hosts whose facts are known pass over the implicit gathering.
    fn without_gathered(&mut self, hosts: Vec<String>) -> Vec<String> {
        if self.run.settings.gathering != kapell_config::Gathering::Smart {
            return hosts;
        }
        let is_known = |host: &String| self.state.world.facts(host).is_some_and(|facts| facts.gathered);
        let (known, rest): (Vec<String>, Vec<String>) = hosts.into_iter().partition(is_known);
        known.iter().for_each(|host| self.iterator.advance(host));
        rest
    }

    pub(crate) fn describe(
        &self,
        task: &Arc<Task>,
        keywords: &Keywords<'_>,
        vars: &HostVariables,
        cx: &RenderContext,
    ) -> TaskInfo {
        let render = |name: Text| {
            let written = Value::Str(name.clone());
            match self.run.templar.render_with_undefined_shown(&written, &vars.as_source(), cx) {
                Ok((value, errors)) => {
                    if let Some(warning) = undefined_parts(&errors, 0) {
                        let place = errors.first().and_then(TemplateError::origin);
                        self.run.emit(Event::Diagnostic(Diagnostic::warning(warning).at(place)));
                    }
                    value.to_string()
                }
                Err(_) => name.to_string(),
            }
        };
        let name = match &task.name {
            Some(name) if !name.is_empty() => render(name.clone()),
            _ if task.is_include_role() => task.path_name(),
            _ => task.action.to_string(),
        };
        let name = match task.role() {
            Some(role) if !task.is_include_role() => format!("{} : {name}", role.name),
            _ => name,
        };
        let no_log = keywords.bool("no_log").ok().flatten().unwrap_or(self.run.settings.no_log);
        TaskInfo {
            id: task.id,
            name,
            action: told_action(task, self.run, vars, cx),
            origin: Some(task.origin.clone()),
            is_handler: task.is_handler,
            check_mode: keywords.bool("check_mode").ok().flatten().unwrap_or(self.run.options.check),
            no_log,
            independent: self.strategy != Strategy::Linear,
            args: told_arguments(task, no_log, &self.run.settings),
            written: Some(Arc::clone(task)),
        }
    }

    /// Moves waiting host tasks into flight while forks and throttles allow.
    fn launch(&mut self) {
        while self.in_flight.len() < self.run.options.forks.max(1) {
            let Some((id, host_task)) = self.pending.pop_front() else { break };
            let Some(step) = self.steps.get_mut(&id) else { continue };
            if step.throttle > 0 && !self.throttles.entry(step.task.id).or_default().admit(step.throttle) {
                self.throttles.entry(step.task.id).or_default().held.push_back((id, host_task));
                continue;
            }
            self.in_flight.spawn(async move { (id, Box::pin(host_task.execute()).await) });
        }
    }

    /// Takes one result in.
    async fn record(&mut self, id: u64, mut outcome: TaskOutcome) -> Result<(), Stopped> {
        if let Some(task) = self.steps.get(&id).map(|step| step.task.id) {
            self.make_room(task);
        }
        let told = match self.debug(id, &outcome).await? {
            None => false,
            Some(Order::Continue) => true,
            Some(Order::Redo | Order::Quit) => return Ok(()),
        };
        let Some(step) = self.steps.get_mut(&id) else { return Ok(()) };
        step.waiting -= 1;
        let (task, info) = (Arc::clone(&step.task), Arc::clone(&step.info));
        let affected = step.shared_by.clone().unwrap_or_else(|| vec![outcome.host.clone()]);
        let includes = std::mem::take(&mut outcome.effects.includes);
        let (mut effects, host) = (std::mem::take(&mut outcome.effects), outcome.host.clone());
        let changes = self.apply_inventory(&host, &effects)?;
        if !changes.is_empty() && task.scope.own("changed_when").is_none() {
            added_items::note_changes(&changes, &mut outcome.result, &mut effects);
        }
        let all = self.counts_for(id, &affected);
        self.apply(&host, &all, effects)?;
        let status = self.settle(&affected, &all, &mut outcome);
        let is_include = !includes.is_empty() && !outcome.result.is_failed();
        if !told {
            self.tell(&info, &outcome, status);
        }
        if !is_include {
            self.state.stats.record(&outcome.host, status, outcome.result.is_changed());
        }
        if let Some(step) = self.steps.get_mut(&id) {
            step.has_failed |= matches!(status, TaskStatus::Failed | TaskStatus::Rescued)
                || (status == TaskStatus::Unreachable && !outcome.ignore_unreachable);
            if is_include {
                // `run_once` is about the include: what it brings is for this host alone.
                step.includes.push((host.clone(), includes));
            }
        }
        if matches!(outcome.result.status(), TaskStatus::Ok | TaskStatus::Changed | TaskStatus::Failed)
            && let Some(role) = task.role()
        {
            self.iterator.note_role(&host, role);
        }
        let goes_on = !matches!(status, TaskStatus::Failed | TaskStatus::Rescued)
            && (status != TaskStatus::Unreachable || outcome.ignore_unreachable);
        if goes_on && !is_include {
            affected.iter().for_each(|host| self.iterator.advance(host));
        }
        if is_include {
            affected.iter().filter(|other| **other != host).for_each(|other| self.iterator.advance(other));
        }
        let done = affected.iter().filter(|other| !is_include || **other != host);
        let done: Vec<String> = done.cloned().collect();
        done.iter().for_each(|host| self.release(host));
        let is_done = self.steps.get(&id).is_some_and(|step| step.waiting == 0);
        if is_done {
            self.finish_step(id, &task)?;
        }
        Ok(())
    }

    /// The hosts a result says something about: with `run_once` every host of the batch that can be reached, even those
    /// that do not come by this task.
    fn counts_for(&self, id: u64, affected: &[String]) -> Vec<String> {
        match self.steps.get(&id) {
            Some(step) if step.shared_by.is_some() => {
                self.batch.iter().filter(|host| !self.state.unreachable.contains(*host)).cloned().collect()
            }
            _ => affected.to_vec(),
        }
    }

    pub(crate) fn release(&mut self, host: &str) {
        if self.busy.remove(host) {
            self.strategy.take_back(host.to_owned(), &mut self.ready);
        }
    }

    /// The result as events.
    pub(crate) fn tell(&mut self, info: &Arc<TaskInfo>, outcome: &TaskOutcome, status: TaskStatus) {
        if let Some(error) = &outcome.result.error {
            self.run.turn_to(info);
            self.run.emit(Event::TaskError(error.clone()));
        }
        self.tell_result(info, outcome, status);
    }

    /// The result as an event, where its error is told already.
    pub(crate) fn tell_result(&mut self, info: &Arc<TaskInfo>, outcome: &TaskOutcome, status: TaskStatus) {
        self.run.emit(Event::HostResult(HostResult {
            host: outcome.host.clone(),
            delegated_to: outcome.delegated_to.clone(),
            task: Arc::clone(info),
            result: outcome.result.clone(),
            status: if outcome.result.unreachable { TaskStatus::Unreachable } else { status },
            item_label: None,
            ignore_errors: outcome.ignore_errors || outcome.ignore_unreachable,
            diff_mode: outcome.diff,
        }));
    }

    /// Every host of the step is done: includes are loaded, failures are weighed.
    fn finish_step(&mut self, id: u64, task: &Arc<Task>) -> Result<(), Stopped> {
        let Some(step) = self.steps.remove(&id) else { return Ok(()) };
        let mut has_failed = step.has_failed;
        if !step.includes.is_empty() {
            has_failed |= self.include(task, &step.info, step.includes)?;
        }
        if has_failed && step.any_errors_fatal {
            self.fail_everyone();
        }
        if has_failed {
            self.weigh_failures();
        }
        Ok(())
    }
}

/// Whether one host does the task for all, as its own: what it does is the same for everybody.
fn is_for_all_hosts(run: &Run, task: &Task) -> bool {
    let plugin = run.library.action_plugin(&task.action, &task.scope.collections());
    plugin.is_some_and(|plugin| plugin.bypasses_hosts())
        || matches!(crate::resolve::qualified(&task.action).as_str(), "ansible.builtin.add_host")
}

/// The action; a template as it is with `vars`, or as written where that fails: the task says why.
fn told_action(task: &Task, run: &Run, vars: &HostVariables, cx: &RenderContext) -> String {
    if !task.action.is_template() {
        return task.action.to_string();
    }
    let rendered = run.templar.render(&Value::Str(task.action.clone()), &vars.as_source(), cx);
    rendered.map_or_else(|_| task.action.to_string(), |action| action.to_string())
}
