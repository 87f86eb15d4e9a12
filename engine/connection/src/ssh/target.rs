//! `Target`: one host to log in to, everything resolved: variables first, then arguments, then configuration files.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::algorithms::Algorithms;
use super::config_file::ConfigFile;
use super::options::{AddressFamily, HostKeyChecking, SshOptions};
use super::paths::{Tokens, local_user};
use super::session_requests::SessionRequests;
use crate::{ConnectionSpec, Secret};

const DEFAULT_KEYS: [&str; 3] = ["~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"];
const USER_KNOWN_HOSTS: [&str; 2] = ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"];
const GLOBAL_KNOWN_HOSTS: [&str; 2] = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"];

#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Name in the inventory, for messages.
    pub(crate) label: String,
    /// Name or address to connect to.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    /// The name under which its key is known.
    pub(crate) key_name: String,
    pub(crate) host_key_alias: Option<String>,
    pub(crate) checking: HostKeyChecking,
    /// Where keys are looked up; the first of them is where new ones are learned.
    pub(crate) known_hosts: Vec<PathBuf>,
    pub(crate) hash_known_hosts: bool,
    /// Key files in the order in which they are tried, and whether the user named them.
    pub(crate) identities: Vec<Identity>,
    pub(crate) identities_only: bool,
    pub(crate) agent: Option<PathBuf>,
    pub(crate) password: Option<Secret>,
    pub(crate) passphrase: Option<Secret>,
    /// Methods in the order in which they are tried.
    pub(crate) methods: Vec<Method>,
    pub(crate) timeout: Duration,
    pub(crate) attempts: u32,
    pub(crate) keepalive: Option<Keepalive>,
    pub(crate) jumps: Vec<String>,
    /// A command whose stdin and stdout are the line to the host.
    pub(crate) proxy_command: Option<String>,
    pub(crate) algorithms: Algorithms,
    /// Certificates besides those that lie beside their keys.
    pub(crate) certificates: Vec<PathBuf>,
    pub(crate) address_family: AddressFamily,
    pub(crate) bind_address: Option<IpAddr>,
    /// A private key itself, from a variable.
    pub(crate) inline_key: Option<Secret>,
    /// Keys that no host may have, whatever the known hosts say.
    pub(crate) revoked_host_keys: Option<PathBuf>,
    /// What every session is asked for before its command.
    pub(crate) requests: SessionRequests,
    /// Whether somebody may be asked for what is missing.
    pub(crate) may_ask: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) path: PathBuf,
    pub(crate) is_named: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    PublicKey,
    Password,
    KeyboardInteractive,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Keepalive {
    pub(crate) interval: Duration,
    pub(crate) count_max: u32,
}

