//! The two doors a running module has to the outside: contents sent by the engine, and events on their way to it.

use std::io;
use std::path::{Path, PathBuf};

use crate::OutputStream;

/// Where a module gets file contents from.
pub trait BlobSource {
    /// Path of a readable local file holding exactly the content of this SHA-256 (lower-case hexadecimal).
    /// Fetched from the engine at first use; the file is shared and must be copied, never changed or moved.
    fn open(&mut self, sha256: &str) -> io::Result<PathBuf>;

    /// Asks for a content that will be opened soon, without waiting for it.
    fn expect(&mut self, _sha256: &str) {}

    /// Its digests, where they were made while it arrived.
    fn digests(&mut self, _sha256: &str) -> Option<ContentDigests> {
        None
    }

    /// Moves a content to `dest` that nobody else needs any more; `false` where it has to be copied.
    fn move_to(&mut self, _sha256: &str, _dest: &Path) -> bool {
        false
    }
}

/// Digests that results show, in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentDigests {
    pub md5: String,
    pub sha1: String,
}

/// What a module reports while it runs.
pub trait EventSink {
    /// One line written by the module's command, without its line end.
    fn output(&mut self, stream: OutputStream, line: &str);

    /// Whether the caller has given up on this call; long loops look and stop.
    fn is_cancelled(&self) -> bool;
}

/// Whether `text` is a SHA-256 as the protocol writes it; it becomes a file name, so nothing else is let through.
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::is_sha256;

    #[test]
    fn only_lower_case_hexadecimal_of_the_right_length() {
        assert!(is_sha256(&"0af9".repeat(16)));
        for wrong in ["", "00", &"0AF9".repeat(16), &"../x".repeat(16), &"0".repeat(65)] {
            assert!(!is_sha256(wrong), "{wrong}");
        }
    }
}
