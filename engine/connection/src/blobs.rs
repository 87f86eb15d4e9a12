//! `Blobs`: the file contents a call may ask for, by SHA-256.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Debug, Clone)]
pub enum BlobSource {
    Path(PathBuf),
    Bytes(Arc<[u8]>),
}

/// Contents by lower-case hexadecimal SHA-256. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Blobs(Arc<HashMap<String, BlobSource>>);

impl Blobs {
    pub fn get(&self, sha256: &str) -> Option<&BlobSource> {
        self.0.get(sha256)
    }
}

impl FromIterator<(String, BlobSource)> for Blobs {
    fn from_iter<I: IntoIterator<Item = (String, BlobSource)>>(contents: I) -> Self {
        Self(Arc::new(contents.into_iter().collect()))
    }
}
