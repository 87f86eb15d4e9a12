//! `WorkerBinary`: the worker's executable for an architecture, embedded or found in a worker directory.

use std::collections::HashMap;
use std::env;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

mod embedded {
    #![allow(clippy::unreadable_literal, reason = "written by build.rs")]

    include!(concat!(env!("OUT_DIR"), "/embedded_worker.rs"));
}

/// An executable larger than this is not a worker.
const MAX_SIZE: u64 = 256 * 1024 * 1024;

#[derive(Debug, Clone)]
pub(crate) struct WorkerBinary {
    /// As `uname -m` says it.
    pub(crate) architecture: String,
    pub(crate) sha256: String,
    pub(crate) size: u64,
    compressed: Arc<[u8]>,
}

impl WorkerBinary {
    /// What goes over the wire to a node that can, or cannot, unpack gzip.
    pub(crate) fn upload(&self, gzip: bool) -> Result<Arc<[u8]>, String> {
        if gzip { Ok(Arc::clone(&self.compressed)) } else { unpack(&self.compressed).map(Into::into) }
    }

    fn from_file_content(architecture: &str, content: Vec<u8>) -> Result<Self, String> {
        let is_compressed = content.starts_with(&[0x1f, 0x8b]);
        let (plain, compressed) =
            if is_compressed { (unpack(&content)?, content) } else { (content.clone(), pack(&content)?) };
        Ok(Self {
            architecture: architecture.to_owned(),
            sha256: hex::encode(Sha256::digest(&plain)),
            size: plain.len() as u64,
            compressed: compressed.into(),
        })
    }
}

fn pack(content: &[u8]) -> Result<Vec<u8>, String> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).and_then(|()| encoder.finish()).map_err(|error| error.to_string())
}

fn unpack(compressed: &[u8]) -> Result<Vec<u8>, String> {
    let mut plain = Vec::new();
    GzDecoder::new(compressed).take(MAX_SIZE).read_to_end(&mut plain).map_err(|error| error.to_string())?;
    Ok(plain)
}

/// The workers known so far; another architecture is looked for when the first node of that kind appears.
#[derive(Debug)]
pub(crate) struct WorkerBinaries {
    known: Mutex<HashMap<String, Arc<WorkerBinary>>>,
    directories: Vec<PathBuf>,
}

impl WorkerBinaries {
    pub(crate) fn new(directories: Vec<PathBuf>) -> Self {
        let embedded = WorkerBinary {
            architecture: embedded::ARCHITECTURE.to_owned(),
            sha256: embedded::SHA256.to_owned(),
            size: embedded::SIZE,
            compressed: Arc::from(embedded::COMPRESSED),
        };
        Self { known: Mutex::new([(embedded.architecture.clone(), Arc::new(embedded))].into()), directories }
    }

    pub(crate) fn known(&self) -> Vec<Arc<WorkerBinary>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Error: a message for the user that names the file to add.
    pub(crate) fn for_architecture(&self, architecture: &str) -> Result<Arc<WorkerBinary>, String> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(binary) = known.get(architecture) {
            return Ok(Arc::clone(binary));
        }
        let binary = Arc::new(self.load(architecture)?);
        known.insert(architecture.to_owned(), Arc::clone(&binary));
        Ok(binary)
    }

    fn load(&self, architecture: &str) -> Result<WorkerBinary, String> {
        let is_plain_word = architecture.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
        if !is_plain_word || architecture.is_empty() {
            return Err(format!("the host calls its architecture {architecture:?}, which makes no sense"));
        }
        for directory in &self.directories {
            for name in [format!("kapell-worker-{architecture}.gz"), format!("kapell-worker-{architecture}")] {
                if let Ok(content) = fs_err::read(directory.join(name)) {
                    return WorkerBinary::from_file_content(architecture, content);
                }
            }
        }
        let places: Vec<String> = self.directories.iter().map(|path| path.display().to_string()).collect();
        Err(format!(
            "the host is {architecture} and there is no worker for that architecture; build kapell-worker for it and \
             add it as kapell-worker-{architecture} or kapell-worker-{architecture}.gz to one of: {}",
            places.join(", ")
        ))
    }
}

/// `$KAPELL_WORKER_DIR`, beside the program, and the user's own.
pub(crate) fn worker_directories() -> Vec<PathBuf> {
    let beside_program = env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("../lib/kapell/workers")));
    let users_own = env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share/kapell/workers"));
    env::var_os("KAPELL_WORKER_DIR").map(PathBuf::from).into_iter().chain(beside_program).chain(users_own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_worker_is_whole() {
        let known = WorkerBinaries::new(Vec::new()).known();
        let plain = known[0].upload(false).unwrap();
        assert_eq!(hex::encode(Sha256::digest(&plain)), known[0].sha256);
        assert_eq!(plain.len() as u64, known[0].size);
        assert!(plain.starts_with(b"\x7fELF"));
    }

    #[test]
    fn other_architectures_come_from_the_worker_directory() {
        let dir = tempfile::tempdir().unwrap();
        fs_err::write(dir.path().join("kapell-worker-sparc"), b"plain").unwrap();
        fs_err::write(dir.path().join("kapell-worker-mips.gz"), pack(b"packed").unwrap()).unwrap();
        let binaries = WorkerBinaries::new(vec![dir.path().to_owned()]);
        for (architecture, content) in [("sparc", b"plain".as_slice()), ("mips", b"packed")] {
            let binary = binaries.for_architecture(architecture).unwrap();
            assert_eq!(*binary.upload(false).unwrap(), *content);
            assert_eq!(binary.sha256, hex::encode(Sha256::digest(content)));
        }
        let message = binaries.for_architecture("riscv64").unwrap_err();
        assert!(
            message.contains("kapell-worker-riscv64") && message.contains(dir.path().to_str().unwrap()),
            "{message}"
        );
        assert!(binaries.for_architecture("../../etc").is_err());
    }
}
