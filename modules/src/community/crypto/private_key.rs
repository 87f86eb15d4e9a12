//! `PrivateKey`: a private key as the node's `openssl` reads it. The key reaches it through a pipe and its passphrase
//! through the environment, so neither is seen in a process list or left in a file.

use super::der::{self, Element};
use super::pem::{self, Pem};
use super::public_key::{KeyKind, PublicKey};
use crate::{Args, CommandOutput, CommandSpec, Context, ModuleError};

const PASSPHRASE_IN: &str = "KAPELL_PASSPHRASE";
const PASSPHRASE_OUT: &str = "KAPELL_NEW_PASSPHRASE";

/// A private key that could be read.
pub(super) struct PrivateKey {
    text: Vec<u8>,
    passphrase: String,
    pub(super) public: PublicKey,
}

/// Why a private key could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeyProblem {
    /// A passphrase for a key that has none, or none for one that has.
    #[error("Wrong or empty passphrase provided for private key")]
    Passphrase,
    #[error("Wrong passphrase provided for private key, or private key cannot be parsed: {0}")]
    Unreadable(&'static str),
    #[error("{0}")]
    Module(#[from] ModuleError),
}

impl From<KeyProblem> for ModuleError {
    fn from(problem: KeyProblem) -> Self {
        match problem {
            KeyProblem::Module(error) => error,
            other => Self::failed(other.to_string()),
        }
    }
}

/// How a private key is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyFormat {
    /// The traditional one of each kind.
    Pkcs1,
    Pkcs8,
    /// The bare bytes of a Curve25519 or Curve448 key.
    Raw,
}

/// The bare keys, by length: PKCS#8 wants to know what they are.
const RAW_KINDS: &[(&str, &str, usize)] = &[
    ("X25519", "1.3.101.110", 32),
    ("X448", "1.3.101.111", 56),
    ("Ed25519", "1.3.101.112", 32),
    ("Ed448", "1.3.101.113", 57),
];

impl PrivateKey {
    /// Reads a key in PEM.
    pub(super) fn read(text: &[u8], passphrase: Option<&str>, cx: &mut Context<'_>) -> Result<Self, KeyProblem> {
        let pem = Pem::first(text).ok_or(KeyProblem::Unreadable("Unable to load PEM file."))?;
        if !pem.label.ends_with("PRIVATE KEY") {
            return Err(KeyProblem::Unreadable(
                "Valid PEM but no BEGIN/END delimiters for a private key found. Are you sure this is a private key?",
            ));
        }
        if pem.encrypted != passphrase.is_some_and(|passphrase| !passphrase.is_empty()) {
            return Err(KeyProblem::Passphrase);
        }
        let passphrase = passphrase.unwrap_or_default().to_owned();
        let command = with_passphrase(openssl(cx)?.args(["pkey", "-pubout", "-outform", "DER"]), &passphrase);
        let output = cx.run_read(&command.stdin(text))?;
        let why =
            if pem.encrypted { "Incorrect password, could not decrypt key" } else { "Could not deserialize key data." };
        let public = Some(output).filter(CommandOutput::ok).and_then(|output| PublicKey::parse(&output.stdout));
        Ok(Self { text: text.to_vec(), passphrase, public: public.ok_or(KeyProblem::Unreadable(why))? })
    }

    /// Reads a bare key of a kind.
    pub(super) fn read_raw(bytes: &[u8], kind: &str, cx: &mut Context<'_>) -> Result<Self, KeyProblem> {
        let pkcs8 = RAW_KINDS.iter().find(|(name, _, length)| *name == kind && bytes.len() == *length);
        let pkcs8 = pkcs8.and_then(|(_, oid, _)| {
            let key = der::element(der::OCTET_STRING, &der::element(der::OCTET_STRING, bytes));
            Some(der::sequence(&[der::unsigned(&[0]), der::sequence(&[der::oid(oid)?]), key]))
        });
        let pkcs8 = pkcs8.ok_or(KeyProblem::Unreadable("Unable to load PEM file."))?;
        Self::read(pem::encode("PRIVATE KEY", &pkcs8).as_bytes(), None, cx)
    }

