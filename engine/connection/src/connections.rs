//! `Connections`: the pool. One connection per host and login, one worker per connection and become user.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::bootstrap::Bootstrap;
use crate::containers;
use crate::openssh;
use crate::program::{Program, ProgramConnection};
use crate::single_flight::SingleFlight;
use crate::ssh::{SshConnection, SshContext, local_user, needs_client};
use crate::whole_commands::{self, Place, WholeCommands};
use crate::worker_binary::{WorkerBinaries, worker_directories};
use crate::{BecomeSpec, Connection, ConnectionError, ConnectionSpec, Process, Secret, WorkerSession};

const CLOSE_PATIENCE: Duration = Duration::from_secs(5);
/// For the shell of a node to come up and the worker to say hello, at least.
const LEAST_START_PATIENCE: Duration = Duration::from_secs(30);

/// One per run. However many tasks ask for a session at once, it is opened once.
pub struct Connections {
    ssh: Arc<SshContext>,
    binaries: WorkerBinaries,
    open: SingleFlight<ConnectionSpec, AnyConnection, ConnectionError>,
    sessions: SingleFlight<ConnectionSpec, WorkerSession, ConnectionError>,
}

impl Default for Connections {
    fn default() -> Self {
        Self::new(|warning| tracing::warn!("{warning}"))
    }
}

impl Connections {
    /// Warnings (an SSH option that is not supported) are given to `warn`, each once.
    pub fn new(warn: impl Fn(String) + Send + Sync + 'static) -> Self {
        Self::asking(warn, |_| None)
    }

    /// With `ask`, which puts the question to somebody, for passphrases of keys that no agent holds.
    pub fn asking(
        warn: impl Fn(String) + Send + Sync + 'static,
        ask: impl Fn(&str) -> Option<Secret> + Send + Sync + 'static,
    ) -> Self {
        Self {
            ssh: Arc::new(SshContext::new(Box::new(warn), Arc::new(ask))),
            binaries: WorkerBinaries::new(worker_directories()),
            open: SingleFlight::default(),
            sessions: SingleFlight::default(),
        }
    }

    /// The worker for this spec, brought up at first use.
    pub async fn session(&self, spec: &ConnectionSpec) -> Result<Arc<WorkerSession>, ConnectionError> {
        self.sessions.get(spec, WorkerSession::is_alive, || self.open_session(spec)).await
    }

    /// The worker over a connection that is not ours; `open` gives it at first use.
    pub async fn session_over(
        &self,
        spec: &ConnectionSpec,
        open: impl Fn() -> Option<Arc<dyn WholeCommands>>,
    ) -> Result<Arc<WorkerSession>, ConnectionError> {
        let is_for_others = spec.become_.as_ref().is_some_and(|become_| become_.user != "root");
        let place = Place { remote_tmp: &spec.remote_tmp, is_for_others };
        let start = || async {
            let commands = open().ok_or_else(|| unknown(spec))?;
            Ok(Arc::new(Box::pin(whole_commands::open(commands, &self.binaries, &place)).await?))
        };
        self.sessions.get(spec, WorkerSession::is_alive, start).await
    }

    /// The bare connection, for `raw` and `script`.
    pub async fn connection(&self, spec: &ConnectionSpec) -> Result<Arc<dyn Connection>, ConnectionError> {
        let connection = self.any_connection(spec).await?;
        Ok(connection)
    }

    /// Ends the workers that run as `user` on this host: a user with processes cannot be deleted.
    pub async fn leave_user(&self, spec: &ConnectionSpec, user: &str) {
        let key = connection_key(spec);
        let runs_as = |spec: &ConnectionSpec| {
            connection_key(spec) == key && spec.become_.as_ref().is_some_and(|become_| become_.user == user)
        };
        for session in self.sessions.remove_where(runs_as) {
            session.shut_down().await;
        }
    }

    /// `meta: reset_connection`: the next use opens everything anew.
    pub async fn reset(&self, spec: &ConnectionSpec) {
        let key = connection_key(spec);
        for session in self.sessions.remove_where(|spec| connection_key(spec) == key) {
            session.shut_down().await;
        }
        if let Some(connection) = self.open.remove(&key) {
            connection.close().await;
        }
    }

    /// Ends all workers and connections, together and in bounded time.
    pub async fn close_all(&self) {
        let mut sessions: JoinSet<()> = self.sessions.remove_all().into_iter().map(shut_down).collect();
        let _ = timeout(CLOSE_PATIENCE, async { while sessions.join_next().await.is_some() {} }).await;
        let mut connections: JoinSet<()> = self.open.remove_all().into_iter().map(close).collect();
        let _ = timeout(CLOSE_PATIENCE, async { while connections.join_next().await.is_some() {} }).await;
        self.ssh.close_hops().await;
    }

    async fn any_connection(&self, spec: &ConnectionSpec) -> Result<Arc<AnyConnection>, ConnectionError> {
        let key = connection_key(spec);
        self.open.get(&key, |connection| !connection.is_closed(), || AnyConnection::open(&self.ssh, &key)).await
    }

