//! `ansible.builtin.include_role`: asks for a role's tasks in the place of this task.

use kapell_parsing::Map;

use super::effects::Included;
use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput, Effects, IncludeRequest, text_arg};
use crate::TaskResult;
use crate::resolve::ResolvedTask;

pub(super) static ACTION: Action = Action { name: "include_role", run: start };

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(async move { run(task, cx) })
}

fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    if text_arg(&task.args, "name").or_else(|| text_arg(&task.args, "role")).is_none() {
        return Err(ActionError::failed("'name' is a required field for include_role."));
    }
    let mut result = TaskResult::new(Map::new());
    result.set("include_args", kapell_parsing::Value::map(task.args.clone()));
    let request = IncludeRequest {
        what: Included::Role { args: task.args.clone() },
        vars: cx.item_vars.cloned().unwrap_or_default(),
        item_label: None,
    };
    Ok(ActionOutput { result, effects: Effects { includes: vec![request], ..Effects::default() } })
}