    /// The key of `<prefix>_content` or `<prefix>_path`, with `<prefix>_passphrase`.
    pub(super) fn of_args(args: &Args, prefix: &str, cx: &mut Context<'_>) -> Result<Self, ModuleError> {
        let path = args.opt_str(&format!("{prefix}_path"));
        let text = match (args.opt_str(&format!("{prefix}_content")), path) {
            (Some(content), _) => content.as_bytes().to_vec(),
            (None, Some(path)) => {
                fs_err::read(path).map_err(|error| ModuleError::failed(crate::error::os_error(&error, path)))?
            }
            (None, None) => return Err(ModuleError::failed(format!("{prefix}_path or {prefix}_content is needed"))),
        };
        Ok(Self::read(&text, args.opt_str(&format!("{prefix}_passphrase")), cx)?)
    }

    /// Makes a new key of a kind.
    pub(super) fn generate(kind: &NewKey<'_>, cx: &mut Context<'_>) -> Result<Self, ModuleError> {
        let mut command = openssl(cx)?.arg("genpkey");
        match *kind {
            NewKey::Rsa { size } => {
                command = command.args(["-algorithm", "RSA", "-pkeyopt", &format!("rsa_keygen_bits:{size}")]);
            }
            NewKey::Dsa { size } => {
                let size = format!("dsa_paramgen_bits:{size}");
                let parameters = openssl(cx)?.args(["genpkey", "-genparam", "-algorithm", "DSA", "-pkeyopt", &size]);
                let parameters = succeeded(&parameters, cx.run_read(&parameters)?)?;
                command = command.args(["-paramfile", "/dev/stdin"]).stdin(parameters.stdout);
            }
            NewKey::Ec { curve } => {
                let curve = format!("ec_paramgen_curve:{curve}");
                command =
                    command.args(["-algorithm", "EC", "-pkeyopt", &curve, "-pkeyopt", "ec_param_enc:named_curve"]);
            }
            NewKey::Edwards(name) => command = command.args(["-algorithm", name]),
        }
        let output = succeeded(&command, cx.run_read(&command)?)?;
        Ok(Self::read(&output.stdout, None, cx)?)
    }

    /// The key in a format, encrypted when there is a passphrase. `None` when its kind has no such format.
    pub(super) fn written(
        &self,
        format: KeyFormat,
        passphrase: Option<&str>,
        cx: &mut Context<'_>,
    ) -> Result<Option<Vec<u8>>, ModuleError> {
        let passphrase = passphrase.filter(|passphrase| !passphrase.is_empty());
        let edwards = matches!(self.public.kind, KeyKind::Edwards(_));
        let command = match format {
            KeyFormat::Pkcs1 if edwards => return Ok(None),
            KeyFormat::Raw if !edwards || passphrase.is_some() => return Ok(None),
            KeyFormat::Pkcs1 => openssl(cx)?.args(["pkey", "-traditional"]),
            KeyFormat::Pkcs8 => openssl(cx)?.args(["pkcs8", "-topk8"]),
            KeyFormat::Raw => openssl(cx)?.args(["pkcs8", "-topk8", "-nocrypt", "-outform", "DER"]),
        };
        let command = match (format, passphrase) {
            (KeyFormat::Pkcs1, Some(_)) => command.arg("-aes256"),
            (KeyFormat::Pkcs8, Some(_)) => command.args(["-v2", "aes-256-cbc"]),
            (KeyFormat::Pkcs8, None) => command.arg("-nocrypt"),
            _ => command,
        };
        let command = match passphrase {
            Some(passphrase) => with_new_passphrase(command, passphrase),
            None => command,
        };
        let command = self.given_to(command);
        let output = succeeded(&command, cx.run_read(&command)?)?;
        if format != KeyFormat::Raw {
            return Ok(Some(output.stdout));
        }
        let bare = Element::parse(&output.stdout).and_then(|key| key.children()?.get(2)?.inner());
        Ok(bare.map(|bare| bare.content.to_vec()))
    }

