//! Raw commands, contents and live output.

use super::*;

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
