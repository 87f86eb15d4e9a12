//! `Snapshot`: every file below a directory with what a deployment is judged by: kind, content, mode and owner.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};

/// Relative path -> entry.
pub(super) type Snapshot = BTreeMap<String, Entry>;

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) mode: u32,
    pub(super) owner: (u32, u32),
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    Directory,
    File(Content),
    Link(String),
    Other,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Content {
    /// A `.json` file: compared as data, whatever its layout.
    Data(serde_json::Value),
    Bytes(Vec<u8>),
}

/// Reads `root`; `is_wanted` decides over relative paths, and a directory it refuses is not entered.
pub(super) fn read(root: &Path, is_wanted: &dyn Fn(&str) -> bool) -> Result<Snapshot> {
    let mut snapshot = Snapshot::new();
    if root.exists() {
        visit(root, root, is_wanted, &mut snapshot)?;
    }
    Ok(snapshot)
}

fn visit(root: &Path, directory: &Path, is_wanted: &dyn Fn(&str) -> bool, snapshot: &mut Snapshot) -> Result<()> {
    for entry in fs_err::read_dir(directory)? {
        let path = entry?.path();
        let relative = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        if !is_wanted(&relative) {
            continue;
        }
        snapshot.insert(relative, Entry::read(&path)?);
        if fs_err::symlink_metadata(&path)?.is_dir() {
            visit(root, &path, is_wanted, snapshot)?;
        }
    }
    Ok(())
}

impl Entry {
    fn read(path: &Path) -> Result<Self> {
        let metadata = fs_err::symlink_metadata(path)?;
        let kind = if metadata.is_dir() {
            Kind::Directory
        } else if metadata.is_symlink() {
            Kind::Link(fs_err::read_link(path)?.display().to_string())
        } else if metadata.is_file() {
            Kind::File(Content::read(path)?)
        } else {
            Kind::Other
        };
        // A link's own mode means nothing on Linux.
        let mode = if metadata.is_symlink() { 0 } else { metadata.permissions().mode() & 0o7777 };
        Ok(Self { kind, mode, owner: (metadata.uid(), metadata.gid()) })
    }
}

impl Content {
    fn read(path: &Path) -> Result<Self> {
        let bytes = fs_err::read(path)?;
        let is_data = path.extension().is_some_and(|extension| extension == "json");
        let data = if is_data { serde_json::from_slice(&bytes).ok() } else { None };
        Ok(data.map_or(Self::Bytes(bytes), Self::Data))
    }
}
