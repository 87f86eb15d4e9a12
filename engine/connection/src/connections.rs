//! `Connections`: the pool. One connection per host and login, one worker per connection and become user.

use std::sync::Arc;

use crate::{Connection, ConnectionError, ConnectionSpec, WorkerSession};

/// One per run. However many tasks ask for a session at once, it is opened once.
#[derive(Debug, Default)]
pub struct Connections {}

impl Connections {
    /// Warnings (an SSH option that is not supported) are given to `warn`, each once.
    pub fn new(warn: impl Fn(String) + Send + Sync + 'static) -> Self {
        let _ = warn;
        Self {}
    }

    /// The worker for this spec, brought up at first use.
    pub async fn session(&self, spec: &ConnectionSpec) -> Result<Arc<WorkerSession>, ConnectionError> {
        Err(not_built(spec))
    }

    /// The bare connection, for `raw` and `script`.
    pub async fn connection(&self, spec: &ConnectionSpec) -> Result<Arc<dyn Connection>, ConnectionError> {
        Err(not_built(spec))
    }

    /// `meta: reset_connection`: the next use opens everything anew.
    pub async fn reset(&self, spec: &ConnectionSpec) {
        let _ = spec;
    }

    /// Ends all workers and connections.
    pub async fn close_all(&self) {}
}

fn not_built(spec: &ConnectionSpec) -> ConnectionError {
    ConnectionError::Configuration { host: spec.host.clone(), message: "connections are not built yet".to_owned() }
}
