//! What a failure means for the hosts it counts for, and for the others.

use std::sync::Arc;

use kapell_parsing::Value;

use super::{BatchEnd, Dispatcher};
use crate::failure_policy::FailurePolicy;
use crate::play_iterator::{AfterFailure, HostState};
use crate::task_executor::TaskOutcome;
use crate::{Event, TaskStatus};

impl Dispatcher<'_> {
    /// Decides what a result means for the hosts it counts for.
    pub(super) fn settle(&mut self, affected: &[String], all: &[String], outcome: &mut TaskOutcome) -> TaskStatus {
        let status = outcome.result.status();
        match status {
            TaskStatus::Unreachable if outcome.ignore_unreachable => TaskStatus::Ignored,
            TaskStatus::Unreachable => {
                for host in affected {
                    self.state.unreachable.insert(host.clone());
                    self.iterator.mark_unreachable(host);
                }
                self.hosts_left = true;
                status
            }
            TaskStatus::Failed if outcome.ignore_errors => TaskStatus::Ignored,
            TaskStatus::Failed => {
                let others = all.iter().filter(|host| {
                    let is_active = |host: &String| self.iterator.host(host).is_some_and(HostState::is_active);
                    !affected.contains(host) && is_active(host)
                });
                let failing: Vec<String> = affected.iter().chain(others).cloned().collect();
                self.settle_failure(&failing, outcome)
            }
            _ => status,
        }
    }

    fn settle_failure(&mut self, affected: &[String], outcome: &TaskOutcome) -> TaskStatus {
        let mut settled = TaskStatus::Failed;
        for host in affected {
            let after = self.iterator.fail(host);
            match after {
                AfterFailure::Rescued => {
                    let known = self.state.facts_mut(host);
                    known.set("ansible_failed_task", outcome.failed_task.clone());
                    known.set("ansible_failed_result", outcome.result.registered());
                    settled = TaskStatus::Rescued;
                }
                AfterFailure::Failed => _ = self.state.failed.insert(host.clone()),
            }
        }
        self.hosts_left |= settled == TaskStatus::Failed;
        settled
    }

    /// `ansible_play_hosts` and `ansible_play_batch` lose the hosts that are out.
    pub(crate) fn refresh_hosts(&mut self) {
        if !std::mem::take(&mut self.hosts_left) {
            return;
        }
        let Some(play) = self.state.world.play.clone() else { return };
        let is_gone = |host: &str| self.state.is_out(host) || self.iterator.has_ended(host);
        let left = |list: &Value| {
            let hosts = list.as_list().unwrap_or_default().iter();
            Value::list(hosts.filter(|host| host.as_str().is_none_or(|host| !is_gone(host))).cloned().collect())
        };
        let mut changed = play.as_ref().clone();
        changed.hosts = left(&play.hosts);
        changed.batch = left(&play.batch);
        self.state.world.play = Some(Arc::new(changed));
    }

    /// `max_fail_percentage`: a batch with too many failures ends the play.
    pub(super) fn weigh_failures(&mut self) {
        let policy = FailurePolicy { max_fail_percentage: self.settings.max_fail_percentage };
        if !policy.is_exceeded(self.iterator.failed_hosts(), self.batch_size) {
            return;
        }
        // Once for the batch, once for the play.
        self.run.emit(Event::NoHostsRemaining);
        self.run.emit(Event::NoHostsRemaining);
        self.batch.iter().for_each(|host| _ = self.state.failed.insert(host.clone()));
        self.ended = Some(BatchEnd::Break);
    }

    /// `any_errors_fatal`: the hosts that are still well fail too, through their rescue and always sections.
    pub(super) fn fail_everyone(&mut self) {
        for host in self.iterator.remaining_hosts() {
            if self.busy.contains(&host) || self.iterator.is_recovering(&host) {
                continue;
            }
            if self.iterator.fail(&host) == AfterFailure::Failed {
                self.state.failed.insert(host);
            }
        }
        self.hosts_left = true;
    }
}
