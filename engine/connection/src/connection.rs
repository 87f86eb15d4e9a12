//! `Connection`: run a command with piped stdin and stdout. Everything else is built on this.

use std::future::Future;
use std::pin::Pin;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::ConnectionError;

#[async_trait]
pub trait Connection: Send + Sync {
    /// Starts `command` with the login user's shell. With `pty`, stdout and stderr are one stream.
    async fn start(&self, command: &str, pty: bool) -> Result<Process, ConnectionError>;

    /// Name in the inventory, for messages.
    fn host(&self) -> &str;

    /// Ends the connection and every process started through it.
    async fn close(&self);

    /// Whether nothing can be started any more.
    fn is_closed(&self) -> bool;

    /// Whether what was said instead of running a command means that there is no host to run it.
    fn is_absence(&self, _said: &str) -> bool {
        false
    }
}

/// A running command. Dropping it hangs up on it.
pub struct Process {
    pub stdin: Box<dyn AsyncWrite + Send + Unpin>,
    pub stdout: Box<dyn AsyncRead + Send + Unpin>,
    pub stderr: Box<dyn AsyncRead + Send + Unpin>,
    /// Resolves when the command has ended; must be polled for stdout and stderr to make progress on no connection.
    pub exit: Pin<Box<dyn Future<Output = ExitStatus> + Send>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExitStatus {
    Code(i32),
    /// Name without `SIG`, or its number.
    Signal(String),
    /// The connection went away first.
    Lost(String),
}

impl ExitStatus {
    /// As a shell counts: `128 + n` for signals is left to the shell, a lost connection is 255 as with `ssh`.
    pub fn code(&self) -> i32 {
        match self {
            Self::Code(code) => *code,
            Self::Signal(_) | Self::Lost(_) => 255,
        }
    }
}
