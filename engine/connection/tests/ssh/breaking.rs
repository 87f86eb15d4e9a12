//! What ends in the middle, what cannot be reached, and ways around.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_call_is_cancelled_on_the_node() {
    let Some(server) = Sshd::start() else { return };
    let (connections, scratch) = (Connections::default(), tempfile::tempdir().unwrap());
    std::fs::set_permissions(scratch.path(), PermissionsExt::from_mode(0o777)).unwrap();
    let pid_file = scratch.path().join("pid");
    let session = connections.session(&spec(&server)).await.unwrap();
    {
        let blobs = Blobs::default();
        let running = session.call(shell(&format!("echo $$ > {}; exec sleep 100", pid_file.display())), &blobs, None);
        assert!(tokio::time::timeout(Duration::from_millis(700), running).await.is_err());
    }
    let pid = std::fs::read_to_string(&pid_file).unwrap();
    let begin = Instant::now();
    while Path::new(&format!("/proc/{}", pid.trim())).exists() {
        assert!(begin.elapsed() < Duration::from_secs(5), "the command still runs");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let after = session.call(shell("echo still here"), &Blobs::default(), None).await.unwrap();
    assert_eq!(text(&after, "stdout"), "still here");
    connections.close_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_connection_ends_the_call_at_once_and_the_next_use_reconnects() {
    let Some(server) = Sshd::start() else { return };
    let (connections, spec) = (Connections::default(), spec(&server));
    let session = connections.session(&spec).await.unwrap();
    let blobs = Blobs::default();
    let running = session.call(shell("sleep 60"), &blobs, None);
    let killing = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.kill_connections();
        Instant::now()
    };
    let (result, killed) = tokio::join!(running, killing);
    let error = result.unwrap_err();
    assert!(matches!(error, ConnectionError::Lost { .. }) && error.is_unreachable(), "{error:?}");
    assert!(killed.elapsed() < Duration::from_secs(2), "noticed after {:?}", killed.elapsed());
    assert_eq!(stdout_of(&connections, &spec, "echo again").await.unwrap(), "again");
    connections.close_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_falls_silent_is_noticed_within_the_timeout() {
    let Some(server) = Sshd::start() else { return };
    let spec = ConnectionSpec { timeout: Duration::from_secs(3), ..spec(&server) };
    let connections = Connections::default();
    let session = connections.session(&spec).await.unwrap();
    server.freeze();
    let begin = Instant::now();
    let error = session.call(shell("true"), &Blobs::default(), None).await.unwrap_err();
    assert!(matches!(error, ConnectionError::Lost { .. }), "{error:?}");
    assert!(begin.elapsed() < Duration::from_secs(5), "noticed after {:?}", begin.elapsed());
    let begin = Instant::now();
    let error = connections.session(&spec).await.map(|_| ()).unwrap_err();
    assert!(error.is_unreachable() && begin.elapsed() < Duration::from_secs(5), "{error} after {:?}", begin.elapsed());
    server.thaw();
    connections.close_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_cannot_be_reached() {
    let Some(server) = Sshd::start() else { return };
    let closed = { std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port() };
    let error = error_of(&ConnectionSpec { port: Some(closed), ..spec(&server) }).await;
    assert!(
        error.to_string().contains(&format!("ssh: connect to host 127.0.0.1 port {closed}: Connection refused")),
        "{error}"
    );
    let unnamed = ConnectionSpec { address: "no-such-host.invalid".into(), ..spec(&server) };
    assert!(error_of(&unnamed).await.to_string().contains("Could not resolve hostname no-such-host.invalid"));
    let exotic = ConnectionSpec { kind: "winrm".into(), ..spec(&server) };
    assert!(error_of(&exotic).await.to_string().contains("the connection plugin 'winrm' was not found"));

    // Accepts, and never says a word.
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = silent.local_addr().unwrap().port();
    let begin = Instant::now();
    let error = error_of(&ConnectionSpec { port: Some(port), timeout: Duration::from_secs(1), ..spec(&server) }).await;
    assert!(matches!(error, ConnectionError::Timeout { .. }), "{error:?}");
    assert!(begin.elapsed() < Duration::from_secs(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_cannot_run_a_worker_say_why() {
    let cases = [
        ("ForceCommand echo This account is not available; exit 1", "This account is not available"),
        ("ForceCommand echo sh: not found >&2; exit 127", "sh: not found"),
    ];
    for (config, expected) in cases {
        let Some(server) = Sshd::start_with(&SshdOptions { config: config.into(), ..SshdOptions::default() }) else {
            return;
        };
        let error = error_of(&spec(&server)).await;
        assert!(
            matches!(error, ConnectionError::Unreachable { .. }) && error.to_string().contains(expected),
            "{error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_instead_of_frames_concerns_that_host_alone() {
    // Lets the worker come up, then mixes something into its frames.
    let config = "ForceCommand { eval \"$SSH_ORIGINAL_COMMAND\"; } & (sleep 1.5; echo 'WARNING: disk failing'); wait";
    let Some(bad) = Sshd::start_with(&SshdOptions { config: config.into(), ..SshdOptions::default() }) else { return };
    let Some(good) = Sshd::start() else { return };
    let connections = Connections::default();
    let (bad_spec, good_spec) = (spec(&bad), spec(&good));
    let (bad_answer, good_answer) = tokio::join!(
        stdout_of(&connections, &bad_spec, "sleep 3; echo never"),
        stdout_of(&connections, &good_spec, "sleep 2; echo fine"),
    );
    assert!(matches!(bad_answer, Err(ConnectionError::Lost { .. } | ConnectionError::Worker { .. })), "{bad_answer:?}");
    assert_eq!(good_answer.unwrap(), "fine");
    connections.close_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn busy_servers_are_asked_again() {
    let options = SshdOptions { addresses: 20, config: "MaxStartups 2:80:4".into(), ..SshdOptions::default() };
    let Some(server) = Sshd::start_with(&options) else { return };
    let connections = Arc::new(Connections::default());
    let asking: Vec<_> = (1..=20)
        .map(|number| {
            let (connections, spec) =
                (Arc::clone(&connections), ConnectionSpec { address: server.address(number), ..spec(&server) });
            tokio::spawn(async move { stdout_of(&connections, &spec, "echo up").await })
        })
        .collect();
    for answer in asking {
        assert_eq!(answer.await.unwrap().unwrap(), "up");
    }
    connections.close_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn through_a_jump_host() {
    let Some(server) = Sshd::start_with(&SshdOptions { addresses: 2, ..SshdOptions::default() }) else { return };
    let through = ConnectionSpec {
        address: server.address(2),
        ssh_args: format!("-F none -o ProxyJump={}@127.0.0.1:{}", server.user, server.port),
        ..spec(&server)
    };
    let connections = Connections::default();
    assert_eq!(stdout_of(&connections, &through, "echo ${SSH_CONNECTION%% *}").await.unwrap(), "127.0.0.1");
    assert_eq!(server.log().matches("Accepted publickey").count(), 2);
    connections.close_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_hosts_share_few_connections_to_a_jump_host() {
    let Some(server) = Sshd::start_with(&SshdOptions { addresses: 17, ..SshdOptions::default() }) else { return };
    let connections = Arc::new(Connections::default());
    let asking: Vec<_> = (2..=17)
        .map(|number| {
            let spec = ConnectionSpec {
                host: format!("host{number}"),
                address: server.address(number),
                ssh_args: format!("-F none -J {}@127.0.0.1:{}", server.user, server.port),
                ..spec(&server)
            };
            let connections = Arc::clone(&connections);
            tokio::spawn(async move { stdout_of(&connections, &spec, "echo up").await })
        })
        .collect();
    for answer in asking {
        assert_eq!(answer.await.unwrap().unwrap(), "up");
    }
    let logins = server.log().matches("Accepted publickey").count();
    assert!((17..=24).contains(&logins), "16 hosts and at most 8 connections to the jump host, not {logins}");
    connections.close_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn through_a_proxy_command() {
    let Some(server) = Sshd::start() else { return };
    let by_ssh = format!(
        "ssh -F none -i {} -o UserKnownHostsFile={} -p {} -W %h:%p {}@127.0.0.1",
        server.key.display(),
        server.known_hosts.display(),
        server.port,
        server.user
    );
    let spec =
        |command: &str| ConnectionSpec { ssh_args: format!("-F none -o ProxyCommand='{command}'"), ..spec(&server) };
    let connections = Connections::default();
    assert_eq!(stdout_of(&connections, &spec(&by_ssh), "echo up").await.unwrap(), "up");
    connections.close_all().await;
    let error = error_of(&spec("echo no way >&2")).await.to_string();
    assert!(error.contains("ProxyCommand") && error.contains("no way"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn options_that_are_not_supported_are_mentioned_once() {
    let Some(server) = Sshd::start() else { return };
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&warnings);
    let connections = Connections::new(move |warning| heard.lock().unwrap().push(warning));
    let spec = ConnectionSpec { ssh_args: "-F none -o Tunnel=yes -o ControlMaster=auto".into(), ..spec(&server) };
    for line in ["echo 1", "echo 2"] {
        stdout_of(&connections, &spec, line).await.unwrap();
    }
    connections.reset(&spec).await;
    stdout_of(&connections, &spec, "echo 3").await.unwrap();
    connections.close_all().await;
    assert_eq!(*warnings.lock().unwrap(), ["ssh option Tunnel is not supported and not used"]);
}
