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