impl Target {
    /// `arguments` are the options of the spec's ssh arguments.
    pub(crate) fn resolve(spec: &ConnectionSpec, arguments: &SshOptions, config: &ConfigFile) -> Self {
        let mut options = of_variables(spec);
        options.fill_from(arguments);
        config.apply(&spec.address, &mut options);
        let port = options.port.unwrap_or(22);
        let user = options.user.clone().unwrap_or_else(local_user);
        let tokens = Tokens { alias: &spec.address, host: &spec.address, port, user: &user };
        let host = options.host_name.as_deref().map_or_else(|| spec.address.clone(), |name| tokens.expand(name));
        let tokens = Tokens { host: &host, ..tokens };
        let agent = agent_socket(options.identity_agent.as_deref(), &tokens);
        Self {
            label: spec.host.clone(),
            key_name: options.host_key_alias.clone().unwrap_or_else(|| super::known_hosts::entry_name(&host, port)),
            host_key_alias: options.host_key_alias.clone(),
            checking: options.host_key_checking.unwrap_or(HostKeyChecking::Strict),
            known_hosts: known_hosts_files(spec, &options, &tokens),
            hash_known_hosts: options.hash_known_hosts.unwrap_or(false),
            identities: identities(spec, &options, &tokens),
            identities_only: options.identities_only.unwrap_or(false),
            requests: SessionRequests::new(&options, agent.as_deref(), &tokens),
            agent,
            password: spec.password.clone(),
            passphrase: spec.private_key_passphrase.clone(),
            methods: methods(&options),
            timeout: options.connect_timeout.unwrap_or(spec.timeout),
            attempts: 1 + spec.retries.max(options.connection_attempts.unwrap_or(1).saturating_sub(1)),
            keepalive: keepalive(&options, spec.timeout),
            jumps: options.proxy_jump.clone().unwrap_or_default(),
            algorithms: Algorithms::new(&options),
            certificates: options.certificate_files.iter().map(|path| tokens.expand_path(path)).collect(),
            address_family: options.address_family.unwrap_or(AddressFamily::Any),
            bind_address: options.bind_address,
            inline_key: spec.private_key.clone(),
            revoked_host_keys: revoked_host_keys(&options, &tokens),
            may_ask: options.batch_mode != Some(true),
            proxy_command: options.proxy_command.as_deref().and_then(|command| proxy_command(command, &tokens)),
            host,
            port,
            user,
        }
    }
}

/// Variables are what a user says about this very host; they come first.
fn of_variables(spec: &ConnectionSpec) -> SshOptions {
    SshOptions {
        port: spec.port,
        user: spec.user.clone().filter(|user| !user.is_empty()),
        host_key_checking: (!spec.host_key_checking).then_some(HostKeyChecking::Off),
        ..SshOptions::default()
    }
}

fn proxy_command(command: &str, tokens: &Tokens) -> Option<String> {
    (!command.eq_ignore_ascii_case("none")).then(|| tokens.expand(command))
}

fn known_hosts_files(spec: &ConnectionSpec, options: &SshOptions, tokens: &Tokens) -> Vec<PathBuf> {
    if !spec.known_hosts.is_empty() {
        return spec.known_hosts.clone();
    }
    let defaults = |paths: [&str; 2]| paths.map(PathBuf::from).to_vec();
    let users = options.user_known_hosts.clone().unwrap_or_else(|| defaults(USER_KNOWN_HOSTS));
    let global = options.global_known_hosts.clone().unwrap_or_else(|| defaults(GLOBAL_KNOWN_HOSTS));
    users.iter().chain(&global).map(|path| tokens.expand_path(path)).collect()
}

fn revoked_host_keys(options: &SshOptions, tokens: &Tokens) -> Option<PathBuf> {
    let path = options.revoked_host_keys.as_ref().filter(|path| path.as_os_str() != "none")?;
    Some(tokens.expand_path(path))
}

/// The host's own key file, then those of the configuration; without any, the usual names.
fn identities(spec: &ConnectionSpec, options: &SshOptions, tokens: &Tokens) -> Vec<Identity> {
    let named: Vec<PathBuf> = spec.private_key_file.iter().chain(&options.identity_files).cloned().collect();
    let is_named = !named.is_empty();
    let paths = if is_named { named } else { DEFAULT_KEYS.map(PathBuf::from).to_vec() };
    paths.iter().map(|path| Identity { path: tokens.expand_path(path), is_named }).collect()
}

fn agent_socket(option: Option<&str>, tokens: &Tokens) -> Option<PathBuf> {
    match option {
        Some("none") => None,
        Some(path) if path != "SSH_AUTH_SOCK" => Some(tokens.expand_path(path.as_ref())),
        _ => std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty()).map(PathBuf::from),
    }
}

