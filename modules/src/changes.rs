//! The writing side of the door beyond file contents: directories, links, removal, renaming.

use std::io;
use std::path::Path;

use rustix::fs::CWD;

use crate::{Context, ModuleError};

impl Context<'_> {
    /// Makes one directory; its parent must exist.
    pub fn make_dir(&mut self, path: &Path) -> Result<(), ModuleError> {
        self.unless_checking(|| fs_err::create_dir(path))
    }

    /// Makes an empty file where none is.
    pub fn create_file(&mut self, path: &Path) -> Result<(), ModuleError> {
        self.unless_checking(|| fs_err::OpenOptions::new().write(true).create_new(true).open(path).map(drop))
    }

    /// Removes a file or link; absence is fine.
    pub fn remove_file(&mut self, path: &Path) -> Result<(), ModuleError> {
        self.unless_checking(|| gone(fs_err::remove_file(path)))
    }

    /// Removes an empty directory.
    pub fn remove_dir(&mut self, path: &Path) -> Result<(), ModuleError> {
        self.unless_checking(|| fs_err::remove_dir(path))
    }

    /// Removes a directory with everything in it; absence is fine.
    pub fn remove_tree(&mut self, path: &Path) -> Result<(), ModuleError> {
        self.unless_checking(|| gone(fs_err::remove_dir_all(path)))
    }

    /// Removes whatever is at `path`, not following links.
    pub fn remove(&mut self, path: &Path) -> Result<(), ModuleError> {
        match self.lstat(path)? {
            Some(found) if found.is_dir() => self.remove_tree(path),
            Some(_) => self.remove_file(path),
            None => Ok(()),
        }
    }

    pub fn rename(&mut self, from: &Path, to: &Path) -> Result<(), ModuleError> {
        self.unless_checking(|| fs_err::rename(from, to))
    }

    pub fn symlink(&mut self, target: &Path, link: &Path) -> Result<(), ModuleError> {
        self.unless_checking(|| fs_err::os::unix::fs::symlink(target, link))
    }

    pub fn hard_link(&mut self, target: &Path, link: &Path) -> Result<(), ModuleError> {
        // A link to a link is a link to what it leads to.
        let follow = rustix::fs::AtFlags::SYMLINK_FOLLOW;
        self.unless_checking(|| Ok(rustix::fs::linkat(CWD, target, CWD, link, follow)?))
    }

    fn unless_checking(&self, change: impl FnOnce() -> io::Result<()>) -> Result<(), ModuleError> {
        if self.check_mode { Ok(()) } else { Ok(change()?) }
    }
}

fn gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
