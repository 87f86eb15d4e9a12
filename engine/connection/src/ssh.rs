//! SSH: one connection per host, any number of commands on it.

mod agent_forwarding;
mod algorithms;
mod arguments;
mod certificate_signer;
mod channel_process;
mod config_file;
mod dial;
#[cfg(test)]
mod fuzz;
mod host_certificate;
mod host_keys;
mod identities;
mod known_hosts;
mod login;
mod networks;
mod options;
mod paths;
mod proxy_command;
mod resolver;
mod revoked_keys;
mod server_check;
mod session_requests;
mod target;
mod wildcard;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use russh::Disconnect;
use russh::client::Handle;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use self::arguments::SshArguments;
use self::config_file::ConfigFile;
use self::host_keys::HostKeys;
use self::identities::Identities;
pub(crate) use self::paths::local_user;
use self::resolver::Resolver;
use self::server_check::{ServerCheck, Verdicts};
use self::session_requests::SessionRequests;
use self::target::Target;
use crate::single_flight::SingleFlight;
use crate::{Connection, ConnectionError, ConnectionSpec, Process, Secret};

const CLOSE_PATIENCE: Duration = Duration::from_millis(500);

/// What all connections of a run share: files read once, keys decoded once, handshakes paced.
pub(crate) struct SshContext {
    config: OnceLock<ConfigFile>,
    other_configs: Mutex<Vec<(PathBuf, Arc<ConfigFile>)>>,
    host_keys: Arc<HostKeys>,
    resolver: Resolver,
    identities: Identities,
    handshakes: Semaphore,
    /// Connections to jump hosts, by the way to them.
    hops: SingleFlight<HopKey, SshConnection, ConnectionError>,
    warned: Mutex<HashSet<String>>,
    warn: Box<dyn Fn(String) + Send + Sync>,
    ask: Ask,
}

/// Asks somebody at a terminal for a passphrase; `None` where nobody is.
pub(crate) type Ask = Arc<dyn Fn(&str) -> Option<Secret> + Send + Sync>;

/// Whether only the OpenSSH client can do what the spec wants.
pub(crate) fn needs_client(spec: &ConnectionSpec) -> bool {
    spec.ssh_executable.is_some() || SshArguments::parse(&spec.ssh_args).needs_client
}

impl SshContext {
    pub(crate) fn new(warn: Box<dyn Fn(String) + Send + Sync>, ask: Ask) -> Self {
        Self {
            config: OnceLock::new(),
            other_configs: Mutex::default(),
            host_keys: Arc::default(),
            resolver: Resolver::default(),
            identities: Identities::default(),
            handshakes: Semaphore::new(dial::HANDSHAKES),
            hops: SingleFlight::default(),
            warned: Mutex::default(),
            warn,
            ask,
        }
    }

    /// Connections to jump hosts, when no host behind them is open any more.
    pub(crate) async fn close_hops(&self) {
        for hop in self.hops.remove_all() {
            hop.close().await;
        }
    }

    /// Opens an encrypted key with what somebody types, once a run. True: one of them is open now.
    async fn unlock(&self, keys: &[PathBuf]) -> bool {
        for key in keys {
            if self.identities.unlock(key, &self.ask).await {
                return true;
            }
        }
        false
    }

    /// Who will be logged in for this spec.
    pub(crate) fn login_user(&self, spec: &ConnectionSpec) -> String {
        self.target(spec).user
    }

    fn target(&self, spec: &ConnectionSpec) -> Target {
        let arguments = SshArguments::parse(&spec.ssh_args);
        arguments.warnings.iter().for_each(|warning| self.warn_once(warning));
        match &arguments.config_file {
            Some(path) => Target::resolve(spec, &arguments.options, &self.other_config(path)),
            None => Target::resolve(spec, &arguments.options, self.default_config()),
        }
    }

    fn default_config(&self) -> &ConfigFile {
        self.config.get_or_init(|| {
            let config = ConfigFile::load_default();
            config.warnings.iter().for_each(|warning| self.warn_once(warning));
            config
        })
    }

    fn other_config(&self, path: &std::path::Path) -> Arc<ConfigFile> {
        let mut configs = self.other_configs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, config)) = configs.iter().find(|(known, _)| known == path) {
            return Arc::clone(config);
        }
        let config = Arc::new(ConfigFile::load(path));
        config.warnings.iter().for_each(|warning| self.warn_once(warning));
        configs.push((path.to_owned(), Arc::clone(&config)));
        config
    }

    fn warn_once(&self, warning: &str) {
        let is_new = self.warned.lock().unwrap_or_else(PoisonError::into_inner).insert(warning.to_owned());
        if is_new {
            (self.warn)(warning.to_owned());
        }
    }
}