    async fn open_session(&self, spec: &ConnectionSpec) -> Result<Arc<WorkerSession>, ConnectionError> {
        let connection = self.any_connection(spec).await?;
        let become_ = self.effective_become(spec);
        let bootstrap = Bootstrap {
            connection: connection.as_ref(),
            host: &spec.host,
            become_,
            remote_tmp: &spec.remote_tmp,
            binaries: &self.binaries,
            patience: start_patience(spec),
        };
        Ok(Arc::new(bootstrap.run().await?))
    }

    /// Becoming who we are already is left out, as Ansible does, unless it is asked for.
    pub fn effective_become<'a>(&self, spec: &'a ConnectionSpec) -> Option<&'a BecomeSpec> {
        let is_needed = |become_: &&BecomeSpec| become_.allow_same_user || !self.is_login_user(spec, &become_.user);
        spec.become_.as_ref().filter(is_needed)
    }

    fn is_login_user(&self, spec: &ConnectionSpec, user: &str) -> bool {
        let login = match connection_kind(&spec.kind) {
            Some(Kind::Ssh | Kind::OpenSsh) => Some(self.ssh.login_user(spec)),
            Some(Kind::Local) => Some(local_user()),
            None => containers::login_user(spec),
        };
        login.as_deref() == Some(user)
    }
}

/// A password prompt must come within the timeout, as in Ansible; a slow login shell may take longer.
fn start_patience(spec: &ConnectionSpec) -> Duration {
    match &spec.become_ {
        Some(become_) => become_.timeout,
        None => (spec.timeout * 3).max(LEAST_START_PATIENCE),
    }
}

/// What two tasks must agree on to share a connection.
fn connection_key(spec: &ConnectionSpec) -> ConnectionSpec {
    ConnectionSpec { become_: None, executable: String::new(), remote_tmp: String::new(), ..spec.clone() }
}

async fn shut_down(session: Arc<WorkerSession>) {
    session.shut_down().await;
}

async fn close(connection: Arc<AnyConnection>) {
    connection.close().await;
}

/// The kinds of connection there are, besides containers: one row each.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Ssh,
    OpenSsh,
    Local,
}

static KINDS: &[(&str, Kind)] = &[
    ("ssh", Kind::Ssh),
    ("smart", Kind::Ssh),
    ("paramiko", Kind::Ssh),
    ("paramiko_ssh", Kind::Ssh),
    ("openssh", Kind::OpenSsh),
    ("local", Kind::Local),
];

fn connection_kind(name: &str) -> Option<Kind> {
    KINDS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
}

/// Whether connections of this name, fully qualified, are built in.
pub fn is_known(name: &str) -> bool {
    let short = name.rsplit('.').next().unwrap_or(name);
    connection_kind(short).is_some() || containers::names().any(|known| known == short)
}

fn unknown(spec: &ConnectionSpec) -> ConnectionError {
    let known: Vec<&str> = KINDS.iter().map(|(name, _)| *name).chain(containers::names()).collect();
    let message = format!("the connection plugin '{}' was not found; there are: {}", spec.kind, known.join(", "));
    ConnectionError::Configuration { host: spec.host.clone(), message }
}

enum AnyConnection {
    Ssh(Arc<SshConnection>),
    Program(ProgramConnection),
}

impl AnyConnection {
    async fn open(ssh: &Arc<SshContext>, spec: &ConnectionSpec) -> Result<Arc<Self>, ConnectionError> {
        let program = |program: Program| {
            tracing::debug!(host = spec.host, "EXEC {} …", shell_words::join(&program.words));
            Ok(Arc::new(Self::Program(ProgramConnection::new(&spec.host, program))))
        };
        match connection_kind(&spec.kind) {
            Some(Kind::Ssh) if !needs_client(spec) => Ok(Arc::new(Self::Ssh(SshConnection::open(ssh, spec).await?))),
            Some(Kind::Ssh | Kind::OpenSsh) => program(openssh::program(spec)?),
            Some(Kind::Local) => {
                let user = local_user();
                tracing::debug!(host = spec.host, "ESTABLISH LOCAL CONNECTION FOR USER: {user}");
                Ok(Arc::new(Self::Program(ProgramConnection::local(&spec.host, spec.directory.clone()))))
            }
            None => match containers::program(spec) {
                Some(words) => program(words?),
                None => Err(unknown(spec)),
            },
        }
    }

    fn inner(&self) -> &dyn Connection {
        match self {
            Self::Ssh(connection) => connection.as_ref(),
            Self::Program(connection) => connection,
        }
    }
}

#[async_trait]
impl Connection for AnyConnection {
    async fn start(&self, command: &str, pty: bool) -> Result<Process, ConnectionError> {
        self.inner().start(command, pty).await
    }

    fn host(&self) -> &str {
        self.inner().host()
    }

    async fn close(&self) {
        self.inner().close().await;
    }

    fn is_closed(&self) -> bool {
        self.inner().is_closed()
    }

    fn is_absence(&self, said: &str) -> bool {
        self.inner().is_absence(said)
    }
}
