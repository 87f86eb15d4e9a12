//! Any module without a controller half: its arguments go to the managed node, its result comes back.

use kapell_connection::Blobs;
use kapell_parsing::Map;

use super::{ActionContext, ActionError, ActionOutput, text_arg};
use crate::resolve::ResolvedTask;

pub(super) async fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    let Some(module) = kapell_modules::find(&task.action) else {
        return Err(ActionError::failed(format!(
            "couldn't resolve module/action '{}'. This often indicates a misspelling, missing collection, or incorrect \
             module path.",
            task.task.action
        )));
    };
    let mut args = task.args.clone();
    if let Some(free_form) = args.shift_remove("_raw_params") {
        args.insert(module.free_form.unwrap_or("_raw_params").into(), free_form);
    }
    if module.name == "ansible.builtin.user" {
        free_account(cx, &args).await;
    }
    let result = cx.call_module(task, module.name, &args, &Blobs::default()).await?;
    Ok(result.into())
}

/// A user is only deleted when no process runs as that user, so our worker must not.
async fn free_account(cx: &ActionContext<'_>, args: &Map) {
    let name = text_arg(args, "name").or_else(|| text_arg(args, "user"));
    if let (Some(name), Some("absent")) = (name, text_arg(args, "state").as_deref()) {
        cx.run.connections.leave_user(cx.spec, &name).await;
    }
}
