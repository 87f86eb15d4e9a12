//! `Stats`: what the recap counts, per host.

use indexmap::IndexMap;

use crate::TaskStatus;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostStats {
    pub ok: u64,
    pub changed: u64,
    pub unreachable: u64,
    pub failed: u64,
    pub skipped: u64,
    pub rescued: u64,
    pub ignored: u64,
}

/// Per host counts, and what `set_stats` collected.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    pub hosts: IndexMap<String, HostStats>,
    /// `set_stats` data: by host, with `_run` for the whole run.
    pub custom: IndexMap<String, kapell_parsing::Map>,
}

impl Stats {
    /// Counts one result as ansible-playbook's recap does: an ignored failure is ok and ignored; changed is also ok.
    pub fn record(&mut self, host: &str, status: TaskStatus, changed: bool) {
        let entry = self.entry(host);
        match status {
            TaskStatus::Ok | TaskStatus::Changed => entry.ok += 1,
            TaskStatus::Skipped => entry.skipped += 1,
            TaskStatus::Failed => entry.failed += 1,
            TaskStatus::Unreachable => entry.unreachable += 1,
            TaskStatus::Rescued => entry.rescued += 1,
            TaskStatus::Ignored => {
                entry.ok += 1;
                entry.ignored += 1;
            }
        }
        if changed && matches!(status, TaskStatus::Ok | TaskStatus::Changed | TaskStatus::Ignored) {
            entry.changed += 1;
        }
    }

    fn entry(&mut self, host: &str) -> &mut HostStats {
        if !self.hosts.contains_key(host) {
            self.hosts.insert(host.to_owned(), HostStats::default());
        }
        &mut self.hosts[host]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ignored_failure_counts_as_ok_and_ignored() {
        let mut stats = Stats::default();
        stats.record("a", TaskStatus::Ignored, true);
        let expected = HostStats { ok: 1, ignored: 1, changed: 1, ..HostStats::default() };
        assert_eq!(stats.hosts["a"], expected);
    }

    #[test]
    fn a_changed_result_counts_as_ok_too() {
        let mut stats = Stats::default();
        stats.record("a", TaskStatus::Changed, true);
        assert_eq!(stats.hosts["a"], HostStats { ok: 1, changed: 1, ..HostStats::default() });
    }
}
