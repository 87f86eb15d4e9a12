//! What `--list-tasks` and `--list-tags` show of a playbook, as data and as the lines ansible-playbook prints.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use kapell_parsing::{Text, Value};

use crate::{Node, Play, Playbook, Scope, Task};

/// How the tags of a level are seen: rendered, where that is possible.
pub type Tags<'a> = &'a dyn Fn(&Scope) -> Vec<String>;
/// Whether a task with these tags is among those that would run.
pub type Selected<'a> = &'a dyn Fn(&Task, &[String]) -> bool;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlayListing {
    /// Counted from 1 over the whole playbook.
    pub number: usize,
    /// The host patterns, comma-separated.
    pub hosts: String,
    pub title: String,
    /// Sorted.
    pub tags: Vec<String>,
    pub tasks: Vec<TaskListing>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskListing {
    /// `role : name`; without a name, the action alone.
    pub name: String,
    /// Sorted.
    pub tags: Vec<String>,
}

/// The plays of a playbook with the tasks that are `selected`. As in Ansible, handlers and the `rescue` and `always`
/// parts of blocks are not shown, and dynamic includes are not followed.
pub fn list(playbook: &Playbook, tags: Tags, selected: Selected) -> Vec<PlayListing> {
    playbook.plays.iter().enumerate().map(|(index, play)| list_play(index + 1, play, tags, selected)).collect()
}

fn list_play(number: usize, play: &Play, tags: Tags, selected: Selected) -> PlayListing {
    let mut tasks = Vec::new();
    let mut rest: Vec<&Node> = Vec::new();
    for section in [&play.post_tasks, &play.tasks, &play.role_tasks, &play.pre_tasks] {
        rest.extend(section.iter().rev());
    }
    while let Some(node) = rest.pop() {
        match node {
            Node::Block(block) => rest.extend(block.body.iter().rev()),
            Node::Task(task) => {
                let tags = sorted(tags(&task.scope));
                if selected(task, &tags) {
                    tasks.push(TaskListing { name: listed_name(task), tags });
                }
            }
        }
    }
    let hosts = match &play.hosts {
        Value::List(hosts) => hosts.iter().map(Value::to_string).collect::<Vec<_>>().join(","),
        hosts => hosts.to_string(),
    };
    PlayListing { number, hosts, title: play.title(), tags: sorted(tags(&play.scope)), tasks }
}

/// Tags as they are written, templates unrendered.
pub fn written_tags(scope: &Scope) -> Vec<String> {
    scope.tags().iter().map(Text::to_string).collect()
}

fn sorted(tags: Vec<String>) -> Vec<String> {
    tags.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

fn listed_name(task: &Task) -> String {
    match &task.name {
        Some(name) if !name.is_empty() => task.path_name(),
        _ => task.action.to_string(),
    }
}

impl PlayListing {
    /// `  play #1 (web): Set up⇥TAGS: [a,b]`
    pub fn header(&self) -> String {
        format!("  play #{} ({}): {}\tTAGS: [{}]", self.number, self.hosts, self.title, self.tags.join(","))
    }

    /// The lines of `--list-tasks` below the header.
    pub fn tasks_text(&self) -> String {
        let mut text = "    tasks:\n".to_string();
        for task in &self.tasks {
            let _ = writeln!(text, "      {}\tTAGS: [{}]", task.name, task.tags.join(", "));
        }
        text
    }

    /// The line of `--list-tags` below the header.
    pub fn tags_text(&self) -> String {
        format!("      TASK TAGS: [{}]\n", self.task_tags().join(", "))
    }

    /// The tags of all listed tasks, sorted.
    pub fn task_tags(&self) -> Vec<String> {
        sorted(self.tasks.iter().flat_map(|task| task.tags.clone()).collect())
    }
}
