//! `ServerCheck`: what a connection's background task asks of us: is this the right host, and why did it end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use russh::Channel;
use russh::client::{ChannelOpenHandle, DisconnectReason, Handler, Msg, Session};
use russh::keys::PublicKeyOrCertificate;

use super::agent_forwarding::AgentForwarding;
use super::host_keys::{HostKeys, Standing};
use super::target::Target;

/// Shared between the background task and the connection's owner.
#[derive(Debug, Default)]
pub(crate) struct Verdicts {
    /// Why the host key was turned down.
    host_key: Mutex<Option<String>>,
    /// Whether the host may be another than the one that was known, which somebody has said not to mind.
    is_suspect: AtomicBool,
    /// Why the connection has ended.
    ended: OnceLock<String>,
}

impl Verdicts {
    pub(crate) fn host_key_error(&self) -> Option<String> {
        self.host_key.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A host that may be another gets no passwords and no agent.
    pub(crate) fn is_suspect(&self) -> bool {
        self.is_suspect.load(Ordering::Relaxed)
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
    pub(crate) forwarding: AgentForwarding,
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
            Ok(standing) => {
                tracing::debug!(host = self.target.label, "the host key is {}", standing.told());
                self.verdicts.is_suspect.store(standing == Standing::Suspect, Ordering::Relaxed);
                Ok(true)
            }
            Err(message) => {
                *self.verdicts.host_key.lock().unwrap_or_else(PoisonError::into_inner) = Some(message);
                Ok(false)
            }
        }
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        let agent = self.target.requests.agent.as_deref().filter(|_| !self.verdicts.is_suspect());
        self.forwarding.begin(agent, channel, reply);
        Ok(())
    }

    // No host has any other business on this side. An answer that is dropped is a refusal.

    async fn server_channel_open_session(
        &mut self,
        _: Channel<Msg>,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        Ok(())
    }

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        Ok(())
    }

    async fn server_channel_open_forwarded_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        Ok(())
    }

    async fn server_channel_open_direct_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        Ok(())
    }

    async fn server_channel_open_direct_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        Ok(())
    }

    async fn server_channel_open_x11(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        Ok(())
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
        russh::Error::IO(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            "Connection closed by the host".to_owned()
        }
        other => other.to_string(),
    }
}
