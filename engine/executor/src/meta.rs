//! `meta` tasks: orders to the engine itself.

use std::sync::Arc;

use kapell_inventory::{Inventory, LoadContext};
use kapell_parsing::{Diagnostic, Map};

use crate::action::ActionContext;
use crate::condition::{self, Verdict};
use crate::connection_variables::connection_spec;
use crate::dispatcher::{BatchEnd, Dispatcher};
use crate::event::HostResult;
use crate::play_iterator::Step;
use crate::python_plugins::PythonSources;
use crate::resolve::{Keywords, render_context};
use crate::strategy::Strategy;
use crate::{Event, TaskInfo, TaskResult, TaskStatus, fact_cache};

/// What a meta task can ask for.
struct Order {
    name: &'static str,
    /// Carried out once for all hosts, when its conditions hold on the first.
    once: bool,
    /// `when` is warned about and ignored.
    unconditional: bool,
    /// What happens instead when the conditions do not hold; `{host}` stands for the host.
    otherwise: &'static str,
    /// What is told at `-vv`.
    done: &'static str,
}

const fn order(name: &'static str, once: bool, otherwise: &'static str, done: &'static str) -> Order {
    Order { name, once, unconditional: otherwise.is_empty(), otherwise, done }
}

const ORDERS: &[Order] = &[
    order("clear_facts", true, "not clearing facts and fact cache for {host}", "facts cleared"),
    order("clear_host_errors", true, "not clearing host error state for {host}", "cleared host errors"),
    order("end_batch", true, "continuing current batch", "ending batch"),
    order("end_host", false, "continuing execution for {host}", "ending play for {host}"),
    order("end_play", true, "continuing play", "ending play"),
    order("end_role", false, "continuing the role for {host}", ""),
    order("flush_handlers", false, "not running handlers for {host}", "triggered running handlers for {host}"),
    order("noop", false, "", "noop"),
    order("refresh_inventory", true, "", "inventory successfully refreshed"),
    order("reset_connection", false, "", "reset connection"),
];

