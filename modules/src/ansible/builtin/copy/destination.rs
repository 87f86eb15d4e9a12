//! Where a file goes: into a directory when `dest` is one or ends in a slash, and the directories that needs.

use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::{Request, below};
use crate::{Context, FileAttributes, ModuleError, ModuleResult};

/// The path of the copy. `None` in check mode when its directory would have to be made first.
pub(super) fn resolve(
    request: &Request<'_>,
    dest: &str,
    name: Option<&str>,
    cx: &mut Context<'_>,
) -> Result<Option<PathBuf>, ModuleError> {
    let is_dir = Path::new(dest).is_dir();
    if !is_dir && !dest.ends_with('/') {
        return Ok(Some(PathBuf::from(dest)));
    }
    let Some(name) = name else {
        return Err(ModuleError::failed("can not use content with a dir as dest"));
    };
    let path = below(dest, name);
    if !is_dir {
        if cx.check_mode && request.remote {
            return Ok(None);
        }
        if !request.remote {
            check_way(&path)?;
        }
        make_parents(request, &path, cx)?;
    }
    Ok(Some(path))
}

pub(super) fn would_be_created(request: &Request<'_>, dest: &str) -> ModuleResult {
    let dir = dest.trim_end_matches('/');
    ModuleResult::ok()
        .changed(true)
        .set("src", request.src.clone())
        .msg(format!("dest directory {dir} would be created"))
}

/// Makes the directories above `path` that do not exist; new ones get `directory_mode` and the owner and group.
pub(super) fn make_parents(request: &Request<'_>, path: &Path, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
    let parent = path.parent().unwrap_or(Path::new("/"));
    let missing: Vec<&Path> =
        parent.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists()).collect();
    let attributes = directory_attributes(request);
    for dir in missing.iter().rev() {
        match cx.make_dir(dir) {
            Err(_) if dir.is_dir() => {}
            made => made?,
        }
        cx.set_attributes(dir, &attributes)?;
    }
    Ok(!missing.is_empty())
}

/// What directories get: the file's owner and group, and their own mode.
pub(super) fn directory_attributes(request: &Request<'_>) -> FileAttributes {
    // A directory above the copy has no counterpart to take a mode from.
    let mode = request.directory_mode.clone().filter(|_| !request.preserves_directory_modes());
    request.attributes.clone().with_mode(mode)
}

/// Nothing can be looked for below a file, not even in check mode.
pub(super) fn check_way(dest: &Path) -> Result<(), ModuleError> {
    let is_below_file =
        fs_err::symlink_metadata(dest).is_err_and(|error| error.kind() == std::io::ErrorKind::NotADirectory);
    if is_below_file { Err(ModuleError::failed(format!("Task failed: {}", below_file(dest)))) } else { Ok(()) }
}

fn below_file(dest: &Path) -> String {
    format!("Failed to get information on remote file ({}): Not a directory", dest.display())
}

/// A new file needs a directory to be in.
pub(super) fn check_parent(request: &Request<'_>, dest: &Path) -> Result<(), ModuleError> {
    let parent = dest.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let fault = match fs_err::metadata(parent) {
        Ok(found) if !found.is_dir() => below_file(dest),
        // What exists may be overwritten in place.
        Ok(_) if request.options.unsafe_writes && dest.exists() => return Ok(()),
        Ok(_) if access(parent, Access::WRITE_OK).is_err() => format!("Destination {} not writable", parent.display()),
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            format!("Destination directory {} is not accessible", parent.display())
        }
        Err(_) => format!("Destination directory {} does not exist", parent.display()),
    };
    Err(ModuleError::failed(fault))
}
