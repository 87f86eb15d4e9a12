//! `ServerCheck`: what a connection's background task asks of us: is this the right host, and why did it end.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use russh::client::{DisconnectReason, Handler};
use russh::keys::PublicKeyOrCertificate;

use super::host_keys::HostKeys;
use super::target::Target;

/// Shared between the background task and the connection's owner.
#[derive(Debug, Default)]
pub(crate) struct Verdicts {
    /// Why the host key was turned down.
    host_key: Mutex<Option<String>>,
    /// Why the connection has ended.
    ended: OnceLock<String>,
}

impl Verdicts {
    pub(crate) fn host_key_error(&self) -> Option<String> {
        self.host_key.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn why_it_ended(&self) -> String {
        self.end_reason().unwrap_or_else(|| "the connection has ended".to_owned())
    }

    pub(crate) fn end_reason(&self) -> Option<String> {
        self.ended.get().cloned()
    }

    pub(crate) fn end(&self, reason: &str) {
        let _ = self.ended.set(reason.to_owned());
    }
}

pub(crate) struct ServerCheck {
    pub(crate) target: Arc<Target>,
    pub(crate) host_keys: Arc<HostKeys>,
    pub(crate) verdicts: Arc<Verdicts>,
}

impl Handler for ServerCheck {
    type Error = russh::Error;

    async fn check_server_key(&mut self, offered: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        let verdict = match offered {
            PublicKeyOrCertificate::Certificate(certificate) => {
                self.host_keys.check_certificate(&self.target, certificate)
            }
            PublicKeyOrCertificate::PublicKey { key, .. } => self.host_keys.check(&self.target, key),
        };
        match verdict {
            Ok(()) => Ok(true),
            Err(message) => {
                *self.verdicts.host_key.lock().unwrap_or_else(PoisonError::into_inner) = Some(message);
                Ok(false)
            }
        }
    }

    async fn disconnected(&mut self, reason: DisconnectReason<russh::Error>) -> Result<(), russh::Error> {
        match reason {
            DisconnectReason::ReceivedDisconnect(info) => {
                self.verdicts.end(&format!("the host disconnected: {}", info.message));
                Ok(())
            }
            DisconnectReason::Error(error) => {
                self.verdicts.end(&why(&error));
                Err(error)
            }
        }
    }
}

fn why(error: &russh::Error) -> String {
    match error {
        russh::Error::KeepaliveTimeout => "the host does not answer any more".to_owned(),
        russh::Error::Disconnect | russh::Error::HUP => "Connection closed by the host".to_owned(),
        other => other.to_string(),
    }
}
