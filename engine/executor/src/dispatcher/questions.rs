//! What is asked on the terminal between two steps: `--step` and the debugger.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use kapell_parsing::Diagnostic;
use kapell_playbook::Task;

use super::Dispatcher;
use crate::debugger::{Debugger, Order};
use crate::task_executor::{HostTask, Overrides, TaskOutcome};
use crate::{Event, TaskInfo, TaskStatus, terminal};

impl Dispatcher<'_> {
    /// Tells the result and takes orders, when somebody wants to look at it.
    pub(super) async fn debug(&mut self, id: u64, outcome: &TaskOutcome) -> Result<Option<Order>, Diagnostic> {
        let Some(step) = self.steps.get(&id) else { return Ok(None) };
        if !self.settings.debugger && step.task.scope.inherited("debugger").is_none() {
            return Ok(None);
        }
        let (task, info) = (Arc::clone(&step.task), Arc::clone(&step.info));
        let (world, host) = (self.state.world.clone(), outcome.host.clone());
        let overrides = self.overrides.remove(&(id, host.clone())).unwrap_or_default();
        let mut debugger =
            Debugger { run: self.run, world, host, task: Arc::clone(&task), name: &info.name, outcome, overrides };
        if !debugger.is_wanted(self.settings.debugger) {
            return Ok(None);
        }
        self.tell(&info, outcome, foreseen_status(outcome));
        let order = debugger.converse().await;
        let overrides = debugger.overrides;
        match order {
            Order::Redo => self.redo(id, task, info, &outcome.host, overrides)?,
            Order::Quit => self.run.interrupted.store(true, Ordering::Relaxed),
            Order::Continue => {}
        }
        Ok(Some(order))
    }

    fn redo(
        &mut self,
        id: u64,
        task: Arc<Task>,
        info: Arc<TaskInfo>,
        host: &str,
        overrides: Overrides,
    ) -> Result<(), Diagnostic> {
        self.overrides.insert((id, host.to_owned()), overrides.clone());
        let host_task = HostTask {
            run: Arc::clone(self.run),
            vars: self.variables(host, &task.scope)?,
            host: host.to_owned(),
            task,
            info,
            overrides,
        };
        self.pending.push_front((id, host_task));
        Ok(())
    }

    /// `--step`: whether the person at the terminal wants `task` done.
    pub(super) async fn is_agreed(&mut self, info: &TaskInfo) -> bool {
        if !self.asks {
            return true;
        }
        let question = format!("Perform task: TASK: {} (N)o/(y)es/(c)ontinue: ", info.name);
        let answer = terminal::ask(self.run, question.as_str()).await;
        self.run.emit(Event::Banner(question));
        match answer.map(|answer| answer.to_lowercase()).as_deref() {
            Some("y" | "yes") => true,
            Some("c" | "continue") => {
                self.asks = false;
                true
            }
            Some(_) => false,
            None => {
                self.run.interrupted.store(true, Ordering::Relaxed);
                false
            }
        }
    }
}

/// What a result amounts to, as far as the task itself decides it.
fn foreseen_status(outcome: &TaskOutcome) -> TaskStatus {
    match outcome.result.status() {
        TaskStatus::Failed if outcome.ignore_errors => TaskStatus::Ignored,
        TaskStatus::Unreachable if outcome.ignore_unreachable => TaskStatus::Ignored,
        status => status,
    }
}
