//! Logging in to a real OpenSSH server: certificates of users and hosts, algorithms, two methods in a row.
#![allow(clippy::unwrap_used, reason = "clippy sees no test in the helpers of an integration test")]

mod nodes;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use kapell_connection::{ConnectionError, ConnectionSpec, Secret};
use kapell_test_support::{Account, Sshd, SshdOptions};
use nodes::{error_of, once, spec, ssh_keygen, with_args};
use tempfile::TempDir;

/// A directory that the server may read, with an authority in it.
fn with_authority() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
    ssh_keygen(directory.path(), "-t ed25519 -N '' -f ca");
    directory
}

fn configured(config: &str) -> Option<Sshd> {
    Sshd::start_with(&SshdOptions { config: config.to_owned(), ..SshdOptions::default() })
}

fn public_key(directory: &Path, name: &str) -> String {
    std::fs::read_to_string(directory.join(name).with_extension("pub")).unwrap().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_of_users() {
    let directory = with_authority();
    let root = directory.path();
    let Some(server) = configured(&format!("TrustedUserCAKeys {}/ca.pub", root.display())) else { return };
    for kind in ["ed25519", "ecdsa", "rsa"] {
        ssh_keygen(root, &format!("-t {kind} -N '' -f {kind}"));
        let key = ConnectionSpec { private_key_file: Some(root.join(kind)), ..spec(&server) };
        assert!(matches!(error_of(&key).await, ConnectionError::AuthFailed { .. }), "{kind}");
        ssh_keygen(root, &format!("-s ca -I id -n somebody {kind}.pub"));
        assert!(matches!(error_of(&key).await, ConnectionError::AuthFailed { .. }), "{kind}");
        ssh_keygen(root, &format!("-s ca -I id -n {} {kind}.pub", server.user));
        let answer = once(&key, "echo in").await;
        assert_eq!(answer.as_deref().ok(), Some("in"), "{kind}: {answer:?}\n{}", server.log());
        // Not beside the key, but named.
        std::fs::rename(root.join(format!("{kind}-cert.pub")), root.join("elsewhere")).unwrap();
        assert!(matches!(error_of(&key).await, ConnectionError::AuthFailed { .. }), "{kind}");
        let named = with_args(&key, &format!("-o CertificateFile={}/elsewhere", root.display()));
        assert_eq!(once(&named, "echo in").await.unwrap(), "in", "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_of_hosts() {
    let directory = with_authority();
    let root = directory.path();
    ssh_keygen(root, "-t ed25519 -N '' -f host");
    ssh_keygen(root, "-t ed25519 -N '' -f other");
    let (ca, other, host) = (public_key(root, "ca"), public_key(root, "other"), public_key(root, "host"));
    let good = "-n web,127.0.0.*";
    let expired = "-n 127.0.0.1 -V 20200101:20210101";
    let future = "-n 127.0.0.1 -V +52w:+53w";
    let cases: [(&str, &str, Option<&str>); 10] = [
        (good, "@cert-authority * CA", None),
        (good, "@cert-authority [127.0.0.1]:PORT CA", None),
        (good, "@cert-authority 10.* CA", Some("is not known")),
        (good, "@cert-authority * OTHER", Some("is not known")),
        (good, "[127.0.0.1]:PORT HOST", None),
        (good, "@cert-authority * CA\n@revoked * CA", Some("is revoked")),
        (good, "@cert-authority * CA\n@revoked * HOST", Some("is revoked")),
        ("-n web", "@cert-authority * CA", Some("it is for web, not for 127.0.0.1")),
        (expired, "@cert-authority * CA", Some("it has expired")),
        (future, "@cert-authority * CA", Some("it is not valid yet")),
    ];
    for (words, known, expected) in cases {
        ssh_keygen(root, &format!("-s ca -h -I id {words} host.pub"));
        let config = format!("HostKey {0}/host\nHostCertificate {0}/host-cert.pub", root.display());
        let Some(server) = configured(&config) else { return };
        let known = known.replace("CA", &ca).replace("OTHER", &other).replace("HOST", &host);
        std::fs::write(root.join("known_hosts"), known.replace("PORT", &server.port.to_string())).unwrap();
        let spec = ConnectionSpec { known_hosts: vec![root.join("known_hosts")], ..spec(&server) };
        match expected {
            None => assert_eq!(once(&spec, "echo in").await.unwrap(), "in", "{words} {known}"),
            Some(expected) => {
                let error = error_of(&spec).await;
                assert!(matches!(error, ConnectionError::HostKey { .. }), "{error}");
                assert!(error.to_string().contains(expected), "{words} {known}: {error}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_algorithms_only_when_named() {
    let cases = [
        ("Ciphers aes256-cbc", "cipher", "-o Ciphers=+aes256-cbc"),
        ("Ciphers aes256-cbc", "cipher", "-c aes256-cbc"),
        ("Ciphers aes128-ctr\nMACs hmac-sha1", "MAC", "-o MACs=+hmac-sha1"),
        (
            "KexAlgorithms diffie-hellman-group14-sha1",
            "key exchange method",
            "-o KexAlgorithms=+diffie-hellman-group14-sha1",
        ),
    ];
    for (config, what, option) in cases {
        let Some(server) = configured(config) else { return };
        let error = error_of(&spec(&server)).await.to_string();
        assert!(error.contains(&format!("no matching {what} found. Their offer: ")), "{config}: {error}");
        assert_eq!(once(&with_args(&spec(&server), option), "echo in").await.unwrap(), "in", "{config}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rsa_with_sha1_only_when_named() {
    let directory = with_authority();
    ssh_keygen(directory.path(), "-t rsa -b 2048 -N '' -f rsa");
    let host_key = directory.path().join("rsa");
    let Some(server) = configured(&format!("HostKey {}\nHostKeyAlgorithms ssh-rsa", host_key.display())) else {
        return;
    };
    let unchecked = ConnectionSpec { host_key_checking: false, known_hosts: vec!["/dev/null".into()], ..spec(&server) };
    let error = error_of(&unchecked).await.to_string();
    assert!(error.contains("no matching host key type found. Their offer: ssh-rsa"), "{error}");
    let allowed = with_args(&unchecked, "-o HostKeyAlgorithms=+ssh-rsa");
    assert_eq!(once(&allowed, "echo in").await.unwrap(), "in");

    let Some(server) = configured("PubkeyAcceptedAlgorithms ssh-rsa") else { return };
    if !server.has_accounts() {
        return;
    }
    let rsa_pub = directory.path().join("rsa.pub");
    std::fs::copy(rsa_pub, server.home(Account::Alice).join("authorized_keys")).unwrap();
    let key = ConnectionSpec { private_key_file: Some(host_key), ..spec(&server) };
    assert!(matches!(error_of(&key).await, ConnectionError::AuthFailed { .. }));
    let allowed = with_args(&key, "-o PubkeyAcceptedAlgorithms=+ssh-rsa");
    assert_eq!(once(&allowed, "echo in").await.unwrap(), "in");
}

/// An agent of its own, gone when dropped.
struct Agent {
    process: std::process::Child,
    socket: std::path::PathBuf,
}

impl Agent {
    fn start(directory: &Path) -> Self {
        let socket = directory.join("agent");
        let mut command = std::process::Command::new("ssh-agent");
        let process = command.arg("-D").arg("-a").arg(&socket).stdout(std::process::Stdio::null()).spawn().unwrap();
        while !socket.exists() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        Self { process, socket }
    }

    fn add(&self, key: &Path) {
        let added =
            std::process::Command::new("ssh-add").arg("-q").arg(key).env("SSH_AUTH_SOCK", &self.socket).status();
        assert!(added.unwrap().success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_are_forwarded_to_those_who_want_them() {
    let directory = tempfile::tempdir().unwrap();
    let Some(server) = Sshd::start() else { return };
    ssh_keygen(directory.path(), "-t ed25519 -N '' -C forwarded -f held");
    let agent = Agent::start(directory.path());
    agent.add(&directory.path().join("held"));
    // The option stands alone: it is the first that counts, and there is one in the spec already.
    let agent_of = |args: &str| ConnectionSpec {
        ssh_args: format!("-F none -o IdentityAgent={} {args}", agent.socket.display()),
        ..spec(&server)
    };
    let look = "ssh-add -l 2>&1 | grep -c forwarded";
    assert_eq!(once(&agent_of(""), look).await.unwrap(), "0");
    let forwarding = agent_of("-A");
    let connections = kapell_connection::Connections::default();
    for _ in 0..3 {
        assert_eq!(nodes::stdout_of(&connections, &forwarding, look).await.unwrap(), "1");
    }
    connections.close_all().await;
    let other = format!("-o IdentityAgent=none -o ForwardAgent={}", agent.socket.display());
    let other = ConnectionSpec { ssh_args: format!("-F none {other}"), ..spec(&server) };
    assert_eq!(once(&other, look).await.unwrap(), "1");
    assert_eq!(once(&agent_of("-A -o BatchMode=yes -a"), look).await.unwrap(), "1", "the first counts");
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_go_along() {
    let Some(server) = configured("AcceptEnv KAPELL_*") else { return };
    let sending = with_args(&spec(&server), "-o SendEnv=CARGO_MANIFEST_D* -o 'SetEnv KAPELL_A=\"1 2\" OTHER=3'");
    assert_eq!(once(&sending, "echo $KAPELL_A:$OTHER:$CARGO_MANIFEST_DIR").await.unwrap(), "1 2::");
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_keys_of_hosts() {
    let directory = tempfile::tempdir().unwrap();
    let Some(server) = Sshd::start() else { return };
    let list = directory.path().join("revoked");
    let with_list = with_args(&spec(&server), &format!("-o RevokedHostKeys={}", list.display()));
    let error = error_of(&with_list).await.to_string();
    assert!(error.contains("cannot be read"), "{error}");
    std::fs::write(&list, "# none yet\n").unwrap();
    assert_eq!(once(&with_list, "echo in").await.unwrap(), "in");
    let known = std::fs::read_to_string(&server.known_hosts).unwrap();
    let (_, key) = known.lines().next().unwrap().split_once(' ').unwrap();
    std::fs::write(&list, format!("{key}\n")).unwrap();
    let error = error_of(&with_list).await;
    assert!(matches!(error, ConnectionError::HostKey { .. }) && error.to_string().contains("is revoked"), "{error}");
    std::fs::write(&list, "SSHKRL\n\0").unwrap();
    let error = error_of(&with_list).await.to_string();
    assert!(error.contains("the binary list (KRL) is cut short"), "{error}");
    // What `ssh-keygen` makes of a key, of its hashes, and of another.
    let stranger = std::fs::read_to_string(server.other_key.with_extension("pub")).unwrap();
    let hash = |kind: &str| format!("{kind}: {key}");
    let specs = [(key.to_owned(), true), (hash("sha1"), true), (hash("sha256"), true), (stranger, false)];
    for (spec, is_revoked) in specs {
        std::fs::write(directory.path().join("spec"), format!("{spec}\n")).unwrap();
        ssh_keygen(directory.path(), "-k -f revoked spec");
        let outcome = once(&with_list, "echo in").await;
        assert_eq!(outcome.is_err_and(|error| error.to_string().contains("is revoked")), is_revoked, "{spec}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_certificates_of_hosts() {
    let directory = with_authority();
    let root = directory.path();
    for key in ["host", "other"] {
        ssh_keygen(root, &format!("-t ed25519 -N '' -f {key}"));
    }
    ssh_keygen(root, "-s ca -h -I web-7 -z 1005 -n 127.0.0.1 host.pub");
    let Some(server) = configured(&format!("HostKey {0}/host\nHostCertificate {0}/host-cert.pub", root.display()))
    else {
        return;
    };
    std::fs::write(root.join("known_hosts"), format!("@cert-authority * {}\n", public_key(root, "ca"))).unwrap();
    let spec = ConnectionSpec { known_hosts: vec![root.join("known_hosts")], ..spec(&server) };
    let with_list = with_args(&spec, &format!("-o RevokedHostKeys={}/revoked", root.display()));
    let of_authority = format!("key: {}", public_key(root, "ca"));
    let cases = [
        ("-s ca.pub ", "serial: 1005", true),
        ("-s ca.pub ", "serial: 1006", false),
        ("-s ca.pub ", "serial: 1000-2000", true),
        ("-s ca.pub ", "serial: 1\nserial: 1001\nserial: 1003\nserial: 1005\nserial: 1007", true),
        ("-s ca.pub ", "id: web-7", true),
        ("-s ca.pub ", "id: web-8", false),
        ("-s other.pub ", "id: web-7", false),
        ("-s none ", "id: web-7", true),
        ("", &of_authority, true),
    ];
    for (authority, lines, is_revoked) in cases {
        std::fs::write(root.join("spec"), format!("{lines}\n")).unwrap();
        ssh_keygen(root, &format!("-k -f revoked {authority}spec"));
        let outcome = once(&with_list, "echo in").await;
        let refused = outcome.as_ref().is_err_and(|error| error.to_string().contains("is revoked"));
        assert_eq!(refused, is_revoked, "{authority} {lines}: {outcome:?}");
    }
}

/// With checking switched off a host is let in under any key, but a new one is told no password.
#[tokio::test(flavor = "multi_thread")]
async fn hosts_with_another_key_get_no_password() {
    let Some(server) = Sshd::start() else { return };
    if !server.has_accounts() {
        return;
    }
    let by_key = ConnectionSpec {
        host_key_checking: false,
        known_hosts: vec![server.wrong_known_hosts.clone()],
        ..spec(&server)
    };
    assert_eq!(once(&by_key, "echo in").await.unwrap(), "in");
    let by_password = ConnectionSpec {
        private_key_file: Some(server.other_key.clone()),
        password: Some(Secret::new(Account::PASSWORD)),
        ..by_key
    };
    let error = error_of(&by_password).await;
    let is_refused = matches!(error, ConnectionError::AuthFailed { .. });
    assert!(is_refused && error.to_string().contains("is not told the password"), "{error}");
    assert!(!server.log().contains("Failed password"), "{}", server.log());
    let unknown = ConnectionSpec { known_hosts: vec!["/dev/null".into()], ..by_password };
    assert_eq!(once(&unknown, "echo in").await.unwrap(), "in");
}

#[tokio::test(flavor = "multi_thread")]
async fn passphrases_are_asked_for_once() {
    let directory = tempfile::tempdir().unwrap();
    let options = SshdOptions { addresses: 6, ..SshdOptions::default() };
    let Some(server) = Sshd::start_with(&options) else { return };
    let key = directory.path().join("key");
    std::fs::copy(&server.key, &key).unwrap();
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    kapell_test_support::ssh_keygen(directory.path(), &["-p", "-P", "", "-N", "right", "-f", "key"]).unwrap();
    let asking = |answers: &'static [&'static str]| {
        let asked = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let heard = std::sync::Arc::clone(&asked);
        let connections = kapell_connection::Connections::asking(
            |_| {},
            move |question| {
                let mut asked = asked.lock().unwrap();
                asked.push(question.to_owned());
                answers.get(asked.len() - 1).map(|answer| Secret::new(*answer))
            },
        );
        (std::sync::Arc::new(connections), heard)
    };
    let locked = ConnectionSpec { private_key_file: Some(key.clone()), ..spec(&server) };
    let (connections, heard) = asking(&["wrong", "right"]);
    let hosts: Vec<_> = (1..=6)
        .map(|number| {
            let spec = ConnectionSpec { address: server.address(number), ..locked.clone() };
            let connections = std::sync::Arc::clone(&connections);
            tokio::spawn(async move { nodes::stdout_of(&connections, &spec, "echo in").await })
        })
        .collect();
    for host in hosts {
        assert_eq!(host.await.unwrap().unwrap(), "in");
    }
    connections.close_all().await;
    let question = format!("Enter passphrase for key '{}': ", key.display());
    assert_eq!(*heard.lock().unwrap(), [question.clone(), question]);

    let (connections, heard) = asking(&["", "right"]);
    for _ in 0..2 {
        let error = connections.session(&locked).await.map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("is encrypted and there is no passphrase"), "{error}");
    }
    assert_eq!(heard.lock().unwrap().len(), 1, "who does not answer is not asked again");
    let (connections, heard) = asking(&["right"]);
    connections.session(&with_args(&locked, "-o BatchMode=yes")).await.map(|_| ()).unwrap_err();
    assert!(heard.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_methods_in_a_row() {
    for wanted in ["publickey,password", "password,publickey"] {
        let Some(server) = configured(&format!("AuthenticationMethods {wanted}")) else { return };
        if !server.has_accounts() {
            return;
        }
        let both = ConnectionSpec { password: Some(Secret::new(Account::PASSWORD)), ..spec(&server) };
        assert_eq!(once(&both, "echo in").await.unwrap(), "in", "{wanted}");
        let error = error_of(&spec(&server)).await.to_string();
        assert!(error.contains("Permission denied (password)"), "{wanted}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_in_variables_and_addresses() {
    let Some(server) = Sshd::start() else { return };
    let text = std::fs::read_to_string(&server.key).unwrap();
    let inline = ConnectionSpec { private_key: Some(Secret::new(text)), private_key_file: None, ..spec(&server) };
    assert_eq!(once(&inline, "echo in").await.unwrap(), "in");
    let broken = ConnectionSpec { private_key: Some(Secret::new("no key")), ..inline.clone() };
    let error = error_of(&broken).await.to_string();
    assert!(error.contains("cannot read key in ansible_ssh_private_key") && !error.contains("no key"), "{error}");

    let bound = with_args(&spec(&server), "-b 127.0.0.77");
    assert_eq!(once(&bound, "echo ${SSH_CONNECTION%% *}").await.unwrap(), "127.0.0.77");
    let error = error_of(&with_args(&spec(&server), "-6")).await;
    assert!(matches!(error, ConnectionError::Unreachable { .. }), "{error}");
}
