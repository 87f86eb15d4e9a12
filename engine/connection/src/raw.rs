//! `raw` commands: run as written, without the worker.

use crate::{BecomeSpec, Connection, ConnectionError};

/// A command for the node's shell.
#[derive(Debug, Clone, Default)]
pub struct RawCommand {
    pub command: String,
    /// Shell that runs the command under become, `/bin/sh` when empty.
    pub executable: String,
    pub stdin: Vec<u8>,
    pub pty: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawOutput {
    pub rc: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

/// Runs the command to its end; its exit code is data, not an error.
pub async fn run_raw(
    connection: &dyn Connection,
    become_: Option<&BecomeSpec>,
    command: &RawCommand,
) -> Result<RawOutput, ConnectionError> {
    let _ = (connection, become_, command);
    Err(ConnectionError::Configuration { host: String::new(), message: "raw commands are not built yet".to_owned() })
}
