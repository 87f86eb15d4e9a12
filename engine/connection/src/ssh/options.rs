//! `SshOptions`: what OpenSSH options say about one host, from `-o` arguments and configuration files alike.
//!
//! As with `ssh`, the first value obtained for an option wins; files given for identities add up. Own code because
//! the arguments (`ssh_common_args`) and the files (`ssh_config(5)`) share one table of keywords here, and the crates
//! that read the files drop options we need (known hosts, host key checking, keepalive, identities only).

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// What to do about host keys that are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostKeyChecking {
    /// Unknown keys are refused.
    Strict,
    /// Unknown keys are learned, changed keys refused.
    AcceptNew,
    /// Anything goes; unknown keys are learned.
    Off,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SshOptions {
    pub(crate) host_name: Option<String>,
    pub(crate) port: Option<u16>,
    pub(crate) user: Option<String>,
    pub(crate) identity_files: Vec<PathBuf>,
    pub(crate) identities_only: Option<bool>,
    /// A socket, `SSH_AUTH_SOCK` or `none`.
    pub(crate) identity_agent: Option<String>,
    pub(crate) user_known_hosts: Option<Vec<PathBuf>>,
    pub(crate) global_known_hosts: Option<Vec<PathBuf>>,
    pub(crate) host_key_alias: Option<String>,
    pub(crate) host_key_checking: Option<HostKeyChecking>,
    pub(crate) hash_known_hosts: Option<bool>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) connection_attempts: Option<u32>,
    /// Zero: no keepalive.
    pub(crate) server_alive_interval: Option<Duration>,
    pub(crate) server_alive_count_max: Option<u32>,
    /// Hops in order; empty: none.
    pub(crate) proxy_jump: Option<Vec<String>>,
    pub(crate) proxy_command: Option<String>,
    pub(crate) preferred_authentications: Option<Vec<String>>,
    pub(crate) pubkey_authentication: Option<bool>,
    pub(crate) password_authentication: Option<bool>,
    pub(crate) keyboard_authentication: Option<bool>,
    pub(crate) certificate_files: Vec<PathBuf>,
    /// Lists of algorithms as they are written; see `algorithms.rs`.
    pub(crate) ciphers: Option<String>,
    pub(crate) macs: Option<String>,
    pub(crate) kex_algorithms: Option<String>,
    pub(crate) host_key_algorithms: Option<String>,
    pub(crate) pubkey_algorithms: Option<String>,
    pub(crate) address_family: Option<AddressFamily>,
    pub(crate) bind_address: Option<IpAddr>,
    /// `yes`, `no`, a socket, or `$NAME` of a variable that holds one.
    pub(crate) forward_agent: Option<String>,
    /// Patterns of variables that go along; with a `-` in front, that do not.
    pub(crate) send_env: Vec<String>,
    /// `NAME=VALUE`.
    pub(crate) set_env: Vec<String>,
    pub(crate) revoked_host_keys: Option<PathBuf>,
    pub(crate) batch_mode: Option<bool>,
    /// What `Match tagged` asks for.
    pub(crate) tag: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressFamily {
    Any,
    Inet,
    Inet6,
}

/// Whether a keyword meant something to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Understood {
    Yes,
    /// The value makes no sense.
    BadValue,
    Unsupported,
}

/// Options that change nothing here, or nothing that matters: multiplexing is built in, terminals and logs are ours.
const WITHOUT_EFFECT: &[&str] = &[
    "addkeystoagent",
    "canonicalizefallbacklocal",
    "canonicalizehostname",
    "checkhostip",
    "compression",
    "controlmaster",
    "controlpath",
    "controlpersist",
    "enablesshkeysign",
    "escapechar",
    "exitonforwardfailure",
    "fingerprinthash",
    "forkafterauthentication",
    "forwardx11",
    "forwardx11trusted",
    "gssapiauthentication",
    "gssapidelegatecredentials",
    "gssapikeyexchange",
    "hostbasedauthentication",
    "ignoreunknown",
    "ipqos",
    "loglevel",
    "nohostauthenticationforlocalhost",
    "numberofpasswordprompts",
    "permitlocalcommand",
    "pkcs11provider",
    "protocol",
    "rekeylimit",
    "requesttty",
    "requiredrsasize",
    "sessiontype",
    "stdinnull",
    "streamlocalbindunlink",
    "tcpkeepalive",
    "updatehostkeys",
    "useroaming",
    "verifyhostkeydns",
    "visualhostkey",
    "xauthlocation",
];

