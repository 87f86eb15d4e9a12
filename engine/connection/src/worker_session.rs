//! `WorkerSession`: module calls multiplexed over one process on the node.
//!
//! Two tasks per worker: the writer owns stdin and sends whole frames, so that a call dropped half way never leaves
//! half a frame behind; the reader owns stdout and hands each message to the call it belongs to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kapell_protocol::{
    FetchedFile, FromWorker, Job, ModuleCall, OutputStream, PROTOCOL_VERSION, ToWorker, WorkerHello, encode,
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::pending_calls::{PendingCalls, Registration};
use crate::session_reader::SessionReader;
use crate::{Blobs, ConnectionError, Process};

/// Frames waiting for the wire; senders of file contents wait when it is full.
const OUTGOING: usize = 16;
/// Messages waiting for one call; bounded by the windows of the protocol, except for output lines.
const INCOMING: usize = 64;
/// Contents under way to one host at once.
const CONTENTS_AT_ONCE: usize = 4;
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(2);

/// One line written by a running command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputLine {
    pub stream: OutputStream,
    pub line: String,
}

/// A worker that has said hello. Dropping it hangs up; the worker then ends by itself.
#[derive(Debug)]
pub struct WorkerSession {
    host: String,
    hello: WorkerHello,
    next_id: AtomicU64,
    /// Contents travel with their call: there is nobody to ask for them later.
    has_whole_calls: bool,
    outgoing: mpsc::Sender<Vec<u8>>,
    /// One permit for each content under way.
    sending: Arc<Semaphore>,
    pending: Arc<PendingCalls>,
    reader: JoinHandle<()>,
    /// Its sender is dropped with the reader.
    reader_ended: watch::Receiver<()>,
}

impl WorkerSession {
    /// `first_bytes` were read from stdout already.
    pub(crate) async fn open(
        host: &str,
        process: Process,
        first_bytes: Vec<u8>,
        patience: Duration,
    ) -> Result<Self, ConnectionError> {
        let failed = |message: String| ConnectionError::Worker { host: host.to_owned(), message };
        let pending = Arc::new(PendingCalls::default());
        let (outgoing, frames) = mpsc::channel(OUTGOING);
        let Process { stdin, stdout, stderr, exit } = process;
        let mut reader = SessionReader::new(stdout, stderr, exit, first_bytes, Arc::clone(&pending));
        let hello = match timeout(patience, reader.hello()).await {
            Err(_) => return Err(failed(format!("no sign of life within {} seconds", patience.as_secs()))),
            Ok(Err(message)) => return Err(failed(message)),
            Ok(Ok(hello)) => hello,
        };
        check_version(&hello).map_err(failed)?;
        tokio::spawn(write_frames(stdin, frames));
        let (reader_runs, reader_ended) = watch::channel(());
        let reader = tokio::spawn(async move {
            reader.run().await;
            drop(reader_runs);
        });
        let next_id = AtomicU64::new(1);
        let host = host.to_owned();
        let sending = Arc::new(Semaphore::new(CONTENTS_AT_ONCE));
        Ok(Self { host, hello, next_id, has_whole_calls: false, outgoing, sending, pending, reader, reader_ended })
    }

    pub(crate) fn with_whole_calls(mut self) -> Self {
        self.has_whole_calls = true;
        self
    }

    /// Runs one module. `call.id` is chosen here. Dropping the future cancels the call on the node.
    pub async fn call(
        &self,
        mut call: ModuleCall,
        blobs: &Blobs,
        events: Option<mpsc::Sender<OutputLine>>,
    ) -> Result<Map<String, Value>, ConnectionError> {
        let request = self.register()?;
        call.id = request.id();
        if self.has_whole_calls {
            self.add_contents(&mut call, blobs).await?;
        } else {
            call.blobs.extend(blobs.read_small().await);
        }
        self.send(&ToWorker::Call(Box::new(call))).await?;
        self.answer(request, blobs, events).await
    }

    /// Starts one module as a job of its own and returns its name and results file. Contents travel with the call:
    /// the job has nobody to ask.
    pub async fn start_job(
        &self,
        mut call: ModuleCall,
        job: Job,
        blobs: &Blobs,
    ) -> Result<Map<String, Value>, ConnectionError> {
        let request = self.register()?;
        call.id = request.id();
        self.add_contents(&mut call, blobs).await?;
        self.send(&ToWorker::StartJob(Box::new(call), job)).await?;
        self.answer(request, &Blobs::default(), None).await
    }

    async fn add_contents(&self, call: &mut ModuleCall, blobs: &Blobs) -> Result<(), ConnectionError> {
        let contents = blobs.read_all().await;
        call.blobs.extend(contents.map_err(|message| ConnectionError::Call { host: self.host.clone(), message })?);
        Ok(())
    }

