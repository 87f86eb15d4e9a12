//! `ansible.builtin.copy`, the half on the control node: finds the source and offers its contents by checksum.

use std::collections::HashMap;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kapell_connection::{BlobSource, Blobs};
use kapell_parsing::{Key, Map, Value, VaultSecrets, vault};
use kapell_template::json_text;
use sha2::{Digest, Sha256};

use super::copy_call::{CopyCall, forget_if_not_called, unsent};
use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput, bool_arg, text_arg};
use crate::TaskResult;
use crate::resolve::ResolvedTask;

pub(super) static ACTION: Action = Action { name: "copy", run: start };

const MODULE: &str = "ansible.legacy.copy";
/// What only actions may say.
pub(super) const INTERNAL: [&str; 2] = ["_original_basename", "_diff_peek"];

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    let told = |_| Map::from_iter([("invocation".into(), unsent(&task.args))]);
    Box::pin(async move { run(task, cx).await.map_err(|error| error.with_extra(told)) })
}

async fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    let args = &task.args;
    let given =
        |name: &str| args.get(name).is_some_and(|value| !value.is_null() && (name != "src" || !is_empty(value)));
    if let Some(name) = INTERNAL.iter().find(|name| args.contains_key(**name)) {
        return Err(ActionError::failed(format!("Invalid parameter specified: \"{name}\"")));
    }
    if let Some(message) = contradiction(given("src"), given("content"), text_arg(args, "dest").as_deref()) {
        let mut refused = TaskResult::refused(message);
        refused.set("invocation", unsent(args));
        return Ok(refused.into());
    }
    if bool_arg(args, "remote_src")?.unwrap_or(false) {
        let mut args = args.clone();
        args.shift_remove("decrypt");
        return Ok(cx.call_module(task, MODULE, &args, &Blobs::default()).await?.into());
    }
    if given("content") {
        let content = content_bytes(args.get("content").unwrap_or(&Value::Null));
        let mut args = args.clone();
        args.shift_remove("content");
        args.shift_remove("decrypt");
        let dest = text_arg(&args, "dest").unwrap_or_default();
        let call = CopyCall::of_content(&task.args, &cx.spec.remote_tmp, &dest);
        return Ok(send_content(task, cx, args, content, &call).await?.into());
    }
    let written = text_arg(args, "src").unwrap_or_default();
    let source = cx.find_file("files", &written).map_err(|error| error.within("Unexpected AnsibleActionFail error"))?;
    let follow = bool_arg(args, "local_follow")?.unwrap_or(true);
    if source.is_dir() {
        return Ok(send_directory(task, cx, &source, &written, follow).await?.into());
    }
    send_file(task, cx, &source).await.map(Into::into)
}

fn is_empty(value: &Value) -> bool {
    matches!(value, Value::Str(text) if text.is_empty())
}

/// What is wrong with the arguments together.
fn contradiction(src: bool, content: bool, dest: Option<&str>) -> Option<&'static str> {
    match (src, content, dest) {
        (false, false, _) => Some("src (or content) is required"),
        (true, true, _) => Some("src and content are mutually exclusive"),
        (_, _, None) => Some("dest is required"),
        (_, true, Some(dest)) if dest.ends_with('/') => Some("can not use content with a dir as dest"),
        _ => None,
    }
}

/// `content` as the file's bytes: text as it is, anything else as JSON.
fn content_bytes(content: &Value) -> Vec<u8> {
    match content {
        Value::Str(text) => text.as_bytes().to_vec(),
        Value::Map(_) | Value::List(_) => json_text(content).into_bytes(),
        other => other.to_string().into_bytes(),
    }
}

/// Offers `content` to the copy module on the node, which asks for it only when the destination differs.
pub(super) async fn send_content(
    task: &ResolvedTask,
    cx: &ActionContext<'_>,
    mut args: Map,
    content: Vec<u8>,
    call: &CopyCall,
) -> Result<TaskResult, ActionError> {
    let sha256 = hex::encode(Sha256::digest(&content));
    args.insert("_content_sha256".into(), sha256.as_str().into());
    args.insert("_content_size".into(), (content.len() as i64).into());
    let blobs = Blobs::from_iter([(sha256, BlobSource::Bytes(Arc::from(content)))]);
    let mut result = cx.call_module(task, MODULE, &args, &blobs).await?;
    call.tell(&mut result);
    Ok(result)
}

