//! Answering `ReadFile`: a file of the node in chunks, no more of them under way than the window allows.

use std::collections::HashMap;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Condvar, Mutex, PoisonError};

use kapell_protocol::{CHUNK, FetchedFile, FrameError, FromWorker, WINDOW};
use sha2::{Digest, Sha256};

use crate::outbox::Outbox;

/// Where acknowledgements go, by request.
#[derive(Default)]
pub(crate) struct FileStreams(Mutex<HashMap<u64, Sender<u64>>>, Condvar);

impl FileStreams {
    pub(crate) fn acknowledge(&self, id: u64, bytes: u64) {
        if let Some(stream) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
            let _ = stream.send(bytes);
        }
    }

    /// The stream notices that nobody acknowledges any more.
    pub(crate) fn cancel(&self, id: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    /// Until no file is sent.
    pub(crate) fn wait(&self) {
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while !streams.is_empty() {
            streams = self.1.wait(streams).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(crate) fn begin(&self, id: u64) -> Receiver<u64> {
        let (sender, receiver) = channel();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, sender);
        receiver
    }

    /// Runs on a thread of its own.
    pub(crate) fn serve(&self, id: u64, path: &str, acknowledged: &Receiver<u64>, outbox: &Outbox) {
        let answer = match stream(id, path, acknowledged, outbox) {
            Ok(file) => FromWorker::FileEnd { id, file },
            Err(StreamError::Read(error)) => FromWorker::Failed { id, message: error.to_string() },
            Err(StreamError::Gone) => return self.end(id),
        };
        let _ = outbox.send(&answer);
        self.end(id);
    }

    fn end(&self, id: u64) {
        self.cancel(id);
        self.1.notify_all();
    }
}

enum StreamError {
    Read(io::Error),
    /// Cancelled, or the engine is no more.
    Gone,
}

impl From<io::Error> for StreamError {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

impl From<FrameError> for StreamError {
    fn from(_: FrameError) -> Self {
        Self::Gone
    }
}

fn stream(id: u64, path: &str, acknowledged: &Receiver<u64>, outbox: &Outbox) -> Result<FetchedFile, StreamError> {
    let mut file = fs_err::File::open(path)?;
    let meta = file.metadata()?;
    if meta.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, format!("{path} is a directory")).into());
    }
    let (mut hasher, mut size, mut under_way) = (Sha256::new(), 0, 0);
    loop {
        while under_way >= WINDOW {
            under_way = under_way.saturating_sub(acknowledged.recv().map_err(|_| StreamError::Gone)?);
        }
        let mut chunk = Vec::with_capacity(CHUNK);
        Read::by_ref(&mut file).take(CHUNK as u64).read_to_end(&mut chunk)?;
        if chunk.is_empty() {
            let sha256 = hex::encode(hasher.finalize());
            return Ok(FetchedFile { sha256, size, mode: meta.permissions().mode() & 0o7777 });
        }
        hasher.update(&chunk);
        size += chunk.len() as u64;
        under_way += chunk.len() as u64;
        outbox.send(&FromWorker::FileChunk { id, data: chunk.into() })?;
    }
}
