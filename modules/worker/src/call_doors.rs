//! What a running module gets to see of the worker: contents and events of its own call.

use std::io;
use std::path::{Path, PathBuf};

use kapell_protocol::{BlobSource, ContentDigests, EventSink, FromWorker, OutputStream};

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
        if self.used.iter().any(|used| used == sha256) {
            // Each call counts once.
            self.cache.release(sha256);
        } else {
            self.used.push(sha256.to_owned());
        }
        Ok(path)
    }

    fn expect(&mut self, sha256: &str) {
        // What cannot be asked for now is asked for when it is opened, which also tells why not.
        let _ = self.cache.request(self.id, sha256, self.outbox);
    }

    fn digests(&mut self, sha256: &str) -> Option<ContentDigests> {
        self.cache.digests(sha256)
    }

    fn move_to(&mut self, sha256: &str, dest: &Path) -> bool {
        self.used.iter().any(|used| used == sha256) && self.cache.move_to(sha256, dest)
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
