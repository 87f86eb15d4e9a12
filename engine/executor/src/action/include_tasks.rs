//! `ansible.builtin.include_tasks`: asks for the tasks of a file in the place of this task.

use std::path::{Path, PathBuf};

use kapell_parsing::{Map, Value};

use super::effects::Included;
use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput, Effects, IncludeRequest, text_arg};
use crate::TaskResult;
use crate::resolve::ResolvedTask;

pub(super) static ACTION: Action = Action { name: "include_tasks", run: start };

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(async move { run(task, cx) })
}

fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    let Some(file) = text_arg(&task.args, "file").or_else(|| text_arg(&task.args, "_raw_params")) else {
        return Err(ActionError::failed("No file specified for ansible.builtin.include_tasks"));
    };
    let path = find(&file, task, cx);
    let apply = match task.args.get("apply") {
        Some(Value::Map(apply)) => apply.as_ref().clone(),
        None | Some(Value::Null) => Map::new(),
        Some(_) => return Err(ActionError::failed("Expected a dict for apply")),
    };
    let vars = cx.item_vars.cloned().unwrap_or_default();
    let mut result = TaskResult::new(Map::new());
    result.set("include", file.as_str());
    let others = task.args.iter().filter(|(key, _)| !["file", "_raw_params"].map(Some).contains(&key.as_str()));
    result.set("include_args", Value::map(others.map(|(key, value)| (key.clone(), value.clone())).collect()));
    let request = IncludeRequest { what: Included::Tasks { path, written: file, apply }, vars, item_label: None };
    Ok(ActionOutput { result, effects: Effects { includes: vec![request], ..Effects::default() } })
}

/// Where the file is, or where it was expected first: beside the including file, then in `handlers` (for a handler) and `tasks` of each role around, then beside the playbook.
fn find(file: &str, task: &ResolvedTask, cx: &ActionContext<'_>) -> PathBuf {
    let path = Path::new(file);
    if path.is_absolute() {
        return path.to_owned();
    }
    let scope = &task.task.scope;
    let mut candidates = Vec::new();
    for dir in scope.chain().map(|scope| &scope.dir) {
        candidates.push(dir.join(path));
    }
    for role in scope.roles_upwards() {
        if task.task.is_handler {
            candidates.push(role.path.join("handlers").join(path));
        }
        candidates.push(role.path.join("tasks").join(path));
        candidates.push(role.path.join(path));
    }
    candidates.push(cx.cx.basedir.join(path));
    let first = candidates[0].clone();
    candidates.into_iter().find(|path| path.is_file()).unwrap_or(first)
}
