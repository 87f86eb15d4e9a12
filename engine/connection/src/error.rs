//! What can go wrong between the control node and a process on a managed node.

use std::time::Duration;

/// Each message stands alone: it names the host, or is shown beside it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ConnectionError {
    #[error("Failed to connect to the host via ssh: {message}")]
    Unreachable { host: String, message: String },
    #[error("Failed to connect to the host via ssh: {message}")]
    HostKey { host: String, message: String },
    #[error("Failed to connect to the host via ssh: {message}")]
    AuthFailed { host: String, message: String },
    #[error("Failed to connect to the host via ssh: {what} timed out after {} seconds", after.as_secs())]
    Timeout { host: String, what: String, after: Duration },
    /// The message is ansible-core's, as `Missing sudo password`.
    #[error("{message}")]
    BecomeFailed { host: String, message: String },
    /// Neither a password prompt we know nor success.
    #[error(
        "Timeout ({}s) waiting for privilege escalation prompt: Timed out waiting for become success or become password \
         prompt.{}",
        after.as_secs(), quoted(said)
    )]
    BecomeTimeout { host: String, after: Duration, said: String },
    /// The worker cannot be brought up, or does not speak our language.
    #[error("cannot start the worker: {message}")]
    Worker { host: String, message: String },
    /// The connection or the worker went away during the call.
    #[error("Connection to the host was lost: {message}")]
    Lost { host: String, message: String },
    /// A connection plugin of the user has failed, in its own words.
    #[error("{message}")]
    Plugin { host: String, message: String, unreachable: bool },
    /// The call itself could not be carried out; the worker lives on.
    #[error("{message}")]
    Call { host: String, message: String },
    /// The connection cannot be tried as it is written: unknown connection kind, unreadable key file, bad option.
    #[error("{message}")]
    Configuration { host: String, message: String },
}

impl ConnectionError {
    /// Whether a become program has refused to work without a terminal.
    pub(crate) fn wants_terminal(&self) -> bool {
        matches!(self, Self::BecomeFailed { message, .. } if crate::becoming::wants_terminal(message))
    }

    /// Whether the host counts as unreachable; otherwise its task failed.
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::HostKey { .. }
            | Self::AuthFailed { .. }
            | Self::Timeout { .. }
            | Self::BecomeTimeout { .. }
            | Self::Lost { .. } => true,
            Self::Plugin { unreachable, .. } => *unreachable,
            Self::BecomeFailed { .. } | Self::Worker { .. } | Self::Call { .. } | Self::Configuration { .. } => false,
        }
    }
}

/// What a program has printed, as the end of a message.
fn quoted(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(" It said: {said}") }
}