    /// A command that reads this key from its standard input.
    pub(super) fn given_to(&self, command: CommandSpec) -> CommandSpec {
        with_passphrase(command, &self.passphrase).stdin(self.text.clone())
    }

    /// Whether the key signs with a digest; those with one of their own take every name.
    pub(super) fn takes_digest(&self, name: &str) -> bool {
        matches!(self.public.kind, KeyKind::Edwards(_))
            || matches!(name, "sha1" | "sha224" | "sha256" | "sha384" | "sha512")
    }

    /// The identifier of the algorithm this key signs with.
    pub(super) fn algorithm(&self, digest: &str) -> Result<Vec<u8>, ModuleError> {
        let kind = self.public.type_name();
        let unsupported = || ModuleError::failed(format!("Keys of type {kind} cannot sign with the digest {digest}"));
        signature_algorithm(&self.public.kind, digest).ok_or_else(unsupported)
    }

    /// Signs a message.
    pub(super) fn sign(&self, message: &[u8], digest: &str, cx: &mut Context<'_>) -> Result<Vec<u8>, ModuleError> {
        let dir = cx.temp_dir()?;
        let file = dir.path().join("message");
        fs_err::write(&file, message)?;
        let file = file.to_string_lossy();
        let edwards = matches!(self.public.kind, KeyKind::Edwards(_));
        let command = if edwards {
            openssl(cx)?.args(["pkeyutl", "-sign", "-rawin", "-inkey", "/dev/stdin", "-in", &file])
        } else {
            openssl(cx)?.args(["dgst", &format!("-{digest}"), "-sign", "/dev/stdin"])
        };
        let command = self.given_to(command);
        // The message of `dgst` comes after every option.
        let command = if edwards { command } else { command.arg(file) };
        Ok(succeeded(&command, cx.run_read(&command)?)?.stdout)
    }
}

/// A key to make.
#[derive(Debug, Clone, Copy)]
pub(super) enum NewKey<'a> {
    Rsa {
        size: i64,
    },
    Dsa {
        size: i64,
    },
    /// The curve as OpenSSL calls it.
    Ec {
        curve: &'a str,
    },
    /// As OpenSSL calls it: ED25519 and the like.
    Edwards(&'a str),
}

/// Whether a signature over a message was made with the key of `public`.
pub(super) fn is_signed_by(
    public: &PublicKey,
    message: &[u8],
    algorithm: &[u8],
    signature: &[u8],
    cx: &mut Context<'_>,
) -> Result<bool, ModuleError> {
    let Some((_, digest)) = algorithm_name(algorithm) else { return Ok(false) };
    let dir = cx.temp_dir()?;
    let path = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
    fs_err::write(path("message"), message)?;
    fs_err::write(path("signature"), signature)?;
    fs_err::write(path("key"), public.pem())?;
    let command = openssl(cx)?;
    let command = if matches!(public.kind, KeyKind::Edwards(_)) {
        let command = command.args(["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", &path("key")]);
        command.args(["-in", &path("message"), "-sigfile", &path("signature")])
    } else {
        let command = command.args(["dgst", &format!("-{digest}"), "-verify", &path("key")]);
        command.args(["-signature", &path("signature"), &path("message")])
    };
    Ok(cx.run_read(&command)?.ok())
}

