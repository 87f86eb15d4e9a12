//! `ansible.builtin.async_status`: the module looks where this host's jobs leave their results.

use kapell_connection::Blobs;
use kapell_parsing::Map;

use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput};
use crate::TaskResult;
use crate::resolve::ResolvedTask;

const MODULE: &str = "ansible.builtin.async_status";

pub(super) static ACTION: Action = Action { name: "async_status", run: start };

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(async move { Ok(ActionOutput::from(look(task, cx, task.args.clone()).await?)) })
}

/// The job that `args` name. Looking needs no job of its own, whatever `task` says.
pub(crate) async fn look(
    task: &ResolvedTask,
    cx: &ActionContext<'_>,
    mut args: Map,
) -> Result<TaskResult, ActionError> {
    args.insert("_async_dir".into(), cx.async_dir()?.into());
    let task = ResolvedTask { background: None, ..task.clone() };
    cx.call_module(&task, MODULE, &args, &Blobs::default()).await
}
