//! `Dispatcher`: runs one batch of a play. Hands tasks out as the strategy says, at most `forks` at a time, and records
//! what comes back: the only place where results turn into variables, statistics and events.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use kapell_parsing::{Diagnostic, Key, Map, Text, Value};
use kapell_playbook::{Play, Scope, Task};
use kapell_template::RenderContext;
use tokio::task::JoinSet;

use crate::action::{Effects, IncludeRequest};
use crate::added_items;
use crate::error_report::ErrorReport;
use crate::event::HostResult;
use crate::failure_policy::FailurePolicy;
use crate::handlers::{KnownHandler, known_handlers, notified};
use crate::include::{self, IncludeGroup, Loaded};
use crate::play_iterator::{AfterFailure, PlayIterator, Step};
use crate::play_setup::{PlaySettings, root_block};
use crate::resolve::Keywords;
use crate::run_state::{InventoryChange, RunState};
use crate::selection::Selection;
use crate::strategy::Strategy;
use crate::task_executor::{HostTask, TaskOutcome};
use crate::variables::{HostVariables, TaskVariables, combine};
use crate::{Event, Run, TaskInfo, TaskResult, TaskStatus};

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
    running: usize,
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
    play: &'a Arc<Play>,
    settings: &'a PlaySettings,
    pub(crate) state: &'a mut RunState,
    pub(crate) iterator: PlayIterator,
    batch: Vec<String>,
    handlers: Vec<KnownHandler>,
    selection: Selection,
    busy: HashSet<String>,
    steps: HashMap<u64, OpenStep>,
    last_step: u64,
    pending: VecDeque<(u64, HostTask)>,
    in_flight: JoinSet<(u64, TaskOutcome)>,
    pub(crate) ended: Option<BatchEnd>,
}

impl<'a> Dispatcher<'a> {
    pub fn new(
        run: &'a Arc<Run>,
        play: &'a Arc<Play>,
        settings: &'a PlaySettings,
        state: &'a mut RunState,
        batch: &[String],
    ) -> Result<Self, Diagnostic> {
        let root = root_block(run, play, settings);
        let first = batch.first().map_or("localhost", String::as_str);
        let vars = HostVariables::new(run, &state.world, first, None);
        let handlers = known_handlers(run, &state.world, &play.handlers);
        let waiting = run.options.start_at_task.is_some() && !state.start_task_met;
        Ok(Self {
            iterator: PlayIterator::new(batch, &root, play.handlers.clone()),
            selection: Selection::new(run, vars, waiting),
            batch: batch.to_vec(),
            run,
            play,
            settings,
            state,
            handlers,
            busy: HashSet::new(),
            steps: HashMap::new(),
            last_step: 0,
            pending: VecDeque::new(),
            in_flight: JoinSet::new(),
            ended: None,
        })
    }

    /// Runs the batch to its end.
    pub async fn run(&mut self) -> Result<BatchEnd, Diagnostic> {
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
        if out == self.batch.len() { BatchEnd::Break } else { BatchEnd::Complete }
    }

    async fn work(&mut self) -> Result<(), Diagnostic> {
        loop {
            while self.ended.is_none() && !self.run.is_interrupted() {
                let Some(step) = self.next_step() else { break };
                self.begin(step).await?;
            }
            self.launch();
            let Some(joined) = self.in_flight.join_next().await else { return Ok(()) };
            let (id, outcome) =
                joined.map_err(|error| Diagnostic::error(format!("a task ended unexpectedly: {error}")))?;
            self.record(id, outcome)?;
        }
    }

    fn next_step(&mut self) -> Option<Step> {
        let selection = &self.selection;
        let is_selected = |task: &Task| selection.selects(task);
        self.settings.strategy.next_step(&mut self.iterator, &self.busy, self.run.options.forks, &is_selected)
    }

    pub(crate) fn play_strategy(&self) -> Strategy {
        self.settings.strategy
    }

    pub(crate) fn variables(&self, host: &str, scope: &Arc<Scope>) -> HostVariables {
        let task = Arc::new(TaskVariables::new(scope, self.run.settings.hash_behaviour));
        HostVariables::new(self.run, &self.state.world, host, Some(&task))
    }

