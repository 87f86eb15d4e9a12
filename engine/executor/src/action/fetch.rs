//! `ansible.builtin.fetch`: brings a file of the node to the control node.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use kapell_connection::Blobs;
use kapell_modules::Digests;
use kapell_parsing::{Key, Map, Value};

use super::transfer::{self, Counted};
use super::{
    Action, ActionContext, ActionError, ActionFuture, ActionOutput, bool_arg, context::expand_user, live_lines,
    text_arg,
};
use crate::TaskResult;
use crate::resolve::ResolvedTask;

pub(super) static ACTION: Action = Action { name: "fetch", run: start };

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(run(task, cx))
}

async fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    let args = &task.args;
    let (Some(src), Some(dest)) = (text_arg(args, "src"), text_arg(args, "dest")) else {
        return Err(ActionError::failed("src and dest are required"));
    };
    if task.check {
        let mut result = TaskResult::skipped("check mode not (yet) supported for this module", None);
        result.data.shift_remove("skip_reason");
        result.set("msg", "check mode not (yet) supported for this module");
        return Ok(result.into());
    }
    let fail_on_missing = bool_arg(args, "fail_on_missing")?.unwrap_or(true);
    let flat = bool_arg(args, "flat")?.unwrap_or(false);
    let (remote, src, size) = match stat(task, cx, &src).await? {
        Remote::File { checksum, path, size } => (checksum, path, size),
        Remote::Missing(message) => return Ok(missing(&src, &message, fail_on_missing)),
    };
    let Some(target) = target(&src, &dest, flat, cx) else {
        let message =
            "dest is an existing directory, use a trailing slash if you want to fetch src into that directory";
        return Err(ActionError::failed(message));
    };
    let mut result = TaskResult::new(Map::new());
    result.set("dest", target.to_string_lossy().into_owned());
    let before = digests_of(&target);
    if before.as_ref().is_some_and(|digests| digests.sha1 == remote) {
        result.set("changed", false);
        result.set("checksum", remote);
        result.set("file", src);
        result.set("md5sum", before.map_or(Value::Null, |digests| digests.md5.into()));
        return Ok(result.into());
    }
    download(cx, (&src, size), &target).await?;
    let now = Digests::of_file(&target)?;
    if bool_arg(args, "validate_checksum")?.unwrap_or(true) && now.sha1 != remote {
        let extra = [("file", src), ("checksum", now.sha1), ("remote_checksum", remote)];
        let extra = extra.into_iter().map(|(k, v)| (Key::from(k), Value::from(v))).collect();
        return Err(ActionError::failed_with("checksum mismatch", extra));
    }
    result.set("changed", true);
    result.set("checksum", now.sha1);
    result.set("md5sum", now.md5);
    result.set("remote_checksum", remote);
    result.set("remote_md5sum", Value::Null);
    Ok(result.into())
}

enum Remote {
    /// SHA-1 of the content, and the path without a tilde.
    File {
        checksum: String,
        path: String,
        /// In bytes, as far as known.
        size: u64,
    },
    Missing(String),
}

async fn stat(task: &ResolvedTask, cx: &ActionContext<'_>, src: &str) -> Result<Remote, ActionError> {
    let mut args = Map::new();
    args.insert("path".into(), src.into());
    args.insert("follow".into(), true.into());
    let result = cx.call_module(task, "ansible.builtin.stat", &args, &Blobs::default()).await?;
    if result.is_failed() {
        return Err(ActionError::failed(result.data.get("msg").map(Value::to_string).unwrap_or_default()));
    }
    let stat = result.data.get("stat").cloned().unwrap_or(Value::Null);
    let is = |name: &str| stat.get(name).is_some_and(Value::is_truthy);
    Ok(match stat.get("checksum") {
        _ if !is("exists") => Remote::Missing("the remote file does not exist, not transferring".into()),
        _ if is("isdir") => Remote::Missing("remote file is a directory, fetch cannot work on directories".into()),
        Some(Value::Str(checksum)) => {
            let path = stat.get("path").map_or_else(|| src.to_owned(), Value::to_string);
            let size = stat.get("size").and_then(Value::as_i64).and_then(|size| u64::try_from(size).ok());
            Remote::File { checksum: checksum.to_string(), path, size: size.unwrap_or_default() }
        }
        _ => Remote::Missing(format!("File is not readable: {src}")),
    })
}

/// What the node says against the transfer.
fn missing(src: &str, reason: &str, fail: bool) -> ActionOutput {
    if fail {
        return TaskResult::refused(reason).into();
    }
    let mut result = TaskResult::new(Map::new());
    result.set("changed", false);
    result.set("file", src);
    result.set("msg", format!("{reason}, ignored"));
    result.into()
}

/// `dest/HOST/PATH`; when flat `dest` itself, or a file below it where it ends in a slash. None for a directory.
fn target(src: &str, dest: &str, flat: bool, cx: &ActionContext<'_>) -> Option<PathBuf> {
    let base = cx.cx.basedir.join(expand_user(dest));
    if !flat {
        return Some(base.join(cx.host).join(src.trim_start_matches('/')));
    }
    if dest.ends_with('/') {
        return Some(base.join(Path::new(src).file_name().unwrap_or_default()));
    }
    (!base.is_dir()).then_some(base)
}

fn digests_of(path: &Path) -> Option<Digests> {
    Digests::of_file(path).ok()
}

/// Into a temporary file beside the target, then in its place.
async fn download(cx: &ActionContext<'_>, (src, size): (&str, u64), target: &Path) -> Result<(), ActionError> {
    let dir = target.parent().unwrap_or(Path::new("."));
    fs_err::create_dir_all(dir)?;
    let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let temporary = dir.join(format!(".{name}.{:08x}.part", rand::random::<u32>()));
    let mut file = tokio::fs::File::create(&temporary).await?;
    let session = cx.session().await?;
    let (mut counted, written) = Counted::new(&mut file);
    let progress = || transfer::line("fetched", (written.load(Ordering::Relaxed), size));
    let fetched = live_lines::telling((cx.run, cx.host), progress, session.fetch(src, &mut counted)).await;
    let synced = file.sync_all().await;
    if fetched.is_err() || synced.is_err() {
        let _ = fs_err::remove_file(&temporary);
    }
    fetched?;
    synced?;
    Ok(fs_err::rename(&temporary, target)?)
}