pub(crate) struct SshConnection {
    label: String,
    handle: Handle<ServerCheck>,
    verdicts: Arc<Verdicts>,
    /// A host that does not open a channel in this time is dead.
    patience: Duration,
    requests: SessionRequests,
    /// Kept because this connection runs through it.
    _through: Option<Arc<SshConnection>>,
    context: Arc<SshContext>,
    spec: ConnectionSpec,
    /// Opened because the server takes only so many sessions on one connection.
    siblings: tokio::sync::Mutex<Vec<Arc<SshConnection>>>,
}

impl SshConnection {
    pub(crate) async fn open(context: &Arc<SshContext>, spec: &ConnectionSpec) -> Result<Arc<Self>, ConnectionError> {
        let target = context.target(spec);
        let mut key = HopKey { lane: lane(&spec.host), way: Vec::new() };
        let mut through: Option<Arc<Self>> = None;
        for hop in way(spec, &target, |hop| context.target(hop).jumps) {
            key.way.push(hop.clone());
            let open = || Self::open_target(context, &hop, context.target(&hop), through.clone());
            through = Some(context.hops.get(&key, |hop| !hop.is_closed(), open).await?);
        }
        Self::open_target(context, spec, target, through).await
    }

    async fn open_target(
        context: &Arc<SshContext>,
        spec: &ConnectionSpec,
        target: Target,
        through: Option<Arc<Self>>,
    ) -> Result<Arc<Self>, ConnectionError> {
        let target = Arc::new(target);
        let Target { label, user, host, port, .. } = &*target;
        let hop = through.as_ref().map(|hop| format!(" through {}", hop.label)).unwrap_or_default();
        tracing::debug!(host = label, "ESTABLISH SSH CONNECTION FOR USER: {user} ({host} port {port}{hop})");
        let (handle, verdicts) = dial::dial(context, &target, through.as_ref().map(|hop| &hop.handle)).await?;
        let patience = target.timeout * 2;
        Ok(Arc::new(Self {
            label: target.label.clone(),
            requests: if verdicts.is_suspect() { target.requests.without_agent() } else { target.requests.clone() },
            handle,
            verdicts,
            patience,
            _through: through,
            context: Arc::clone(context),
            spec: spec.clone(),
            siblings: tokio::sync::Mutex::default(),
        }))
    }

    fn lost(&self) -> ConnectionError {
        ConnectionError::Lost { host: self.label.clone(), message: self.verdicts.why_it_ended() }
    }
}

/// Hosts behind the same jump host share so many connections to it: few enough to spare it, and one host that is
/// slow to read holds up a part of the others only.
const LANES: u64 = 8;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct HopKey {
    lane: u64,
    way: Vec<ConnectionSpec>,
}

fn lane(host: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    host.hash(&mut hasher);
    hasher.finish() % LANES
}

/// Longer chains are a mistake.
const MOST_HOPS: usize = 16;

/// The jump hosts on the way, from here. As with `ssh`, the way to the first of them may be in the configuration, too;
/// `jumps` tells it. One that leads back to a host on the way (`Host *` means the jump host as well) is none.
fn way(spec: &ConnectionSpec, target: &Target, jumps: impl Fn(&ConnectionSpec) -> Vec<String>) -> Vec<ConnectionSpec> {
    let hops = |of: &ConnectionSpec, jumps: &[String]| jumps.iter().map(|hop| hop_spec(of, hop)).collect::<Vec<_>>();
    let mut way = hops(spec, &target.jumps);
    while let Some(first) = way.first() {
        let before = hops(first, &jumps(first));
        if before.is_empty() || before.iter().any(|hop| way.contains(hop)) || way.len() + before.len() > MOST_HOPS {
            break;
        }
        way.splice(0..0, before);
    }
    way
}

/// `[user@]host[:port]`, logged in to with the same keys and configuration but none of the host's own variables.
fn hop_spec(spec: &ConnectionSpec, hop: &str) -> ConnectionSpec {
    let (user, rest) = hop.rsplit_once('@').map_or((None, hop), |(user, rest)| (Some(user.to_owned()), rest));
    let (address, port) = match rest.rsplit_once(':') {
        Some((address, port)) if !address.contains(':') || address.ends_with(']') => (address, port.parse().ok()),
        _ => (rest, None),
    };
    ConnectionSpec {
        host: format!("jump host {rest}"),
        address: address.trim_matches(['[', ']']).to_owned(),
        user,
        port,
        password: None,
        ssh_args: configuration_of(spec),
        become_: None,
        ..spec.clone()
    }
}

