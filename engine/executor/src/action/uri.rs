//! `ansible.builtin.uri`, the half on the control node: offers the files of a request that lie there.

use std::path::Path;

use kapell_connection::Blobs;
use kapell_parsing::{Key, Map, Value};

use super::offered_file::OfferedFile;
use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput, bool_arg, module, text_arg};
use crate::TaskResult;
use crate::resolve::ResolvedTask;

pub(super) static ACTION: Action = Action { name: "uri", run: start };

const MODULE: &str = "ansible.builtin.uri";

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(run(task, cx))
}

async fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    if task.check {
        let mut skipped = TaskResult::new(Map::new());
        skipped.set("changed", false);
        skipped.set("msg", format!("This action ({}) does not support check mode.", task.task.action));
        skipped.set("skipped", true);
        return Ok(skipped.into());
    }
    let mut args = task.args.clone();
    let mut offered = Vec::new();
    if !bool_arg(&args, "remote_src")?.unwrap_or(false) {
        if let Some(src) = text_arg(&args, "src") {
            let file = OfferedFile::of(cx, &cx.find_file("files", &src).map_err(ActionError::below_task)?, true)?;
            args.insert("_content_sha256".into(), file.sha256.as_str().into());
            offered.push(file);
        }
        if text_arg(&args, "body_format").as_deref() == Some("form-multipart") {
            let files = uploads(cx, args.get("body"))?;
            let checksums: Map =
                files.iter().map(|(field, file)| (field.clone(), file.sha256.as_str().into())).collect();
            args.insert("_uploads".into(), Value::map(checksums));
            offered.extend(files.into_iter().map(|(_, file)| file));
        }
    }
    let name = module::called(task, MODULE);
    Ok(cx.call_module(task, name, &args, &offered.into_iter().collect::<Blobs>()).await?.into())
}

/// The fields of a body that name a file and bring no content.
fn uploads(cx: &ActionContext<'_>, body: Option<&Value>) -> Result<Vec<(Key, OfferedFile)>, ActionError> {
    let Some(fields) = body.and_then(Value::as_map) else { return Ok(Vec::new()) };
    let mut files = Vec::new();
    for (field, value) in fields {
        let Some(name) = value.get("filename").and_then(Value::as_str) else { continue };
        if value.get("content").is_some_and(|content| !content.is_null()) {
            continue;
        }
        let path = cx.find_file("files", name).map_err(ActionError::below_task)?;
        files.push((field.clone(), OfferedFile::of(cx, Path::new(&path), true)?));
    }
    Ok(files)
}
