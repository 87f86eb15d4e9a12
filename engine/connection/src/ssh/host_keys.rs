//! `HostKeys`: decides whether a host is who it should be, and learns the keys of new hosts where that is wanted.

use std::collections::HashMap;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use russh::keys::{Algorithm, Certificate, HashAlg, PublicKey};

use super::host_certificate;
use super::known_hosts::{KnownHosts, Verdict, entry_line};
use super::options::HostKeyChecking;
use super::revoked_keys::RevokedKeys;
use super::target::Target;

type Files = Vec<PathBuf>;

/// What is thought of a host that is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Trusted,
    /// It has another key than the one that is known, and checking is off.
    Suspect,
}

impl Standing {
    pub(crate) fn told(self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::Suspect => "not the one that is known, and is let pass",
        }
    }
}

/// The files read so far, shared by all connections of a run.
#[derive(Debug, Default)]
pub(crate) struct HostKeys(Mutex<HashMap<Files, Arc<Mutex<KnownHosts>>>>);

impl HostKeys {
    /// Error: the message for the user.
    pub(crate) fn check(&self, target: &Target, key: &PublicKey) -> Result<Standing, String> {
        refuse_revoked(target, &[key], None)?;
        let known = self.known_hosts(&target.known_hosts);
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        match (verdict(&known, target, key), target.checking) {
            (Verdict::Known, _) => Ok(Standing::Trusted),
            (Verdict::Changed { .. }, HostKeyChecking::Off) => Ok(Standing::Suspect),
            (Verdict::Revoked { place }, _) => Err(revoked(target, key, &place)),
            (Verdict::Changed { recorded, place }, _) => Err(changed(target, key, &recorded, &place)),
            (Verdict::Unknown, HostKeyChecking::Strict) => Err(unknown(target, key)),
            (Verdict::Unknown, HostKeyChecking::AcceptNew | HostKeyChecking::Off) => {
                known.learn(&target.key_name, key);
                learn(target, key);
                Ok(Standing::Trusted)
            }
        }
    }

    /// Error: the message for the user. A certificate of an authority nobody here knows is a key like any other.
    pub(crate) fn check_certificate(&self, target: &Target, certificate: &Certificate) -> Result<Standing, String> {
        let known = self.known_hosts(&target.known_hosts);
        let authority = PublicKey::from(certificate.signature_key().clone());
        let key = PublicKey::from(certificate.public_key().clone());
        refuse_revoked(target, &[&authority, &key], Some(certificate))?;
        let is_authority = {
            let known = known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(place) = [&authority, &key].iter().find_map(|key| known.revocation(&target.key_name, key)) {
                return Err(revoked(target, &key, &place));
            }
            known.is_authority(&target.key_name, &authority) || known.is_authority(&target.host, &authority)
        };
        if !is_authority {
            return self.check(target, &key);
        }
        let principal = target.host_key_alias.as_deref().unwrap_or(&target.host);
        match host_certificate::check(certificate, &authority, principal) {
            Ok(()) => Ok(Standing::Trusted),
            Err(reason) => Err(format!(
                "Host key verification failed: the certificate of {} is not valid: {reason}",
                target.key_name
            )),
        }
    }

    /// Host keys to ask for, those the host is known by first, and kinds of which a certificate would be good.
    pub(crate) fn preferred_algorithms(&self, target: &Target) -> (Vec<Algorithm>, Vec<Algorithm>) {
        let offered = target.algorithms.host_keys.clone();
        let known = self.known_hosts(&target.known_hosts);
        let known = known.lock().unwrap_or_else(PoisonError::into_inner);
        let has_authority = known.has_authority(&target.key_name) || known.has_authority(&target.host);
        let certificates = if has_authority { offered.clone() } else { Vec::new() };
        if target.algorithms.host_keys_are_chosen {
            return (offered, certificates);
        }
        let recorded = known.algorithms(&target.key_name);
        let is_recorded = |algorithm: &Algorithm| recorded.iter().any(|known| is_same_kind(known, algorithm));
        let (first, rest): (Vec<Algorithm>, Vec<Algorithm>) = offered.into_iter().partition(is_recorded);
        ([first, rest].concat(), certificates)
    }

