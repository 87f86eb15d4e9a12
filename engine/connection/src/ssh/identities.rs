//! `Identities`: private keys from files, decoded once per run however many hosts they open.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use russh::keys::{Certificate, PrivateKey, PublicKey, decode_secret_key, load_openssh_certificate, load_public_key};

use super::Ask;
use crate::Secret;

/// What became of a key file.
#[derive(Debug, Clone)]
pub(crate) enum LoadedKey {
    Ready(Arc<PrivateKey>),
    Absent,
    /// Encrypted, and there is no passphrase or a wrong one.
    Locked(String),
    Unusable(String),
}

#[derive(Debug, Default)]
pub(crate) struct Identities {
    loaded: Mutex<HashMap<(PathBuf, Option<Secret>), LoadedKey>>,
    /// Keys whose passphrase somebody was asked for, and whether that opened them.
    asked: tokio::sync::Mutex<HashMap<PathBuf, bool>>,
}

/// How often a passphrase may be mistyped.
const TRIES: usize = 3;

impl Identities {
    pub(crate) fn load(&self, path: &Path, passphrase: Option<&Secret>) -> LoadedKey {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = loaded.entry((path.to_owned(), passphrase.cloned()));
        entry.or_insert_with(|| read(path, passphrase)).clone()
    }

    /// Asks for the passphrase of an encrypted key file, once however many hosts want the key. True: it is open now.
    pub(crate) async fn unlock(&self, path: &Path, ask: &Ask) -> bool {
        let mut asked = self.asked.lock().await;
        if let Some(is_open) = asked.get(path) {
            return *is_open;
        }
        let (file, ask) = (path.to_owned(), Arc::clone(ask));
        let opened = tokio::task::spawn_blocking(move || opened_by_asking(&file, &ask)).await.ok().flatten();
        asked.insert(path.to_owned(), opened.is_some());
        let Some(key) = opened else { return false };
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.insert((path.to_owned(), None), LoadedKey::Ready(key));
        true
    }

    /// A key that is no file.
    pub(crate) fn decode(&self, text: &Secret, passphrase: Option<&Secret>) -> LoadedKey {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = loaded.entry((PathBuf::from("(ansible_ssh_private_key)"), Some(text.clone())));
        entry.or_insert_with(|| decode(Path::new("in ansible_ssh_private_key"), text.expose(), passphrase)).clone()
    }
}

/// Certificates for a key: the one beside its file, then those of `others` that are for it.
pub(crate) fn certificates_for(key: &PublicKey, path: Option<&Path>, others: &[PathBuf]) -> Vec<Certificate> {
    let beside = path.map(|path| {
        let mut name = path.as_os_str().to_owned();
        name.push("-cert.pub");
        PathBuf::from(name)
    });
    let all = beside.iter().chain(others).filter_map(|path| load_openssh_certificate(path).ok());
    all.filter(|certificate| certificate.public_key() == key.key_data()).collect()
}

/// The public half of a key file: of the file itself, or of the `.pub` beside it (for keys only an agent holds).
pub(crate) fn public_half(path: &Path) -> Option<PublicKey> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".pub");
    load_public_key(&beside).or_else(|_| load_public_key(path)).ok()
}

fn read(path: &Path, passphrase: Option<&Secret>) -> LoadedKey {
    let text = match fs_err::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return LoadedKey::Absent,
        Err(error) => return LoadedKey::Unusable(error.to_string()),
    };
    if text.starts_with("ssh-") || text.starts_with("ecdsa-") || text.starts_with("sk-") {
        return LoadedKey::Unusable(format!("{} is a public key", path.display()));
    }
    decode(path, &text, passphrase)
}

fn decode(path: &Path, text: &str, passphrase: Option<&Secret>) -> LoadedKey {
    match decode_secret_key(text, None) {
        Ok(key) => LoadedKey::Ready(Arc::new(key)),
        Err(error) if is_encrypted(text, &error) => unlock(path, text, passphrase),
        Err(error) => LoadedKey::Unusable(format!("cannot read key {}: {error}", path.display())),
    }
}

fn unlock(path: &Path, text: &str, passphrase: Option<&Secret>) -> LoadedKey {
    let Some(passphrase) = passphrase else {
        return LoadedKey::Locked(format!(
            "key {} is encrypted and there is no passphrase; add the key to ssh-agent or set \
             ansible_ssh_private_key_passphrase",
            path.display()
        ));
    };
    match decode_secret_key(text, Some(passphrase.expose())) {
        Ok(key) => LoadedKey::Ready(Arc::new(key)),
        Err(error) => LoadedKey::Locked(format!("the passphrase does not open key {}: {error}", path.display())),
    }
}

fn opened_by_asking(path: &Path, ask: &Ask) -> Option<Arc<PrivateKey>> {
    let text = fs_err::read_to_string(path).ok()?;
    let question = format!("Enter passphrase for key '{}': ", path.display());
    let open = |passphrase: Secret| decode_secret_key(&text, Some(passphrase.expose())).ok();
    let given = || ask(&question).filter(|passphrase| !passphrase.expose().is_empty());
    std::iter::repeat_with(given).take(TRIES).map_while(|given| given).find_map(open).map(Arc::new)
}

fn is_encrypted(text: &str, error: &russh::keys::Error) -> bool {
    matches!(error, russh::keys::Error::KeyIsEncrypted) || text.contains("ENCRYPTED")
}
