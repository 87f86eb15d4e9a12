//! `raw` and `script`: commands run as written, without the worker.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

use crate::becoming::Becoming;
use crate::startup::{Startup, random_token};
use crate::{BecomeSpec, Connection, ConnectionError, ExitStatus, Process};

/// What one stream of a command may say: as much as a module's result.
const MAX_OUTPUT: usize = kapell_protocol::MAX_FRAME;
const DEFAULT_SHELL: &str = "/bin/sh";

/// A command for the node's shell.
#[derive(Debug, Clone, Default)]
pub struct RawCommand {
    pub command: String,
    /// Shell that runs the command: `/bin/sh` under become when empty, else the login shell.
    pub executable: String,
    /// Given to the command's stdin, which then ends.
    pub stdin: Vec<u8>,
    pub pty: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawOutput {
    pub rc: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

/// Runs the command to its end; its exit code is data, not an error. Dropping the future hangs up on the command.
pub async fn run_raw(
    connection: &dyn Connection,
    become_: Option<&BecomeSpec>,
    command: &RawCommand,
) -> Result<RawOutput, ConnectionError> {
    let (process, first_bytes) = start_raw(connection, become_, command).await?;
    collect(process, &command.stdin, first_bytes, connection.host()).await
}

/// Starts the command, whose `stdin` is left to the caller; beside it the first bytes it has said already.
pub async fn start_raw(
    connection: &dyn Connection,
    become_: Option<&BecomeSpec>,
    command: &RawCommand,
) -> Result<(Process, Vec<u8>), ConnectionError> {
    let host = connection.host();
    match become_ {
        None => Ok((connection.start(&plain_command(command), command.pty).await?, Vec::new())),
        Some(become_) => {
            let marker = random_token();
            let failed = |message| ConnectionError::BecomeFailed { host: host.to_owned(), message };
            let becoming = Becoming::new(become_, &marker).map_err(failed)?;
            let words = marked_command(command, &marker);
            let mut pty = command.pty;
            loop {
                let mut startup = Startup::begin(connection, host, &marker, Some(&becoming), (&words, pty)).await?;
                match startup.marked_line(become_.timeout).await {
                    Err(error) if !pty && error.wants_terminal() => pty = true,
                    Err(error) => return Err(error),
                    Ok(_) => {
                        let (process, first_bytes, _) = startup.into_parts();
                        return Ok((process, first_bytes));
                    }
                }
            }
        }
    }
}

/// As written, for the login shell; another shell is named only when it is wanted.
fn plain_command(command: &RawCommand) -> String {
    if command.executable.is_empty() {
        command.command.clone()
    } else {
        shell_words::join([command.executable.as_str(), "-c", &command.command])
    }
}

/// Says the marker once the become program has let us through.
fn marked_command(command: &RawCommand, marker: &str) -> String {
    let shell = if command.executable.is_empty() { DEFAULT_SHELL } else { &command.executable };
    shell_words::join([shell, "-c", &format!("echo '{marker} ok' ; {}", command.command)])
}

async fn collect(
    process: Process,
    input: &[u8],
    first_bytes: Vec<u8>,
    host: &str,
) -> Result<RawOutput, ConnectionError> {
    let Process { mut stdin, stdout, stderr, exit } = process;
    let feed = async move {
        // A command that does not read its input is no failure.
        let _ = stdin.write_all(input).await;
        let _ = stdin.shutdown().await;
        drop(stdin);
    };
    let read = async {
        tokio::try_join!(
            async { Ok(tokio::join!(feed, exit).1) },
            read_all(stdout, first_bytes, host),
            read_all(stderr, Vec::new(), host)
        )
    };
    let (status, stdout, stderr) = read.await?;
    match status {
        ExitStatus::Lost(message) => Err(ConnectionError::Lost { host: host.to_owned(), message }),
        status => Ok(RawOutput { rc: status.code(), stdout, stderr }),
    }
}

/// Fails as soon as it is too much, which hangs up on the command.
async fn read_all(stream: impl AsyncRead + Unpin, mut bytes: Vec<u8>, host: &str) -> Result<Vec<u8>, ConnectionError> {
    // What was read before an error is still what the command said.
    let _ = stream.take(MAX_OUTPUT as u64 + 1).read_to_end(&mut bytes).await;
    if bytes.len() > MAX_OUTPUT {
        let message = format!("the command printed more than {} MiB", MAX_OUTPUT >> 20);
        return Err(ConnectionError::Call { host: host.to_owned(), message });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines() {
        let mut command = RawCommand { command: "echo 'a b'".into(), ..RawCommand::default() };
        assert_eq!(plain_command(&command), "echo 'a b'");
        assert_eq!(marked_command(&command, "M"), r"/bin/sh -c 'echo '\''M ok'\'' ; echo '\''a b'\'''");
        command.executable = "/bin/bash".into();
        assert_eq!(plain_command(&command), r"/bin/bash -c 'echo '\''a b'\'''");
    }
}
