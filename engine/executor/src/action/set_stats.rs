//! `ansible.builtin.set_stats`: adds to the custom statistics of the run.

use kapell_parsing::{Map, Value};

use super::effects::StatsScope;
use super::set_fact::{INVALID_NAME_HINT, is_identifier, name_origin};
use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput, Effects};
use crate::TaskResult;
use crate::resolve::ResolvedTask;

pub(super) static ACTION: Action = Action { name: "set_stats", run: start };

fn start<'a>(task: &'a ResolvedTask, _cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(async move { run(task) })
}

fn run(task: &ResolvedTask) -> Result<ActionOutput, ActionError> {
    let args = &task.args;
    if let Some(unknown) =
        args.keys().map(ToString::to_string).find(|key| !matches!(key.as_str(), "data" | "per_host" | "aggregate"))
    {
        return Err(ActionError::failed(format!("Invalid options for {}: {unknown}", task.task.action)));
    }
    let data = match args.get("data") {
        Some(Value::Map(data)) => data.as_ref().clone(),
        None | Some(Value::Null) => Map::new(),
        Some(_) => {
            return Ok(TaskResult::refused("The 'data' option needs to be a dictionary/hash").into());
        }
    };
    if let Some(bad) = data.keys().find(|key| !is_identifier(&key.to_string())) {
        let error = ActionError::raised(format!("Invalid variable name '{bad}'."), name_origin(bad));
        return Err(error.hint(INVALID_NAME_HINT));
    }
    // What is no truth value is false.
    let flag = |name: &str, default| args.get(name).map_or(default, |value| value.to_bool_loose().unwrap_or(false));
    let scope = StatsScope { per_host: flag("per_host", false), aggregate: flag("aggregate", true) };
    let mut stats = Map::new();
    stats.insert("aggregate".into(), scope.aggregate.into());
    stats.insert("data".into(), Value::map(data.clone()));
    stats.insert("per_host".into(), scope.per_host.into());
    let mut result = TaskResult::new(Map::new());
    result.set("changed", false);
    result.set("ansible_stats", Value::map(stats));
    Ok(ActionOutput { result, effects: Effects { stats: vec![(data, scope)], ..Effects::default() } })
}
