//! What every result with a `path` or `dest` also says: owner, group, mode, state and size of what is there.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde_json::Value;

use crate::{Context, Map, mode};

/// Marks a result that names a path but is not about it; never leaves the crate.
pub(crate) const UNWANTED: &str = "_without_path_facts";

/// Adds the facts to a result that names a path which exists.
pub(crate) fn complete(result: &mut Map, cx: &mut Context<'_>) {
    if result.shift_remove(UNWANTED).is_some() {
        return;
    }
    let named = result.get("path").filter(|path| !path.is_null()).or_else(|| result.get("dest"));
    let Some(path) = named.and_then(Value::as_str).map(str::to_owned) else { return };
    if Path::new(&path).exists() {
        result.extend(of_path(Path::new(&path), cx));
    }
}

/// uid, gid, owner, group, mode, state, size (and secontext) of `path`, not following it.
pub(crate) fn of_path(path: &Path, cx: &mut Context<'_>) -> Map {
    let mut facts = Map::new();
    let Ok(metadata) = std::fs::symlink_metadata(path) else { return facts };
    let (uid, gid) = (metadata.uid(), metadata.gid());
    let owner = cx.accounts.user_by_id(uid).map_or_else(|| uid.to_string(), |user| user.name);
    let group = cx.accounts.group_by_id(gid).map_or_else(|| gid.to_string(), |group| group.name);
    let entries: [(&str, Value); 7] = [
        ("uid", uid.into()),
        ("gid", gid.into()),
        ("owner", owner.into()),
        ("group", group.into()),
        ("mode", mode::zero_octal(metadata.mode()).into()),
        ("state", state_of(&metadata).into()),
        ("size", metadata.size().into()),
    ];
    facts.extend(entries.map(|(key, value)| (key.to_owned(), value)));
    if Path::new("/sys/fs/selinux/enforce").exists() {
        let context = crate::attributes::selinux_context(path).unwrap_or_default();
        facts.insert("secontext".to_owned(), context.into());
    }
    facts
}

/// The state Ansible names: link, directory, hard (more than one name) or file.
pub(crate) fn state_of(metadata: &Metadata) -> &'static str {
    if metadata.is_symlink() {
        "link"
    } else if metadata.is_dir() {
        "directory"
    } else if metadata.nlink() > 1 {
        "hard"
    } else {
        "file"
    }
}
