//! Starting a command that first has to get past login noise and a password prompt.
//!
//! The command prints a random marker once it runs. What comes before on stdout is noise (banners of the login
//! shell); what comes on stderr is watched for the prompt of the become program.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

use crate::becoming::Becoming;
use crate::{Connection, ConnectionError, ExitStatus, Process};

/// More noise than this is a shell that will never get to our command.
const MAX_NOISE: usize = 1024 * 1024;
/// Of what came instead of our command, in a message.
const MAX_QUOTED: usize = 2048;
/// The prompt stands within the last bytes that were printed.
const MAX_PROMPTED: usize = 32 * 1024;
const READ: usize = 4 * 1024;
const SEND: usize = 64 * 1024;
/// What the become program says is kept up to here.
const MAX_STDERR: usize = 32 * 1024;

/// Hexadecimal, unguessable.
pub(crate) fn random_token() -> String {
    hex::encode(rand::random::<[u8; 12]>())
}

/// What was read from stdout and is not yet consumed. However small the pieces it came in, every byte is looked at once.
#[derive(Default)]
struct Printed {
    bytes: Vec<u8>,
    /// Where the line begins that has not ended.
    line: usize,
    /// Up to here there is no end of that line.
    seen: usize,
}

impl Printed {
    /// What stands behind the marker in the next line that has it. All up to the end of that line is consumed.
    fn behind(&mut self, marker: &[u8]) -> Option<String> {
        while let Some(length) = self.bytes[self.seen..].iter().position(|byte| *byte == b'\n') {
            let end = self.seen + length;
            let line = &self.bytes[self.line..end];
            let start = line.windows(marker.len()).position(|window| window == marker).map(|at| at + marker.len());
            if let Some(start) = start {
                let rest = String::from_utf8_lossy(&line[start..]).trim_end().to_owned();
                *self = Self { bytes: self.bytes.split_off(end + 1), ..Self::default() };
                return Some(rest);
            }
            (self.line, self.seen) = (end + 1, end + 1);
        }
        self.seen = self.bytes.len();
        None
    }

    fn last(&self, count: usize) -> String {
        String::from_utf8_lossy(&self.bytes[self.bytes.len().saturating_sub(count)..]).into_owned()
    }
}

/// A process on its way to its first marked line.
pub(crate) struct Startup<'a> {
    connection: &'a dyn Connection,
    host: &'a str,
    marker: &'a str,
    becoming: Option<&'a Becoming<'a>>,
    pub(crate) process: Process,
    printed: Printed,
    stderr: String,
    is_password_sent: bool,
    stdout_ended: bool,
    stderr_ended: bool,
}

impl<'a> Startup<'a> {
    /// `command` is wrapped in the become program, when there is one.
    pub(crate) async fn begin(
        connection: &'a dyn Connection,
        host: &'a str,
        marker: &'a str,
        becoming: Option<&'a Becoming<'a>>,
        start: (&str, bool),
    ) -> Result<Self, ConnectionError> {
        let (command, pty) = start;
        let line = becoming.map_or_else(|| format!("exec {command}"), |becoming| becoming.wrap(command));
        let pty = pty || becoming.is_some_and(Becoming::needs_terminal);
        let process = connection.start(&line, pty).await?;
        Ok(Self {
            connection,
            host,
            marker,
            becoming,
            process,
            printed: Printed::default(),
            stderr: String::new(),
            is_password_sent: false,
            stdout_ended: false,
            stderr_ended: false,
        })
    }

    /// The rest of the next line that begins with the marker.
    pub(crate) async fn marked_line(&mut self, patience: Duration) -> Result<String, ConnectionError> {
        let deadline = Instant::now() + patience;
        let marker = format!("{} ", self.marker);
        loop {
            if let Some(line) = self.printed.behind(marker.as_bytes()) {
                return Ok(line);
            }
            if self.stdout_ended || self.printed.bytes.len() > MAX_NOISE {
                return Err(self.why_it_ended().await);
            }
            if timeout_at(deadline, self.read_some()).await.is_err() {
                return Err(self.timed_out(patience));
            }
            self.answer_prompt().await?;
        }
    }

    /// A process that does not take it has ended; the next line, or its absence, says why.
    pub(crate) async fn send(&mut self, data: &[u8]) {
        if self.process.stdin.write_all(data).await.is_ok() {
            let _ = self.process.stdin.flush().await;
        }
    }

    /// Much data, of which some has to pass all the time.
    pub(crate) async fn send_all(&mut self, data: &[u8], patience: Duration) -> Result<(), ConnectionError> {
        for piece in data.chunks(SEND) {
            if timeout(patience, self.send(piece)).await.is_err() {
                let what = "uploading the worker".to_owned();
                return Err(ConnectionError::Timeout { host: self.host.to_owned(), what, after: patience });
            }
        }
        Ok(())
    }

    /// The running process, the bytes of stdout behind the last marked line, and what it wrote to stderr so far.
    pub(crate) fn into_parts(self) -> (Process, Vec<u8>, String) {
        (self.process, self.printed.bytes, self.stderr)
    }

