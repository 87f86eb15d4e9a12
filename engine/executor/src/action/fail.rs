//! `ansible.builtin.fail`: fails with a message.

use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput};
use crate::TaskResult;
use crate::resolve::ResolvedTask;

pub(super) static ACTION: Action = Action { name: "fail", run: start };

fn start<'a>(task: &'a ResolvedTask, _cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(async move { run(task) })
}

fn run(task: &ResolvedTask) -> Result<ActionOutput, ActionError> {
    if let Some(unknown) = task.args.keys().map(ToString::to_string).find(|key| key != "msg") {
        return Err(ActionError::failed(format!("Invalid options for {}: {unknown}", task.task.action)));
    }
    let message = task.args.get("msg").cloned().unwrap_or_else(|| "Failed as requested from task".into());
    Ok(TaskResult::refused(message).into())
}
