//! `real_path`: a path with all links followed, also when it leads to nothing.

use std::path::{Path, PathBuf};

/// Like `realpath`: absolute; a last link that leads nowhere gives the place it points to.
pub(crate) fn real_path(path: &Path) -> PathBuf {
    if let Ok(real) = fs_err::canonicalize(path) {
        return real;
    }
    let base = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let base = fs_err::canonicalize(base).unwrap_or_else(|_| base.to_owned());
    match (fs_err::read_link(path), path.file_name()) {
        (Ok(target), _) => base.join(target),
        (Err(_), Some(name)) => base.join(name),
        (Err(_), None) => path.to_owned(),
    }
}
