//! The control node itself: commands are child processes.

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use tokio::process::{Child, Command};

use crate::{Connection, ConnectionError, ExitStatus, Process};

#[derive(Debug)]
pub(crate) struct LocalConnection {
    host: String,
    is_closed: AtomicBool,
}

impl LocalConnection {
    pub(crate) fn new(host: &str) -> Self {
        Self { host: host.to_owned(), is_closed: AtomicBool::new(false) }
    }
}

#[async_trait]
impl Connection for LocalConnection {
    /// There is no terminal to hand out: `pty` changes nothing.
    async fn start(&self, command: &str, _pty: bool) -> Result<Process, ConnectionError> {
        let failed = |message: String| ConnectionError::Unreachable { host: self.host.clone(), message };
        if self.is_closed() {
            return Err(failed("the connection was closed".to_owned()));
        }
        let mut child = Command::new("/bin/sh")
            .args(["-c", command])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| failed(format!("cannot start /bin/sh: {error}")))?;
        let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(failed("no pipes to /bin/sh".to_owned()));
        };
        let mut child = HangUp(child);
        let exit = Box::pin(async move {
            let ended = child.0.wait().await;
            ended.map_or_else(|error| ExitStatus::Lost(error.to_string()), status)
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

fn status(status: std::process::ExitStatus) -> ExitStatus {
    match status.code() {
        Some(code) => ExitStatus::Code(code),
        None => ExitStatus::Signal(status.signal().unwrap_or_default().to_string()),
    }
}