/// Signature algorithms: object identifier, kind of key, digest, name.
#[rustfmt::skip]
const SIGNATURES: &[(&str, &str, &str, &str)] = &[
    ("1.2.840.113549.1.1.4", "RSA", "md5", "md5WithRSAEncryption"),
    ("1.2.840.113549.1.1.5", "RSA", "sha1", "sha1WithRSAEncryption"),
    ("1.2.840.113549.1.1.14", "RSA", "sha224", "sha224WithRSAEncryption"),
    ("1.2.840.113549.1.1.11", "RSA", "sha256", "sha256WithRSAEncryption"),
    ("1.2.840.113549.1.1.12", "RSA", "sha384", "sha384WithRSAEncryption"),
    ("1.2.840.113549.1.1.13", "RSA", "sha512", "sha512WithRSAEncryption"),
    ("1.2.840.10045.4.1", "ECC", "sha1", "ecdsa-with-SHA1"),
    ("1.2.840.10045.4.3.1", "ECC", "sha224", "ecdsa-with-SHA224"),
    ("1.2.840.10045.4.3.2", "ECC", "sha256", "ecdsa-with-SHA256"),
    ("1.2.840.10045.4.3.3", "ECC", "sha384", "ecdsa-with-SHA384"),
    ("1.2.840.10045.4.3.4", "ECC", "sha512", "ecdsa-with-SHA512"),
    ("1.2.840.10040.4.3", "DSA", "sha1", "dsaWithSHA1"),
    ("2.16.840.1.101.3.4.3.1", "DSA", "sha224", "dsa_with_SHA224"),
    ("2.16.840.1.101.3.4.3.2", "DSA", "sha256", "dsa_with_SHA256"),
    ("1.3.101.112", "Ed25519", "", "ED25519"),
    ("1.3.101.113", "Ed448", "", "ED448"),
];

fn signature_algorithm(kind: &KeyKind, digest: &str) -> Option<Vec<u8>> {
    let (kind, digest) = match kind {
        KeyKind::Rsa { .. } => ("RSA", digest),
        KeyKind::Dsa { .. } => ("DSA", digest),
        KeyKind::Ec { .. } => ("ECC", digest),
        KeyKind::Edwards(name) => (*name, ""),
    };
    let (oid, ..) = SIGNATURES.iter().find(|entry| entry.1 == kind && entry.2 == digest)?;
    let mut parts = vec![der::oid(oid)?];
    if kind == "RSA" {
        parts.push(der::element(0x05, &[]));
    }
    Some(der::sequence(&parts))
}

/// The name of a signature algorithm and its digest.
pub(super) fn algorithm_name(algorithm: &[u8]) -> Option<(&'static str, &'static str)> {
    let oid = Element::parse(algorithm)?.children()?.first()?.oid()?;
    SIGNATURES.iter().find(|entry| entry.0 == oid).map(|entry| (entry.3, entry.2))
}

/// The node's `openssl`.
pub(super) fn openssl(cx: &Context<'_>) -> Result<CommandSpec, ModuleError> {
    Ok(CommandSpec::new([cx.require_program("openssl")?.to_string_lossy().into_owned()]))
}

/// A command that opens what it reads with a passphrase.
pub(super) fn with_passphrase(command: CommandSpec, passphrase: &str) -> CommandSpec {
    command.args(["-passin", &format!("env:{PASSPHRASE_IN}")]).env(PASSPHRASE_IN, passphrase)
}

/// A command that locks what it writes with a passphrase.
pub(super) fn with_new_passphrase(command: CommandSpec, passphrase: &str) -> CommandSpec {
    command.args(["-passout", &format!("env:{PASSPHRASE_OUT}")]).env(PASSPHRASE_OUT, passphrase)
}

/// The output of a command that ended well; otherwise its complaint.
pub(super) fn succeeded(command: &CommandSpec, output: CommandOutput) -> Result<CommandOutput, ModuleError> {
    if output.ok() {
        return Ok(output);
    }
    let complaint = output.stderr().trim().to_owned();
    Err(crate::context::command_failure(format!("openssl failed: {complaint}"), command, &output))
}
