//! `SessionReader`: the task that reads a worker's stdout and tells each request what concerns it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use kapell_protocol::{CHUNK, Deframer, FromWorker, WorkerHello};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::timeout;

use crate::ExitStatus;
use crate::pending_calls::PendingCalls;

/// Reads grow to this size while they fill the buffer: most workers never say much, and there may be thousands.
const MAX_READ: usize = 64 * 1024;
const FIRST_READ: usize = 4 * 1024;
/// Of what the worker writes to stderr, the last so many bytes are kept for error messages.
const KEPT_STDERR: usize = 4 * 1024;
const EXIT_PATIENCE: Duration = Duration::from_secs(1);

pub(crate) struct SessionReader {
    stdout: Box<dyn AsyncRead + Send + Unpin>,
    stderr: Box<dyn AsyncRead + Send + Unpin>,
    exit: Pin<Box<dyn Future<Output = ExitStatus> + Send>>,
    deframer: Deframer,
    pending: Arc<PendingCalls>,
    buffer: Vec<u8>,
    stderr_text: Vec<u8>,
    stderr_ended: bool,
}

impl SessionReader {
    pub(crate) fn new(
        stdout: Box<dyn AsyncRead + Send + Unpin>,
        stderr: Box<dyn AsyncRead + Send + Unpin>,
        exit: Pin<Box<dyn Future<Output = ExitStatus> + Send>>,
        first_bytes: Vec<u8>,
        pending: Arc<PendingCalls>,
    ) -> Self {
        let mut deframer = Deframer::default();
        deframer.push(&first_bytes);
        let buffer = vec![0; FIRST_READ];
        Self { stdout, stderr, exit, deframer, pending, buffer, stderr_text: Vec::new(), stderr_ended: false }
    }

    /// The first message. Error: why there is none.
    pub(crate) async fn hello(&mut self) -> Result<WorkerHello, String> {
        match self.next().await? {
            FromWorker::Hello(hello) => Ok(hello),
            FromWorker::Fatal { message } => Err(message),
            _ => Err("it did not say hello".to_owned()),
        }
    }

    /// Until the worker ends or talks nonsense.
    pub(crate) async fn run(mut self) {
        let reason = loop {
            match self.next().await {
                Ok(FromWorker::Fatal { message }) => break format!("the worker gave up: {message}"),
                Ok(FromWorker::FileChunk { data, .. }) if data.len() > CHUNK => {
                    break format!("garbage on the line: {} bytes of a file at once", data.len());
                }
                Ok(message) => hand_over(&self.pending, message).await,
                Err(reason) => break reason,
            }
        };
        tracing::trace!("a worker session ended: {reason}");
        self.pending.close(&reason);
    }

    async fn next(&mut self) -> Result<FromWorker, String> {
        loop {
            match self.deframer.next_message() {
                Ok(Some(message)) => return Ok(message),
                Ok(None) => {}
                Err(error) => return Err(format!("garbage on the line: {error}")),
            }
            let mut err = [0; 1024];
            tokio::select! {
                read = self.stdout.read(&mut self.buffer) => match read {
                    Ok(0) => return Err(self.why_it_ended().await),
                    Ok(count) => {
                        self.deframer.push(&self.buffer[..count]);
                        if count == self.buffer.len() && count < MAX_READ {
                            self.buffer.resize(count * 2, 0);
                        }
                    }
                    Err(error) => return Err(error.to_string()),
                },
                read = self.stderr.read(&mut err), if !self.stderr_ended => match read {
                    Ok(0) | Err(_) => self.stderr_ended = true,
                    Ok(count) => self.keep_stderr(&err[..count]),
                },
            }
        }
    }

    fn keep_stderr(&mut self, bytes: &[u8]) {
        self.stderr_text.extend_from_slice(bytes);
        let surplus = self.stderr_text.len().saturating_sub(KEPT_STDERR);
        self.stderr_text.drain(..surplus);
    }

    async fn why_it_ended(&mut self) -> String {
        let mut rest = Vec::new();
        if !self.stderr_ended {
            let _ = timeout(EXIT_PATIENCE, (&mut self.stderr).take(KEPT_STDERR as u64).read_to_end(&mut rest)).await;
            self.keep_stderr(&rest);
        }
        let said = String::from_utf8_lossy(&self.stderr_text).trim().to_owned();
        let how = match timeout(EXIT_PATIENCE, &mut self.exit).await {
            Ok(ExitStatus::Lost(message)) => return message,
            Ok(ExitStatus::Code(code)) => format!("the worker ended with status {code}"),
            Ok(ExitStatus::Signal(signal)) => format!("the worker was killed by signal {signal}"),
            Err(_) => "the worker closed its output".to_owned(),
        };
        if said.is_empty() { how } else { format!("{how}: {said}") }
    }
}

async fn hand_over(pending: &PendingCalls, message: FromWorker) {
    let Some(recipient) = request_of(&message).and_then(|id| pending.recipient(id)) else { return };
    // A request that has just been dropped misses nothing.
    let _ = recipient.send(message).await;
}

fn request_of(message: &FromWorker) -> Option<u64> {
    match message {
        FromWorker::Done { id, .. }
        | FromWorker::NeedBlob { id, .. }
        | FromWorker::FileChunk { id, .. }
        | FromWorker::FileEnd { id, .. }
        | FromWorker::Output { id, .. }
        | FromWorker::Failed { id, .. } => Some(*id),
        FromWorker::Hello(_) | FromWorker::Fatal { .. } => None,
    }
}
