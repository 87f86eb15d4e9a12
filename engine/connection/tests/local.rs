//! Sessions on the control node itself: the bootstrap and the worker without any network.
#![allow(clippy::unwrap_used, reason = "clippy sees no test in the helpers of an integration test")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kapell_connection::{Blobs, ConnectionError, ConnectionSpec, Connections, ModuleCall, RawCommand, run_raw};
use serde_json::json;

fn spec(scratch: &tempfile::TempDir) -> ConnectionSpec {
    ConnectionSpec { remote_tmp: scratch.path().to_str().unwrap().to_owned(), ..ConnectionSpec::local("localhost") }
}

fn shell(line: &str) -> ModuleCall {
    let args = json!({"_raw_params": line}).as_object().cloned().unwrap();
    ModuleCall { module: "ansible.builtin.shell".to_owned(), args, ..ModuleCall::default() }
}

async fn stdout_of(connections: &Connections, spec: &ConnectionSpec, line: &str) -> Result<String, ConnectionError> {
    let session = connections.session(spec).await?;
    let result = session.call(shell(line), &Blobs::default(), None).await?;
    Ok(result["stdout"].as_str().unwrap_or_default().to_owned())
}

fn names_in(directory: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn is_alive(pid_file: &Path) -> bool {
    let pid = std::fs::read_to_string(pid_file).unwrap();
    Path::new(&format!("/proc/{}", pid.trim())).exists()
}

async fn wait_for(path: &Path) {
    while std::fs::read_to_string(path).unwrap_or_default().trim().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cold_warm_and_clean() {
    let scratch = tempfile::tempdir().unwrap();
    let mut cached = Vec::new();
    for _ in 0..2 {
        let connections = Connections::default();
        assert_eq!(stdout_of(&connections, &spec(&scratch), "echo up").await.unwrap(), "up");
        connections.close_all().await;
        cached.push(names_in(&scratch.path().join("kapell")));
    }
    assert_eq!(cached[0], cached[1]);
    assert!(cached[0].len() == 1 && cached[0][0].starts_with("kapell-worker-"), "{cached:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_ends_running_commands() {
    let scratch = tempfile::tempdir().unwrap();
    let pid_file: PathBuf = scratch.path().join("pid");
    let (connections, spec) = (Connections::default(), spec(&scratch));
    let session = connections.session(&spec).await.unwrap();
    let blobs = Blobs::default();
    let running = session.call(shell(&format!("echo $$ > {}; exec sleep 100", pid_file.display())), &blobs, None);
    let closing = async {
        wait_for(&pid_file).await;
        let begin = Instant::now();
        connections.close_all().await;
        begin.elapsed()
    };
    let (result, took) = tokio::join!(running, closing);
    assert!(matches!(result, Err(ConnectionError::Lost { .. })), "{result:?}");
    assert!(took < Duration::from_secs(3), "closing took {took:?}");
    assert!(!is_alive(&pid_file));
    assert!(matches!(session.call(shell("true"), &blobs, None).await, Err(ConnectionError::Lost { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_is_dropped_leaves_nothing_running() {
    let scratch = tempfile::tempdir().unwrap();
    let pid_file = scratch.path().join("pid");
    let connections = Connections::default();
    let pid = stdout_of(&connections, &spec(&scratch), "echo $PPID").await.unwrap();
    std::fs::write(&pid_file, pid).unwrap();
    assert!(is_alive(&pid_file));
    drop(connections);
    let begin = Instant::now();
    while is_alive(&pid_file) {
        assert!(begin.elapsed() < Duration::from_secs(5), "the worker still runs");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(names_in(&scratch.path().join("kapell")).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_is_replaced() {
    let scratch = tempfile::tempdir().unwrap();
    let (connections, spec) = (Connections::default(), spec(&scratch));
    let lost = stdout_of(&connections, &spec, "kill -9 $PPID").await.unwrap_err();
    assert!(lost.to_string().contains("killed by signal 9"), "{lost}");
    assert_eq!(stdout_of(&connections, &spec, "echo again").await.unwrap(), "again");
    connections.reset(&spec).await;
    assert_eq!(stdout_of(&connections, &spec, "echo reset").await.unwrap(), "reset");
    connections.close_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn raw_commands() {
    let (connections, spec) = (Connections::default(), ConnectionSpec::local("localhost"));
    let connection = connections.connection(&spec).await.unwrap();
    let command =
        RawCommand { command: "cat; echo err >&2; exit 3".into(), stdin: b"in".to_vec(), ..RawCommand::default() };
    let output = run_raw(connection.as_ref(), None, &command).await.unwrap();
    assert_eq!((output.rc, output.stdout, output.stderr), (3, b"in".to_vec(), b"err\n".to_vec()));
}
