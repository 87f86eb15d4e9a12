//! A directory of the node itself, copied on the node (`remote_src`).

use std::fs::Metadata;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::destination::{check_parent, make_parents, would_be_created};
use super::{Request, base_name, below, left_alone, sha256_of, with_slash};
use crate::attributes::path_text;
use crate::{Args, Content, Context, FileAttributes, ModuleError, ModuleResult, WriteOptions};

/// Copies what is in `src` if that ends in a slash, otherwise the directory itself, into `dest`.
pub(super) fn copy(
    request: &Request<'_>,
    args: &Args,
    src: &Path,
    dest: &str,
    cx: &mut Context<'_>,
) -> Result<ModuleResult, ModuleError> {
    let named = request.src.clone().unwrap_or_else(|| path_text(src));
    let name = base_name(&named);
    let exists = Path::new(dest).is_dir();
    let is_file = !exists && Path::new(dest).exists();
    if (exists || is_file) && !request.force {
        let shown = if exists && name.is_empty() { with_slash(dest) } else { dest.to_owned() };
        return Ok(left_alone(request, &shown));
    }
    if is_file && !cx.check_mode {
        return Err(ModuleError::failed(format!("Could not replace '{dest}' with '{named}': Not a directory")));
    }
    if is_file {
        return Ok(copied(Path::new(dest), named).changed(true));
    }
    if dest.ends_with('/') && !exists && cx.check_mode {
        return Ok(would_be_created(request, dest));
    }
    if dest.ends_with('/') {
        make_parents(request, &below(dest, "x"), cx)?;
    } else if !exists {
        check_parent(request, Path::new(dest))?;
    }
    let target = if name.is_empty() { PathBuf::from(dest.trim_end_matches('/')) } else { below(dest, name) };
    let copying = Copying {
        follow: args.bool("local_follow"),
        ownership: FileAttributes { mode: None, ..request.attributes.clone() },
    };
    let mut changed = copying.directory(src, &target, cx)? || !exists;
    // A directory that was not there is reported and given its mode by the name the task used.
    let shown = match (name.is_empty(), exists || dest.ends_with('/')) {
        (true, _) if exists => PathBuf::from(with_slash(dest)),
        (false, true) => target,
        _ => PathBuf::from(dest),
    };
    changed |= cx.set_attributes(&shown, &request.attributes)?;
    Ok(copied(&shown, named).changed(changed))
}

fn copied(dest: &Path, src: String) -> ModuleResult {
    let result = ModuleResult::ok().set("dest", path_text(dest)).set("src", src);
    result.set("checksum", Value::Null).set("md5sum", Value::Null)
}

struct Copying {
    /// Copies what links lead to instead of the links.
    follow: bool,
    ownership: FileAttributes,
}

impl Copying {
    fn directory(&self, src: &Path, dest: &Path, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let found = fs_err::metadata(src)?;
        let mut changed = false;
        if !dest.is_dir() {
            changed = true;
            if cx.check_mode {
                return Ok(true);
            }
            fs_err::create_dir_all(dest)?;
            fs_err::set_permissions(dest, std::fs::Permissions::from_mode(found.mode() & 0o7777))?;
        }
        for entry in cx.list_dir(src)? {
            let Some(name) = entry.file_name() else { continue };
            changed |= self.entry(&entry, &dest.join(name), cx)?;
        }
        Ok(changed | cx.set_attributes(dest, &self.ownership)?)
    }

    fn entry(&self, src: &Path, dest: &Path, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let found = if self.follow { fs_err::metadata(src)? } else { fs_err::symlink_metadata(src)? };
        if found.is_dir() {
            self.directory(src, dest, cx)
        } else if found.is_symlink() {
            let changed = link(src, dest, cx)?;
            Ok(changed | cx.set_attributes(dest, &self.ownership)?)
        } else if found.is_file() {
            self.file(src, &found, dest, cx)
        } else {
            Err(ModuleError::failed(format!("{} is neither a file nor a directory nor a link", src.display())))
        }
    }

    fn file(&self, src: &Path, found: &Metadata, dest: &Path, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let exists = dest.is_file();
        let mut changed = false;
        if !exists || sha256_of(src)? != sha256_of(dest)? {
            let options = {
                let mode = Some(found.mode() & 0o7777);
                WriteOptions { new_mode: mode, replacing_mode: mode, ..WriteOptions::default() }
            };
            cx.write_file(dest, Content::File(src), &options)?;
            if !cx.check_mode {
                keep_times(found, dest)?;
            }
            changed = true;
        }
        if cx.check_mode && !exists {
            return Ok(true);
        }
        changed |= cx.set_attributes(dest, &self.ownership)?;
        Ok(changed)
    }
}

pub(super) fn keep_times(source: &Metadata, dest: &Path) -> std::io::Result<()> {
    let times = std::fs::FileTimes::new().set_accessed(source.accessed()?).set_modified(source.modified()?);
    // Opened for reading: the owner may set times whatever the mode.
    fs_err::File::open(dest)?.into_parts().0.set_times(times)
}

fn link(src: &Path, dest: &Path, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
    let target = fs_err::read_link(src)?;
    if fs_err::read_link(dest).is_ok_and(|current| current == target) {
        return Ok(false);
    }
    cx.remove(dest)?;
    cx.symlink(&target, dest)?;
    Ok(true)
}
