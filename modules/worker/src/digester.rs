//! `Digester`: the digests that results show, made on threads of their own while a large content arrives.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use kapell_protocol::ContentDigests;
use sha1::digest::Digest;

/// Pieces that may wait: who sends faster than that waits, too.
const AHEAD: usize = 16;

pub(crate) struct Digester {
    md5: Worker,
    sha1: Worker,
}

struct Worker {
    pieces: SyncSender<Arc<[u8]>>,
    thread: JoinHandle<String>,
}

impl Digester {
    pub(crate) fn start() -> io::Result<Self> {
        Ok(Self { md5: Worker::start::<md5::Md5>()?, sha1: Worker::start::<sha1::Sha1>()? })
    }

    pub(crate) fn take(&mut self, data: &[u8]) {
        let piece: Arc<[u8]> = Arc::from(data);
        // A thread that has died has no digest to give in the end.
        let _ = self.md5.pieces.send(Arc::clone(&piece));
        let _ = self.sha1.pieces.send(piece);
    }

    pub(crate) fn finish(self) -> Option<ContentDigests> {
        Some(ContentDigests { md5: self.md5.finish()?, sha1: self.sha1.finish()? })
    }
}

impl Worker {
    fn start<D: Digest>() -> io::Result<Self> {
        let (pieces, incoming) = sync_channel::<Arc<[u8]>>(AHEAD);
        let thread = thread::Builder::new().spawn(move || {
            let mut digest = D::new();
            incoming.iter().for_each(|piece| digest.update(&piece));
            hex::encode(digest.finalize())
        })?;
        Ok(Self { pieces, thread })
    }

    fn finish(self) -> Option<String> {
        drop(self.pieces);
        self.thread.join().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_the_well_known_digests() {
        let mut digester = Digester::start().unwrap();
        for piece in [&b"a"[..], b"", b"bc"] {
            digester.take(piece);
        }
        let digests = digester.finish().unwrap();
        assert_eq!(digests.md5, "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(digests.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d");
    }
}
