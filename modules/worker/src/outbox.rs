//! `Outbox`: the way out, shared by all threads; one message at a time, blocking when the engine is slow.

use std::fs::File;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use kapell_protocol::{FrameError, FromWorker, encode};

pub(crate) struct Outbox(Mutex<File>);

impl Outbox {
    pub(crate) fn new(stream: File) -> Self {
        Self(Mutex::new(stream))
    }

    /// A message that is too large is an error before anything was written; so is an engine that has gone.
    pub(crate) fn send(&self, message: &FromWorker) -> Result<(), FrameError> {
        let frame = encode(message)?;
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(stream.write_all(&frame)?)
    }
}
