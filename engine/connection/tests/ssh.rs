//! Against a real OpenSSH server on loopback: logging in, host keys, the bootstrap, become, and everything that breaks.
#![allow(clippy::unwrap_used, reason = "clippy sees no test in the helpers of an integration test")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kapell_connection::{
    BecomeSpec, BlobSource, Blobs, ConnectionError, ConnectionSpec, Connections, ModuleCall, OutputLine, RawCommand,
    Secret, run_raw,
};
use kapell_test_support::{Account, Sshd, SshdOptions};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

fn spec(server: &Sshd) -> ConnectionSpec {
    ConnectionSpec {
        port: Some(server.port),
        user: Some(server.user.clone()),
        private_key_file: Some(server.key.clone()),
        known_hosts: vec![server.known_hosts.clone()],
        timeout: Duration::from_secs(20),
        ssh_args: "-F none -o IdentityAgent=none".to_owned(),
        remote_tmp: "~/.ansible/tmp".to_owned(),
        ..ConnectionSpec::ssh("127.0.0.1")
    }
}

fn call(module: &str, args: &Value) -> ModuleCall {
    ModuleCall { module: module.to_owned(), args: args.as_object().cloned().unwrap(), ..ModuleCall::default() }
}

fn shell(line: &str) -> ModuleCall {
    call("ansible.builtin.shell", &json!({"_raw_params": line}))
}

async fn stdout_of(connections: &Connections, spec: &ConnectionSpec, line: &str) -> Result<String, ConnectionError> {
    let session = connections.session(spec).await?;
    let result = session.call(shell(line), &Blobs::default(), None).await?;
    Ok(text(&result, "stdout"))
}

fn text(result: &Map<String, Value>, key: &str) -> String {
    result.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

async fn error_of(spec: &ConnectionSpec) -> ConnectionError {
    let connections = Connections::default();
    let error = connections.session(spec).await.map(|_| ()).expect_err("the session should not open");
    connections.close_all().await;
    error
}

#[allow(clippy::unnecessary_wraps, reason = "the shape of the field it is for")]
fn become_user(user: &str, password: Option<&str>) -> Option<BecomeSpec> {
    Some(BecomeSpec { password: password.map(Secret::new), ..BecomeSpec::new("sudo", user) })
}

/// Everything below a directory, without the directories themselves.
fn files_below(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    entries
        .flatten()
        .flat_map(|entry| if entry.path().is_dir() { files_below(&entry.path()) } else { vec![entry.path()] })
        .collect()
}

fn cached_workers(home: &Path) -> Vec<PathBuf> {
    let is_worker = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with("kapell-worker-");
    files_below(home).into_iter().filter(is_worker).collect()
}

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

#[tokio::test(flavor = "multi_thread")]
async fn raw_commands() {
    let Some(server) = Sshd::start() else { return };
    let (connections, spec) = (Connections::default(), spec(&server));
    let connection = connections.connection(&spec).await.unwrap();
    let raw = |command: &str| RawCommand { command: command.to_owned(), ..RawCommand::default() };
    let output = run_raw(connection.as_ref(), None, &raw("echo out; echo err >&2; exit 7")).await.unwrap();
    assert_eq!((output.rc, output.stdout, output.stderr), (7, b"out\n".to_vec(), b"err\n".to_vec()));
    let with_input = RawCommand { stdin: b"#!/bin/sh\necho script $1\n".to_vec(), ..raw("cat > s; sh s arg; rm s") };
    assert_eq!(run_raw(connection.as_ref(), None, &with_input).await.unwrap().stdout, b"script arg\n");
    let with_terminal = RawCommand { pty: true, ..raw("tty > /dev/null && echo terminal") };
    assert_eq!(run_raw(connection.as_ref(), None, &with_terminal).await.unwrap().stdout, b"terminal\n");
    let big = run_raw(connection.as_ref(), None, &raw("head -c 3000000 /dev/zero")).await.unwrap();
    assert_eq!(big.stdout.len(), 3_000_000);
    if server.has_accounts() {
        let become_ = become_user("carol", None);
        let output = run_raw(connection.as_ref(), become_.as_ref(), &raw("id -un; exit 3")).await.unwrap();
        assert_eq!((output.rc, output.stdout), (3, b"carol\n".to_vec()));
    }
    connections.close_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contents_and_files_travel() {
    let Some(server) = Sshd::start() else { return };
    let (connections, spec, scratch) = (Connections::default(), spec(&server), tempfile::tempdir().unwrap());
    std::fs::set_permissions(scratch.path(), PermissionsExt::from_mode(0o777)).unwrap();
    let session = connections.session(&spec).await.unwrap();
    let content: Vec<u8> = (0..5_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let hash = hex::encode(Sha256::digest(&content));
    let source = scratch.path().join("source");
    std::fs::write(&source, &content).unwrap();
    let blobs = Blobs::from_iter([(hash.clone(), BlobSource::Path(source))]);
    for name in ["one", "two"] {
        let dest = scratch.path().join(name);
        let args = json!({"dest": dest.to_str(), "_content_sha256": hash, "_original_basename": "source"});
        let result = session.call(call("ansible.builtin.copy", &args), &blobs, None).await.unwrap();
        assert_eq!(result.get("changed"), Some(&json!(true)), "{result:?}");
        assert!(std::fs::read(&dest).unwrap() == content);
    }
    let mut fetched = Vec::new();
    let info = session.fetch(scratch.path().join("one").to_str().unwrap(), &mut fetched).await.unwrap();
    assert!(fetched == content && info.sha256 == hash && info.size == content.len() as u64);
    let error = session.fetch("/nowhere/file", &mut fetched).await.unwrap_err();
    assert!(!error.is_unreachable() && error.to_string().contains("/nowhere/file"), "{error}");

    let missing = json!({"dest": scratch.path().join("three").to_str(), "_content_sha256": "ab".repeat(32), "_original_basename": "x"});
    let result = session.call(call("ansible.builtin.copy", &missing), &blobs, None).await.unwrap();
    assert_eq!(result.get("failed"), Some(&json!(true)), "{result:?}");
    connections.close_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn output_lines_arrive_while_the_command_runs() {
    let Some(server) = Sshd::start() else { return };
    let connections = Connections::default();
    let session = connections.session(&spec(&server)).await.unwrap();
    let (sender, mut lines) = mpsc::channel(16);
    let blobs = Blobs::default();
    let running = session.call(shell("sleep 1.5; echo first; sleep 1.5; echo second"), &blobs, Some(sender));
    let watching = async {
        let first: Option<OutputLine> = lines.recv().await;
        (first.map(|line| line.line), Instant::now())
    };
    let (result, (first, seen)) = tokio::join!(running, watching);
    assert_eq!(text(&result.unwrap(), "stdout"), "first\nsecond");
    if let Some(line) = first {
        assert_eq!(line, "first");
        assert!(seen.elapsed() > Duration::from_millis(500), "the line came while the command ran");
    }
    connections.close_all().await;
}

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
        assert!(matches!(error, ConnectionError::Worker { .. }) && error.to_string().contains(expected), "{error}");
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