    /// Whatever arrives first on either stream.
    async fn read_some(&mut self) {
        let (mut out, mut err) = (vec![0; READ], vec![0; READ]);
        tokio::select! {
            read = self.process.stdout.read(&mut out), if !self.stdout_ended => match read {
                Ok(0) | Err(_) => self.stdout_ended = true,
                Ok(count) => self.printed.bytes.extend_from_slice(&out[..count]),
            },
            read = self.process.stderr.read(&mut err), if !self.stderr_ended => match read {
                Ok(0) | Err(_) => self.stderr_ended = true,
                Ok(count) => self.note_stderr(&err[..count]),
            },
        }
    }

    fn note_stderr(&mut self, bytes: &[u8]) {
        if self.stderr.len() < MAX_STDERR {
            self.stderr.push_str(&String::from_utf8_lossy(bytes));
        }
    }

    async fn answer_prompt(&mut self) -> Result<(), ConnectionError> {
        let Some(becoming) = self.becoming else { return Ok(()) };
        // On a terminal the prompt comes with the rest.
        let on_stdout = becoming.asks_for_password(&self.printed.last(MAX_PROMPTED));
        if !on_stdout && !becoming.asks_for_password(&self.stderr) {
            return match becoming.refusal(&self.stderr) {
                Some(message) if self.stderr.ends_with('\n') => Err(self.refused(message)),
                _ => Ok(()),
            };
        }
        match becoming.password() {
            None => Err(self.refused(becoming.missing())),
            Some(_) if self.is_password_sent => Err(self.refused(becoming.incorrect())),
            Some(password) => {
                self.is_password_sent = true;
                self.stderr.clear();
                self.printed = Printed::default();
                self.send(format!("{password}\n").as_bytes()).await;
                Ok(())
            }
        }
    }

    fn refused(&self, message: String) -> ConnectionError {
        ConnectionError::BecomeFailed { host: self.host.to_owned(), message }
    }

    fn timed_out(&self, after: Duration) -> ConnectionError {
        match self.becoming {
            Some(becoming) => {
                let said = becoming.without_prompts(&format!("{}{}", self.stderr, self.printed.last(MAX_NOISE)));
                ConnectionError::BecomeTimeout { host: self.host.to_owned(), after, said }
            }
            None => ConnectionError::Timeout { host: self.host.to_owned(), what: "starting a shell".to_owned(), after },
        }
    }

    fn lost(&self, message: &str) -> ConnectionError {
        ConnectionError::Lost { host: self.host.to_owned(), message: message.to_owned() }
    }

    /// stdout has ended without the marker: what the rest of the process tells about it.
    async fn why_it_ended(&mut self) -> ConnectionError {
        let deadline = Instant::now() + Duration::from_secs(2);
        while !self.stderr_ended && timeout_at(deadline, self.read_some()).await.is_ok() {}
        let status = timeout_at(deadline, &mut self.process.exit).await.unwrap_or(ExitStatus::Code(255));
        if let ExitStatus::Lost(message) = &status {
            let said = self.stderr.trim().to_owned();
            return match said.is_empty() {
                true => self.lost(message),
                false => ConnectionError::Unreachable { host: self.host.to_owned(), message: said },
            };
        }
        let is_endless = self.printed.bytes.len() > MAX_NOISE;
        let printed = format!("{}{}", self.stderr, self.printed.last(MAX_QUOTED));
        if self.connection.is_absence(&printed) {
            return ConnectionError::Unreachable { host: self.host.to_owned(), message: printed.trim().to_owned() };
        }
        match self.becoming {
            Some(becoming) => {
                let message = becoming.refusal(&printed).unwrap_or_else(|| {
                    let text = becoming.without_prompts(&printed);
                    if text.is_empty() { format!("become ended with status {}", status.code()) } else { text }
                });
                self.refused(message)
            }
            // Nobody can work where no command runs: an account without a shell, a forced command.
            None => {
                let said = if printed.trim().is_empty() { "it said nothing" } else { printed.trim() };
                let message = match is_endless {
                    true => format!("the host's shell prints without end instead of running a command: {said}"),
                    false => format!("the host's shell ended with status {}: {said}", status.code()),
                };
                ConnectionError::Unreachable { host: self.host.to_owned(), message }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_in_pieces_and_behind_noise() {
        let mut printed = Printed::default();
        let mut found = Vec::new();
        for byte in b"Welcome\nmarker\nnoise marker one \r\n\nmarker two\nrest of it" {
            printed.bytes.push(*byte);
            found.extend(printed.behind(b"marker "));
        }
        assert_eq!(found, ["one", "two"]);
        assert_eq!(printed.bytes, b"rest of it");
        assert_eq!(printed.last(5), "of it");
    }

    #[test]
    fn two_lines_in_one_piece_are_taken_one_after_the_other() {
        let mut printed = Printed { bytes: b"m a\nm b\n".to_vec(), ..Printed::default() };
        let found = [printed.behind(b"m "), printed.behind(b"m "), printed.behind(b"m ")];
        assert_eq!(found, [Some("a".to_owned()), Some("b".to_owned()), None]);
    }
}
