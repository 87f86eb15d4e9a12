//! Dialling: the stream to a host, the SSH handshake on it, and patience with servers that are busy.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rand::Rng;
use russh::client::{Config, Handle, connect_stream};
use russh::{AlgorithmKind, client};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::SshContext;
use super::agent_forwarding::AgentForwarding;
use super::login::{Login, LoginError};
use super::options::AddressFamily;
use super::proxy_command::{self, Complaints};
use super::server_check::{ServerCheck, Verdicts};
use super::target::Target;
use crate::ConnectionError;

/// Handshakes under way at once, over all hosts: they are what costs, on both sides.
pub(crate) const HANDSHAKES: usize = 64;
/// A server over its `MaxStartups` closes connections at random; so often it is asked again.
const BUSY_RETRIES: u32 = 6;
const BUSY_PAUSE: Duration = Duration::from_millis(100);
/// Slow directories behind PAM are no reason to give up.
const LOGIN_PATIENCE: u32 = 3;
/// Big enough that fast lines never wait for an acknowledgement.
const WINDOW: u32 = 8 * 1024 * 1024;
const PACKET: u32 = 65_535;

/// A logged-in connection and what its background task knows.
pub(crate) type LoggedIn = (Handle<ServerCheck>, Arc<Verdicts>);

/// What one try came to.
enum Failure {
    /// The server hung up before it knew anything about us: it is busy.
    Busy(ConnectionError),
    /// The network; `retries` may help.
    Network(ConnectionError),
    /// Keys that might have been right are encrypted.
    Locked(Vec<PathBuf>, ConnectionError),
    Final(ConnectionError),
}

/// `through` gives a stream via another host; `None` connects directly.
pub(crate) async fn dial(
    context: &SshContext,
    target: &Arc<Target>,
    through: Option<&Handle<ServerCheck>>,
) -> Result<LoggedIn, ConnectionError> {
    let (mut busy, mut attempts) = (0, 0);
    loop {
        match dial_once(context, target, through).await {
            Ok(connection) => return Ok(connection),
            Err(Failure::Final(error)) => return Err(error),
            Err(Failure::Locked(keys, error)) => {
                if !target.may_ask || !context.unlock(&keys).await {
                    return Err(error);
                }
            }
            Err(Failure::Busy(error)) if busy < BUSY_RETRIES => {
                tracing::debug!(host = target.label, "the server is busy: {error}");
                busy += 1;
                sleep(back_off(busy)).await;
            }
            Err(Failure::Network(error) | Failure::Busy(error)) => {
                attempts += 1;
                if attempts >= target.attempts {
                    return Err(error);
                }
                sleep(back_off(attempts)).await;
            }
        }
    }
}

/// Doubling, with chance in it so that a crowd does not come back as one.
fn back_off(times: u32) -> Duration {
    let longest = BUSY_PAUSE * 2_u32.saturating_pow(times);
    longest.mul_f64(rand::rng().random_range(0.5..1.0))
}

async fn dial_once(
    context: &SshContext,
    target: &Arc<Target>,
    through: Option<&Handle<ServerCheck>>,
) -> Result<LoggedIn, Failure> {
    let _permit = permit(&context.handshakes).await;
    let verdicts = Arc::new(Verdicts::default());
    let check = ServerCheck {
        target: Arc::clone(target),
        host_keys: Arc::clone(&context.host_keys),
        verdicts: Arc::clone(&verdicts),
        forwarding: AgentForwarding::default(),
    };
    let config = Arc::new(config(context, target));
    let mut handle = match (through, &target.proxy_command) {
        (Some(hop), _) => handshake(target, config, tunnel(target, hop).await?, check, &verdicts).await?,
        (None, Some(command)) => {
            let (line, complaints) = proxy_command::open(command)
                .map_err(|error| Failure::Final(target.unreachable(format!("ProxyCommand '{command}': {error}"))))?;
            match handshake(target, config, line, check, &verdicts).await {
                Err(Failure::Busy(_)) => return Err(proxy_failure(target, command, &complaints).await),
                other => other?,
            }
        }
        (None, None) => handshake(target, config, tcp(context, target).await?, check, &verdicts).await?,
    };
    log_in(context, target, &mut handle, &verdicts).await?;
    Ok((handle, verdicts))
}

async fn permit(semaphore: &Semaphore) -> Option<tokio::sync::SemaphorePermit<'_>> {
    semaphore.acquire().await.ok()
}

async fn tcp(context: &SshContext, target: &Target) -> Result<TcpStream, Failure> {
    let Target { host, port, .. } = target;
    let unreachable = |message: String| Failure::Network(target.unreachable(message));
    let resolving = timeout(target.timeout, context.resolver.resolve(host, *port)).await;
    let addresses = resolving
        .unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
        .map_err(|error| unreachable(format!("ssh: Could not resolve hostname {host}: {}", plain(&error))))?;
    let is_wanted = |address: &SocketAddr| match target.address_family {
        AddressFamily::Any => true,
        AddressFamily::Inet => address.is_ipv4(),
        AddressFamily::Inet6 => address.is_ipv6(),
    };
    let addresses: Vec<SocketAddr> = addresses.into_iter().filter(is_wanted).collect();
    let failed = |reason: String| unreachable(format!("ssh: connect to host {host} port {port}: {reason}"));
    match timeout(target.timeout, connect(&addresses, target.bind_address)).await {
        Err(_) => Err(failed("Connection timed out".to_owned())),
        Ok(Err(error)) => Err(failed(plain(&error))),
        Ok(Ok(stream)) => {
            // A refused option costs speed, not function.
            let _ = stream.set_nodelay(true);
            Ok(stream)
        }
    }
}

