//! Doors that lead nowhere: for calls that bring no contents and whose events nobody hears.

use std::io;
use std::path::PathBuf;

use kapell_protocol::{BlobSource, EventSink, OutputStream};

/// No contents at all.
#[derive(Debug, Default)]
pub struct NoBlobs;

impl BlobSource for NoBlobs {
    fn open(&mut self, sha256: &str) -> io::Result<PathBuf> {
        Err(io::Error::new(io::ErrorKind::NotFound, format!("no content with SHA-256 {sha256} was sent along")))
    }
}

/// Listens to nothing and never cancels.
#[derive(Debug, Default)]
pub struct NoEvents;

impl EventSink for NoEvents {
    fn output(&mut self, _stream: OutputStream, _line: &str) {}

    fn is_cancelled(&self) -> bool {
        false
    }
}
