//! The worker's private temporary directory: made for this process, removed with it.

use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process;
use std::time::{SystemTime, UNIX_EPOCH};

const ATTEMPTS: u32 = 16;

#[derive(Debug)]
pub(crate) struct PrivateDir {
    path: PathBuf,
}

impl PrivateDir {
    /// In the first of `bases` that takes one; sweeps what killed workers left in that base.
    pub(crate) fn create(bases: &[PathBuf]) -> io::Result<Self> {
        let prefix = format!("kapell-{}-", node_name());
        let mut last_error = io::Error::from(io::ErrorKind::NotFound);
        for base in bases {
            match create_in(base, &prefix) {
                Ok(path) => {
                    sweep(base, &prefix);
                    return Ok(Self { path });
                }
                Err(error) => last_error = error,
            }
        }
        Err(last_error)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the directory `path` again, where somebody tidied it away; never takes over one that is there.
    pub(crate) fn restore(path: &Path) -> io::Result<()> {
        if let Some(base) = path.parent() {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(base)?;
        }
        std::fs::DirBuilder::new().mode(0o700).create(path)
    }

    /// Removes everything; what cannot be removed is left to a later sweep.
    pub(crate) fn remove(&self) {
        let _ = fs_err::remove_dir_all(&self.path);
    }
}

/// Fails rather than taking over a directory that exists: in a shared place it may be a trap.
fn create_in(base: &Path, prefix: &str) -> io::Result<PathBuf> {
    for attempt in 0..ATTEMPTS {
        let moment = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let path = base.join(format!("{prefix}{}-{:x}{attempt:x}", process::id(), moment.as_nanos()));
        match std::fs::DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(io::Error::new(error.kind(), format!("{}: {error}", path.display()))),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("no free name in {}", base.display())))
}

/// Removes directories of workers of this node that are gone. The node's name is part of the directory's,
/// because a home directory may be shared between nodes.
fn sweep(base: &Path, prefix: &str) {
    let Ok(entries) = fs_err::read_dir(base) else { return };
    let own_uid = rustix::process::geteuid().as_raw();
    for entry in entries.flatten() {
        let Some(owner) = owner_of(&entry.file_name(), prefix) else { continue };
        let is_ours = entry.metadata().is_ok_and(|meta| meta.is_dir() && meta.uid() == own_uid);
        if is_ours && !Path::new("/proc").join(&owner).exists() && Path::new("/proc/self").exists() {
            let _ = fs_err::remove_dir_all(entry.path());
        }
    }
}

/// The process id in a directory's name.
fn owner_of(name: &OsStr, prefix: &str) -> Option<String> {
    let (pid, _) = name.to_str()?.strip_prefix(prefix)?.split_once('-')?;
    (!pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit())).then(|| pid.to_owned())
}

fn node_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn is_private_and_removed_with_its_content() {
        let base = tempfile::tempdir().unwrap();
        let unusable = base.path().join("absent");
        let dir = PrivateDir::create(&[unusable, base.path().to_owned()]).unwrap();
        assert_eq!(fs_err::metadata(dir.path()).unwrap().permissions().mode() & 0o777, 0o700);
        fs_err::write(dir.path().join("file"), "x").unwrap();
        dir.remove();
        assert!(!dir.path().exists());
    }

    #[test]
    fn leftovers_of_dead_workers_are_swept_and_nothing_else() {
        let base = tempfile::tempdir().unwrap();
        let prefix = format!("kapell-{}-", node_name());
        let dead = base.path().join(format!("{prefix}4194999-1"));
        let kept = [
            base.path().join(format!("{prefix}{}-1", process::id())),
            base.path().join("kapell-elsewhere-4194999-1"),
            base.path().join(format!("{prefix}word-1")),
            base.path().join("kapell-worker-x86_64-00"),
        ];
        for path in kept.iter().chain([&dead]) {
            fs_err::create_dir(path).unwrap();
        }
        let own = PrivateDir::create(&[base.path().to_owned()]).unwrap();
        assert!(!dead.exists());
        assert!(kept.iter().all(|path| path.exists()) && own.path().exists());
    }
}
