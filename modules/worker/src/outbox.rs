//! `Outbox`: the way out, shared by all threads; one message at a time, blocking when the engine is slow.

use std::fs::File;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use kapell_protocol::{FrameError, FromWorker, encode};

pub(crate) struct Outbox {
    stream: Mutex<File>,
    is_silent: AtomicBool,
}

impl Outbox {
    pub(crate) fn new(stream: File) -> Self {
        Self { stream: Mutex::new(stream), is_silent: AtomicBool::new(false) }
    }

    /// From now on nothing is sent: results of calls that are only ending because the worker does are none.
    pub(crate) fn fall_silent(&self) {
        self.is_silent.store(true, Ordering::SeqCst);
    }

    /// A message that is too large is an error before anything was written; so is an engine that has gone.
    pub(crate) fn send(&self, message: &FromWorker) -> Result<(), FrameError> {
        let frame = encode(message)?;
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_silent.load(Ordering::SeqCst) {
            return Ok(());
        }
        Ok(stream.write_all(&frame)?)
    }
}
