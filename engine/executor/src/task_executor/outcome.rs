//! `TaskOutcome`: what came of a task on one host.

use kapell_parsing::{Map, Value};
use kapell_playbook::Task;

use crate::TaskResult;
use crate::action::Effects;

/// What came of it.
pub struct TaskOutcome {
    pub host: String,
    pub result: TaskResult,
    pub effects: Effects,
    pub ignore_errors: bool,
    pub ignore_unreachable: bool,
    pub delegated_to: Option<String>,
    pub diff: bool,
    /// The rendered task in the way `ansible_failed_task` shows it.
    pub failed_task: Value,
}

impl TaskOutcome {
    /// A failure that is not the task's own: its include could not be loaded.
    pub fn failed(host: &str, result: TaskResult) -> Self {
        Self::new(host, result)
    }

    pub(super) fn new(host: &str, result: TaskResult) -> Self {
        Self {
            host: host.to_owned(),
            result,
            effects: Effects::default(),
            ignore_errors: false,
            ignore_unreachable: false,
            delegated_to: None,
            diff: false,
            failed_task: Value::Null,
        }
    }
}

pub(super) fn failed_task(task: &Task, args: Map) -> Value {
    let mut map = Map::new();
    map.insert("name".into(), task.name.clone().map_or_else(|| "".into(), Value::Str));
    map.insert("action".into(), task.action.as_str().into());
    map.insert("args".into(), Value::map(args));
    map.insert("tags".into(), Value::list(task.scope.tags().into_iter().map(Value::Str).collect()));
    Value::map(map)
}
