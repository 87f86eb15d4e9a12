//! `Strategy`: which tasks may begin now. The strategies differ in nothing else.

use std::collections::HashSet;

use kapell_playbook::Task;

use crate::play_iterator::{PlayIterator, Step};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Every host does a task before any host goes on to the next.
    Linear,
    /// Each host goes on as soon as it can.
    Free,
    /// As free, but a host once begun is brought to its end before another begins, `forks` at a time.
    HostPinned,
}

impl Strategy {
    pub const NAMES: [&str; 3] = ["linear", "free", "host_pinned"];

    pub fn named(name: &str) -> Option<Self> {
        match name.strip_prefix("ansible.builtin.").unwrap_or(name) {
            "linear" => Some(Self::Linear),
            "free" => Some(Self::Free),
            "host_pinned" => Some(Self::HostPinned),
            _ => None,
        }
    }

    /// The next task and the hosts to do it, or nothing until a busy host is done.
    pub fn next_step(
        self,
        iterator: &mut PlayIterator,
        busy: &HashSet<String>,
        forks: usize,
        is_selected: &dyn Fn(&Task) -> bool,
    ) -> Option<Step> {
        match self {
            Self::Linear if busy.is_empty() => iterator.next_in_lockstep(is_selected),
            Self::Free => next_free(iterator, busy, is_selected),
            Self::HostPinned if busy.len() < forks => next_free(iterator, busy, is_selected),
            Self::Linear | Self::HostPinned => None,
        }
    }
}

/// The first idle host that has something to do.
fn next_free(iterator: &mut PlayIterator, busy: &HashSet<String>, is_selected: &dyn Fn(&Task) -> bool) -> Option<Step> {
    let idle: Vec<String> = iterator
        .hosts()
        .filter(|(name, state)| state.is_active() && !busy.contains(*name))
        .map(|(name, _)| name.clone())
        .collect();
    idle.into_iter().find_map(|host| {
        let task = iterator.peek(&host, is_selected)?;
        Some(Step { task, hosts: vec![host] })
    })
}
