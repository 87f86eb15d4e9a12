//! Logging in: agent keys, key files, then the password, until the server is satisfied.

use std::fmt::Write as _;
use std::sync::Arc;

use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::{AgentClient, AgentStream};
use russh::keys::{HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKey};
use russh::{MethodKind, MethodSet};
use tokio::net::UnixStream;

use super::identities::{Identities, LoadedKey, public_half};
use super::server_check::ServerCheck;
use super::target::{Method, Target};

type Agent = AgentClient<Box<dyn AgentStream + Send + Unpin>>;

/// How often a keyboard-interactive conversation may go on.
const MAX_ROUNDS: u32 = 8;

#[derive(Debug)]
pub(crate) enum LoginError {
    /// The server has turned everything down; the message says what was tried.
    Refused(String),
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
}

impl<'a> Login<'a> {
    pub(crate) fn new(handle: &'a mut Handle<ServerCheck>, target: &'a Target, identities: &'a Identities) -> Self {
        Self { handle, target, identities, remaining: None, hindrances: Vec::new(), tried: Vec::new() }
    }

    pub(crate) async fn run(mut self) -> Result<(), LoginError> {
        for method in self.target.methods.clone() {
            let is_in = match method {
                _ if !self.is_welcome(method) => false,
                Method::PublicKey => self.public_keys().await?,
                Method::Password => self.password().await?,
                Method::KeyboardInteractive => self.keyboard_interactive().await?,
            };
            if is_in {
                return Ok(());
            }
        }
        if self.remaining.is_none() {
            // Nothing to offer: at least learn what the server would have taken.
            let result = self.handle.authenticate_none(&self.target.user).await?;
            if self.note(&result) {
                return Ok(());
            }
        }
        Err(LoginError::Refused(self.refusal()))
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
            AuthResult::Failure { remaining_methods, .. } => {
                self.remaining = Some(remaining_methods.clone());
                false
            }
        }
    }

    /// A key named for the host first, then what the agent holds, then the usual files: few servers allow more than
    /// six tries.
    async fn public_keys(&mut self) -> Result<bool, LoginError> {
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

    async fn key_file(&mut self, path: &std::path::Path, is_named: bool) -> Result<bool, LoginError> {
        match self.identities.load(path, self.target.passphrase.as_ref()) {
            LoadedKey::Ready(key) => self.private_key(key).await,
            LoadedKey::Absent if is_named => {
                self.hindrances.push(format!("there is no key {}", path.display()));
                Ok(false)
            }
            LoadedKey::Absent => Ok(false),
            LoadedKey::Locked(reason) | LoadedKey::Unusable(reason) => {
                self.hindrances.push(reason);
                Ok(false)
            }
        }
    }

    async fn private_key(&mut self, key: Arc<PrivateKey>) -> Result<bool, LoginError> {
        if !self.is_welcome(Method::PublicKey) || self.was_tried(key.public_key()) {
            return Ok(false);
        }
        let hash = self.rsa_hash(key.public_key()).await?;
        let result =
            self.handle.authenticate_publickey(&self.target.user, PrivateKeyWithHashAlg::new(key, hash)).await?;
        Ok(self.note(&result))
    }

    async fn agent_keys(&mut self) -> Result<bool, LoginError> {
        let Some(mut agent) = self.agent().await else { return Ok(false) };
        let Ok(held) = agent.request_identities().await else { return Ok(false) };
        let wanted: Vec<PublicKey> =
            self.target.identities.iter().filter_map(|identity| public_half(&identity.path)).collect();
        for identity in held {
            // Certificates need their authority's trust on the server; the bare key is offered separately.
            let AgentIdentity::PublicKey { key, .. } = identity else { continue };
            let is_wanted = wanted.iter().any(|wanted| wanted.key_data() == key.key_data());
            if self.target.identities_only && !is_wanted {
                continue;
            }
            if !self.is_welcome(Method::PublicKey) || self.was_tried(&key) {
                continue;
            }
            let hash = self.rsa_hash(&key).await?;
            match self.handle.authenticate_publickey_with(&self.target.user, key, hash, &mut agent).await {
                Ok(result) if self.note(&result) => return Ok(true),
                Ok(_) => {}
                // The agent would not sign (declined, locked, gone); another key may do.
                Err(error) => self.hindrances.push(format!("ssh-agent: {error}")),
            }
        }
        Ok(false)
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

    /// SHA-2 signatures wherever the server knows them.
    async fn rsa_hash(&self, key: &PublicKey) -> Result<Option<HashAlg>, LoginError> {
        if !matches!(key.algorithm(), russh::keys::Algorithm::Rsa { .. }) {
            return Ok(None);
        }
        Ok(self.handle.best_supported_rsa_hash().await?.unwrap_or(Some(HashAlg::Sha512)))
    }

    async fn password(&mut self) -> Result<bool, LoginError> {
        let Some(password) = self.target.password.clone() else { return Ok(false) };
        let result = self.handle.authenticate_password(&self.target.user, password.expose()).await?;
        Ok(self.note(&result))
    }

    /// Every question that hides its answer is taken to ask for the password.
    async fn keyboard_interactive(&mut self) -> Result<bool, LoginError> {
        let Some(password) = self.target.password.clone() else { return Ok(false) };
        let user = self.target.user.clone();
        let mut response = self.handle.authenticate_keyboard_interactive_start(user, None).await?;
        for _ in 0..MAX_ROUNDS {
            match response {
                KeyboardInteractiveAuthResponse::Success => return Ok(true),
                KeyboardInteractiveAuthResponse::Failure { remaining_methods, .. } => {
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
