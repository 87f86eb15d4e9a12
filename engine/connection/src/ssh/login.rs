//! Logging in: agent keys, key files, then the password, until the server is satisfied.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::{AgentClient, AgentStream};
use russh::keys::{Certificate, HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKey};
use russh::{MethodKind, MethodSet};
use tokio::net::UnixStream;

use super::certificate_signer::CertificateSigner;
use super::identities::{Identities, LoadedKey, certificates_for, public_half};
use super::server_check::ServerCheck;
use super::target::{Method, Target};
use crate::Secret;

type Agent = AgentClient<Box<dyn AgentStream + Send + Unpin>>;

/// How often a keyboard-interactive conversation may go on.
const MAX_ROUNDS: u32 = 8;

#[derive(Debug)]
pub(crate) enum LoginError {
    /// The server has turned everything down; the message says what was tried.
    Refused {
        message: String,
        /// Key files that nobody has given a passphrase for.
        locked: Vec<PathBuf>,
    },
    Broken(russh::Error),
}

impl From<russh::Error> for LoginError {
    fn from(error: russh::Error) -> Self {
        Self::Broken(error)
    }
}

/// One login under way.
pub(crate) struct Login<'a> {
    pub(crate) handle: &'a mut Handle<ServerCheck>,
    pub(crate) target: &'a Target,
    pub(crate) identities: &'a Identities,
    /// What the server is still willing to look at; `None` before its first refusal.
    remaining: Option<MethodSet>,
    /// Reasons why a key the user named was not tried.
    hindrances: Vec<String>,
    tried: Vec<PublicKey>,
    /// Whether a method was enough, but not the only one wanted.
    has_advanced: bool,
    locked: Vec<PathBuf>,
    /// Whether the host may be told a password.
    is_trusted: bool,
    /// What was tried last.
    offered: String,
}

impl<'a> Login<'a> {
    pub(crate) fn new(
        handle: &'a mut Handle<ServerCheck>,
        target: &'a Target,
        identities: &'a Identities,
        is_trusted: bool,
    ) -> Self {
        Self {
            handle,
            target,
            identities,
            remaining: None,
            hindrances: Vec::new(),
            tried: Vec::new(),
            has_advanced: false,
            locked: Vec::new(),
            is_trusted,
            offered: "nothing".to_owned(),
        }
    }

    pub(crate) async fn run(mut self) -> Result<(), LoginError> {
        loop {
            self.has_advanced = false;
            if self.all_methods().await? {
                tracing::debug!(host = self.target.label, "logged in with {}", self.offered);
                return Ok(());
            }
            // A server that wants two methods may want the one first that we try last.
            if !self.has_advanced {
                break;
            }
        }
        if self.remaining.is_none() {
            // Nothing to offer: at least learn what the server would have taken.
            let result = self.handle.authenticate_none(&self.target.user).await?;
            if self.note(&result) {
                return Ok(());
            }
        }
        // A connection that ends looks like a refusal that names nothing.
        match self.handle.is_closed() {
            true => Err(LoginError::Broken(russh::Error::Disconnect)),
            false => Err(LoginError::Refused { message: self.refusal(), locked: self.locked }),
        }
    }

