//! What tests against real nodes share: the way to a server, one command, an expected error.
#![allow(dead_code, clippy::unwrap_used, reason = "every test binary uses a part of it")]

use std::path::Path;
use std::time::Duration;

use kapell_connection::{Blobs, ConnectionError, ConnectionSpec, Connections, ModuleCall};
use kapell_test_support::Sshd;
use serde_json::{Map, Value, json};

pub(crate) fn spec(server: &Sshd) -> ConnectionSpec {
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

/// With more arguments for `ssh`.
pub(crate) fn with_args(spec: &ConnectionSpec, args: &str) -> ConnectionSpec {
    ConnectionSpec { ssh_args: format!("{} {args}", spec.ssh_args), ..spec.clone() }
}

pub(crate) fn call(module: &str, args: &Value) -> ModuleCall {
    ModuleCall { module: module.to_owned(), args: args.as_object().cloned().unwrap(), ..ModuleCall::default() }
}

pub(crate) fn shell(line: &str) -> ModuleCall {
    call("ansible.builtin.shell", &json!({"_raw_params": line}))
}

pub(crate) fn text(result: &Map<String, Value>, key: &str) -> String {
    result.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

pub(crate) async fn stdout_of(
    connections: &Connections,
    spec: &ConnectionSpec,
    line: &str,
) -> Result<String, ConnectionError> {
    let session = connections.session(spec).await?;
    let result = session.call(shell(line), &Blobs::default(), None).await?;
    Ok(text(&result, "stdout"))
}

/// On a connection of its own, closed afterwards.
pub(crate) async fn once(spec: &ConnectionSpec, line: &str) -> Result<String, ConnectionError> {
    let connections = Connections::default();
    let answer = stdout_of(&connections, spec, line).await;
    connections.close_all().await;
    answer
}

pub(crate) async fn error_of(spec: &ConnectionSpec) -> ConnectionError {
    once(spec, "true").await.map(|_| ()).expect_err("the session should not open")
}

/// Runs `ssh-keygen` in a directory; the words are split at spaces.
pub(crate) fn ssh_keygen(directory: &Path, words: &str) {
    let words: Vec<&str> = words.split(' ').map(|word| if word == "''" { "" } else { word }).collect();
    kapell_test_support::ssh_keygen(directory, &words).unwrap();
}
