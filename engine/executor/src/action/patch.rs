//! `ansible.posix.patch`, the half on the control node: offers the patch file by its checksum.

use kapell_connection::Blobs;

use super::offered_file::OfferedFile;
use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput, bool_arg, text_arg};
use crate::resolve::ResolvedTask;

pub(super) static ACTION: Action = Action { name: MODULE, run: start };

const MODULE: &str = "ansible.posix.patch";

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(run(task, cx))
}

async fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    let mut args = task.args.clone();
    let Some(src) = text_arg(&args, "src").or_else(|| text_arg(&args, "patchfile")) else {
        return Err(ActionError::failed("src is required"));
    };
    if bool_arg(&args, "remote_src")?.unwrap_or(false) {
        return Ok(cx.call_module(task, MODULE, &args, &Blobs::default()).await?.into());
    }
    let source = cx.find_file("files", &src)?;
    let offered = OfferedFile::of(cx, &source, true)?;
    args.shift_remove("patchfile");
    args.insert("src".into(), source.to_string_lossy().into_owned().into());
    args.insert("_content_sha256".into(), offered.sha256.as_str().into());
    Ok(cx.call_module(task, MODULE, &args, &Blobs::from_iter([offered])).await?.into())
}