    async fn all_methods(&mut self) -> Result<bool, LoginError> {
        for method in self.target.methods.clone() {
            let is_in = match method {
                _ if !self.is_welcome(method) => false,
                Method::PublicKey => self.public_keys().await?,
                Method::Password => self.password().await?,
                Method::KeyboardInteractive => self.keyboard_interactive().await?,
            };
            if is_in {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn offer(&mut self, what: String) {
        tracing::debug!(host = self.target.label, "offering {what}");
        self.offered = what;
    }

    fn is_welcome(&self, method: Method) -> bool {
        let kind = match method {
            Method::PublicKey => MethodKind::PublicKey,
            Method::Password => MethodKind::Password,
            Method::KeyboardInteractive => MethodKind::KeyboardInteractive,
        };
        self.remaining.as_ref().is_none_or(|remaining| remaining.contains(&kind))
    }

    /// True when logged in.
    fn note(&mut self, result: &AuthResult) -> bool {
        match result {
            AuthResult::Success => true,
            AuthResult::Failure { remaining_methods, partial_success } => {
                self.has_advanced |= *partial_success;
                self.remaining = Some(remaining_methods.clone());
                false
            }
        }
    }

    /// A key named for the host first, then what the agent holds, then the usual files: few servers allow more than
    /// six tries.
    async fn public_keys(&mut self) -> Result<bool, LoginError> {
        if let Some(text) = self.target.inline_key.clone() {
            match self.identities.decode(&text, self.target.passphrase.as_ref()) {
                LoadedKey::Ready(key) => {
                    if self.private_key(key, None).await? {
                        return Ok(true);
                    }
                }
                LoadedKey::Locked(reason) | LoadedKey::Unusable(reason) => self.hindrances.push(reason),
                LoadedKey::Absent => {}
            }
        }
        let (named, usual): (Vec<_>, Vec<_>) =
            self.target.identities.iter().cloned().partition(|identity| identity.is_named);
        for identity in named {
            if self.key_file(&identity.path, true).await? {
                return Ok(true);
            }
        }
        if self.agent_keys().await? {
            return Ok(true);
        }
        for identity in usual {
            if self.key_file(&identity.path, false).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn key_file(&mut self, path: &Path, is_named: bool) -> Result<bool, LoginError> {
        match self.identities.load(path, self.target.passphrase.as_ref()) {
            LoadedKey::Ready(key) => self.private_key(key, Some(path)).await,
            LoadedKey::Absent if is_named => {
                self.hindrances.push(format!("there is no key {}", path.display()));
                Ok(false)
            }
            LoadedKey::Absent => Ok(false),
            LoadedKey::Locked(reason) => {
                if self.target.passphrase.is_none() {
                    self.locked.push(path.to_owned());
                }
                self.hindrances.push(reason);
                Ok(false)
            }
            LoadedKey::Unusable(reason) => {
                self.hindrances.push(reason);
                Ok(false)
            }
        }
    }

    /// With each certificate there is for it, then as it is.
    async fn private_key(&mut self, key: Arc<PrivateKey>, path: Option<&Path>) -> Result<bool, LoginError> {
        if !self.is_welcome(Method::PublicKey) || self.was_tried(key.public_key()) {
            return Ok(false);
        }
        let name = path.map_or_else(|| "of ansible_private_key".to_owned(), |path| path.display().to_string());
        self.offer(format!("the key {name}"));
        let user = self.target.user.clone();
        for certificate in certificates_for(key.public_key(), path, &self.target.certificates) {
            let Some(hash) = self.rsa_hash(key.public_key()).await? else { break };
            let mut signer = CertificateSigner(Arc::clone(&key));
            match self.handle.authenticate_certificate_with(&user, certificate, hash, &mut signer).await {
                Ok(result) if self.note(&result) => return Ok(true),
                Ok(_) => {}
                Err(error) => self.hindrances.push(format!("a certificate cannot be used: {}", error.message())),
            }
        }
        let Some(hash) = self.rsa_hash(key.public_key()).await? else { return Ok(false) };
        let signed = PrivateKeyWithHashAlg::new(Arc::clone(&key), hash);
        let result = self.handle.authenticate_publickey(&user, signed).await?;
        if self.note(&result) {
            return Ok(true);
        }
        if hash.is_none() || !self.target.algorithms.legacy_rsa {
            return Ok(false);
        }
        let result = self.handle.authenticate_publickey(&user, PrivateKeyWithHashAlg::new(key, None)).await?;
        Ok(self.note(&result))
    }

    async fn agent_keys(&mut self) -> Result<bool, LoginError> {
        let Some(mut agent) = self.agent().await else { return Ok(false) };
        let Ok(held) = agent.request_identities().await else { return Ok(false) };
        let wanted: Vec<PublicKey> =
            self.target.identities.iter().filter_map(|identity| public_half(&identity.path)).collect();
        for identity in held {
            let key = match identity {
                AgentIdentity::PublicKey { key, .. } => key,
                AgentIdentity::Certificate { certificate, .. } => {
                    if !self.target.identities_only && self.agent_certificate(&mut agent, certificate).await? {
                        return Ok(true);
                    }
                    continue;
                }
            };
            let is_wanted = wanted.iter().any(|wanted| wanted.key_data() == key.key_data());
            if self.target.identities_only && !is_wanted {
                continue;
            }
            if !self.is_welcome(Method::PublicKey) || self.was_tried(&key) {
                continue;
            }
            self.offer(format!("the agent's key {}", key.comment()));
            let path = self
                .target
                .identities
                .iter()
                .find(|identity| public_half(&identity.path).is_some_and(|half| half.key_data() == key.key_data()));
            for certificate in certificates_for(&key, path.map(|path| &*path.path), &self.target.certificates) {
                if self.agent_certificate(&mut agent, certificate).await? {
                    return Ok(true);
                }
            }
            let Some(hash) = self.rsa_hash(&key).await? else { continue };
            match self.handle.authenticate_publickey_with(&self.target.user, key, hash, &mut agent).await {
                Ok(result) if self.note(&result) => return Ok(true),
                Ok(_) => {}
                // The agent would not sign (declined, locked, gone); another key may do.
                Err(error) => self.hindrances.push(format!("ssh-agent: {error}")),
            }
        }
        Ok(false)
    }

    async fn agent_certificate(&mut self, agent: &mut Agent, certificate: Certificate) -> Result<bool, LoginError> {
        let key = PublicKey::from(certificate.public_key().clone());
        self.offer(format!("the agent's certificate {}", certificate.key_id()));
        let Some(hash) = self.rsa_hash(&key).await? else { return Ok(false) };
        match self.handle.authenticate_certificate_with(&self.target.user, certificate, hash, agent).await {
            Ok(result) => Ok(self.note(&result)),
            Err(error) => {
                self.hindrances.push(format!("ssh-agent: {error}"));
                Ok(false)
            }
        }
    }

    async fn agent(&self) -> Option<Agent> {
        let stream = UnixStream::connect(self.target.agent.as_ref()?).await.ok()?;
        Some(AgentClient::connect(Box::new(stream) as Box<dyn AgentStream + Send + Unpin>))
    }

    fn was_tried(&mut self, key: &PublicKey) -> bool {
        let was_tried = self.tried.iter().any(|tried| tried.key_data() == key.key_data());
        if !was_tried {
            self.tried.push(key.clone());
        }
        was_tried
    }

    /// SHA-2 signatures wherever the server knows them; SHA-1 only where that is allowed. `None`: not this key.
    async fn rsa_hash(&mut self, key: &PublicKey) -> Result<Option<Option<HashAlg>>, LoginError> {
        if !matches!(key.algorithm(), russh::keys::Algorithm::Rsa { .. }) {
            return Ok(Some(None));
        }
        let legacy = self.target.algorithms.legacy_rsa;
        match self.handle.best_supported_rsa_hash().await? {
            Some(None) if !legacy => {
                self.hindrances.push(
                    "the server takes RSA keys with SHA-1 only, which \
                     ansible_ssh_common_args='-o PubkeyAcceptedAlgorithms=+ssh-rsa' allows"
                        .to_owned(),
                );
                Ok(None)
            }
            Some(hash) => Ok(Some(hash)),
            None => Ok(Some(Some(HashAlg::Sha512))),
        }
    }

    /// What may be told to this host.
    fn known_password(&mut self) -> Option<Secret> {
        let password = self.target.password.clone()?;
        if self.is_trusted {
            return Some(password);
        }
        let reason = "the host's key has changed, so it is not told the password";
        if !self.hindrances.iter().any(|known| known == reason) {
            self.hindrances.push(reason.to_owned());
        }
        None
    }

    async fn password(&mut self) -> Result<bool, LoginError> {
        let Some(password) = self.known_password() else { return Ok(false) };
        self.offer("a password".to_owned());
        let result = self.handle.authenticate_password(&self.target.user, password.expose()).await?;
        if matches!(result, AuthResult::Failure { partial_success: true, .. }) {
            // A key that came too early may be right now.
            self.tried.clear();
        }
        Ok(self.note(&result))
    }

    /// Every question that hides its answer is taken to ask for the password.
    async fn keyboard_interactive(&mut self) -> Result<bool, LoginError> {
        let Some(password) = self.known_password() else { return Ok(false) };
        self.offer("a password, asked for".to_owned());
        let user = self.target.user.clone();
        let mut response = self.handle.authenticate_keyboard_interactive_start(user, None).await?;
        for _ in 0..MAX_ROUNDS {
            match response {
                KeyboardInteractiveAuthResponse::Success => return Ok(true),
                KeyboardInteractiveAuthResponse::Failure { remaining_methods, partial_success } => {
                    self.has_advanced |= partial_success;
                    self.remaining = Some(remaining_methods);
                    return Ok(false);
                }
                KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => {
                    let answer = |echo: bool| if echo { String::new() } else { password.expose().to_owned() };
                    let answers = prompts.iter().map(|prompt| answer(prompt.echo)).collect();
                    response = self.handle.authenticate_keyboard_interactive_respond(answers).await?;
                }
            }
        }
        Ok(false)
    }

    fn refusal(&self) -> String {
        let Target { user, host, .. } = self.target;
        let methods: Vec<&str> = self.remaining.iter().flat_map(|methods| methods.iter()).map(Into::into).collect();
        let mut message = format!("{user}@{host}: Permission denied ({}).", methods.join(","));
        for hindrance in &self.hindrances {
            let _ = write!(message, " Note: {hindrance}.");
        }
        message
    }
}
