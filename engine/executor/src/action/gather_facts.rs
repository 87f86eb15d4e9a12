//! `ansible.builtin.gather_facts`: facts of the host through the fact modules (`setup`).

use kapell_connection::Blobs;
use kapell_parsing::{Key, Map};

use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput};
use crate::module_defaults::defaults;
use crate::resolve::ResolvedTask;

const SETUP: &str = "ansible.builtin.setup";

pub(super) static ACTION: Action = Action { name: "gather_facts", run: start };

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(run(task, cx))
}

async fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    let is_own = |key: &Key| key.as_str() == Some("parallel");
    let failed = |report| {
        ActionError::Failed(Box::new(super::Failure { report, extra: Map::new(), kind: super::FailureKind::Caused }))
    };
    let mut args = defaults(cx.run, &task.task.scope, SETUP, cx.vars, cx.cx).map_err(failed)?;
    args.extend(task.args.iter().filter(|(key, _)| !is_own(key)).map(|(k, v)| (k.clone(), v.clone())));
    let resolved = ResolvedTask { check: false, ..task.clone() };
    let result = cx.call_module(&resolved, SETUP, &args, &Blobs::default()).await?;
    Ok(result.into())
}
