//! `BlobCache`: contents sent by the engine, kept in files named by their SHA-256 for as long as the worker lives.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use kapell_protocol::{CHUNK, ContentDigests, FromWorker, InlineBlob, is_sha256};
use sha2::{Digest, Sha256};

use crate::digester::Digester;
use crate::outbox::Outbox;
use crate::private_dir::PrivateDir;
use crate::running_calls::Cancellation;

/// Larger contents are dropped when no call uses them any more: the node has them where they were wanted.
const KEEP_UP_TO: u64 = 64 * 1024 * 1024;

enum State {
    /// Asked for by this call.
    Wanted {
        by: u64,
        incoming: Option<Incoming>,
    },
    Here {
        size: u64,
        users: usize,
        digests: Option<ContentDigests>,
    },
    Failed {
        by: u64,
        message: String,
    },
}

struct Incoming {
    file: File,
    hasher: Sha256,
    /// For contents of more than one piece.
    digester: Option<Digester>,
    size: u64,
    /// The disk may fill up half way; the rest is swallowed and the reason kept.
    error: Option<String>,
}

pub(crate) struct BlobCache {
    directory: Option<PathBuf>,
    states: Mutex<HashMap<String, State>>,
    changed: Condvar,
}

impl BlobCache {
    pub(crate) fn new(directory: Option<&Path>) -> Self {
        Self { directory: directory.map(Path::to_owned), states: Mutex::default(), changed: Condvar::new() }
    }

    /// Contents that came with a call.
    pub(crate) fn insert(&self, blob: &InlineBlob) {
        let mut states = self.lock();
        if self.is_known(&states, &blob.sha256) {
            return;
        }
        let state = self.incoming(&blob.sha256).and_then(|mut incoming| {
            incoming.take(&blob.data);
            incoming.finish(&blob.sha256, None)
        });
        if let Ok((size, digests)) = state {
            states.insert(blob.sha256.clone(), State::Here { size, users: 0, digests });
        }
    }

    /// Asks the engine for a content that is neither here nor on its way, without waiting for it.
    pub(crate) fn request(&self, id: u64, sha256: &str, outbox: &Outbox) -> io::Result<()> {
        let mut states = self.lock();
        if !is_sha256(sha256) || self.is_known(&states, sha256) {
            return Ok(());
        }
        states.insert(sha256.to_owned(), State::Wanted { by: id, incoming: None });
        drop(states);
        let request = FromWorker::NeedBlob { id, sha256: sha256.to_owned() };
        outbox.send(&request).map_err(|error| io::Error::other(error.to_string()))
    }

    pub(crate) fn digests(&self, sha256: &str) -> Option<ContentDigests> {
        match self.lock().get(sha256) {
            Some(State::Here { digests, .. }) => digests.clone(),
            _ => None,
        }
    }

    /// Renames a content that would be dropped anyway; `false` where others use it, where it lies on another file system,
    /// and under SELinux, which labels files by where they were made.
    pub(crate) fn move_to(&self, sha256: &str, dest: &Path) -> bool {
        let mut states = self.lock();
        let moves = matches!(states.get(sha256), Some(State::Here { size, users: 1, .. }) if *size > KEEP_UP_TO)
            && !Path::new("/sys/fs/selinux/enforce").exists()
            && self.path_of(sha256).is_ok_and(|path| fs_err::rename(path, dest).is_ok());
        if moves {
            states.remove(sha256);
        }
        moves
    }