/// To the first address that answers.
async fn connect(addresses: &[SocketAddr], from: Option<IpAddr>) -> std::io::Result<TcpStream> {
    let Some(from) = from else { return TcpStream::connect(addresses).await };
    let mut outcome = Err(ErrorKind::AddrNotAvailable.into());
    for address in addresses.iter().filter(|address| address.is_ipv4() == from.is_ipv4()) {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.bind(SocketAddr::new(from, 0))?;
        outcome = socket.connect(*address).await;
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

/// The system's words without the number in parentheses.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

async fn tunnel(target: &Target, hop: &Handle<ServerCheck>) -> Result<russh::ChannelStream<client::Msg>, Failure> {
    let Target { host, port, .. } = target;
    let opened = timeout(target.timeout, hop.channel_open_direct_tcpip(host, u32::from(*port), "127.0.0.1", 0)).await;
    match opened {
        Ok(Ok(channel)) => Ok(channel.into_stream()),
        Ok(Err(error)) => {
            Err(Failure::Network(target.unreachable(format!("the jump host cannot reach {host} port {port}: {error}"))))
        }
        Err(_) => Err(Failure::Network(target.timed_out("connecting through the jump host", target.timeout))),
    }
}

async fn handshake<S>(
    target: &Target,
    config: Arc<Config>,
    stream: S,
    check: ServerCheck,
    verdicts: &Verdicts,
) -> Result<Handle<ServerCheck>, Failure>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    match timeout(target.timeout, connect_stream(config, stream, check)).await {
        Ok(Ok(handle)) => Ok(handle),
        Ok(Err(error)) => Err(handshake_failure(target, &error, verdicts)),
        Err(_) => Err(Failure::Network(target.timed_out("the SSH handshake", target.timeout))),
    }
}

async fn proxy_failure(target: &Target, command: &str, complaints: &Complaints) -> Failure {
    // What it has to say may come a moment after its end.
    sleep(BUSY_PAUSE).await;
    let text = complaints.text();
    let text = if text.is_empty() { "it said nothing".to_owned() } else { text };
    Failure::Network(target.unreachable(format!("ProxyCommand '{command}' ended: {text}")))
}

fn handshake_failure(target: &Target, error: &russh::Error, verdicts: &Verdicts) -> Failure {
    if let Some(message) = verdicts.host_key_error() {
        return Failure::Final(ConnectionError::HostKey { host: target.label.clone(), message });
    }
    let unreachable = |reason: &str| target.unreachable(format!("{} port {}: {reason}", target.host, target.port));
    match error {
        russh::Error::Disconnect | russh::Error::HUP => {
            Failure::Busy(unreachable("Connection closed during the SSH handshake"))
        }
        russh::Error::IO(error) => match error.kind() {
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                Failure::Busy(unreachable("Connection reset during the SSH handshake"))
            }
            _ => Failure::Network(unreachable(&plain(error))),
        },
        russh::Error::NoCommonAlgo { kind, theirs, .. } => {
            let (what, option) = kind_of(kind);
            Failure::Final(unreachable(&format!(
                "Unable to negotiate: no matching {what} found. Their offer: {offer}. To accept an old one, set \
                 ansible_ssh_common_args='-o {option}=+NAME'",
                offer = theirs.join(",")
            )))
        }
        russh::Error::Version => Failure::Final(unreachable("what answers there is not an SSH server")),
        other => Failure::Final(unreachable(&other.to_string())),
    }
}

/// What `ssh` calls it, and its option.
fn kind_of(kind: &AlgorithmKind) -> (&'static str, &'static str) {
    match kind {
        AlgorithmKind::Kex => ("key exchange method", "KexAlgorithms"),
        AlgorithmKind::Key => ("host key type", "HostKeyAlgorithms"),
        AlgorithmKind::Cipher => ("cipher", "Ciphers"),
        AlgorithmKind::Compression => ("compression method", "Compression"),
        AlgorithmKind::Mac => ("MAC", "MACs"),
    }
}

async fn log_in(
    context: &SshContext,
    target: &Target,
    handle: &mut Handle<ServerCheck>,
    verdicts: &Verdicts,
) -> Result<(), Failure> {
    let patience = target.timeout * LOGIN_PATIENCE;
    let login = Login::new(handle, target, &context.identities, !verdicts.is_suspect());
    match timeout(patience, login.run()).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(LoginError::Refused { message, locked })) => {
            let error = ConnectionError::AuthFailed { host: target.label.clone(), message };
            Err(if locked.is_empty() { Failure::Final(error) } else { Failure::Locked(locked, error) })
        }
        Ok(Err(LoginError::Broken(error))) => {
            // The background task may know better, a moment later.
            sleep(BUSY_PAUSE).await;
            let reason = verdicts.end_reason().unwrap_or_else(|| error.to_string());
            Err(Failure::Network(target.unreachable(format!("{} hung up during login: {reason}", target.host))))
        }
        Err(_) => Err(Failure::Network(target.timed_out("logging in", patience))),
    }
}

fn config(context: &SshContext, target: &Target) -> Config {
    let (host_keys, certificates) = context.host_keys.preferred_algorithms(target);
    Config {
        window_size: WINDOW,
        maximum_packet_size: PACKET,
        preferred: target.algorithms.preferred(host_keys, certificates),
        keepalive_interval: target.keepalive.map(|keepalive| keepalive.interval),
        keepalive_max: target.keepalive.map_or(0, |keepalive| keepalive.count_max as usize),
        nodelay: true,
        ..Config::default()
    }
}

impl Target {
    fn unreachable(&self, message: String) -> ConnectionError {
        ConnectionError::Unreachable { host: self.label.clone(), message }
    }

    fn timed_out(&self, what: &str, after: Duration) -> ConnectionError {
        ConnectionError::Timeout { host: self.label.clone(), what: what.to_owned(), after }
    }
}
