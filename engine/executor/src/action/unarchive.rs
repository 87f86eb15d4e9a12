//! `ansible.builtin.unarchive`, the half on the control node: offers an archive that lies there.

use kapell_connection::Blobs;

use super::copy_call::staged_name;
use super::offered_file::OfferedFile;
use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput, bool_arg, module, text_arg};
use crate::resolve::ResolvedTask;

pub(super) static ACTION: Action = Action { name: "unarchive", run: start };

const MODULE: &str = "ansible.builtin.unarchive";

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(run(task, cx))
}

async fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    let mut args = task.args.clone();
    if args.contains_key("copy") && args.contains_key("remote_src") {
        return Err(ActionError::failed("parameters are mutually exclusive: ('copy', 'remote_src')"));
    }
    let (Some(src), Some(_)) = (text_arg(&args, "src"), text_arg(&args, "dest")) else {
        return Err(ActionError::failed("src (or content) and dest are required"));
    };
    let is_remote = bool_arg(&args, "remote_src")?.unwrap_or(false) || !bool_arg(&args, "copy")?.unwrap_or(true);
    let name = module::called(task, MODULE);
    if is_remote {
        return Ok(cx.call_module(task, name, &args, &Blobs::default()).await?.into());
    }
    let source = cx.find_file("files", &src).map_err(ActionError::below_task)?;
    let offered = OfferedFile::of(cx, &source, bool_arg(&args, "decrypt")?.unwrap_or(true))?;
    args.insert("src".into(), source.to_string_lossy().into_owned().into());
    args.insert("_content_sha256".into(), offered.sha256.as_str().into());
    let mut result = cx.call_module(task, name, &args, &Blobs::from_iter([offered])).await?;
    if !result.says_failed() && result.data.contains_key("src") {
        result.set("src", staged_name(&cx.spec.remote_tmp, &src));
    }
    Ok(result.into())
}