impl SshOptions {
    /// Takes one option unless it was set before. `arguments` are the words behind the keyword.
    pub(crate) fn set(&mut self, keyword: &str, arguments: &[String]) -> Understood {
        let keyword = keyword.to_ascii_lowercase();
        let Some(value) = arguments.first() else { return Understood::BadValue };
        let taken = match keyword.as_str() {
            "hostname" => take(&mut self.host_name, Some(value.clone())),
            "port" => take(&mut self.port, value.parse().ok()),
            "user" => take(&mut self.user, Some(value.clone())),
            "identityfile" => add(&mut self.identity_files, value),
            "identitiesonly" => take(&mut self.identities_only, flag(value)),
            "identityagent" => take(&mut self.identity_agent, Some(value.clone())),
            "userknownhostsfile" => take(&mut self.user_known_hosts, Some(paths(arguments))),
            "globalknownhostsfile" => take(&mut self.global_known_hosts, Some(paths(arguments))),
            "hostkeyalias" => take(&mut self.host_key_alias, Some(value.clone())),
            "stricthostkeychecking" => take(&mut self.host_key_checking, checking(value)),
            "hashknownhosts" => take(&mut self.hash_known_hosts, flag(value)),
            "connecttimeout" => take(&mut self.connect_timeout, seconds(value)),
            "connectionattempts" => take(&mut self.connection_attempts, value.parse().ok()),
            "serveraliveinterval" => take(&mut self.server_alive_interval, seconds(value)),
            "serveralivecountmax" => take(&mut self.server_alive_count_max, value.parse().ok()),
            // The first of the two to be said is the way to go.
            "proxyjump" | "proxycommand" if self.has_proxy() => true,
            "proxyjump" => take(&mut self.proxy_jump, Some(hops(value))),
            "proxycommand" => take(&mut self.proxy_command, Some(arguments.join(" "))),
            "preferredauthentications" => take(&mut self.preferred_authentications, Some(list(value))),
            "pubkeyauthentication" => take(&mut self.pubkey_authentication, flag(value).or(Some(true))),
            "passwordauthentication" => take(&mut self.password_authentication, flag(value)),
            "kbdinteractiveauthentication" | "challengeresponseauthentication" => {
                take(&mut self.keyboard_authentication, flag(value))
            }
            "certificatefile" => add(&mut self.certificate_files, value),
            "ciphers" => take(&mut self.ciphers, Some(value.clone())),
            "macs" => take(&mut self.macs, Some(value.clone())),
            "kexalgorithms" => take(&mut self.kex_algorithms, Some(value.clone())),
            "hostkeyalgorithms" => take(&mut self.host_key_algorithms, Some(value.clone())),
            "pubkeyacceptedalgorithms" | "pubkeyacceptedkeytypes" => {
                take(&mut self.pubkey_algorithms, Some(value.clone()))
            }
            "addressfamily" => take(&mut self.address_family, address_family(value)),
            "bindaddress" => take(&mut self.bind_address, value.parse().ok()),
            "forwardagent" => take(&mut self.forward_agent, Some(value.clone())),
            "sendenv" => append(&mut self.send_env, arguments),
            "setenv" => arguments.iter().all(|word| word.contains('=')) && append(&mut self.set_env, arguments),
            "revokedhostkeys" => take(&mut self.revoked_host_keys, Some(PathBuf::from(value))),
            "tag" => take(&mut self.tag, Some(value.clone())),
            "batchmode" => take(&mut self.batch_mode, flag(value)),
            other if WITHOUT_EFFECT.contains(&other) => true,
            _ => return Understood::Unsupported,
        };
        if taken { Understood::Yes } else { Understood::BadValue }
    }

    /// Takes what `other` has and we have not.
    pub(crate) fn fill_from(&mut self, other: &Self) {
        let other = other.clone();
        for (own, others) in
            [(&mut self.identity_files, other.identity_files), (&mut self.certificate_files, other.certificate_files)]
        {
            for path in &others {
                add(own, &path.to_string_lossy());
            }
        }
        fill(&mut self.host_name, other.host_name);
        fill(&mut self.port, other.port);
        fill(&mut self.user, other.user);
        fill(&mut self.identities_only, other.identities_only);
        fill(&mut self.identity_agent, other.identity_agent);
        fill(&mut self.user_known_hosts, other.user_known_hosts);
        fill(&mut self.global_known_hosts, other.global_known_hosts);
        fill(&mut self.host_key_alias, other.host_key_alias);
        fill(&mut self.host_key_checking, other.host_key_checking);
        fill(&mut self.hash_known_hosts, other.hash_known_hosts);
        fill(&mut self.connect_timeout, other.connect_timeout);
        fill(&mut self.connection_attempts, other.connection_attempts);
        fill(&mut self.server_alive_interval, other.server_alive_interval);
        fill(&mut self.server_alive_count_max, other.server_alive_count_max);
        if !self.has_proxy() {
            self.proxy_jump = other.proxy_jump;
            self.proxy_command = other.proxy_command;
        }
        fill(&mut self.preferred_authentications, other.preferred_authentications);
        fill(&mut self.pubkey_authentication, other.pubkey_authentication);
        fill(&mut self.password_authentication, other.password_authentication);
        fill(&mut self.keyboard_authentication, other.keyboard_authentication);
        fill(&mut self.ciphers, other.ciphers);
        fill(&mut self.macs, other.macs);
        fill(&mut self.kex_algorithms, other.kex_algorithms);
        fill(&mut self.host_key_algorithms, other.host_key_algorithms);
        fill(&mut self.pubkey_algorithms, other.pubkey_algorithms);
        fill(&mut self.address_family, other.address_family);
        fill(&mut self.bind_address, other.bind_address);
        fill(&mut self.forward_agent, other.forward_agent);
        append(&mut self.send_env, &other.send_env);
        append(&mut self.set_env, &other.set_env);
        fill(&mut self.revoked_host_keys, other.revoked_host_keys);
        fill(&mut self.batch_mode, other.batch_mode);
        fill(&mut self.tag, other.tag);
    }