async fn send_file(task: &ResolvedTask, cx: &ActionContext<'_>, source: &Path) -> Result<TaskResult, ActionError> {
    let mut args = task.args.clone();
    let basename = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
    preserve_mode(&mut args, "mode", source)?;
    let mut given = task.args.clone();
    preserve_mode(&mut given, "mode", source)?;
    let call = CopyCall::of_file(&given, &cx.spec.remote_tmp, source);
    name_source(&mut args, source);
    args.insert("_original_basename".into(), basename.into());
    if bool_arg(&task.args, "decrypt")?.unwrap_or(true)
        && let Some(plain) = decrypted(cx, source)?
    {
        return send_content(task, cx, args, plain, &call).await;
    }
    let content = FileContent::of(source)?;
    args.insert("_content_sha256".into(), content.sha256.as_str().into());
    args.insert("_content_size".into(), (content.size as i64).into());
    let blobs = Blobs::from_iter([(content.sha256, BlobSource::Path(source.to_owned()))]);
    let mut result = cx.call_module(task, MODULE, &args, &blobs).await?;
    call.tell(&mut result);
    Ok(result)
}

/// On the node `src` is only the name that results and diffs show; decrypting is done here.
fn name_source(args: &mut Map, source: &Path) {
    args.insert("src".into(), source.to_string_lossy().into_owned().into());
    args.shift_remove("decrypt");
}

/// `mode: preserve` becomes the source's mode.
pub(super) fn preserve_mode(args: &mut Map, name: &str, source: &Path) -> Result<(), ActionError> {
    if text_arg(args, name).as_deref() == Some("preserve") {
        let mode = fs_err::metadata(source)?.permissions().mode() & 0o7777;
        args.insert(Key::from(name), format!("{mode:04o}").into());
    }
    Ok(())
}

/// The plain text of a vault file; `None` for any other.
pub(super) fn decrypted(cx: &ActionContext<'_>, path: &Path) -> Result<Option<Vec<u8>>, ActionError> {
    plain_text(path, &cx.run.vault)
}

fn plain_text(path: &Path, secrets: &VaultSecrets) -> Result<Option<Vec<u8>>, ActionError> {
    let mut start = [0; 64];
    let read = fs_err::File::open(path)?.read(&mut start)?;
    if !vault::is_encrypted(&start[..read]) {
        return Ok(None);
    }
    let plain = vault::decrypt(&fs_err::read(path)?, secrets);
    plain.map(Some).map_err(|error| {
        let shown = path.display();
        if secrets.is_empty() {
            return ActionError::failed(format!("A vault password or secret must be specified to decrypt {shown}"));
        }
        ActionError::failed(format!("{shown}: {error}"))
    })
}

/// A file's checksum and size, read once in pieces.
pub(super) struct FileContent {
    pub(super) sha256: String,
    size: u64,
}

impl FileContent {
    pub(super) fn of(path: &Path) -> Result<Self, ActionError> {
        let mut file = fs_err::File::open(path)?;
        let mut digest = Sha256::new();
        let mut buffer = vec![0; 128 * 1024];
        let mut size = 0;
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                return Ok(Self { sha256: hex::encode(digest.finalize()), size });
            }
            digest.update(&buffer[..read]);
            size += read as u64;
        }
    }
}

