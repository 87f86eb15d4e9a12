//! The worker gets onto the node, whatever is in its way.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn cold_then_warm_and_nothing_but_the_worker_stays() {
    let Some(server) = Sshd::start() else { return };
    if !server.has_accounts() {
        return;
    }
    let home = server.home(Account::Alice);
    let spec = spec(&server);
    let mut written = Vec::new();
    for _ in 0..2 {
        let connections = Connections::default();
        assert_eq!(stdout_of(&connections, &spec, "id -un").await.unwrap(), "alice");
        connections.close_all().await;
        let workers = cached_workers(&home);
        assert_eq!(workers.len(), 1, "{workers:?}");
        let meta = std::fs::metadata(&workers[0]).unwrap();
        assert_eq!(meta.permissions().mode() & 0o7777, 0o700);
        assert_eq!(std::fs::metadata(workers[0].parent().unwrap()).unwrap().permissions().mode() & 0o7777, 0o700);
        written.push(meta.modified().unwrap());
        let left: Vec<PathBuf> = files_below(&home).into_iter().filter(|path| !workers.contains(path)).collect();
        assert_eq!(left, [home.join("authorized_keys")]);
    }
    assert_eq!(written[0], written[1], "a warm start uploads nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_calls_and_sessions_share_one_connection() {
    let Some(server) = Sshd::start() else { return };
    let (connections, spec) = (Arc::new(Connections::default()), spec(&server));
    let asking: Vec<_> = (0..20)
        .map(|number| {
            let (connections, spec) = (Arc::clone(&connections), spec.clone());
            tokio::spawn(async move { stdout_of(&connections, &spec, &format!("sleep 0.1; echo {number}")).await })
        })
        .collect();
    for (number, answer) in asking.into_iter().enumerate() {
        assert_eq!(answer.await.unwrap().unwrap(), number.to_string());
    }
    assert_eq!(server.log().matches("Accepted publickey").count(), 1);
    assert_eq!(server.log().matches("Starting session: command").count(), 1);
    connections.close_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_workers_in_the_cache_are_replaced() {
    let Some(server) = Sshd::start() else { return };
    if !server.has_accounts() {
        return;
    }
    let spec = spec(&server);
    let connections = Connections::default();
    stdout_of(&connections, &spec, "true").await.unwrap();
    connections.close_all().await;
    let worker = cached_workers(&server.home(Account::Alice)).remove(0);
    let whole = std::fs::read(&worker).unwrap();
    for damage in [&whole[..whole.len() / 2], b"", b"\x7fELF nonsense", b"#!/bin/sh\nexit 3\n"] {
        std::fs::write(&worker, damage).unwrap();
        let connections = Connections::default();
        assert_eq!(stdout_of(&connections, &spec, "echo up").await.unwrap(), "up", "{} bytes", damage.len());
        connections.close_all().await;
        assert!(std::fs::read(&worker).unwrap() == whole);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn directories_that_cannot_be_used_are_passed_over() {
    let Some(server) = Sshd::start() else { return };
    if !server.has_accounts() {
        return;
    }
    // Somebody else's directory, at a place everybody knows.
    let trap = tempfile::tempdir().unwrap();
    std::fs::set_permissions(trap.path(), PermissionsExt::from_mode(0o777)).unwrap();
    std::fs::create_dir(trap.path().join("kapell")).unwrap();
    std::fs::set_permissions(trap.path().join("kapell"), PermissionsExt::from_mode(0o777)).unwrap();
    let home = server.home(Account::Alice);
    for unusable in [trap.path().to_str().unwrap(), "/proc/nowhere", "/sys", "relative"] {
        let connections = Connections::default();
        let spec = ConnectionSpec { remote_tmp: unusable.to_owned(), ..spec(&server) };
        assert_eq!(stdout_of(&connections, &spec, "echo up").await.unwrap(), "up");
        connections.close_all().await;
        let workers = cached_workers(&home);
        assert!(workers.len() == 1 && workers[0].starts_with(home.join(".cache/kapell")), "{workers:?}");
    }
    assert!(files_below(trap.path()).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn full_disks_noexec_and_sealed_homes_leave_other_places() {
    let Some(server) = Sshd::start() else { return };
    if !server.has_accounts() {
        return;
    }
    let executable = |directory: PathBuf| {
        let spec = ConnectionSpec { remote_tmp: directory.to_str().unwrap().to_owned(), ..spec(&server) };
        async move {
            let connections = Connections::default();
            let path = stdout_of(&connections, &spec, "readlink /proc/$PPID/exe").await.unwrap();
            connections.close_all().await;
            path
        }
    };
    let in_home = server.home(Account::Alice).join(".cache/kapell");
    for unusable in [server.small_disk(), server.noexec_disk()] {
        let path = executable(unusable).await;
        assert!(Path::new(&path).starts_with(&in_home), "{path}");
        std::fs::remove_dir_all(server.home(Account::Alice).join(".cache")).unwrap();
    }
    server.seal_home(Account::Alice).unwrap();
    let path = executable("~/.ansible/tmp".into()).await;
    assert!(path.starts_with("/var/tmp/kapell-"), "{path}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nowhere_to_put_the_worker_names_every_place() {
    // No file may grow beyond a few blocks: every upload fails as on a full disk.
    let config = "ForceCommand ulimit -f 64; eval \"$SSH_ORIGINAL_COMMAND\"";
    let Some(server) = Sshd::start_with(&SshdOptions { config: config.into(), ..SshdOptions::default() }) else {
        return;
    };
    if !server.has_accounts() {
        return;
    }
    let error = error_of(&spec(&server)).await;
    assert!(matches!(error, ConnectionError::Worker { .. }), "{error:?}");
    let message = error.to_string();
    assert!(message.contains("set remote_tmp"), "{message}");
    let left: Vec<PathBuf> = files_below(&server.home(Account::Alice));
    assert_eq!(left, [server.home(Account::Alice).join("authorized_keys")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_of_login_shells_is_skipped() {
    let options = SshdOptions {
        config: "ForceCommand echo 'Welcome to the machine room'; echo no newline at the end; printf x; eval \"$SSH_ORIGINAL_COMMAND\"".into(),
        ..SshdOptions::default()
    };
    let Some(server) = Sshd::start_with(&options) else { return };
    let connections = Connections::default();
    assert_eq!(stdout_of(&connections, &spec(&server), "echo up").await.unwrap(), "up");
    connections.close_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_login_shells_pass_the_bootstrap_on() {
    for shell in ["/bin/bash", "/usr/bin/fish", "/bin/csh", "/bin/tcsh", "/bin/zsh", "/bin/busybox"] {
        if !Path::new(shell).exists() {
            continue;
        }
        let Some(server) = Sshd::start_with(&SshdOptions { shell: shell.into(), ..SshdOptions::default() }) else {
            return;
        };
        let connections = Connections::default();
        assert_eq!(stdout_of(&connections, &spec(&server), "echo up").await.unwrap(), "up", "{shell}");
        connections.close_all().await;
    }
}