    async fn answer(
        &self,
        mut request: Registration,
        blobs: &Blobs,
        events: Option<mpsc::Sender<OutputLine>>,
    ) -> Result<Map<String, Value>, ConnectionError> {
        let mut wanted = 0;
        loop {
            match request.next().await {
                Some(FromWorker::Done { result, .. }) => {
                    request.finish();
                    return Ok(result);
                }
                Some(FromWorker::NeedBlob { .. }) if wanted >= blobs.most_requests() => {
                    let message = "the worker asks for contents without end".to_owned();
                    return Err(ConnectionError::Call { host: self.host.clone(), message });
                }
                Some(FromWorker::NeedBlob { sha256, .. }) => {
                    wanted += 1;
                    blobs.send(sha256, self.outgoing.clone(), Arc::clone(&self.sending));
                }
                Some(FromWorker::Output { stream, line, .. }) => {
                    if let Some(events) = &events {
                        // A listener that has gone misses the line, not the call its result.
                        let _ = events.send(OutputLine { stream, line }).await;
                    }
                }
                Some(FromWorker::Failed { message, .. }) => {
                    request.finish();
                    return Err(ConnectionError::Call { host: self.host.clone(), message });
                }
                Some(_) => {}
                None => return Err(self.lost()),
            }
        }
    }

    /// Streams a file of the node into `dest`, checked against its SHA-256.
    pub async fn fetch(
        &self,
        remote: &str,
        dest: &mut (dyn AsyncWrite + Send + Unpin),
    ) -> Result<FetchedFile, ConnectionError> {
        let failed = |message: String| ConnectionError::Call { host: self.host.clone(), message };
        let mut request = self.register()?;
        let id = request.id();
        self.send(&ToWorker::ReadFile { id, path: remote.to_owned() }).await?;
        let mut hasher = Sha256::new();
        loop {
            match request.next().await {
                Some(FromWorker::FileChunk { data, .. }) => {
                    hasher.update(&*data);
                    dest.write_all(&data).await.map_err(|error| failed(format!("cannot store {remote}: {error}")))?;
                    self.send(&ToWorker::Ack { id, bytes: data.len() as u64 }).await?;
                }
                Some(FromWorker::FileEnd { file, .. }) => {
                    request.finish();
                    dest.flush().await.map_err(|error| failed(format!("cannot store {remote}: {error}")))?;
                    let is_whole = hex::encode(hasher.finalize()) == file.sha256;
                    return if is_whole { Ok(file) } else { Err(failed(format!("{remote} was damaged in transfer"))) };
                }
                Some(FromWorker::Failed { message, .. }) => {
                    request.finish();
                    return Err(failed(message));
                }
                Some(_) => {}
                None => return Err(self.lost()),
            }
        }
    }

    /// Who and where the worker is.
    pub fn hello(&self) -> &WorkerHello {
        &self.hello
    }

    pub fn is_alive(&self) -> bool {
        self.pending.reason().is_none() && !self.outgoing.is_closed()
    }

    /// Tells the worker to end and waits, a little, until it has cleaned up.
    pub(crate) async fn shut_down(&self) {
        self.pending.close("the session was closed");
        if self.send(&ToWorker::Shutdown).await.is_ok() {
            let _ = timeout(SHUTDOWN_PATIENCE, self.reader_ended.clone().changed()).await;
        }
        self.reader.abort();
    }

    fn register(&self) -> Result<Registration, ConnectionError> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        self.pending.register(id, INCOMING, self.outgoing.clone()).ok_or_else(|| self.lost())
    }

    async fn send(&self, message: &ToWorker) -> Result<(), ConnectionError> {
        let frame = encode(message)
            .map_err(|error| ConnectionError::Call { host: self.host.clone(), message: error.to_string() })?;
        self.outgoing.send(frame).await.map_err(|_| self.lost())
    }

    fn lost(&self) -> ConnectionError {
        let message = self.pending.reason().unwrap_or_else(|| "the worker does not read any more".to_owned());
        ConnectionError::Lost { host: self.host.clone(), message }
    }
}

impl Drop for WorkerSession {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

async fn write_frames(mut stdin: Box<dyn AsyncWrite + Send + Unpin>, mut frames: mpsc::Receiver<Vec<u8>>) {
    while let Some(frame) = frames.recv().await {
        if stdin.write_all(&frame).await.is_err() || stdin.flush().await.is_err() {
            return;
        }
    }
    let _ = stdin.shutdown().await;
}

fn check_version(hello: &WorkerHello) -> Result<(), String> {
    if hello.protocol == PROTOCOL_VERSION {
        return Ok(());
    }
    Err(format!(
        "the worker (version {}) speaks protocol {}, this program {PROTOCOL_VERSION}; build both from the same sources",
        hello.version, hello.protocol
    ))
}
