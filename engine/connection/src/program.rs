//! Connections through a program of the control node: containers, directory trees, and the OpenSSH client.
//!
//! Each kind is the words in front of `/bin/sh -c COMMAND`; everything else is built on top of that.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use tokio::process::{Child, Command};

use crate::openssh::AskPass;
use crate::{Connection, ConnectionError, ExitStatus, Process};

/// How a program gets the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `… /bin/sh -c COMMAND`.
    Shell,
    /// `… COMMAND`, for a shell at the other end; status 255 is the program's own failure.
    Remote,
}

/// The words before the command, and the environment the program gets.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) words: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) shape: Shape,
    pub(crate) directory: Option<PathBuf>,
    /// What it says when there is nothing to run the command in.
    pub(crate) absences: &'static [&'static str],
    /// Kept as long as the program may ask.
    pub(crate) _ask: Option<Arc<AskPass>>,
}

impl Program {
    pub(crate) fn new(words: Vec<String>) -> Self {
        Self { words, environment: Vec::new(), shape: Shape::Shell, directory: None, absences: &[], _ask: None }
    }
}

#[derive(Debug)]
pub(crate) struct ProgramConnection {
    host: String,
    program: Program,
    is_closed: AtomicBool,
}

impl ProgramConnection {
    pub(crate) fn new(host: &str, program: Program) -> Self {
        Self { host: host.to_owned(), program, is_closed: AtomicBool::new(false) }
    }

    /// The control node itself: nothing in front of the shell.
    pub(crate) fn local(host: &str, directory: Option<PathBuf>) -> Self {
        Self::new(host, Program { directory, ..Program::new(Vec::new()) })
    }

    fn command(&self, command: &str) -> Command {
        let tail: &[&str] = match self.program.shape {
            Shape::Shell => &["/bin/sh", "-c", command],
            Shape::Remote => &[command],
        };
        let words: Vec<&str> = self.program.words.iter().map(String::as_str).chain(tail.iter().copied()).collect();
        let mut process = Command::new(words[0]);
        process.args(&words[1..]).envs(self.program.environment.iter().map(|(name, value)| (name, value)));
        if let Some(directory) = &self.program.directory {
            process.current_dir(directory);
        }
        process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        process
    }

    fn failed(&self, message: String) -> ConnectionError {
        ConnectionError::Unreachable { host: self.host.clone(), message }
    }
}

#[async_trait]
impl Connection for ProgramConnection {
    /// There is no terminal to hand out: `pty` changes nothing.
    async fn start(&self, command: &str, _pty: bool) -> Result<Process, ConnectionError> {
        if self.is_closed() {
            return Err(self.failed("the connection was closed".to_owned()));
        }
        let mut command = self.command(command);
        let program = command.as_std().get_program().to_string_lossy().into_owned();
        let mut child = command.spawn().map_err(|error| self.failed(format!("cannot start {program}: {error}")))?;
        let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(self.failed(format!("no pipes to {program}")));
        };
        let shape = self.program.shape;
        let mut child = HangUp(child);
        let exit = Box::pin(async move {
            let ended = child.0.wait().await;
            ended.map_or_else(|error| ExitStatus::Lost(error.to_string()), |ended| status(ended, shape))
        });
        Ok(Process { stdin: Box::new(stdin), stdout: Box::new(stdout), stderr: Box::new(stderr), exit })
    }

    fn host(&self) -> &str {
        &self.host
    }

    async fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }

    fn is_absence(&self, said: &str) -> bool {
        self.program.absences.iter().any(|phrase| said.contains(phrase))
    }
}

/// Asks the command to end when nobody waits for it any more; the worker then cleans up behind itself.
struct HangUp(Child);

impl Drop for HangUp {
    fn drop(&mut self) {
        let pid = self.0.id().and_then(|pid| rustix::process::Pid::from_raw(pid.cast_signed()));
        if let Some(pid) = pid {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
    }
}

fn status(status: std::process::ExitStatus, shape: Shape) -> ExitStatus {
    match status.code() {
        Some(255) if shape == Shape::Remote => ExitStatus::Lost("the ssh client has given up".to_owned()),
        Some(code) => ExitStatus::Code(code),
        None => ExitStatus::Signal(status.signal().unwrap_or_default().to_string()),
    }
}
