//! `Context`: the only door between a module and the system. The reading side; the writing side is in `file_writing`,
//! `attributes` and `changes`.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kapell_protocol::{ContentDigests, ModuleCall};

use crate::checksum::Digests;
use crate::command::{self, CommandOutput, CommandSpec};
use crate::conversion::PathVariables;
use crate::error::root_cause;
use crate::secrets::Secrets;
use crate::{Accounts, BlobSource, EventSink, ModuleError, byte_text};

/// What a module may use while it runs. In check mode the writing side does nothing.
pub struct Context<'a> {
    pub check_mode: bool,
    pub diff_mode: bool,
    pub verbosity: u8,
    /// The task's `environment`, on top of the worker's own.
    pub environment: Vec<(String, String)>,
    pub accounts: Accounts,
    pub(crate) remote_tmp: String,
    pub(crate) warnings: Vec<String>,
    pub(crate) secrets: Secrets,
    blobs: &'a mut dyn BlobSource,
    events: &'a mut dyn EventSink,
    deadline: Option<Instant>,
}

impl<'a> Context<'a> {
    pub fn new(call: &ModuleCall, blobs: &'a mut dyn BlobSource, events: &'a mut dyn EventSink) -> Self {
        Self {
            check_mode: call.check_mode,
            diff_mode: call.diff_mode,
            verbosity: call.verbosity,
            environment: call.environment.clone(),
            accounts: Accounts::default(),
            remote_tmp: call.remote_tmp.clone(),
            warnings: Vec::new(),
            secrets: Secrets::default(),
            blobs,
            events,
            deadline: call.timeout.map(|seconds| Instant::now() + Duration::from_secs(seconds)),
        }
    }

    /// A line under `warnings` of the result.
    pub fn warn(&mut self, message: impl Into<String>) {
        self.warnings.push(message.into());
    }

    /// An environment variable as the task's commands see it.
    pub fn env(&self, name: &str) -> Option<String> {
        let own = self.environment.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        own.or_else(|| std::env::var(name).ok())
    }

