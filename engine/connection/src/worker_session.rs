//! `WorkerSession`: module calls multiplexed over one process on the node.

use kapell_protocol::{FetchedFile, ModuleCall, OutputStream};
use serde_json::{Map, Value};
use tokio::io::AsyncWrite;
use tokio::sync::mpsc;

use crate::{Blobs, ConnectionError};

/// One line written by a running command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputLine {
    pub stream: OutputStream,
    pub line: String,
}

#[derive(Debug)]
pub struct WorkerSession {
    host: String,
}

impl WorkerSession {
    /// Runs one module. `call.id` is chosen here. Dropping the future cancels the call on the node.
    pub async fn call(
        &self,
        call: ModuleCall,
        blobs: &Blobs,
        events: Option<mpsc::Sender<OutputLine>>,
    ) -> Result<Map<String, Value>, ConnectionError> {
        let _ = (call, blobs, events);
        Err(self.not_built())
    }

    /// Streams a file of the node into `dest`, checked against its SHA-256.
    pub async fn fetch(
        &self,
        remote: &str,
        dest: &mut (dyn AsyncWrite + Send + Unpin),
    ) -> Result<FetchedFile, ConnectionError> {
        let _ = (remote, dest);
        Err(self.not_built())
    }

    fn not_built(&self) -> ConnectionError {
        ConnectionError::Worker { host: self.host.clone(), message: "worker sessions are not built yet".to_owned() }
    }
}