    fn has_proxy(&self) -> bool {
        self.proxy_jump.is_some() || self.proxy_command.is_some()
    }
}

/// `none` ends the list for good in OpenSSH; here it only adds nothing.
fn add(files: &mut Vec<PathBuf>, value: &str) -> bool {
    let path = PathBuf::from(value);
    if value != "none" && !files.contains(&path) {
        files.push(path);
    }
    true
}

fn append(words: &mut Vec<String>, more: &[String]) -> bool {
    words.extend_from_slice(more);
    true
}

fn address_family(value: &str) -> Option<AddressFamily> {
    match value.to_ascii_lowercase().as_str() {
        "any" => Some(AddressFamily::Any),
        "inet" => Some(AddressFamily::Inet),
        "inet6" => Some(AddressFamily::Inet6),
        _ => None,
    }
}

fn fill<T>(slot: &mut Option<T>, other: Option<T>) {
    if slot.is_none() {
        *slot = other;
    }
}

/// False when there is no value to take.
fn take<T>(slot: &mut Option<T>, value: Option<T>) -> bool {
    let is_good = value.is_some();
    if slot.is_none() {
        *slot = value;
    }
    is_good
}

pub(super) fn flag(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "yes" | "true" => Some(true),
        "no" | "false" => Some(false),
        _ => None,
    }
}

/// `ask` cannot ask here: it is as strict as `yes`.
fn checking(value: &str) -> Option<HostKeyChecking> {
    match value.to_ascii_lowercase().as_str() {
        "yes" | "true" | "ask" => Some(HostKeyChecking::Strict),
        "accept-new" => Some(HostKeyChecking::AcceptNew),
        "no" | "false" | "off" => Some(HostKeyChecking::Off),
        _ => None,
    }
}

/// Plain seconds or `1h30m`, as in `sshd_config(5)` TIME FORMATS.
fn seconds(value: &str) -> Option<Duration> {
    let (mut total, mut number) = (0_u64, None::<u64>);
    for byte in value.bytes() {
        match (byte, number) {
            (b'0'..=b'9', so_far) => {
                number = Some(so_far.unwrap_or(0).checked_mul(10)?.checked_add(u64::from(byte - b'0'))?);
            }
            (unit, Some(count)) => {
                total = total.checked_add(count.checked_mul(unit_seconds(unit)?)?)?;
                number = None;
            }
            _ => return None,
        }
    }
    let has_unit = value.bytes().any(|byte| byte.is_ascii_alphabetic());
    (has_unit || number.is_some()).then(|| Duration::from_secs(total + number.unwrap_or(0)))
}

fn unit_seconds(unit: u8) -> Option<u64> {
    match unit.to_ascii_lowercase() {
        b's' => Some(1),
        b'm' => Some(60),
        b'h' => Some(3600),
        b'd' => Some(86400),
        b'w' => Some(604_800),
        _ => None,
    }
}

fn paths(arguments: &[String]) -> Vec<PathBuf> {
    arguments.iter().filter(|path| *path != "none").map(PathBuf::from).collect()
}

fn list(value: &str) -> Vec<String> {
    value.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn hops(value: &str) -> Vec<String> {
    if value.eq_ignore_ascii_case("none") { Vec::new() } else { list(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_wins_and_identities_add_up() {
        let mut options = SshOptions::default();
        let word = |text: &str| vec![text.to_owned()];
        assert_eq!(options.set("Port", &word("2222")), Understood::Yes);
        assert_eq!(options.set("port", &word("22")), Understood::Yes);
        assert_eq!(options.set("IdentityFile", &word("/a")), Understood::Yes);
        assert_eq!(options.set("IdentityFile", &word("/b")), Understood::Yes);
        assert_eq!(options.set("StrictHostKeyChecking", &word("accept-new")), Understood::Yes);
        assert_eq!(options.set("ControlPersist", &word("60s")), Understood::Yes);
        assert_eq!(options.set("Port", &word("many")), Understood::BadValue);
        assert_eq!(options.set("Tunnel", &word("yes")), Understood::Unsupported);
        assert_eq!(options.port, Some(2222));
        assert_eq!(options.identity_files, [PathBuf::from("/a"), PathBuf::from("/b")]);
        assert_eq!(options.host_key_checking, Some(HostKeyChecking::AcceptNew));
    }

    #[test]
    fn time_formats() {
        let cases = [
            ("30", Some(30)),
            ("1h30m", Some(5400)),
            ("0", Some(0)),
            ("2M5", Some(125)),
            ("x", None),
            ("", None),
            ("5y", None),
        ];
        for (text, expected) in cases {
            assert_eq!(seconds(text), expected.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn the_table_is_in_order() {
        assert!(WITHOUT_EFFECT.is_sorted());
    }
}