    /// The content of a file; `None` when it does not exist.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<Option<Vec<u8>>, ModuleError> {
        absent_as_none(fs_err::read(path.as_ref()))
    }

    /// The content as text that is to be written again: invalid UTF-8, which would come back as other bytes, is an error.
    /// `None` when the file does not exist.
    pub fn read_utf8(&self, path: impl AsRef<Path>) -> Result<Option<String>, ModuleError> {
        self.read(path.as_ref())?.map(|bytes| byte_text::utf8(bytes, path.as_ref())).transpose()
    }

    /// The content as text, invalid UTF-8 replaced; `None` when the file does not exist.
    pub fn read_text(&self, path: impl AsRef<Path>) -> Result<Option<String>, ModuleError> {
        Ok(self.read(path)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// What is at `path` itself; `None` when nothing is.
    pub fn lstat(&self, path: impl AsRef<Path>) -> Result<Option<Metadata>, ModuleError> {
        absent_as_none(fs_err::symlink_metadata(path.as_ref()))
    }

    /// What `path` leads to; `None` when it leads nowhere.
    pub fn stat(&self, path: impl AsRef<Path>) -> Result<Option<Metadata>, ModuleError> {
        absent_as_none(fs_err::metadata(path.as_ref()))
    }

    pub fn exists(&self, path: impl AsRef<Path>) -> bool {
        path.as_ref().exists()
    }

    /// The paths in a directory, sorted.
    pub fn list_dir(&self, path: impl AsRef<Path>) -> Result<Vec<PathBuf>, ModuleError> {
        let entries = fs_err::read_dir(path.as_ref())?.map(|entry| entry.map(|entry| entry.path()));
        let mut paths = entries.collect::<Result<Vec<_>, _>>()?;
        paths.sort();
        Ok(paths)
    }

    /// Where a program lies, looked for in `PATH` and the system's sbin directories.
    pub fn which(&self, name: &str) -> Option<PathBuf> {
        command::find_program(name, &self.env("PATH").unwrap_or_default())
    }

    /// Like `which`, failing as Ansible does when there is no such program.
    pub fn require_program(&self, name: &str) -> Result<PathBuf, ModuleError> {
        self.which(name).ok_or_else(|| {
            let path = self.env("PATH").unwrap_or_default();
            let dirs = command::search_dirs(&path).collect::<Vec<_>>().join(":");
            ModuleError::failed(format!("Failed to find required executable \"{name}\" in paths: {dirs}"))
        })
    }

    /// Runs a command that only observes; it runs in check mode as well. A failing command is not an error.
    pub fn run_read(&mut self, spec: &CommandSpec) -> Result<CommandOutput, ModuleError> {
        self.execute(spec)
    }

    /// Runs a command that changes something; in check mode it does not run and succeeds silently.
    pub fn run(&mut self, spec: &CommandSpec) -> Result<CommandOutput, ModuleError> {
        if self.check_mode {
            return Ok(CommandOutput::default());
        }
        self.execute(spec)
    }

    /// Like `run`, and a failing command is an error that shows its output.
    pub fn run_ok(&mut self, spec: &CommandSpec) -> Result<CommandOutput, ModuleError> {
        let output = self.run(spec)?;
        if output.ok() {
            return Ok(output);
        }
        let shown = [output.stderr(), output.stdout()].into_iter().find(|text| !text.trim().is_empty());
        let msg = shown.map_or_else(|| format!("command failed: {}", spec.line()), |text| text.trim().to_owned());
        Err(command_failure(msg, spec, &output))
    }

    fn execute(&mut self, spec: &CommandSpec) -> Result<CommandOutput, ModuleError> {
        debug_assert!(!self.secrets.are_in(spec), "{} gets a secret in its arguments", spec.program.display());
        let mut spec = spec.clone();
        if let Some(left) = self.time_left() {
            spec.timeout = Some(spec.timeout.map_or(left, |limit| limit.min(left)));
        }
        if !spec.program.to_string_lossy().contains('/') {
            spec.program = self.which(&spec.program.to_string_lossy()).unwrap_or(spec.program);
        }
        let output = command::run(&spec, &self.environment, self.events).map_err(|error| not_started(&spec, &error))?;
        if output.cancelled {
            return Err(ModuleError::Cancelled);
        }
        if output.timed_out && self.time_left().is_some_and(|left| left.is_zero()) {
            return Err(command_failure("Timed out", &spec, &output));
        }
        Ok(output)
    }

    /// What is left of the task's `timeout`.
    pub fn time_left(&self) -> Option<Duration> {
        self.deadline.map(|at| at.saturating_duration_since(Instant::now()))
    }

    pub fn is_cancelled(&self) -> bool {
        self.events.is_cancelled()
    }

    /// Waits, waking up early when the task is cancelled or out of time.
    pub fn sleep(&self, duration: Duration) -> Result<(), ModuleError> {
        let until = Instant::now() + duration;
        loop {
            if self.is_cancelled() {
                return Err(ModuleError::Cancelled);
            }
            if self.time_left().is_some_and(|left| left.is_zero()) {
                return Err(ModuleError::failed("Timed out"));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(Duration::from_millis(100)));
        }
    }

    /// A file with a content that the engine holds, fetched now if it was not here yet. It is shared: copy, never change it.
    pub fn blob(&mut self, sha256: &str) -> Result<PathBuf, ModuleError> {
        Ok(self.blobs.open(sha256)?)
    }

    /// Asks for a content that will be needed soon, without waiting.
    pub(crate) fn expect_blob(&mut self, sha256: &str) {
        self.blobs.expect(sha256);
    }

    /// The digests of a content that the engine holds.
    pub(crate) fn blob_digests(&mut self, sha256: &str) -> Result<Digests, ModuleError> {
        let path = self.blob(sha256)?;
        match self.blobs.digests(sha256) {
            Some(ContentDigests { md5, sha1 }) => Ok(Digests { md5, sha1, sha256: sha256.to_owned() }),
            None => Ok(Digests::of_file(&path)?),
        }
    }

    /// Moves a large content to `dest` where nobody else needs it.
    pub(crate) fn move_blob(&mut self, sha256: &str, dest: &Path) -> bool {
        self.blobs.move_to(sha256, dest)
    }

    /// The bits that new files do not get.
    pub fn umask(&self) -> u32 {
        let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
        let umask = status.lines().find_map(|line| line.strip_prefix("Umask:"));
        umask.and_then(|text| u32::from_str_radix(text.trim(), 8).ok()).unwrap_or(0o022)
    }

    /// A directory for temporary files, removed when dropped: in `remote_tmp`, or where the system puts them.
    pub fn temp_dir(&self) -> Result<tempfile::TempDir, ModuleError> {
        let wanted = PathBuf::from(crate::conversion::expand(&self.remote_tmp, self));
        let mut builder = tempfile::Builder::new();
        builder.prefix("kapell-").permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let there = wanted.is_absolute() && (wanted.is_dir() || fs_err::create_dir_all(&wanted).is_ok());
        let made = if there { builder.tempdir_in(&wanted).or_else(|_| builder.tempdir()) } else { builder.tempdir() };
        Ok(made?)
    }
}

impl PathVariables for Context<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        self.env(name)
    }

    fn home_of(&self, user: &str) -> Option<String> {
        if user.is_empty() {
            let uid = rustix::process::geteuid().as_raw();
            return self.env("HOME").or_else(|| Accounts::default().user_by_id(uid).map(|user| user.home));
        }
        Accounts::default().user(user).map(|user| user.home)
    }
}

/// A command's failure with the keys Ansible's modules report: cmd, rc, stdout, stderr.
pub(crate) fn command_failure(msg: impl Into<String>, spec: &CommandSpec, output: &CommandOutput) -> ModuleError {
    ModuleError::failed(msg)
        .with("cmd", spec.line())
        .with("rc", output.rc)
        .with("stdout", output.stdout())
        .with("stderr", output.stderr())
}

fn not_started(spec: &CommandSpec, error: &io::Error) -> ModuleError {
    let program = spec.program.to_string_lossy();
    let missing = match &spec.cwd {
        Some(dir) if !dir.is_dir() => dir.to_string_lossy(),
        _ => program.clone(),
    };
    ModuleError::failed("Error executing command.")
        .with("cmd", spec.line())
        .with("rc", root_cause(error).raw_os_error().unwrap_or(257))
        .with("stdout", "")
        .with("stderr", "")
        .with("exception", crate::error::os_error_bytes(error, &missing))
}

fn absent_as_none<T>(result: io::Result<T>) -> Result<Option<T>, ModuleError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
