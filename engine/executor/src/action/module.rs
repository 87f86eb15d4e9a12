//! Any module without a controller half: its arguments go to the managed node, its result comes back.

use kapell_connection::Blobs;

use super::{ActionContext, ActionError, ActionOutput};
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
    let result = cx.call_module(task, module.name, &args, &Blobs::default()).await?;
    Ok(result.into())
}
