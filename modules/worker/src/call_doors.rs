//! What a running module gets to see of the worker: contents and events of its own call.

use std::io;
use std::path::PathBuf;

use kapell_protocol::{BlobSource, EventSink, FromWorker, OutputStream};

use crate::blob_cache::BlobCache;
use crate::outbox::Outbox;
use crate::running_calls::Cancellation;

pub(crate) struct CallBlobs<'a> {
    pub(crate) id: u64,
    pub(crate) cache: &'a BlobCache,
    pub(crate) outbox: &'a Outbox,
    pub(crate) given_up: Cancellation,
    pub(crate) used: Vec<String>,
}

impl BlobSource for CallBlobs<'_> {
    fn open(&mut self, sha256: &str) -> io::Result<PathBuf> {
        let path = self.cache.obtain(self.id, sha256, self.outbox, &self.given_up)?;
        self.used.push(sha256.to_owned());
        Ok(path)
    }
}

impl Drop for CallBlobs<'_> {
    fn drop(&mut self) {
        self.used.iter().for_each(|sha256| self.cache.release(sha256));
    }
}

pub(crate) struct CallEvents<'a> {
    pub(crate) id: u64,
    pub(crate) outbox: &'a Outbox,
    pub(crate) given_up: Cancellation,
}

impl EventSink for CallEvents<'_> {
    fn output(&mut self, stream: OutputStream, line: &str) {
        // Nobody to tell when the engine has gone; the session ends by itself.
        let _ = self.outbox.send(&FromWorker::Output { id: self.id, stream, line: line.to_owned() });
    }

    fn is_cancelled(&self) -> bool {
        self.given_up.is_set()
    }
}
