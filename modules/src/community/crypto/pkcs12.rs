//! `Pkcs12`: a key, its certificate and others in one file, read and written by the node's `openssl`.

use std::collections::BTreeSet;

use super::certificate::Certificate;
use super::pem::{self, Pem};
use super::private_key::{PrivateKey, openssl, succeeded, with_new_passphrase, with_passphrase};
use super::public_key::PublicKey;
use crate::{Context, ModuleError};

#[derive(Default)]
pub(super) struct Pkcs12 {
    pub(super) key: Option<PrivateKey>,
    /// The certificate of the key; without a key, the one that has the name.
    pub(super) certificate: Option<Vec<u8>>,
    /// In their order.
    pub(super) others: Vec<Vec<u8>>,
    /// As `openssl` shows it, see `shown_names`.
    pub(super) name: Option<String>,
}

/// How what is written is locked.
pub(super) enum Encryption {
    None,
    Best,
    /// What programs could read in 2022, with as many rounds.
    Compatible(i64),
}

/// What lies in a file, beside what is said of it.
struct Bag {
    name: Option<String>,
    pem: Pem,
}

impl Pkcs12 {
    /// `None` when it cannot be opened with this passphrase.
    pub(super) fn read(bytes: &[u8], passphrase: &str, cx: &mut Context<'_>) -> Result<Option<Self>, ModuleError> {
        // Old files need algorithms that OpenSSL 3 has to be asked for.
        for options in [&["-nodes"][..], &["-nodes", "-legacy"]] {
            let command = openssl(cx)?.arg("pkcs12").args(options.iter().copied());
            let output = cx.run_read(&with_passphrase(command, passphrase).stdin(bytes))?;
            if output.ok() {
                return Self::of_bags(bags(&output.stdout), cx).map(Some);
            }
        }
        Ok(None)
    }

    fn of_bags(bags: Vec<Bag>, cx: &mut Context<'_>) -> Result<Self, ModuleError> {
        let (keys, certificates): (Vec<_>, Vec<_>) =
            bags.into_iter().partition(|bag| bag.pem.label.ends_with("PRIVATE KEY"));
        let key = keys.into_iter().next();
        let mut found = Self::default();
        if let Some(bag) = key {
            found.name = bag.name;
            let text = pem::encode(&bag.pem.label, &bag.pem.der);
            found.key = Some(PrivateKey::read(text.as_bytes(), None, cx)?);
        }
        for bag in certificates {
            let own = match &found.key {
                Some(key) => is_for(&bag.pem.der, &key.public),
                None => bag.name.is_some(),
            };
            if own && found.certificate.is_none() {
                found.name = bag.name;
                found.certificate = Some(bag.pem.der);
            } else {
                found.others.push(bag.pem.der);
            }
        }
        Ok(found)
    }

    /// Whether both hold the same, whatever the order of the other certificates.
    pub(super) fn holds_same(&self, other: &Self) -> bool {
        let public = |store: &Self| store.key.as_ref().map(|key| key.public.spki.clone());
        let others = |store: &Self| store.others.iter().cloned().collect::<BTreeSet<_>>();
        public(self) == public(other) && self.certificate == other.certificate && others(self) == others(other)
    }

    /// The file.
    pub(super) fn written(
        &self,
        name: &str,
        passphrase: &str,
        encryption: &Encryption,
        cx: &mut Context<'_>,
    ) -> Result<Vec<u8>, ModuleError> {
        let certificates: String =
            self.certificate.iter().chain(&self.others).map(|der| pem::encode("CERTIFICATE", der)).collect();
        if self.key.is_none() && certificates.is_empty() {
            return Err(ModuleError::failed("You must supply at least one of key, cert, or cas"));
        }
        let dir = cx.temp_dir()?;
        let file = dir.path().join("certificates.pem");
        fs_err::write(&file, &certificates)?;
        let file = file.to_string_lossy();
        let mut command = openssl(cx)?.args(["pkcs12", "-export"]);
        command = match (&self.key, &self.certificate) {
            (Some(_), Some(_)) => command.args(["-inkey", "/dev/stdin", "-name", name, "-in", &file]),
            (Some(_), None) => {
                let command = command.args(["-inkey", "/dev/stdin", "-name", name, "-nocerts"]);
                if certificates.is_empty() { command } else { command.args(["-certfile", &file]) }
            }
            (None, Some(_)) => command.args(["-nokeys", "-caname", name, "-in", &file]),
            (None, None) => command.args(["-nokeys", "-in", &file]),
        };
        command = with_new_passphrase(encryption.asked_of(command), passphrase);
        command = match &self.key {
            Some(key) => key.given_to(command),
            None => command,
        };
        Ok(succeeded(&command, cx.run_read(&command)?)?.stdout)
    }
}

impl Encryption {
    fn asked_of(&self, command: crate::CommandSpec) -> crate::CommandSpec {
        let (algorithm, digest, rounds) = match self {
            Self::None => ("NONE", "sha256", 2048),
            Self::Best => ("AES-256-CBC", "sha256", 20_000),
            Self::Compatible(rounds) => ("PBE-SHA1-3DES", "sha1", *rounds),
        };
        let command = command.args(["-keypbe", algorithm, "-certpbe", algorithm, "-macalg", digest]);
        command.args(["-iter", &rounds.to_string()])
    }
}

/// Whether a certificate is for a key.
pub(super) fn is_for(certificate: &[u8], public: &PublicKey) -> bool {
    Certificate::decode(certificate).is_some_and(|certificate| certificate.public == *public)
}

/// A name as versions of `openssl` show it: the low bytes of its UTF-16 up to a zero, or UTF-8; each byte is a
/// character here.
pub(super) fn shown_names(name: &str) -> [String; 2] {
    let low_bytes = name.encode_utf16().map(|unit| unit as u8).take_while(|byte| *byte != 0);
    [low_bytes.map(char::from).collect(), name.bytes().map(char::from).collect()]
}

/// What `openssl pkcs12` tells of a file: attributes, then a block.
fn bags(output: &[u8]) -> Vec<Bag> {
    // Names may be in no encoding at all.
    let text: String = output.iter().map(|byte| char::from(*byte)).collect();
    let blocks = text.split_inclusive("-----END ").filter_map(|part| Some((part, part.find("-----BEGIN ")?)));
    let names = blocks.map(|(part, begin)| friendly_name(&part[..begin]));
    names.zip(Pem::all(&text)).map(|(name, pem)| Bag { name, pem }).collect()
}

fn friendly_name(attributes: &str) -> Option<String> {
    let shown = attributes.lines().find_map(|line| line.trim_start().strip_prefix("friendlyName: "))?;
    Some(shown.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bags_have_names_of_their_own() {
        let block = |label: &str, byte: u8| pem::encode(label, &[byte]);
        let text = format!(
            "Bag Attributes\n    friendlyName: a \u{f6}\n    localKeyID: 01\nsubject=CN = x\n{}Bag Attributes: <Empty>\n{}",
            block("CERTIFICATE", 1),
            block("PRIVATE KEY", 2)
        );
        let bytes: Vec<u8> = text.chars().map(|c| c as u8).collect();
        let found: Vec<_> = bags(&bytes).into_iter().map(|bag| (bag.name, bag.pem.der)).collect();
        assert_eq!(found, [(Some("a \u{f6}".to_owned()), vec![1]), (None, vec![2])]);
        assert_eq!(shown_names("a \u{f6}"), ["a \u{f6}", "a \u{c3}\u{b6}"]);
    }
}