fn methods(options: &SshOptions) -> Vec<Method> {
    let named = |name: &str| match name {
        "publickey" => Some(Method::PublicKey),
        "password" => Some(Method::Password),
        "keyboard-interactive" => Some(Method::KeyboardInteractive),
        _ => None,
    };
    let all = || vec![Method::PublicKey, Method::Password, Method::KeyboardInteractive];
    let preferred =
        options.preferred_authentications.as_ref().map(|names| names.iter().filter_map(|name| named(name)).collect());
    let is_allowed = |method: &Method| match method {
        Method::PublicKey => options.pubkey_authentication != Some(false),
        Method::Password => options.password_authentication != Some(false),
        Method::KeyboardInteractive => options.keyboard_authentication != Some(false),
    };
    preferred.unwrap_or_else(all).into_iter().filter(is_allowed).collect()
}

/// Unless told otherwise, a dead host is noticed about as soon as it would be when connecting.
fn keepalive(options: &SshOptions, timeout: Duration) -> Option<Keepalive> {
    let count_max = options.server_alive_count_max;
    match options.server_alive_interval {
        Some(Duration::ZERO) => None,
        Some(interval) => Some(Keepalive { interval, count_max: count_max.unwrap_or(3) }),
        None => {
            Some(Keepalive { interval: (timeout / 2).max(Duration::from_secs(1)), count_max: count_max.unwrap_or(1) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::arguments::SshArguments;
    use super::*;

    fn target(spec: &ConnectionSpec, config: &str) -> Target {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(file.path(), config).unwrap();
        let arguments = SshArguments::parse(&spec.ssh_args);
        Target::resolve(spec, &arguments.options, &ConfigFile::load(file.path()))
    }

    #[test]
    fn variables_beat_arguments_beat_files() {
        let config =
            "Host web\nHostName 10.0.0.7\nUser file\nPort 7\nIdentityFile /keys/%r-%h\nServerAliveInterval 9\n";
        let mut spec = ConnectionSpec::ssh("web");
        spec.ssh_args = "-o Port=8".into();
        spec.private_key_file = Some("/keys/own".into());
        let resolved = target(&spec, config);
        assert_eq!((resolved.host.as_str(), resolved.user.as_str(), resolved.port), ("10.0.0.7", "file", 8));
        assert_eq!(resolved.key_name, "[10.0.0.7]:8");
        let paths: Vec<_> = resolved.identities.iter().map(|identity| identity.path.to_str().unwrap()).collect();
        assert_eq!(paths, ["/keys/own", "/keys/file-10.0.0.7"]);
        assert_eq!(resolved.keepalive, Some(Keepalive { interval: Duration::from_secs(9), count_max: 3 }));
        spec.port = Some(9);
        spec.user = Some("variable".into());
        let resolved = target(&spec, config);
        assert_eq!((resolved.user.as_str(), resolved.port), ("variable", 9));
    }

    #[test]
    fn checking_is_strict_unless_switched_off() {
        let mut spec = ConnectionSpec::ssh("web");
        assert_eq!(target(&spec, "").checking, HostKeyChecking::Strict);
        assert_eq!(target(&spec, "StrictHostKeyChecking accept-new").checking, HostKeyChecking::AcceptNew);
        spec.host_key_checking = false;
        assert_eq!(target(&spec, "StrictHostKeyChecking yes").checking, HostKeyChecking::Off);
    }

    #[test]
    fn methods_follow_preference_and_permission() {
        let mut spec = ConnectionSpec::ssh("web");
        spec.ssh_args = "-o PreferredAuthentications=password,hostbased,publickey -o PubkeyAuthentication=no".into();
        assert_eq!(target(&spec, "").methods, [Method::Password]);
    }

    #[test]
    fn proxy_commands_know_the_host() {
        let resolved = target(&ConnectionSpec::ssh("web"), "Host web\nHostName 10.0.0.7\nProxyCommand nc %h %p\n");
        assert_eq!(resolved.proxy_command.as_deref(), Some("nc 10.0.0.7 22"));
        assert_eq!(target(&ConnectionSpec::ssh("web"), "ProxyCommand none\n").proxy_command, None);
    }
}