/// `-F` is for every host on the way.
fn configuration_of(spec: &ConnectionSpec) -> String {
    let file = SshArguments::parse(&spec.ssh_args).config_file;
    file.map(|file| format!("-F {}", shell_words::quote(&file.to_string_lossy()))).unwrap_or_default()
}

#[async_trait]
impl Connection for SshConnection {
    async fn start(&self, command: &str, pty: bool) -> Result<Process, ConnectionError> {
        if let Some(process) = self.start_here(command, pty).await? {
            return Ok(process);
        }
        let mut siblings = self.siblings.lock().await;
        siblings.retain(|sibling| !sibling.is_closed());
        for sibling in siblings.iter() {
            if let Some(process) = sibling.start_here(command, pty).await? {
                return Ok(process);
            }
        }
        tracing::debug!(host = self.label, "one more connection for one more session");
        let sibling = Box::pin(Self::open(&self.context, &self.spec)).await?;
        siblings.push(Arc::clone(&sibling));
        sibling.start_here(command, pty).await?.ok_or_else(|| {
            let message = "the host opens no session; see MaxSessions in its sshd_config".to_owned();
            ConnectionError::Unreachable { host: self.label.clone(), message }
        })
    }

    fn host(&self) -> &str {
        &self.label
    }

    async fn close(&self) {
        for sibling in self.siblings.lock().await.drain(..) {
            sibling.hang_up().await;
        }
        self.hang_up().await;
    }

    fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }
}

impl SshConnection {
    async fn hang_up(&self) {
        self.verdicts.end("the connection was closed");
        let _ = timeout(CLOSE_PATIENCE, self.handle.disconnect(Disconnect::ByApplication, "", "en")).await;
    }

    /// `None`: the server opens no further session on this connection.
    async fn start_here(&self, command: &str, pty: bool) -> Result<Option<Process>, ConnectionError> {
        if self.handle.is_closed() {
            return Err(self.lost());
        }
        let opened = timeout(self.patience, self.handle.channel_open_session()).await;
        let channel = match opened {
            Err(_) => {
                let what = "opening a channel".to_owned();
                return Err(ConnectionError::Timeout { host: self.label.clone(), what, after: self.patience });
            }
            Ok(Err(russh::Error::ChannelOpenFailure(_))) => return Ok(None),
            Ok(Err(_)) => return Err(self.lost()),
            Ok(Ok(channel)) => channel,
        };
        let process = channel_process::start(channel, command, pty, &self.requests, Arc::clone(&self.verdicts)).await;
        process.map(Some).map_err(|_| self.lost())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jump_hosts() {
        let spec = ConnectionSpec::ssh("web");
        let cases = [
            ("gate", (None, "gate", None)),
            ("me@gate:2222", (Some("me"), "gate", Some(2222))),
            ("me@[::1]:22", (Some("me"), "::1", Some(22))),
            ("::1", (None, "::1", None)),
        ];
        for (text, (user, address, port)) in cases {
            let hop = hop_spec(&spec, text);
            assert_eq!((hop.user.as_deref(), hop.address.as_str(), hop.port), (user, address, port), "{text}");
        }
        let elsewhere = ConnectionSpec { ssh_args: "-C -F '/a b' -p 7".into(), ..spec };
        assert_eq!(hop_spec(&elsewhere, "gate").ssh_args, "-F '/a b'");
    }

    #[test]
    fn ways_through_jump_hosts() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(
            file.path(),
            "Host inner\nProxyJump middle\nHost middle\nProxyJump outer\nHost round\nProxyJump trip\n\
             Host trip\nProxyJump round\nHost plain\nProxyJump none\nHost *\nProxyJump outer\n",
        )
        .unwrap();
        let context = SshContext::new(Box::new(|_| ()), Arc::new(|_| None));
        let cases = [
            ("inner", "", "outer middle"),
            ("web", "", "outer"),
            ("outer", "", "outer"),
            ("plain", "", ""),
            ("web", "-J inner,x", "outer middle inner x"),
            ("web", "-J trip", "round trip"),
        ];
        for (host, args, expected) in cases {
            let args = format!("-F {} {args}", file.path().display());
            let spec = ConnectionSpec { ssh_args: args, ..ConnectionSpec::ssh(host) };
            let way = way(&spec, &context.target(&spec), |hop| context.target(hop).jumps);
            let way: Vec<&str> = way.iter().map(|hop| hop.address.as_str()).collect();
            assert_eq!(way.join(" "), expected, "{host}");
        }
    }
}
