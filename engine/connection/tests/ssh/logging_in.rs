//! Host keys, ways to log in, and becoming another user.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn host_keys() {
    let Some(server) = Sshd::start() else { return };
    let good = spec(&server);
    let empty = tempfile::NamedTempFile::new().unwrap();
    let unknown = ConnectionSpec { known_hosts: vec![empty.path().to_owned()], ..good.clone() };
    let wrong = ConnectionSpec { known_hosts: vec![server.wrong_known_hosts.clone()], ..good.clone() };

    let error = error_of(&unknown).await;
    assert!(matches!(error, ConnectionError::HostKey { .. }) && error.is_unreachable());
    let message = error.to_string();
    assert!(
        message.contains("is not known") && message.contains("SHA256:") && message.contains("ssh-keyscan -p"),
        "{message}"
    );

    let message = error_of(&wrong).await.to_string();
    assert!(message.contains("has changed") && message.matches("SHA256:").count() == 2, "{message}");

    let recorded = std::fs::read_to_string(&server.known_hosts).unwrap();
    let revoked = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(revoked.path(), format!("{recorded}@revoked * {}", recorded.split_once(' ').unwrap().1)).unwrap();
    let message =
        error_of(&ConnectionSpec { known_hosts: vec![revoked.path().to_owned()], ..good.clone() }).await.to_string();
    assert!(message.contains("is revoked"), "{message}");

    let connections = Connections::default();
    let learning = ConnectionSpec {
        ssh_args: format!("{} -o StrictHostKeyChecking=accept-new", good.ssh_args),
        ..unknown.clone()
    };
    assert_eq!(stdout_of(&connections, &learning, "echo up").await.unwrap(), "up");
    connections.close_all().await;
    let learned = std::fs::read_to_string(empty.path()).unwrap();
    assert_eq!(
        learned.split_whitespace().take(3).collect::<Vec<_>>(),
        recorded.split_whitespace().take(3).collect::<Vec<_>>()
    );
    assert_eq!(stdout_of(&Connections::default(), &unknown, "echo known now").await.unwrap(), "known now");

    let unchecked = ConnectionSpec { host_key_checking: false, ..wrong };
    assert_eq!(stdout_of(&Connections::default(), &unchecked, "echo up").await.unwrap(), "up");
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_in() {
    let Some(server) = Sshd::start() else { return };
    let good = spec(&server);
    let refused = ConnectionSpec { private_key_file: Some(server.other_key.clone()), ..good.clone() };
    let error = error_of(&refused).await;
    assert!(matches!(error, ConnectionError::AuthFailed { .. }) && error.is_unreachable());
    assert!(error.to_string().contains("Permission denied (publickey"), "{error}");

    let absent = ConnectionSpec { private_key_file: Some("/nowhere/key".into()), ..good.clone() };
    assert!(error_of(&absent).await.to_string().contains("there is no key /nowhere/key"));

    let locked = server.key.with_file_name("locked");
    std::fs::copy(&server.key, &locked).unwrap();
    let encrypt =
        std::process::Command::new("ssh-keygen").args(["-q", "-p", "-N", "opensesame", "-f"]).arg(&locked).status();
    assert!(encrypt.unwrap().success());
    let mut with_locked = ConnectionSpec { private_key_file: Some(locked), ..good.clone() };
    assert!(error_of(&with_locked).await.to_string().contains("is encrypted and there is no passphrase"));
    with_locked.private_key_passphrase = Some(Secret::new("wrong"));
    assert!(error_of(&with_locked).await.to_string().contains("passphrase does not open"));
    with_locked.private_key_passphrase = Some(Secret::new("opensesame"));
    assert_eq!(stdout_of(&Connections::default(), &with_locked, "echo in").await.unwrap(), "in");

    if server.has_accounts() {
        let mut with_password =
            ConnectionSpec { private_key_file: None, password: Some(Secret::new(Account::PASSWORD)), ..good };
        assert_eq!(stdout_of(&Connections::default(), &with_password, "echo in").await.unwrap(), "in");
        with_password.password = Some(Secret::new("wrong"));
        assert!(error_of(&with_password).await.to_string().contains("Permission denied"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rsa_keys_and_agents() {
    let Some(server) = Sshd::start() else { return };
    if !server.has_accounts() {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let rsa = scratch.path().join("rsa");
    let made = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "rsa", "-b", "2048", "-N", "", "-f"])
        .arg(&rsa)
        .status();
    assert!(made.unwrap().success());
    std::fs::copy(rsa.with_extension("pub"), server.home(Account::Alice).join("authorized_keys")).unwrap();
    let spec = ConnectionSpec { private_key_file: Some(rsa.clone()), ..spec(&server) };
    assert_eq!(stdout_of(&Connections::default(), &spec, "echo rsa").await.unwrap(), "rsa");

    let socket = scratch.path().join("agent");
    let mut agent = std::process::Command::new("ssh-agent")
        .arg("-D")
        .arg("-a")
        .arg(&socket)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while !socket.exists() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let added = std::process::Command::new("ssh-add").arg("-q").arg(&rsa).env("SSH_AUTH_SOCK", &socket).status();
    assert!(added.unwrap().success());
    let from_agent = ConnectionSpec {
        private_key_file: None,
        ssh_args: format!("-F none -o IdentityFile=/nowhere -o IdentityAgent={}", socket.display()),
        ..spec
    };
    let answer = stdout_of(&Connections::default(), &from_agent, "echo agent").await;
    agent.kill().unwrap();
    agent.wait().unwrap();
    assert_eq!(answer.unwrap(), "agent");
}

#[tokio::test(flavor = "multi_thread")]
async fn becoming_another_user() {
    let Some(server) = Sshd::start() else { return };
    if !server.has_accounts() || !Path::new("/usr/bin/sudo").exists() {
        return;
    }
    let alice = ConnectionSpec { become_: become_user("carol", None), ..spec(&server) };
    let connections = Connections::default();
    assert_eq!(
        stdout_of(&connections, &alice, "id -un; echo $HOME").await.unwrap(),
        format!("carol\n{}", server.home(Account::Carol).display())
    );
    assert_eq!(
        stdout_of(&connections, &ConnectionSpec { become_: None, ..alice.clone() }, "id -un").await.unwrap(),
        "alice"
    );
    assert_eq!(
        stdout_of(&connections, &ConnectionSpec { become_: become_user("root", None), ..alice.clone() }, "id -un")
            .await
            .unwrap(),
        "root"
    );
    assert_eq!(server.log().matches("Accepted publickey").count(), 1, "one connection for all users");
    connections.close_all().await;
    assert_eq!(cached_workers(&server.home(Account::Carol)).len(), 1);

    let bob = |password| ConnectionSpec {
        user: Some("bob".into()),
        become_: become_user("carol", password),
        ..spec(&server)
    };
    let connections = Connections::default();
    assert_eq!(stdout_of(&connections, &bob(Some(Account::PASSWORD)), "id -un").await.unwrap(), "carol");
    connections.close_all().await;
    for (spec, expected) in [
        (bob(None), "Missing sudo password"),
        (bob(Some("wrong")), "Incorrect sudo password"),
        (
            ConnectionSpec {
                user: Some("carol".into()),
                become_: become_user("alice", Some(Account::PASSWORD)),
                ..spec(&server)
            },
            "not in the sudoers file",
        ),
        (ConnectionSpec { become_: become_user("nobodyknows", None), ..spec(&server) }, "unknown user"),
    ] {
        let begin = Instant::now();
        let error = error_of(&spec).await;
        assert!(matches!(error, ConnectionError::BecomeFailed { .. }) && !error.is_unreachable(), "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(begin.elapsed() < Duration::from_secs(6), "{expected} took {:?}", begin.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn becoming_with_su() {
    let Some(server) = Sshd::start() else { return };
    if !server.has_accounts() {
        return;
    }
    let su = |password: Option<&str>| {
        let become_ = become_user("carol", password).map(|become_| BecomeSpec { method: "su".into(), ..become_ });
        ConnectionSpec { become_, ..spec(&server) }
    };
    let connections = Connections::default();
    assert_eq!(stdout_of(&connections, &su(Some(Account::PASSWORD)), "id -un").await.unwrap(), "carol");
    connections.close_all().await;
    assert_eq!(error_of(&su(Some("wrong"))).await.to_string(), "Incorrect su password");
    assert_eq!(error_of(&su(None)).await.to_string(), "Missing su password");
}