    /// Starts a step: meta tasks act at once, others wait for a free fork.
    async fn begin(&mut self, step: Step) -> Result<(), Diagnostic> {
        if step.task.is_handler {
            step.hosts.iter().for_each(|host| self.iterator.take_notification(host, step.task.id));
        }
        if step.task.action.as_str().rsplit('.').next() == Some("meta") {
            return self.meta(&step).await;
        }
        let Step { task, mut hosts } = step;
        if task.implicit && task.action.ends_with("gather_facts") {
            hosts = self.without_gathered(hosts);
        }
        let Some(first) = hosts.first().cloned() else { return Ok(()) };
        let variables = Arc::new(TaskVariables::new(&task.scope, self.run.settings.hash_behaviour));
        let vars = HostVariables::new(self.run, &self.state.world, &first, Some(&variables));
        let cx = crate::resolve::render_context(&task.scope, self.state.world.play.as_deref());
        let keywords = Keywords { run: self.run, vars: &vars, scope: &task.scope, cx: &cx };
        let flag = |name: &str| keywords.bool(name).ok().flatten().unwrap_or(false);
        let run_once = flag("run_once") && self.settings.strategy == Strategy::Linear;
        let info = Arc::new(self.describe(&task, &keywords, &vars, &cx));
        let throttle = keywords.number("throttle").ok().flatten().map_or(0, |throttle| throttle.max(0.0) as usize);
        let any_errors_fatal = flag("any_errors_fatal") || self.settings.any_errors_fatal;
        self.run.emit(Event::TaskStart(Arc::clone(&info)));
        let once_for_all = self.settings.strategy == Strategy::Linear && is_for_all_hosts(&task);
        let doing = if run_once || once_for_all { vec![first] } else { hosts.clone() };
        self.last_step += 1;
        let open = OpenStep {
            task: Arc::clone(&task),
            info: Arc::clone(&info),
            waiting: doing.len(),
            running: 0,
            throttle,
            shared_by: run_once.then(|| hosts.clone()),
            any_errors_fatal,
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
                world: self.state.world.clone(),
                host,
                task: Arc::clone(&task),
                variables: Arc::clone(&variables),
                info: Arc::clone(&info),
            };
            self.pending.push_back((self.last_step, host_task));
        }
        Ok(())
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
            let rendered = self.run.templar.render(&Value::Str(name.clone()), &vars.as_source(), cx);
            rendered.map_or_else(|_| name.to_string(), |value| value.to_string())
        };
        let name = match &task.name {
            Some(name) if !name.is_empty() => render(name.clone()),
            _ if task.is_include_role() => render(Text::trusted(task.path_name(), Some(task.origin.clone()))),
            _ => task.action.to_string(),
        };
        let name = match task.role() {
            Some(role) if !task.is_include_role() => format!("{} : {name}", role.name),
            _ => name,
        };
        TaskInfo {
            id: task.id,
            name,
            action: task.action.to_string(),
            origin: Some(task.origin.clone()),
            is_handler: task.is_handler,
            check_mode: keywords.bool("check_mode").ok().flatten().unwrap_or(self.run.options.check),
            no_log: keywords.bool("no_log").ok().flatten().unwrap_or(self.run.settings.no_log),
            args: None,
        }
    }

    /// Moves waiting host tasks into flight while forks and throttles allow.
    fn launch(&mut self) {
        let mut held = VecDeque::new();
        while self.in_flight.len() < self.run.options.forks.max(1) {
            let Some((id, host_task)) = self.pending.pop_front() else { break };
            let Some(step) = self.steps.get_mut(&id) else { continue };
            if step.throttle > 0 && step.running >= step.throttle {
                held.push_back((id, host_task));
                continue;
            }
            step.running += 1;
            self.in_flight.spawn(async move { (id, host_task.execute().await) });
        }
        while let Some(waiting) = held.pop_back() {
            self.pending.push_front(waiting);
        }
    }

    /// Takes one result in.
    fn record(&mut self, id: u64, mut outcome: TaskOutcome) -> Result<(), Diagnostic> {
        let Some(step) = self.steps.get_mut(&id) else { return Ok(()) };
        step.waiting -= 1;
        step.running -= 1;
        let (task, info) = (Arc::clone(&step.task), Arc::clone(&step.info));
        let affected = step.shared_by.clone().unwrap_or_else(|| vec![outcome.host.clone()]);
        let includes = std::mem::take(&mut outcome.effects.includes);
        let (mut effects, host) = (std::mem::take(&mut outcome.effects), outcome.host.clone());
        let changes = self.apply_inventory(&host, &effects)?;
        if !changes.is_empty() && task.scope.own("changed_when").is_none() {
            added_items::note_changes(&changes, &mut outcome.result, &mut effects);
        }
        self.apply(&host, &affected, effects)?;
        let status = self.settle(&affected, &mut outcome);
        let is_include = !includes.is_empty() && !outcome.result.is_failed();
        if !is_include {
            self.tell(&info, &outcome, status);
            self.state.stats.record(&outcome.host, status, outcome.result.is_changed());
        }
        if let Some(step) = self.steps.get_mut(&id) {
            step.has_failed |= matches!(status, TaskStatus::Failed | TaskStatus::Rescued)
                || (status == TaskStatus::Unreachable && !outcome.ignore_unreachable);
            if is_include {
                affected.iter().for_each(|host| step.includes.push((host.clone(), includes.clone())));
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
        if !is_include {
            affected.iter().for_each(|host| _ = self.busy.remove(host));
        }
        let is_done = self.steps.get(&id).is_some_and(|step| step.waiting == 0);
        if is_done {
            self.finish_step(id, &task);
        }
        Ok(())
    }

    /// Variables, facts, inventory and notifications.
    fn apply(&mut self, host: &str, affected: &[String], effects: Effects) -> Result<(), Diagnostic> {
        for (owner, facts) in &effects.facts {
            let owners = if owner == host { affected } else { std::slice::from_ref(owner) };
            for owner in owners {
                let known = self.state.facts_mut(owner);
                known.add_facts(facts);
                known.gathered |= facts.contains_key("ansible_facts_gathered") || facts.contains_key("gather_subset");
            }
        }
        for (owner, variables) in &effects.delegated {
            let known = self.state.facts_mut(owner);
            variables.iter().for_each(|(name, value)| known.set(&name.to_string(), value.clone()));
        }
        for owner in affected {
            let has_news = effects.register.is_some() || !effects.variables.is_empty() || !effects.included.is_empty();
            if !has_news {
                continue;
            }
            let known = self.state.facts_mut(owner);
            effects.variables.iter().for_each(|(name, value)| known.set(&name.to_string(), value.clone()));
            if effects.cacheable {
                known.add_facts(&effects.variables);
            }
            if !effects.included.is_empty() {
                known.add_included(&effects.included);
            }
            if let Some((name, value)) = &effects.register {
                known.set(name, value.clone());
            }
        }
        for (data, scope) in &effects.stats {
            self.add_custom_stats(if scope.per_host { host } else { "_run" }, data, scope.aggregate);
        }
        self.notify(host, affected, &effects.notify)
    }

    /// Whether each addition changed anything, in order.
    fn apply_inventory(&mut self, host: &str, effects: &Effects) -> Result<Vec<bool>, Diagnostic> {
        if effects.add_hosts.is_empty() && effects.group_by.is_empty() {
            return Ok(Vec::new());
        }
        let mut warnings = Vec::new();
        let added = effects.add_hosts.iter().cloned().map(InventoryChange::AddHost);
        let grouped = effects.group_by.iter().map(|group| InventoryChange::GroupBy(host.to_owned(), group.clone()));
        let changes: Vec<InventoryChange> = added.chain(grouped).collect();
        let inventory = self.state.inventory_mut();
        let made: Vec<bool> =
            changes.iter().map(|change| change.make(inventory, &mut warnings)).collect::<Result<_, _>>()?;
        self.state.inventory_changes.extend(changes);
        warnings.into_iter().for_each(|warning| self.run.emit(Event::Diagnostic(warning)));
        Ok(made)
    }

    fn add_custom_stats(&mut self, owner: &str, data: &Map, aggregate: bool) {
        let custom = self.state.stats.custom.entry(owner.to_owned()).or_default();
        for (key, value) in data {
            let sum = match (custom.get(key), value) {
                (Some(Value::Int(a)), Value::Int(b)) if aggregate => Value::Int(a + b),
                (Some(Value::List(a)), Value::List(b)) if aggregate => {
                    Value::list([a.as_slice(), b.as_slice()].concat())
                }
                (Some(Value::Map(a)), Value::Map(b)) if aggregate => {
                    let mut merged = a.as_ref().clone();
                    merged.extend(b.iter().map(|(k, v)| (k.clone(), v.clone())));
                    Value::map(merged)
                }
                (Some(Value::Str(a)), Value::Str(b)) if aggregate => format!("{a}{b}").into(),
                _ => value.clone(),
            };
            custom.insert(key.clone(), sum);
        }
    }

    fn notify(&mut self, host: &str, affected: &[String], names: &[String]) -> Result<(), Diagnostic> {
        for name in names {
            let (handlers, warnings) = notified(&self.handlers, name);
            warnings.into_iter().for_each(|warning| self.run.emit(Event::Diagnostic(warning.clone())));
            if handlers.is_empty() {
                let message = format!(
                    "The requested handler '{name}' was not found in either the main handlers list nor in the listening \
                     handlers list"
                );
                if self.run.settings.error_on_missing_handler {
                    return Err(Diagnostic::error(message));
                }
                self.run.emit(Event::Diagnostic(Diagnostic::warning(message)));
            }
            for handler in handlers {
                let is_news = self.iterator.notify(host, handler.task.id);
                affected.iter().for_each(|owner| _ = self.iterator.notify(owner, handler.task.id));
                if is_news {
                    self.run.emit(Event::Notified { host: host.to_owned(), handler: handler.shown.clone() });
                }
            }
        }
        Ok(())
    }

    /// Decides what a result means for the hosts it counts for.
    fn settle(&mut self, affected: &[String], outcome: &mut TaskOutcome) -> TaskStatus {
        let status = outcome.result.status();
        match status {
            TaskStatus::Unreachable if outcome.ignore_unreachable => TaskStatus::Ignored,
            TaskStatus::Unreachable => {
                for host in affected {
                    self.state.unreachable.insert(host.clone());
                    self.iterator.mark_unreachable(host);
                }
                self.refresh_hosts();
                status
            }
            TaskStatus::Failed if outcome.ignore_errors => TaskStatus::Ignored,
            TaskStatus::Failed => self.settle_failure(affected, outcome),
            _ => status,
        }
    }

    fn settle_failure(&mut self, affected: &[String], outcome: &TaskOutcome) -> TaskStatus {
        let mut settled = TaskStatus::Failed;
        for host in affected {
            let after = self.iterator.fail(host);
            let known = self.state.facts_mut(host);
            known.set("ansible_failed_task", outcome.failed_task.clone());
            known.set("ansible_failed_result", outcome.result.registered());
            match after {
                AfterFailure::Rescued => settled = TaskStatus::Rescued,
                AfterFailure::Failed => _ = self.state.failed.insert(host.clone()),
            }
        }
        if settled == TaskStatus::Failed {
            self.refresh_hosts();
        }
        settled
    }

    /// `ansible_play_hosts` and `ansible_play_batch` lose the hosts that are out.
    fn refresh_hosts(&mut self) {
        let Some(play) = self.state.world.play.clone() else { return };
        let left = |list: &Value| {
            let hosts = list.as_list().unwrap_or_default().iter();
            Value::list(
                hosts.filter(|host| host.as_str().is_none_or(|host| !self.state.is_out(host))).cloned().collect(),
            )
        };
        let mut changed = play.as_ref().clone();
        changed.hosts = left(&play.hosts);
        changed.batch = left(&play.batch);
        self.state.world.play = Some(Arc::new(changed));
    }

    /// The result as events.
    fn tell(&mut self, info: &Arc<TaskInfo>, outcome: &TaskOutcome, status: TaskStatus) {
        if let Some(error) = &outcome.result.error {
            self.run.emit(Event::TaskError(error.clone()));
        }
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
    fn finish_step(&mut self, id: u64, task: &Arc<Task>) {
        let Some(step) = self.steps.remove(&id) else { return };
        let mut has_failed = step.has_failed;
        if !step.includes.is_empty() {
            has_failed |= self.include(task, &step.info, step.includes);
        }
        if has_failed && step.any_errors_fatal {
            self.fail_everyone();
        }
        let policy = FailurePolicy { max_fail_percentage: self.settings.max_fail_percentage };
        let exceeded = policy.is_exceeded(self.iterator.failed_hosts(), self.batch.len());
        if exceeded && has_failed {
            // Once for the batch, once for the play.
            self.run.emit(Event::NoHostsRemaining);
            self.run.emit(Event::NoHostsRemaining);
            self.batch.iter().for_each(|host| _ = self.state.failed.insert(host.clone()));
            self.ended = Some(BatchEnd::Break);
        }
    }

    /// `any_errors_fatal`: the hosts that are still well fail too, through their rescue and always sections.
    fn fail_everyone(&mut self) {
        for host in self.iterator.remaining_hosts() {
            if self.busy.contains(&host) || self.iterator.is_recovering(&host) {
                continue;
            }
            if self.iterator.fail(&host) == AfterFailure::Failed {
                self.state.failed.insert(host);
            }
        }
        self.refresh_hosts();
    }

    /// True when something could not be included.
    fn include(
        &mut self,
        task: &Arc<Task>,
        info: &Arc<TaskInfo>,
        requests: Vec<(String, Vec<IncludeRequest>)>,
    ) -> bool {
        // In the order of the batch, whoever answered first.
        let mut requests = requests;
        requests.sort_by_cached_key(|(host, _)| self.batch.iter().position(|known| known == host));
        let hosts: Vec<String> = requests.iter().map(|(host, _)| host.clone()).collect();
        let mut loaded: Vec<(IncludeGroup, Loaded)> = Vec::new();
        let mut broken: HashSet<String> = HashSet::new();
        for group in include::group(requests) {
            match include::load(self.run, task, &group.request, &self.play.basedir) {
                Ok(content) => {
                    self.welcome(&group, &content);
                    loaded.push((group, content));
                }
                Err(errors) => {
                    self.fail_include(&group.hosts, info, &errors);
                    broken.extend(group.hosts);
                }
            }
        }
        for host in hosts {
            self.busy.remove(&host);
            if !broken.contains(&host) {
                let block = include::for_host(&host, &task.scope, &loaded);
                self.iterator.enter_block(&host, &block);
            }
        }
        !broken.is_empty()
    }

    /// Tells of an include and takes in the handlers and variables it brings.
    fn welcome(&mut self, group: &IncludeGroup, content: &Loaded) {
        let (file, is_role) = match &group.request.what {
            crate::action::Included::Tasks { path, .. } => (path.clone(), false),
            crate::action::Included::Role { args } => {
                let name = args.get("name").or_else(|| args.get("role")).map(Value::to_string).unwrap_or_default();
                (name.into(), true)
            }
        };
        let item_label = include::item_label(&group.request);
        self.run.emit(Event::Included { file, hosts: group.hosts.clone(), item_label, is_role });
        group.hosts.iter().for_each(|host| self.state.stats.record(host, TaskStatus::Ok, false));
        if !content.handlers.is_empty() {
            self.iterator.add_handlers(content.handlers.clone());
            self.handlers = known_handlers(self.run, &self.state.world, self.iterator.handlers());
        }
        for role in &content.public_roles {
            let Some(play) = self.state.world.play.clone() else { break };
            let mut changed = play.as_ref().clone();
            let behaviour = self.run.settings.hash_behaviour;
            combine(Arc::make_mut(&mut changed.role_defaults), &role.defaults, behaviour);
            combine(Arc::make_mut(&mut changed.role_vars), &role.vars, behaviour);
            self.state.world.play = Some(Arc::new(changed));
        }
    }

    fn fail_include(&mut self, hosts: &[String], info: &Arc<TaskInfo>, errors: &[Diagnostic]) {
        let report = ErrorReport { causes: errors.to_vec() };
        for host in hosts {
            let mut result = TaskResult::failed(report.clone());
            result.data.insert(Key::from("reason"), report.message().into());
            let mut outcome = TaskOutcome::failed(host, result);
            let status = self.settle(std::slice::from_ref(host), &mut outcome);
            self.tell(info, &outcome, status);
            self.state.stats.record(host, status, false);
        }
    }
}

/// Whether one host does the task for all, as its own: what it does is the same for everybody.
fn is_for_all_hosts(task: &Task) -> bool {
    matches!(crate::resolve::qualified(&task.action).as_str(), "ansible.builtin.add_host")
}
