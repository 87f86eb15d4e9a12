//! `ansible.builtin.assemble`, the half on the control node: fragments that lie there are joined and sent as a copy.

use kapell_connection::Blobs;
use kapell_modules::Fragments;
use kapell_parsing::Map;

use super::copy::{decrypted, send_content};
use super::copy_call::CopyCall;
use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput, bool_arg, module, text_arg};
use crate::resolve::ResolvedTask;

pub(super) static ACTION: Action = Action { name: "assemble", run: start };

const MODULE: &str = "ansible.builtin.assemble";
/// What says how the fragments are joined; the rest is about the file that comes of it.
const OURS: [&str; 6] = ["src", "delimiter", "regexp", "ignore_hidden", "decrypt", "remote_src"];

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(run(task, cx))
}

async fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    let args = &task.args;
    let (Some(src), Some(dest)) = (text_arg(args, "src"), text_arg(args, "dest")) else {
        return Err(ActionError::failed("src and dest are required"));
    };
    if bool_arg(args, "remote_src")?.unwrap_or(true) {
        let name = module::called(task, MODULE);
        return Ok(cx.call_module(task, name, args, &Blobs::default()).await?.into());
    }
    let source = cx.find_file("files", &src).map_err(ActionError::below_task)?;
    if !source.is_dir() {
        return Err(ActionError::failed(format!("Source ({}) is not a directory", source.display())));
    }
    let (delimiter, regexp) = (text_arg(args, "delimiter"), text_arg(args, "regexp"));
    let hidden = !bool_arg(args, "ignore_hidden")?.unwrap_or(false);
    let fragments = Fragments::new(delimiter.as_deref(), regexp.as_deref(), hidden)
        .map_err(|error| ActionError::failed(error.to_string()))?;
    let decrypt = bool_arg(args, "decrypt")?.unwrap_or(true);
    let paths = fragments.of(&source).map_err(|error| ActionError::failed(error.to_string()))?;
    let texts = paths.iter().map(|path| match if decrypt { decrypted(cx, path)? } else { None } {
        Some(plain) => Ok(plain),
        None => Ok(fs_err::read(path)?),
    });
    let content = fragments.join(texts.collect::<Result<Vec<_>, ActionError>>()?);
    let kept = args.iter().filter(|(key, _)| key.as_str().is_none_or(|key| !OURS.contains(&key)));
    let copied: Map = kept.map(|(key, value)| (key.clone(), value.clone())).collect();
    let call = CopyCall::of_content(&copied, &cx.spec.remote_tmp, &dest);
    Ok(send_content(task, cx, copied, content, &call).await?.into())
}
