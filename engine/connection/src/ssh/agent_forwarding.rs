//! `AgentForwarding`: hosts that may talk to the agent on this side do so over channels they open themselves.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use russh::Channel;
use russh::client::{ChannelOpenHandle, Msg};
use tokio::io::copy_bidirectional;
use tokio::net::UnixStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Conversations with the agent at once, of one connection: a host that wants more misbehaves.
const CONVERSATIONS: usize = 16;

pub(crate) struct AgentForwarding(Arc<Semaphore>);

impl Default for AgentForwarding {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(CONVERSATIONS)))
    }
}

impl AgentForwarding {
    /// Lets the channel lead to the agent; one too many is turned down, as is every one without an agent.
    pub(crate) fn begin(&self, agent: Option<&Path>, channel: Channel<Msg>, reply: ChannelOpenHandle) {
        // An answer that is dropped is a refusal.
        let Some(agent) = agent else { return };
        if let Ok(permit) = Arc::clone(&self.0).try_acquire_owned() {
            tokio::spawn(converse(agent.to_owned(), channel, reply, permit));
        }
    }
}

async fn converse(agent: PathBuf, channel: Channel<Msg>, reply: ChannelOpenHandle, _permit: OwnedSemaphorePermit) {
    match UnixStream::connect(&agent).await {
        Ok(mut agent) => {
            reply.accept().await;
            // Either side may hang up whenever it likes.
            let _ = copy_bidirectional(&mut channel.into_stream(), &mut agent).await;
        }
        Err(error) => tracing::debug!("the agent to forward, {}, is not there: {error}", agent.display()),
    }
}
