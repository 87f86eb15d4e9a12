//! `meta` tasks: orders to the engine itself.

use kapell_parsing::Diagnostic;

use crate::condition::{self, Verdict};
use crate::connection_variables::connection_spec;
use crate::dispatcher::{BatchEnd, Dispatcher};
use crate::play_iterator::Step;
use crate::resolve::{Keywords, render_context};
use crate::{Event, TaskStatus};

const ORDERS: &[&str] = &[
    "clear_facts",
    "clear_host_errors",
    "end_batch",
    "end_host",
    "end_play",
    "end_role",
    "flush_handlers",
    "noop",
    "refresh_inventory",
    "reset_connection",
];

impl Dispatcher<'_> {
    /// Carries out a meta task on the hosts of `step` whose conditions hold.
    pub(crate) async fn meta(&mut self, step: &Step) -> Result<(), Diagnostic> {
        let order = match (&step.task.free_form, step.task.args.get("_raw_params")) {
            (Some(text), _) => text.to_string(),
            (None, Some(value)) => value.to_string(),
            (None, None) => String::new(),
        };
        let order = order.trim();
        if !ORDERS.contains(&order) {
            return Err(Diagnostic::error(format!("invalid meta action requested: {order}"))
                .at(Some(&step.task.origin))
                .did_you_mean(order, ORDERS.iter().copied()));
        }
        if !step.task.implicit {
            self.announce(step);
        }
        for host in &step.hosts {
            if !self.iterator.host(host).is_some_and(crate::play_iterator::HostState::is_active) {
                continue;
            }
            if self.meta_applies(step, host)? {
                self.obey(order, host, step).await?;
            } else {
                self.state.stats.record(host, TaskStatus::Skipped, false);
                self.iterator.advance(host);
            }
        }
        Ok(())
    }

    /// The banner of a meta task somebody wrote.
    fn announce(&self, step: &Step) {
        let Some(host) = step.hosts.first() else { return };
        let vars = self.variables(host, &step.task.scope);
        let cx = render_context(&step.task.scope, self.state.world.play.as_deref());
        let keywords = Keywords { run: self.run, vars: &vars, scope: &step.task.scope, cx: &cx };
        self.run.emit(Event::TaskStart(std::sync::Arc::new(self.describe(&step.task, &keywords, &vars, &cx))));
    }

    fn meta_applies(&self, step: &Step, host: &str) -> Result<bool, Diagnostic> {
        let conditions = step.task.scope.conditions();
        if conditions.is_empty() {
            return Ok(true);
        }
        let vars = self.variables(host, &step.task.scope);
        let cx = render_context(&step.task.scope, self.state.world.play.as_deref());
        match condition::judge(&self.run.templar, &conditions, &vars.as_source(), &cx) {
            Ok(verdict) => Ok(matches!(verdict, Verdict::True)),
            Err((error, written)) => Err(Diagnostic::error(error.to_string())
                .at(error.origin().or(written.origin()).or(Some(&step.task.origin)))),
        }
    }

    async fn obey(&mut self, order: &str, host: &str, step: &Step) -> Result<(), Diagnostic> {
        match order {
            "flush_handlers" if self.iterator.has_notified(host) => {
                self.iterator.enter_handlers(host);
                return Ok(());
            }
            "clear_facts" => self.state.facts_mut(host).clear_facts(),
            "clear_host_errors" => self.clear_host_errors(),
            "end_host" => self.iterator.end(host),
            "end_batch" => self.end_all(BatchEnd::Complete),
            "end_play" => self.end_all(BatchEnd::EndPlay),
            "end_role" => self.end_role(host, step)?,
            "reset_connection" => self.reset_connection(host, step).await?,
            "refresh_inventory" => {
                let message = "meta: refresh_inventory is recognised but not built yet";
                return Err(Diagnostic::error(message).at(Some(&step.task.origin)));
            }
            _ => {}
        }
        if order != "end_role" {
            self.iterator.advance(host);
        }
        Ok(())
    }

    fn clear_host_errors(&mut self) {
        self.state.failed.clear();
        self.state.unreachable.clear();
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
        let vars = self.variables(host, &step.task.scope);
        let cx = render_context(&step.task.scope, self.state.world.play.as_deref());
        let keywords = Keywords { run: self.run, vars: &vars, scope: &step.task.scope, cx: &cx };
        match connection_spec(&keywords, &vars, false) {
            Ok(spec) => self.run.connections.reset(&spec).await,
            Err(report) => self.run.emit(Event::TaskError(report)),
        }
        Ok(())
    }
}