    fn known_hosts(&self, files: &Files) -> Arc<Mutex<KnownHosts>> {
        let mut read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = read.get(files) {
            return Arc::clone(known);
        }
        let known = Arc::new(Mutex::new(KnownHosts::load(files.iter().map(PathBuf::as_path))));
        read.insert(files.clone(), Arc::clone(&known));
        known
    }
}

/// A host on another port is also accepted, never refused, by what is known about the name alone, as `ssh` does.
fn verdict(known: &KnownHosts, target: &Target, key: &PublicKey) -> Verdict {
    match known.verdict(&target.key_name, key) {
        Verdict::Unknown if target.port != 22 => match known.verdict(&target.host, key) {
            Verdict::Known => Verdict::Known,
            _ => Verdict::Unknown,
        },
        verdict => verdict,
    }
}

/// `RevokedHostKeys`. A list that cannot be read lets nobody in, as with `ssh`.
fn refuse_revoked(target: &Target, keys: &[&PublicKey], certificate: Option<&Certificate>) -> Result<(), String> {
    let Some(path) = &target.revoked_host_keys else { return Ok(()) };
    let list = RevokedKeys::load(path).map_err(|reason| {
        format!("Host key verification failed: the revoked keys of {} cannot be read: {reason}", path.display())
    })?;
    let is_certificate = certificate.is_some_and(|certificate| list.has_certificate(certificate));
    let of_certificate = keys.last().filter(|_| is_certificate);
    match keys.iter().find(|key| list.has_key(key)).or(of_certificate) {
        Some(key) => Err(revoked(target, key, &path.display().to_string())),
        None => Ok(()),
    }
}

fn is_same_kind(one: &Algorithm, other: &Algorithm) -> bool {
    matches!((one, other), (Algorithm::Rsa { .. }, Algorithm::Rsa { .. })) || one == other
}

fn fingerprint(key: &PublicKey) -> String {
    format!("{} ({})", key.fingerprint(HashAlg::Sha256), key.algorithm().as_str())
}

fn unknown(target: &Target, key: &PublicKey) -> String {
    let Target { host, port, .. } = target;
    let scan = if *port == 22 { format!("ssh-keyscan {host}") } else { format!("ssh-keyscan -p {port} {host}") };
    let file = target.known_hosts.first().map(|path| path.display().to_string()).unwrap_or_default();
    format!(
        "Host key verification failed: the key of {} is not known: {}. When it is the right one, add it with \
         `{scan} >> {file}`, or set host_key_checking=False to accept any",
        target.key_name,
        fingerprint(key)
    )
}

fn changed(target: &Target, key: &PublicKey, recorded: &PublicKey, place: &str) -> String {
    format!(
        "Host key verification failed: the key of {} has changed, someone may be in between. It offers {}, known is {} \
         ({place}). When the change is right, remove the old key with `ssh-keygen -R '{}'`",
        target.key_name,
        fingerprint(key),
        fingerprint(recorded),
        target.key_name
    )
}

fn revoked(target: &Target, key: &PublicKey, place: &str) -> String {
    format!("Host key verification failed: the key of {}, {}, is revoked ({place})", target.key_name, fingerprint(key))
}

/// Appends to the first file. A file that cannot be written is no reason not to work.
fn learn(target: &Target, key: &PublicKey) {
    let Some(path) = target.known_hosts.first() else { return };
    let Some(line) = entry_line(&target.key_name, key, target.hash_known_hosts) else { return };
    if let Err(error) = append(path, &line) {
        tracing::warn!(host = target.label, "cannot record the host key: {error}");
    }
}

fn append(path: &Path, line: &str) -> std::io::Result<()> {
    if let Some(directory) = path.parent()
        && !directory.exists()
    {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    let text = fs_err::read(path).unwrap_or_default();
    let separator = if text.is_empty() || text.ends_with(b"\n") { "" } else { "\n" };
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.create(true).append(true).mode(0o600).open(path)?;
    file.write_all(format!("{separator}{line}").as_bytes())
}
