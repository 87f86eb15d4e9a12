//! Against a real OpenSSH server on loopback: logging in, host keys, the bootstrap, become, and everything that breaks.
#![allow(clippy::unwrap_used, reason = "clippy sees no test in the helpers of an integration test")]

mod bootstrap;
mod breaking;
mod logging_in;
mod sessions;

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
