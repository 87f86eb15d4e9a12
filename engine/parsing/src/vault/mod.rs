//! Ansible vault: recognising, decrypting and encrypting AES256 envelopes of format 1.1 and 1.2.

mod cipher;
mod envelope;
mod opened_texts;
mod secrets;

use envelope::Envelope;
pub use opened_texts::{HIDDEN, OpenedTexts};
pub use secrets::VaultSecrets;

/// Why vault data could not be read. None of the messages repeats the data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    #[error("this is not vault data: the `$ANSIBLE_VAULT` header is missing")]
    NotEncrypted,
    #[error("vault data has an unsupported header `{0}` (supported: formats 1.1 and 1.2 with AES256)")]
    UnsupportedFormat(String),
    #[error("vault data is damaged: {0}")]
    Damaged(&'static str),
    #[error("vault data cannot be decrypted: Attempting to decrypt but no vault secrets found")]
    NoSecrets,
    #[error("vault data cannot be decrypted: no vault secrets were found that could decrypt{}", tried(.0))]
    NoMatchingSecret(Vec<String>),
}

fn tried(ids: &[String]) -> String {
    if ids.is_empty() { String::new() } else { format!(" (tried vault ids: {})", ids.join(", ")) }
}

/// Whether `data` starts with a vault header.
pub fn is_encrypted(data: &[u8]) -> bool {
    data.starts_with(envelope::HEADER.as_bytes())
}

/// Vault data, opened: what it holds, and how it was locked.
pub struct Opened {
    pub plain: Vec<u8>,
    /// The vault id in the header (format 1.2).
    pub label: Option<String>,
    /// The password that fits.
    pub password: Vec<u8>,
}

/// Opens vault `data`. Secrets whose id equals the envelope's label are tried first, then all others.
pub fn open(data: &[u8], secrets: &VaultSecrets) -> Result<Opened, VaultError> {
    let envelope = Envelope::parse(data)?;
    if secrets.is_empty() {
        return Err(VaultError::NoSecrets);
    }
    let mut tried = Vec::new();
    for (id, password) in secrets.in_trial_order(envelope.label.as_deref()) {
        if let Some(plain) = cipher::open(&envelope.sealed, password)? {
            return Ok(Opened { plain, label: envelope.label.clone(), password: password.to_vec() });
        }
        tried.push(id.to_owned());
    }
    Err(VaultError::NoMatchingSecret(tried))
}

/// The plain bytes of vault `data`.
pub fn decrypt(data: &[u8], secrets: &VaultSecrets) -> Result<Vec<u8>, VaultError> {
    open(data, secrets).map(|opened| opened.plain)
}

/// Vault data holding `plain`. An id other than `default` is written as the label of format 1.2.
pub fn encrypt(plain: &[u8], id: Option<&str>, password: &[u8]) -> Vec<u8> {
    encrypt_with_salt(plain, id, password, &rand::random::<[u8; 32]>())
}

/// Like `encrypt`, the same data for the same salt: whoever sees two of them knows that they are equal.
pub fn encrypt_with_salt(plain: &[u8], id: Option<&str>, password: &[u8], salt: &[u8]) -> Vec<u8> {
    let label = id.filter(|id| *id != "default").map(Into::into);
    Envelope { label, sealed: cipher::seal(plain, password, salt) }.write()
}

#[cfg(test)]
mod tests;
