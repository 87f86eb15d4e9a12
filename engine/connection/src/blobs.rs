//! `Blobs`: the file contents a call may ask for, by SHA-256.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kapell_protocol::{CHUNK, InlineBlob, MAX_FRAME, ToWorker, encode};
use tokio::sync::{Semaphore, mpsc};

/// Contents of so many bytes travel with the call: to be asked for them would cost a round trip.
const SMALL: u64 = 16 * 1024;
/// A call with more contents than this is asked for those it wants: most of them may be there already.
const FEW: usize = 4;

#[derive(Debug, Clone)]
pub enum BlobSource {
    Path(PathBuf),
    Bytes(Arc<[u8]>),
}

/// Contents by lower-case hexadecimal SHA-256. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Blobs(Arc<HashMap<String, BlobSource>>, Arc<Sent>);

/// Bytes of contents that were asked for.
#[derive(Debug, Default)]
struct Sent {
    done: AtomicU64,
    total: AtomicU64,
}

impl Blobs {
    /// How many bytes are on their way or there, and how many were asked for so far.
    pub fn sent(&self) -> (u64, u64) {
        (self.1.done.load(Ordering::Relaxed), self.1.total.load(Ordering::Relaxed))
    }

    pub fn get(&self, sha256: &str) -> Option<&BlobSource> {
        self.0.get(sha256)
    }

    /// All contents, whole; a frame's limit bounds what can be sent of them.
    pub(crate) async fn read_all(&self) -> Result<Vec<InlineBlob>, String> {
        let mut contents = Vec::with_capacity(self.0.len());
        for (sha256, source) in self.0.iter() {
            let data = match source {
                BlobSource::Bytes(bytes) => bytes.to_vec(),
                BlobSource::Path(path) => {
                    let length = fs_err::metadata(path).map_err(|error| error.to_string())?.len();
                    if length > MAX_FRAME as u64 {
                        return Err(format!("{} is too large to travel with a call", path.display()));
                    }
                    tokio::fs::read(path).await.map_err(|error| format!("{}: {error}", path.display()))?
                }
            };
            contents.push(InlineBlob { sha256: sha256.clone(), data: data.into() });
        }
        Ok(contents)
    }

    /// Those that are small, if they are few. One that cannot be read is asked for, which tells why.
    pub(crate) async fn read_small(&self) -> Vec<InlineBlob> {
        let mut contents = Vec::new();
        for (sha256, source) in self.0.iter().filter(|_| self.0.len() <= FEW) {
            let data = match source {
                BlobSource::Bytes(bytes) => (bytes.len() as u64 <= SMALL).then(|| bytes.to_vec()),
                BlobSource::Path(path) => match fs_err::metadata(path) {
                    Ok(metadata) if metadata.len() <= SMALL => tokio::fs::read(path).await.ok(),
                    _ => None,
                },
            };
            contents.extend(data.map(|data| InlineBlob { sha256: sha256.clone(), data: data.into() }));
        }
        contents
    }

    /// Sends a content in chunks, on a thread for blocking work: it waits whenever the wire is full. Goes on when the
    /// call that asked is dropped, because another may be waiting for the same content. `sending` bounds how many
    /// threads one host can keep.
    pub(crate) fn send(&self, sha256: String, outgoing: mpsc::Sender<Vec<u8>>, sending: Arc<Semaphore>) {
        let source = self.get(&sha256).cloned();
        let sent = Arc::clone(&self.1);
        sent.total.fetch_add(source.as_ref().map_or(0, BlobSource::size), Ordering::Relaxed);
        tokio::spawn(async move {
            let Ok(permit) = sending.acquire_owned().await else { return };
            let sent = tokio::task::spawn_blocking(move || {
                let error = match source {
                    None => Some(format!("the call came without the content {sha256}")),
                    Some(BlobSource::Bytes(bytes)) => send_all(&sha256, &mut &*bytes, &outgoing, &sent).err(),
                    Some(BlobSource::Path(path)) => send_file(&sha256, &path, &outgoing, &sent).err(),
                };
                let _ = send_message(&ToWorker::BlobEnd { sha256, error }, &outgoing);
                drop(permit);
            });
            // A thread that panics has said so itself.
            let _ = sent.await;
        });
    }

    /// How often a worker may ask, all in all: contents are kept there, but one that was damaged is wanted again.
    pub(crate) fn most_requests(&self) -> usize {
        self.0.len() * 2 + 8
    }
}

impl FromIterator<(String, BlobSource)> for Blobs {
    fn from_iter<I: IntoIterator<Item = (String, BlobSource)>>(contents: I) -> Self {
        Self(Arc::new(contents.into_iter().collect()), Arc::default())
    }
}

impl BlobSource {
    /// In bytes; a file that cannot be looked at has none.
    fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Path(path) => fs_err::metadata(path).map_or(0, |metadata| metadata.len()),
        }
    }
}

fn send_file(sha256: &str, path: &Path, outgoing: &mpsc::Sender<Vec<u8>>, sent: &Sent) -> Result<(), String> {
    let mut file = fs_err::File::open(path).map_err(|error| error.to_string())?;
    send_all(sha256, &mut file, outgoing, sent)
}

/// The worker checks the hash: a file that changed meanwhile is refused there.
fn send_all(
    sha256: &str,
    content: &mut impl Read,
    outgoing: &mpsc::Sender<Vec<u8>>,
    sent: &Sent,
) -> Result<(), String> {
    loop {
        let mut chunk = Vec::with_capacity(CHUNK);
        content.by_ref().take(CHUNK as u64).read_to_end(&mut chunk).map_err(|error| error.to_string())?;
        if chunk.is_empty() {
            return Ok(());
        }
        let length = chunk.len() as u64;
        send_message(&ToWorker::BlobChunk { sha256: sha256.to_owned(), data: chunk.into() }, outgoing)?;
        sent.done.fetch_add(length, Ordering::Relaxed);
    }
}

fn send_message(message: &ToWorker, outgoing: &mpsc::Sender<Vec<u8>>) -> Result<(), String> {
    let frame = encode(message).map_err(|error| error.to_string())?;
    outgoing.blocking_send(frame).map_err(|_| "the worker has gone".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(sizes: &[usize]) -> Blobs {
        sizes.iter().map(|size| (size.to_string(), BlobSource::Bytes(vec![0; *size].into()))).collect()
    }

    #[tokio::test]
    async fn what_was_sent_is_counted() {
        let blobs = contents(&[CHUNK * 2 + 1]);
        let (outgoing, mut frames) = mpsc::channel(16);
        blobs.send((CHUNK * 2 + 1).to_string(), outgoing, Arc::new(Semaphore::new(1)));
        while frames.recv().await.is_some() {}
        assert_eq!(blobs.sent(), (CHUNK as u64 * 2 + 1, CHUNK as u64 * 2 + 1));
    }

    #[tokio::test]
    async fn small_contents_travel_with_the_call_where_they_are_few() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs_err::write(&file, "on disk").unwrap();
        let small = usize::try_from(SMALL).unwrap();
        for (blobs, sent) in [
            (contents(&[1, small, small + 1]), 2),
            (contents(&[1, 2, 3, 4, 5]), 0),
            (Blobs::from_iter([("file".to_owned(), BlobSource::Path(file.clone()))]), 1),
            (Blobs::from_iter([("gone".to_owned(), BlobSource::Path(directory.path().join("none")))]), 0),
        ] {
            assert_eq!(blobs.read_small().await.len(), sent, "{blobs:?}");
        }
    }
}
