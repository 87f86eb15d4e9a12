//! `RunLock`: at most one run an inventory at a time, where that is wanted (`run_lock = fail` or `wait`).
//!
//! The inventory's own files are locked (flock), so it holds between users, needs no place of its own, and ends with the
//! process, however it ends. Lists of hosts have no file and are not locked.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use kapell_callback::{Color, Display};
use kapell_config::Settings;
use kapell_parsing::Diagnostic;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::refusal::Refusal;

/// Released when dropped.
pub(crate) struct RunLock {
    _files: Vec<File>,
}

impl RunLock {
    pub(crate) fn take(settings: &Settings, sources: &[String]) -> Result<Self, Refusal> {
        let waits = match settings.run_lock.as_str() {
            "" | "off" | "no" | "false" | "False" => return Ok(Self { _files: Vec::new() }),
            "fail" => false,
            "wait" => true,
            other => {
                let message = format!("run_lock is '{other}', which is none of off, fail and wait");
                return Err(Refusal::options(message));
            }
        };
        // In one order, so that two runs never wait for each other.
        let mut paths: Vec<_> = sources.iter().filter_map(|source| fs_err::canonicalize(source).ok()).collect();
        paths.sort();
        paths.dedup();
        let files = paths.iter().map(|path| locked(path, waits)).collect::<Result<_, _>>()?;
        Ok(Self { _files: files })
    }
}

fn locked(path: &Path, waits: bool) -> Result<File, Refusal> {
    let file = fs_err::File::open(path)?.into_parts().0;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => return Ok(file),
        Err(Errno::WOULDBLOCK) if waits => {
            let text = format!("Waiting for {} of {}.", holder(&file), path.display());
            Display::new(false, false).err(&text, Color::Warning);
        }
        Err(Errno::WOULDBLOCK) => {
            let message = format!("the inventory {} is in use by {}", path.display(), holder(&file));
            return Err(Diagnostic::error(message).hint("wait for it to end, or set run_lock to wait").into());
        }
        Err(error) => return Err(cannot(path, error)),
    }
    loop {
        match flock(&file, FlockOperation::LockExclusive) {
            Ok(()) => return Ok(file),
            Err(Errno::INTR) => {}
            Err(error) => return Err(cannot(path, error)),
        }
    }
}

fn cannot(path: &Path, error: Errno) -> Refusal {
    Diagnostic::error(format!("cannot lock {}: {error}", path.display())).into()
}

/// Who has the lock, as far as the kernel tells.
fn holder(file: &File) -> String {
    let inode = file.metadata().map(|metadata| format!(":{}", metadata.ino())).unwrap_or_default();
    let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    let line = locks.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let mut held = line.filter(|words| words.contains(&"FLOCK") && words.iter().any(|word| word.ends_with(&inode)));
    match held.next().and_then(|words| words.get(4).copied()) {
        Some(process) => format!("another run (process {process})"),
        None => "another run".to_owned(),
    }
}
