//! `Lab`: the one directory that holds all state of the test lab, and where the repository is.

use std::path::{Path, PathBuf};

/// Everything the lab makes lives below `root`: deleting that directory forgets it all.
pub(crate) struct Lab {
    root: PathBuf,
    repository: PathBuf,
}

impl Lab {
    /// `$KAPELL_LAB`, or `/var/tmp/kapell-lab`.
    pub(crate) fn from_environment() -> Self {
        let root = std::env::var_os("KAPELL_LAB").unwrap_or_else(|| "/var/tmp/kapell-lab".into());
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let manifest = PathBuf::from(manifest);
        let repository = manifest.parent().unwrap_or(&manifest).to_path_buf();
        Self { root: root.into(), repository }
    }

    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// The repository root: an Ansible project as well as a workspace.
    pub(crate) fn repository(&self) -> &Path {
        &self.repository
    }
}