    /// The content's file; asks the engine for it when it is not here, and waits.
    pub(crate) fn obtain(
        &self,
        id: u64,
        sha256: &str,
        outbox: &Outbox,
        given_up: &Cancellation,
    ) -> io::Result<PathBuf> {
        if !is_sha256(sha256) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{sha256} is not a SHA-256")));
        }
        let mut states = self.lock();
        loop {
            let is_known = self.is_known(&states, sha256);
            match states.get_mut(sha256).filter(|_| is_known) {
                Some(State::Here { users, .. }) => {
                    *users += 1;
                    return self.path_of(sha256);
                }
                Some(State::Failed { by, message }) if *by == id => {
                    let error = io::Error::other(std::mem::take(message));
                    states.remove(sha256);
                    return Err(error);
                }
                Some(State::Wanted { .. }) => {}
                Some(State::Failed { .. }) | None => {
                    states.remove(sha256);
                    drop(states);
                    self.request(id, sha256, outbox)?;
                    states = self.lock();
                    continue;
                }
            }
            if given_up.is_set() {
                return Err(io::Error::new(io::ErrorKind::Interrupted, "the call was cancelled"));
            }
            states = self.changed.wait(states).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A call that obtained the content has ended.
    pub(crate) fn release(&self, sha256: &str) {
        let mut states = self.lock();
        let Some(State::Here { size, users, .. }) = states.get_mut(sha256) else { return };
        *users = users.saturating_sub(1);
        if *users == 0 && *size > KEEP_UP_TO {
            states.remove(sha256);
            if let Ok(path) = self.path_of(sha256) {
                let _ = fs_err::remove_file(path);
            }
        }
    }

    pub(crate) fn receive(&self, sha256: &str, data: &[u8]) {
        let mut states = self.lock();
        let Some(State::Wanted { by, incoming }) = states.get_mut(sha256) else { return };
        if incoming.is_none() {
            match self.incoming(sha256) {
                Ok(opened) => *incoming = Some(opened),
                Err(message) => {
                    let by = *by;
                    states.insert(sha256.to_owned(), State::Failed { by, message });
                    self.changed.notify_all();
                    return;
                }
            }
        }
        if let Some(incoming) = incoming {
            incoming.take(data);
        }
    }

    pub(crate) fn finish(&self, sha256: &str, error: Option<String>) {
        let mut states = self.lock();
        let Some(State::Wanted { by, incoming }) = states.get_mut(sha256) else { return };
        let (by, incoming) = (*by, incoming.take());
        let incoming = incoming.map_or_else(|| self.incoming(sha256), Ok);
        let state = match incoming.and_then(|incoming| incoming.finish(sha256, error)) {
            Ok((size, digests)) => State::Here { size, users: 0, digests },
            Err(message) => State::Failed { by, message },
        };
        states.insert(sha256.to_owned(), state);
        self.changed.notify_all();
    }

    /// Wakes waiting calls so that they notice a cancellation.
    pub(crate) fn wake(&self) {
        let _states = self.lock();
        self.changed.notify_all();
    }

    fn incoming(&self, sha256: &str) -> Result<Incoming, String> {
        let path = self.path_of(sha256).map_err(|error| error.to_string())?;
        let created = File::create(&path).or_else(|error| match path.parent() {
            Some(directory) if error.kind() == io::ErrorKind::NotFound => {
                PrivateDir::restore(directory)?;
                File::create(&path)
            }
            _ => Err(error),
        });
        let file = created.map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok(Incoming { file, hasher: Sha256::new(), digester: None, size: 0, error: None })
    }

    /// Here, under way or failed. Tasks that tidy up temporary directories remove what was here.
    fn is_known(&self, states: &HashMap<String, State>, sha256: &str) -> bool {
        match states.get(sha256) {
            Some(State::Here { .. }) => self.path_of(sha256).is_ok_and(|path| path.exists()),
            state => state.is_some(),
        }
    }

    fn path_of(&self, sha256: &str) -> io::Result<PathBuf> {
        let directory = self.directory.as_ref().filter(|_| is_sha256(sha256));
        let missing = || io::Error::other("no directory for temporary files could be made on this host");
        Ok(directory.ok_or_else(missing)?.join(sha256))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, State>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Incoming {
    fn take(&mut self, data: &[u8]) {
        if self.error.is_some() {
            return;
        }
        if self.size == 0 && data.len() >= CHUNK {
            self.digester = Digester::start().ok();
        }
        if let Some(digester) = &mut self.digester {
            digester.take(data);
        }
        match self.file.write_all(data) {
            Ok(()) => self.hasher.update(data),
            Err(error) => self.error = Some(format!("cannot store the content on the host: {error}")),
        }
        self.size += data.len() as u64;
    }

    /// The size and digests, once the content is what its name says.
    fn finish(self, sha256: &str, error: Option<String>) -> Result<(u64, Option<ContentDigests>), String> {
        if let Some(error) = error.or(self.error) {
            return Err(error);
        }
        let found = hex::encode(self.hasher.finalize());
        if found != sha256 {
            return Err(format!("content damaged in transfer: {found}, not {sha256}"));
        }
        Ok((self.size, self.digester.and_then(Digester::finish)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    struct Fixture {
        dir: tempfile::TempDir,
        cache: Arc<BlobCache>,
        outbox: Arc<Outbox>,
    }

    fn fixture() -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        let outbox = Outbox::new(File::create(dir.path().join("sent")).unwrap());
        Fixture { cache: Arc::new(BlobCache::new(Some(dir.path()))), outbox: Arc::new(outbox), dir }
    }

    fn sha256(data: &[u8]) -> String {
        hex::encode(Sha256::digest(data))
    }

    fn asking(
        fixture: &Fixture,
        id: u64,
        name: &str,
        given_up: &Cancellation,
    ) -> std::thread::JoinHandle<io::Result<PathBuf>> {
        let (cache, outbox, name, given_up) =
            (fixture.cache.clone(), fixture.outbox.clone(), name.to_owned(), given_up.clone());
        std::thread::spawn(move || cache.obtain(id, &name, &outbox, &given_up))
    }

    fn wait_until_wanted(fixture: &Fixture, name: &str) {
        while !matches!(fixture.cache.lock().get(name), Some(State::Wanted { .. })) {
            std::thread::yield_now();
        }
    }

    #[test]
    fn two_calls_share_one_transfer() {
        let fixture = fixture();
        let name = sha256(b"hello");
        let askers = [1, 2].map(|id| asking(&fixture, id, &name, &Cancellation::default()));
        wait_until_wanted(&fixture, &name);
        fixture.cache.receive(&name, b"hel");
        fixture.cache.receive(&name, b"lo");
        fixture.cache.finish(&name, None);
        for asker in askers {
            assert_eq!(fs_err::read(asker.join().unwrap().unwrap()).unwrap(), b"hello");
        }
    }

    #[test]
    fn damaged_content_is_refused_and_can_be_asked_for_again() {
        let fixture = fixture();
        let name = sha256(b"hello");
        let asker = asking(&fixture, 1, &name, &Cancellation::default());
        wait_until_wanted(&fixture, &name);
        fixture.cache.receive(&name, b"hell!");
        fixture.cache.finish(&name, None);
        assert!(asker.join().unwrap().unwrap_err().to_string().contains("damaged"));

        let asker = asking(&fixture, 1, &name, &Cancellation::default());
        wait_until_wanted(&fixture, &name);
        fixture.cache.finish(&name, Some("file vanished".into()));
        assert_eq!(asker.join().unwrap().unwrap_err().to_string(), "file vanished");
    }

    #[test]
    fn empty_content_needs_no_chunk() {
        let fixture = fixture();
        let name = sha256(b"");
        let asker = asking(&fixture, 1, &name, &Cancellation::default());
        wait_until_wanted(&fixture, &name);
        fixture.cache.finish(&name, None);
        assert_eq!(fs_err::read(asker.join().unwrap().unwrap()).unwrap(), b"");
    }

    #[test]
    fn contents_that_were_tidied_away_are_asked_for_again() {
        let fixture = fixture();
        let kept = fixture.dir.path().join("kept");
        let cache = Arc::new(BlobCache::new(Some(&kept.join("private"))));
        let fixture = Fixture { cache, ..fixture };
        let blob = InlineBlob { sha256: sha256(b"good"), data: b"good".to_vec().into() };
        fixture.cache.insert(&blob);
        let path = fixture.cache.obtain(1, &blob.sha256, &fixture.outbox, &Cancellation::default()).unwrap();
        fs_err::remove_dir_all(&kept).unwrap();
        fixture.cache.insert(&blob);
        assert_eq!(fs_err::read(&path).unwrap(), b"good");

        fs_err::remove_dir_all(&kept).unwrap();
        let asker = asking(&fixture, 2, &blob.sha256, &Cancellation::default());
        wait_until_wanted(&fixture, &blob.sha256);
        fixture.cache.receive(&blob.sha256, b"good");
        fixture.cache.finish(&blob.sha256, None);
        assert_eq!(fs_err::read(asker.join().unwrap().unwrap()).unwrap(), b"good");
    }

    #[test]
    fn inline_contents_are_checked_too() {
        let fixture = fixture();
        fixture.cache.insert(&InlineBlob { sha256: sha256(b"good"), data: b"good".to_vec().into() });
        fixture.cache.insert(&InlineBlob { sha256: sha256(b"bad"), data: b"worse".to_vec().into() });
        fixture.cache.insert(&InlineBlob { sha256: "../escape".into(), data: b"x".to_vec().into() });
        assert_eq!(fixture.cache.lock().keys().collect::<Vec<_>>(), [&sha256(b"good")]);
    }

    #[test]
    fn names_that_are_no_hash_never_become_paths() {
        let fixture = fixture();
        let error = fixture.cache.obtain(1, "../../etc/passwd", &fixture.outbox, &Cancellation::default()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}
