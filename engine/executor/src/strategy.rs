//! `Strategy`: which tasks may begin now. The strategies differ in nothing else.

use std::collections::{HashSet, VecDeque};

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
    pub const NAMES: [&str; 4] = ["linear", "free", "host_pinned", "debug"];

    pub fn named(name: &str) -> Option<Self> {
        let own = name.strip_prefix("ansible.builtin.").unwrap_or(name);
        match mitogen_order(name).unwrap_or(own) {
            // The difference is that failed tasks wait for orders, whatever the strategy's order.
            "linear" | "debug" => Some(Self::Linear),
            "free" => Some(Self::Free),
            "host_pinned" => Some(Self::HostPinned),
            _ => None,
        }
    }

    /// The next task and the hosts to do it, or nothing until a busy host is done. `ready` are the hosts that are not
    /// busy and may have something to do; those that have not leave it.
    pub fn next_step(
        self,
        iterator: &mut PlayIterator,
        busy: &HashSet<String>,
        ready: &mut VecDeque<String>,
        forks: usize,
        is_selected: &dyn Fn(&str, &Task) -> bool,
    ) -> Option<Step> {
        match self {
            Self::Linear if busy.is_empty() => iterator.next_in_lockstep(is_selected),
            Self::Free => next_free(iterator, ready, is_selected),
            Self::HostPinned if busy.len() < forks => next_free(iterator, ready, is_selected),
            Self::Linear | Self::HostPinned => None,
        }
    }

    /// Takes a host back that is done with its task.
    pub fn take_back(self, host: String, ready: &mut VecDeque<String>) {
        match self {
            Self::Linear => {}
            Self::Free => ready.push_back(host),
            Self::HostPinned => ready.push_front(host),
        }
    }
}

/// The strategy whose order one of Mitogen's has. What those are for besides, a process on the host that serves the
/// whole run, is so here under any strategy.
fn mitogen_order(name: &str) -> Option<&str> {
    match name {
        "mitogen" => Some("linear"),
        _ => name.strip_prefix("mitogen_").filter(|order| ["linear", "free", "host_pinned"].contains(order)),
    }
}

/// The first ready host that has something to do.
fn next_free(
    iterator: &mut PlayIterator,
    ready: &mut VecDeque<String>,
    is_selected: &dyn Fn(&str, &Task) -> bool,
) -> Option<Step> {
    loop {
        let host = ready.pop_front()?;
        if let Some(task) = iterator.peek(&host, is_selected) {
            return Some(Step { task, hosts: vec![host] });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Strategy;

    #[test]
    fn names_of_mitogen_are_those_of_its_orders() {
        assert_eq!(Strategy::named("mitogen"), Some(Strategy::Linear));
        assert_eq!(Strategy::named("mitogen_linear"), Some(Strategy::Linear));
        assert_eq!(Strategy::named("mitogen_free"), Some(Strategy::Free));
        assert_eq!(Strategy::named("mitogen_host_pinned"), Some(Strategy::HostPinned));
        assert_eq!(Strategy::named("mitogen_debug"), None);
        assert_eq!(Strategy::named("ansible.builtin.mitogen_linear"), None);
    }
}