impl Dispatcher<'_> {
    /// Carries out a meta task on the hosts of `step` whose conditions hold.
    pub(crate) async fn meta(&mut self, step: &Step) -> Result<(), Diagnostic> {
        let order = wanted(step)?;
        let hosts: Vec<String> = step
            .hosts
            .iter()
            .filter(|host| self.iterator.host(host).is_some_and(crate::play_iterator::HostState::is_active))
            .cloned()
            .collect();
        if order.unconditional && !step.task.scope.conditions().is_empty() {
            let message = format!("{} task does not support when conditional", order.name);
            self.run.emit(Event::Diagnostic(Diagnostic::warning(message)));
        }
        if let Some(first) = hosts.first().filter(|_| step.task.implicit) {
            self.run.emit(Event::ImplicitTask(self.meta_info(first, step)?));
        }
        let mut decided = None;
        for host in &hosts {
            let holds = match decided {
                Some(holds) if order.once => holds,
                _ => self.decide(order, host, step)?,
            };
            let is_first = decided.replace(holds).is_none();
            if holds {
                self.obey(order, host, step, is_first).await?;
            } else {
                self.iterator.advance(host);
            }
        }
        Ok(())
    }

    /// Tells of the task and judges its conditions.
    fn decide(&mut self, order: &Order, host: &str, step: &Step) -> Result<bool, Diagnostic> {
        let info = self.meta_info(host, step)?;
        let told = !step.task.implicit;
        if told && self.play_strategy() == Strategy::Linear {
            self.run.emit(Event::TaskStart(Arc::clone(&info)));
        }
        if order.unconditional || self.meta_applies(step, host)? {
            if order.name == "flush_handlers" {
                self.notify_requested(host);
            }
            if told && !order.done.is_empty() {
                self.detail(2, &order.done.replace("{host}", host));
            } else if self.iterator.has_notified(host) {
                self.detail(4, &order.done.replace("{host}", host));
            }
            return Ok(true);
        }
        let otherwise = order.otherwise.replace("{host}", host);
        let reason = format!("{} conditional evaluated to False, {otherwise}", order.name);
        self.detail(2, &reason);
        let message = match order.name {
            "end_host" => format!("end_host conditional evaluated to false, {otherwise}"),
            name => name.to_owned(),
        };
        if self.play_strategy() != Strategy::Linear {
            self.run.emit(Event::TaskStart(Arc::clone(&info)));
        }
        let mut result = TaskResult::new(Map::new());
        result.set("msg", message);
        result.set("skip_reason", reason);
        self.run.emit(Event::HostResult(HostResult {
            host: host.to_owned(),
            delegated_to: None,
            task: info,
            result,
            status: TaskStatus::Skipped,
            item_label: None,
            ignore_errors: false,
            diff_mode: false,
        }));
        Ok(false)
    }

    fn detail(&self, verbosity: u8, text: &str) {
        self.run.emit(Event::Detail { verbosity, text: format!("META: {text}") });
    }

    fn meta_info(&self, host: &str, step: &Step) -> Result<Arc<TaskInfo>, Diagnostic> {
        let vars = self.variables(host, &step.task.scope)?;
        let cx = render_context(&step.task.scope, self.state.world.play.as_deref());
        let keywords = Keywords { run: self.run, vars: &vars, scope: &step.task.scope, cx: &cx };
        Ok(Arc::new(self.describe(&step.task, &keywords, &vars, &cx)))
    }

    fn meta_applies(&self, step: &Step, host: &str) -> Result<bool, Diagnostic> {
        let conditions = step.task.scope.conditions();
        if conditions.is_empty() {
            return Ok(true);
        }
        let vars = self.variables(host, &step.task.scope)?;
        let cx = render_context(&step.task.scope, self.state.world.play.as_deref());
        match condition::judge(&self.run.templar, &conditions, &vars.as_source(), &cx) {
            Ok(verdict) => Ok(matches!(verdict, Verdict::True)),
            Err(error) => Err(Diagnostic::error(error.report().message()).at(error
                .error
                .origin()
                .or(error.written.origin())
                .or(Some(&step.task.origin)))),
        }
    }

    async fn obey(&mut self, order: &Order, host: &str, step: &Step, is_first: bool) -> Result<(), Diagnostic> {
        match order.name {
            "flush_handlers" if step.task.is_handler => {
                let error = Diagnostic::error("flush_handlers cannot be used as a handler");
                return Err(error.at(Some(&step.task.origin)));
            }
            "flush_handlers" => {
                self.iterator.enter_handlers(host);
                return Ok(());
            }
            "end_role" => return self.end_role(host, step),
            "clear_facts" if is_first => self.clear_facts(),
            "clear_host_errors" if is_first => self.clear_host_errors(),
            "refresh_inventory" if is_first => self.refresh_inventory()?,
            "end_host" => {
                self.iterator.end(host);
                self.hosts_left = true;
            }
            "end_batch" => self.end_all(BatchEnd::Complete),
            "end_play" => self.end_all(BatchEnd::EndPlay),
            "reset_connection" => self.reset_connection(host, step).await?,
            _ => {}
        }
        self.iterator.advance(host);
        Ok(())
    }

    /// Of all hosts of the play.
    fn clear_facts(&mut self) {
        let hosts: Vec<String> = self.iterator.hosts().map(|(name, _)| name.clone()).collect();
        for host in &hosts {
            self.state.facts_mut(host).clear_facts();
            fact_cache::remember(self.run, self.state, host);
        }
    }

    fn clear_host_errors(&mut self) {
        self.state.failed.clear();
        self.state.unreachable.clear();
        self.iterator.clear_errors();
    }

    /// Reads the inventory sources again; what `add_host` and `group_by` did is done again. The play goes on with the
    /// hosts it has.
    fn refresh_inventory(&mut self) -> Result<(), Diagnostic> {
        let foreign = PythonSources::new(&self.run.library, &self.run.templar);
        let cx = LoadContext {
            settings: &self.run.settings,
            vault: &self.run.vault,
            plugins: self.run.library.sources(),
            foreign: Some(&foreign),
            extra_vars: &self.run.options.extra_vars,
            fresh: true,
        };
        let mut warnings = Vec::new();
        let mut inventory = Inventory::load(&self.run.options.inventory_sources, &cx, &mut warnings)?;
        for change in &self.state.inventory_changes {
            change.make(&mut inventory, &mut warnings)?;
        }
        *self.state.inventory_mut() = inventory;
        warnings.into_iter().for_each(|warning| self.run.emit(Event::Diagnostic(warning)));
        Ok(())
    }

    fn end_all(&mut self, end: BatchEnd) {
        let hosts: Vec<String> = self.iterator.hosts().map(|(name, _)| name.clone()).collect();
        hosts.iter().for_each(|host| self.iterator.end(host));
        if end == BatchEnd::EndPlay {
            self.ended = Some(end);
        }
    }

    fn end_role(&mut self, host: &str, step: &Step) -> Result<(), Diagnostic> {
        let Some(role) = step.task.role() else {
            return Err(
                Diagnostic::error("Cannot execute 'end_role' from outside of a role").at(Some(&step.task.origin))
            );
        };
        if let Some(state) = self.iterator.host_mut(host) {
            state.end_role(role.id);
        }
        Ok(())
    }

    async fn reset_connection(&mut self, host: &str, step: &Step) -> Result<(), Diagnostic> {
        let vars = self.variables(host, &step.task.scope)?;
        let cx = render_context(&step.task.scope, self.state.world.play.as_deref());
        let keywords = Keywords { run: self.run, vars: &vars, scope: &step.task.scope, cx: &cx };
        match connection_spec(&keywords, &vars, false) {
            Ok(spec) => {
                let cx = ActionContext { run: self.run, host, vars: &vars, cx: &cx, spec: &spec, item_vars: None };
                Box::pin(cx.reset()).await;
            }
            Err(report) => self.run.emit(Event::TaskError(report)),
        }
        Ok(())
    }
}

fn wanted(step: &Step) -> Result<&'static Order, Diagnostic> {
    let written = match (&step.task.free_form, step.task.args.get("_raw_params")) {
        (Some(text), _) => text.to_string(),
        (None, Some(value)) => value.to_string(),
        (None, None) => String::new(),
    };
    let name = written.trim();
    ORDERS.iter().find(|order| order.name == name).ok_or_else(|| {
        Diagnostic::error(format!("invalid meta action requested: {name}"))
            .at(Some(&step.task.origin))
            .did_you_mean(name, ORDERS.iter().map(|order| order.name))
    })
}
