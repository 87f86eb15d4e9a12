//! `ansible.builtin.gather_facts`: facts of the host through the fact modules (`setup`).

use kapell_connection::Blobs;
use kapell_parsing::{Key, Map};

use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput};
use crate::resolve::ResolvedTask;

pub(super) static ACTION: Action = Action { name: "gather_facts", run: start };

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(run(task, cx))
}

async fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    let is_own = |key: &Key| key.as_str() == Some("parallel");
    let args: Map = task.args.iter().filter(|(key, _)| !is_own(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
    let resolved = ResolvedTask { check: false, ..task.clone() };
    let result = cx.call_module(&resolved, "ansible.builtin.setup", &args, &Blobs::default()).await?;
    Ok(result.into())
}