/// A directory goes as one call: every file by checksum, so that only what differs is sent.
async fn send_directory(
    task: &ResolvedTask,
    cx: &ActionContext<'_>,
    source: &Path,
    written: &str,
    follow: bool,
) -> Result<TaskResult, ActionError> {
    let vault = bool_arg(&task.args, "decrypt")?.unwrap_or(true).then(|| cx.run.vault.clone());
    let mut tree = Tree { follow, vault, ..Tree::default() };
    // Without a slash at its end the directory itself is copied, not only what is in it.
    let base =
        if written.ends_with('/') { PathBuf::new() } else { PathBuf::from(source.file_name().unwrap_or_default()) };
    tree.walk(source, &base)?;
    let itself = usize::from(!base.as_os_str().is_empty());
    if tree.files.is_empty() && tree.links.is_empty() && tree.directories.len() == itself {
        // Of an empty directory not even the directory is made.
        tree.directories.clear();
    }
    let mut args = task.args.clone();
    let slash = if written.ends_with('/') { "/" } else { "" };
    let shown = source.to_string_lossy();
    name_source(&mut args, Path::new(&format!("{}{slash}", shown.trim_end_matches('/'))));
    args.insert("_files".into(), Value::list(tree.files));
    args.insert("_dirs".into(), Value::list(tree.directories));
    args.insert("_links".into(), Value::list(tree.links));
    let mut result = cx.call_module(task, MODULE, &args, &tree.blobs.into_iter().collect()).await?;
    if !result.says_failed() && task.background.is_none() {
        result.set("invocation", unsent(&task.args));
    }
    forget_if_not_called(&mut result);
    Ok(result)
}

#[derive(Default)]
struct Tree {
    follow: bool,
    /// Opens encrypted files; `None` copies them as they are.
    vault: Option<VaultSecrets>,
    /// The real paths of the directories being walked, outermost first.
    above: Vec<PathBuf>,
    files: Vec<Value>,
    directories: Vec<Value>,
    links: Vec<Value>,
    blobs: HashMap<String, BlobSource>,
}

impl Tree {
    fn walk(&mut self, dir: &Path, relative: &Path) -> Result<(), ActionError> {
        if !relative.as_os_str().is_empty() {
            self.directories.push(entry(relative, dir, &[])?);
        }
        self.above.push(fs_err::canonicalize(dir)?);
        let mut names: Vec<_> = fs_err::read_dir(dir)?.collect::<Result<Vec<_>, _>>()?;
        names.sort_by_key(fs_err::DirEntry::file_name);
        // What is in a directory comes before what is further down.
        let mut directories = Vec::new();
        for found in names {
            let (path, relative) = (found.path(), relative.join(found.file_name()));
            let is_link = found.file_type()?.is_symlink();
            if is_link && (!self.follow || self.leads_nowhere(&path)) {
                let target = fs_err::read_link(&path)?.to_string_lossy().into_owned();
                let fields = [("path", relative.to_string_lossy().into_owned().into()), ("target", target.into())];
                self.links.push(Value::map(fields.into_iter().map(|(k, v): (&str, Value)| (k.into(), v)).collect()));
            } else if path.is_dir() {
                directories.push((path, relative));
            } else {
                self.add_file(&path, &relative)?;
            }
        }
        for (path, relative) in directories {
            self.walk(&path, &relative)?;
        }
        self.above.pop();
        Ok(())
    }

    /// Whether what a link leads to cannot be copied in its place: there is nothing, or a directory this is in.
    fn leads_nowhere(&self, link: &Path) -> bool {
        fs_err::canonicalize(link).map_or(true, |target| self.above.contains(&target))
    }

    fn add_file(&mut self, path: &Path, relative: &Path) -> Result<(), ActionError> {
        if let Some(secrets) = &self.vault
            && let Some(plain) = plain_text(path, secrets)?
        {
            let sha256 = hex::encode(Sha256::digest(&plain));
            let fields = [("sha256", sha256.as_str().into()), ("size", (plain.len() as i64).into())];
            self.files.push(entry(relative, path, &fields)?);
            self.blobs.insert(sha256, BlobSource::Bytes(Arc::from(plain)));
            return Ok(());
        }
        let content = FileContent::of(path)?;
        let fields = [("sha256", content.sha256.as_str().into()), ("size", (content.size as i64).into())];
        self.files.push(entry(relative, path, &fields)?);
        self.blobs.insert(content.sha256, BlobSource::Path(path.to_owned()));
        Ok(())
    }
}

fn entry(relative: &Path, path: &Path, more: &[(&str, Value)]) -> Result<Value, ActionError> {
    let mode = fs_err::metadata(path)?.permissions().mode() & 0o7777;
    let mut fields = Map::new();
    fields.insert("path".into(), relative.to_string_lossy().into_owned().into());
    fields.insert("mode".into(), format!("{mode:04o}").into());
    more.iter().for_each(|(key, value)| drop(fields.insert(Key::from(*key), value.clone())));
    Ok(Value::map(fields))
}
