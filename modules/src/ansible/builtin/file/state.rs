//! What is at a path, in the words of the module's `state`, and the diff that follows from it.

use std::path::Path;

use serde_json::Value;

use crate::attributes::path_text;
use crate::{AttributeDiff, Map, path_facts};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Absent,
    Directory,
    File,
    Hard,
    Link,
    Touch,
}

impl State {
    /// The state an argument names; validation leaves only these.
    pub(super) fn named(name: &str) -> Self {
        match name {
            "absent" => Self::Absent,
            "directory" => Self::Directory,
            "hard" => Self::Hard,
            "link" => Self::Link,
            "touch" => Self::Touch,
            _ => Self::File,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Directory => "directory",
            Self::File => "file",
            Self::Hard => "hard",
            Self::Link => "link",
            Self::Touch => "touch",
        }
    }

    /// What is at `path` now.
    pub(super) fn of(path: &Path) -> Self {
        path.symlink_metadata().map_or(Self::Absent, |found| Self::named(path_facts::state_of(&found)))
    }
}

/// The path and, when it is to change, the state before and after.
pub(super) fn initial_diff(path: &Path, wanted: State, found: State) -> AttributeDiff {
    let mut diff = AttributeDiff::default();
    for side in [&mut diff.before, &mut diff.after] {
        side.insert("path".to_owned(), path_text(path).into());
    }
    if wanted != found {
        diff.before.insert("state".to_owned(), found.name().into());
        diff.after.insert("state".to_owned(), wanted.name().into());
        if (wanted, found) == (State::Absent, State::Directory) {
            diff.before.insert("path_content".to_owned(), Value::Object(content_of(path)));
        }
    }
    diff
}

/// The names under a directory that is about to go.
fn content_of(dir: &Path) -> Map {
    let (mut directories, mut files) = (Vec::new(), Vec::new());
    collect(dir, &mut directories, &mut files);
    Map::from_iter([("directories".to_owned(), directories.into()), ("files".to_owned(), files.into())])
}

/// A directory's own entries come before those of its subdirectories.
fn collect(dir: &Path, directories: &mut Vec<String>, files: &mut Vec<String>) {
    let Ok(entries) = fs_err::read_dir(dir) else { return };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in &paths {
        if path.is_dir() { &mut *directories } else { &mut *files }.push(path_text(path));
    }
    for path in paths.iter().filter(|path| path.is_dir() && !path.is_symlink()) {
        collect(path, directories, files);
    }
}
