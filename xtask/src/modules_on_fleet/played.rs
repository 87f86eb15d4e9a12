//! `Played`: what one run of a playbook did on every host, task by task, read from what the engine printed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::recap::Recap;

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Played {
    pub(super) succeeded: bool,
    pub(super) seconds: f32,
    pub(super) recap: Recap,
    tasks: Vec<Task>,
}

/// A heading and the lines of the hosts below it, in any order: `changed: [app1] => (item=x)`.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Task {
    heading: String,
    outcomes: BTreeSet<String>,
}

impl Played {
    pub(super) fn read(output: &str, succeeded: bool, seconds: f32) -> Self {
        Self { succeeded, seconds, recap: Recap::parse(output), tasks: tasks(output) }
    }

    /// How many tasks ran, whatever their number of hosts and items.
    pub(super) fn tasks(&self) -> usize {
        self.tasks.iter().filter(|task| !task.outcomes.is_empty()).count()
    }

    /// Over all hosts.
    pub(super) fn sum(&self, counter: &str) -> u32 {
        self.recap.0.keys().map(|host| self.recap.count(host, counter)).sum()
    }

    /// Tasks that changed something, with the hosts.
    pub(super) fn changes(&self) -> Vec<String> {
        let changed = |task: &Task| {
            let lines: Vec<&str> = outcomes_of(task).filter(|line| line.starts_with("changed:")).collect();
            (!lines.is_empty()).then(|| format!("{}: {}", task.heading, lines.join(", ")))
        };
        self.tasks.iter().filter_map(changed).collect()
    }

    /// Where `actual` differs, in words.
    pub(super) fn differences(&self, actual: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        if self.recap != actual.recap {
            let shown = |recap: &Recap| serde_json::to_string(recap).unwrap_or_default();
            differences.push(format!("recap: expected {}, got {}", shown(&self.recap), shown(&actual.recap)));
        }
        for index in 0..self.tasks.len().max(actual.tasks.len()) {
            let nothing = Task::default();
            let expected = self.tasks.get(index).unwrap_or(&nothing);
            let other = actual.tasks.get(index).unwrap_or(&nothing);
            if expected.heading != other.heading {
                // From here on everything is shifted.
                differences.push(format!("a task: expected {:?}, got {:?}", expected.heading, other.heading));
                break;
            }
            if expected.outcomes != other.outcomes {
                let shown = |task: &Task| outcomes_of(task).collect::<Vec<_>>().join(", ");
                differences.push(format!("{}: expected {}; got {}", expected.heading, shown(expected), shown(other)));
            }
        }
        differences
    }
}

fn outcomes_of(task: &Task) -> impl Iterator<Item = &str> {
    task.outcomes.iter().map(String::as_str)
}

fn tasks(output: &str) -> Vec<Task> {
    let mut tasks: Vec<Task> = Vec::new();
    for line in output.lines() {
        if let Some(heading) = heading(line) {
            tasks.push(Task { heading, outcomes: BTreeSet::new() });
        } else if let (Some(outcome), Some(task)) = (outcome(line), tasks.last_mut()) {
            task.outcomes.insert(outcome);
        }
    }
    tasks
}

fn heading(line: &str) -> Option<String> {
    let kinds = ["TASK [", "RUNNING HANDLER ["];
    let name = kinds.iter().find_map(|kind| line.strip_prefix(kind))?.trim_end_matches('*').trim_end();
    Some(name.strip_suffix(']').unwrap_or(name).to_owned())
}

/// Without the values behind it, which are judged elsewhere.
fn outcome(line: &str) -> Option<String> {
    const KINDS: [&str; 6] = ["ok: [", "changed: [", "skipping: [", "failed: [", "fatal: [", "unreachable: ["];
    let is_outcome = KINDS.iter().any(|kind| line.starts_with(kind)) || line == "...ignoring";
    is_outcome.then(|| line.split(" => {").next().unwrap_or(line).trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "TASK [one] ****\nchanged: [app1] => (item=a)\nok: [lb1] => {\n    \"changed\": false\n}\n\n\
        RUNNING HANDLER [two] ****\nskipping: [app1]\n\nPLAY RECAP ****\napp1 : ok=1 changed=1\nlb1 : ok=1 changed=0\n";

    #[test]
    fn tasks_are_read_with_their_hosts() {
        let played = Played::read(FIRST, true, 1.0);
        assert_eq!(played.tasks(), 2);
        assert_eq!(played.sum("changed"), 1);
        assert_eq!(played.changes(), ["one: changed: [app1] => (item=a)"]);
    }

    #[test]
    fn hosts_may_come_in_another_order() {
        let other = "TASK [one] *\nok: [lb1]\nchanged: [app1] => (item=a)\nRUNNING HANDLER [two] *\nskipping: [app1]\n\
            PLAY RECAP ****\nlb1 : ok=1 changed=0\napp1 : ok=1 changed=1\n";
        assert!(Played::read(FIRST, true, 1.0).differences(&Played::read(other, true, 2.0)).is_empty());
    }

    #[test]
    fn another_outcome_names_its_task() {
        let other = FIRST.replace("skipping: [app1]", "ok: [app1]");
        let differences = Played::read(FIRST, true, 1.0).differences(&Played::read(&other, true, 1.0));
        assert_eq!(differences, ["two: expected skipping: [app1]; got ok: [app1]"]);
    }
}
