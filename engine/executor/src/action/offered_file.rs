//! Files of the control node that a module on the node may ask for, by checksum.

use std::path::Path;
use std::sync::Arc;

use kapell_connection::{BlobSource, Blobs};
use sha2::{Digest, Sha256};

use super::copy::{FileContent, decrypted};
use super::{ActionContext, ActionError};

/// A file's content, decrypted where it is a vault file.
pub(super) struct OfferedFile {
    pub sha256: String,
    blob: BlobSource,
}

impl OfferedFile {
    pub(super) fn of(cx: &ActionContext<'_>, path: &Path, decrypt: bool) -> Result<Self, ActionError> {
        let plain = if decrypt { decrypted(cx, path)? } else { None };
        Ok(match plain {
            Some(plain) => {
                Self { sha256: hex::encode(Sha256::digest(&plain)), blob: BlobSource::Bytes(Arc::from(plain)) }
            }
            None => Self { sha256: FileContent::of(path)?.sha256, blob: BlobSource::Path(path.to_owned()) },
        })
    }
}

impl FromIterator<OfferedFile> for Blobs {
    fn from_iter<I: IntoIterator<Item = OfferedFile>>(files: I) -> Self {
        files.into_iter().map(|file| (file.sha256, file.blob)).collect()
    }
}
