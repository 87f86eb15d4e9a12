//! `ansible.builtin.group_by`: puts the host into a group named by its variables.

use kapell_parsing::{Map, Value};

use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput, Effects, GroupBy, text_arg};
use crate::TaskResult;
use crate::resolve::ResolvedTask;

pub(super) static ACTION: Action = Action { name: "group_by", run: start };

fn start<'a>(task: &'a ResolvedTask, _cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(async move { run(task) })
}

fn run(task: &ResolvedTask) -> Result<ActionOutput, ActionError> {
    if let Some(unknown) = task.args.keys().map(ToString::to_string).find(|key| key != "key" && key != "parents") {
        return Err(ActionError::failed(format!("Invalid options for {}: {unknown}", task.task.action)));
    }
    let Some(key) = text_arg(&task.args, "key") else {
        return Ok(TaskResult::refused("the 'key' param is required when using group_by").into());
    };
    let parents = match task.args.get("parents") {
        None | Some(Value::Null) => vec!["all".to_owned()],
        Some(Value::List(items)) => items.iter().map(Value::to_string).collect(),
        Some(other) => vec![other.to_string()],
    };
    let clean = |name: &str| name.replace(' ', "-");
    let group = clean(&key);
    let parents: Vec<String> = parents.iter().map(|parent| clean(parent)).collect();
    let mut result = TaskResult::new(Map::new());
    result.set("changed", true);
    result.set("add_group", group.as_str());
    result.set("parent_groups", Value::list(parents.iter().map(|parent| parent.as_str().into()).collect()));
    Ok(ActionOutput { result, effects: Effects { group_by: vec![GroupBy { group, parents }], ..Effects::default() } })
}
