//! `ansible.builtin.fetch`: brings a file of the node to the control node.

use std::path::{Path, PathBuf};

use kapell_connection::Blobs;
use kapell_parsing::{Key, Map, Value};
use sha1::{Digest, Sha1};

use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput, bool_arg, context::expand_user, text_arg};
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
    let (remote, src) = match stat(task, cx, &src).await? {
        Remote::File { checksum, path } => (checksum, path),
        Remote::Missing(message) => return missing(&src, &message, fail_on_missing),
    };
    let target = target(&src, &dest, flat, cx);
    let local = checksum_of(&target);
    let (mut result, changed) = (TaskResult::new(Map::new()), local.as_deref() != Some(remote.as_str()));
    result.set("changed", changed);
    if changed {
        download(cx, &src, &target).await?;
    }
    let now = checksum_of(&target).unwrap_or_default();
    if bool_arg(args, "validate_checksum")?.unwrap_or(true) && now != remote {
        let extra = [("checksum", now.as_str()), ("remote_checksum", remote.as_str())];
        let extra = extra.iter().map(|(k, v)| (Key::from(*k), Value::from(*v))).collect();
        return Err(ActionError::failed_with("checksum mismatch", extra));
    }
    result.set("checksum", now);
    result.set("dest", target.to_string_lossy().into_owned());
    result.set("remote_checksum", if changed { Value::from(remote) } else { Value::Null });
    Ok(result.into())
}

enum Remote {
    /// SHA-1 of the content, and the path without a tilde.
    File {
        checksum: String,
        path: String,
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
            Remote::File { checksum: checksum.to_string(), path }
        }
        _ => Remote::Missing("no read permission on remote file, not transferring".into()),
    })
}

fn missing(src: &str, message: &str, fail: bool) -> Result<ActionOutput, ActionError> {
    let mut extra = Map::new();
    extra.insert("file".into(), src.into());
    if fail {
        return Err(ActionError::failed_with(message, extra));
    }
    let mut result = TaskResult::new(extra);
    result.set("changed", false);
    result.set("msg", format!("{message}, ignored"));
    Ok(result.into())
}

/// `dest/HOST/PATH`, or `dest` itself when flat.
fn target(src: &str, dest: &str, flat: bool, cx: &ActionContext<'_>) -> PathBuf {
    let base = cx.cx.basedir.join(expand_user(dest));
    if !flat {
        return base.join(cx.host).join(src.trim_start_matches('/'));
    }
    let basename = Path::new(src).file_name().unwrap_or_default();
    if dest.ends_with('/') || base.is_dir() { base.join(basename) } else { base }
}

fn checksum_of(path: &Path) -> Option<String> {
    let content = fs_err::read(path).ok()?;
    Some(hex::encode(Sha1::digest(&content)))
}

/// Into a temporary file beside the target, then in its place.
async fn download(cx: &ActionContext<'_>, src: &str, target: &Path) -> Result<(), ActionError> {
    let dir = target.parent().unwrap_or(Path::new("."));
    fs_err::create_dir_all(dir)?;
    let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let temporary = dir.join(format!(".{name}.{:08x}.part", rand::random::<u32>()));
    let mut file = tokio::fs::File::create(&temporary).await?;
    let fetched = cx.session().await?.fetch(src, &mut file).await;
    let synced = file.sync_all().await;
    if fetched.is_err() || synced.is_err() {
        let _ = fs_err::remove_file(&temporary);
    }
    fetched?;
    synced?;
    Ok(fs_err::rename(&temporary, target)?)
}
