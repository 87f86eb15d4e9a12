//! Lookups of secrets that a HashiCorp Vault keeps, against a server that speaks its documented API.
#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has failed")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use serde_json::{Value, json};

fn stored(path: &str) -> Option<Value> {
    let versioned = |data: Value| json!({"data": data, "metadata": {"version": 3}});
    Some(match path {
        "/v1/secret/data/app" => versioned(json!({"user": "web", "password": "kv2-password"})),
        "/v1/secret/data/one" => versioned(json!({"value": "the-only-one"})),
        "/v1/mount/data/deep/er?version=2" => versioned(json!({"a": 1, "b": [1, 2]})),
        "/v1/kv/app" => json!({"user": "web", "password": "kv1-password"}),
        "/v1/cubbyhole/x" => json!({"k": "cubby"}),
        _ => return None,
    })
}

/// Whoever logs in like this gets the token.
fn logins(path: &str) -> Option<Value> {
    Some(match path {
        "/v1/auth/approle/login" | "/v1/auth/other/login" => json!({"role_id": "r1", "secret_id": "s1"}),
        "/v1/auth/userpass/login/joe" | "/v1/auth/ldap/login/joe" => json!({"password": "pw"}),
        "/v1/auth/jwt/login" => json!({"role": "r1", "jwt": "j1"}),
        _ => return None,
    })
}

fn answer(method: &str, path: &str, token: Option<&str>, body: &[u8]) -> (u16, Value) {
    let errors = |status, errors: &[&str]| (status, json!({"errors": errors}));
    if method == "POST" {
        let given: Value = serde_json::from_slice(body).unwrap_or_default();
        return match logins(path).is_some_and(|wanted| wanted == given) {
            true => (200, json!({"auth": {"client_token": "good-token"}})),
            false => errors(400, &["invalid role or secret ID"]),
        };
    }
    match (token, stored(path)) {
        (Some("good-token"), Some(data)) => (200, json!({"request_id": "r", "lease_duration": 0, "data": data})),
        (Some("good-token"), None) => errors(404, &[]),
        _ => errors(403, &["permission denied"]),
    }
}

fn serve(mut stream: TcpStream) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        head.push(line.trim_end().to_owned());
    }
    let header = |name: &str| {
        let mut lines = head.iter().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    };
    let mut words = head.first().map(String::as_str).unwrap_or_default().split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut body = vec![0; header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    let (status, answer) = match header("x-vault-namespace") {
        Some(namespace) if namespace != "team" => (400, json!({"errors": ["no such namespace"]})),
        _ => answer(method, path, header("x-vault-token"), &body),
    };
    let text = answer.to_string();
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", text.len());
    let _ = stream.write_all((head + &text).as_bytes());
}

fn server() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        listener.incoming().flatten().for_each(|stream| drop(std::thread::spawn(|| serve(stream))));
    });
    url
}

/// What each expression gives: a value, or part of an error.
const CASES: &[(&str, &str)] = &[
    ("lookup(H, 'secret=secret/data/app:password token=good-token url=' ~ u)", "\"kv2-password\""),
    ("lookup(H, 'secret/data/app', token=t, url=u)", r#"{"password":"kv2-password","user":"web"}"#),
    ("query(H, 'secret/data/app', token=t, url=u, return_format='values') | sort", r#"["kv2-password","web"]"#),
    ("lookup(H, 'secret/data/app', token=t, url=u, return_format='raw').data.metadata.version", "3"),
    ("lookup(H, 'kv/app:user', token=t, url=u)", "\"web\""),
    ("lookup('hashi_vault', 'secret=secret/data/one:value', token=t, url=u)", "\"the-only-one\""),
    (
        "lookup(H, 'kv/app:user', 'secret=secret/data/one:value', token=t, url=u, wantlist=true)",
        r#"["web","the-only-one"]"#,
    ),
    ("lookup(H, 'kv/app:user auth_method=approle role_id=r1 secret_id=s1', url=u)", "\"web\""),
    (
        "lookup(H, 'kv/app:user', auth_method='approle', role_id='r1', secret_id='s1', mount_point='other', url=u)",
        "\"web\"",
    ),
    ("lookup(H, 'kv/app:user', auth_method='userpass', username='joe', password='pw', url=u)", "\"web\""),
    ("lookup(H, 'kv/app:user', auth_method='ldap', username='joe', password='pw', url=u)", "\"web\""),
    ("lookup(H, 'kv/app:user', auth_method='jwt', role_id='r1', jwt='j1', url=u)", "\"web\""),
    ("lookup(H, 'kv/app:user', token=t, url=u, namespace='team')", "\"web\""),
    ("lookup(H, 'kv/app:user', token=t)", "Required option url was not set."),
    ("lookup(K ~ 'vault_kv2_get', 'app', token=t, url=u).secret.password", "\"kv2-password\""),
    ("lookup(K ~ 'vault_kv2_get', 'app', token=t, url=u).metadata", r#"{"version":3}"#),
    ("lookup(K ~ 'vault_kv2_get', 'app', token=t, url=u).raw.request_id", "\"r\""),
    ("lookup(K ~ 'vault_kv2_get', 'deep/er', engine_mount_point='mount', version=2, token=t, url=u).secret.b", "[1,2]"),
    ("lookup(K ~ 'vault_kv1_get', 'app', token=t, url=u).secret.password", "\"kv1-password\""),
    ("lookup(K ~ 'vault_kv1_get', 'app', token=t, url=u).metadata.request_id", "\"r\""),
    ("lookup(K ~ 'vault_read', 'cubbyhole/x', token=t, url=u).data.k", "\"cubby\""),
    ("lookup(H, 'secret/data/none', token=t, url=u)", "The secret 'secret/data/none' doesn't seem to exist."),
    ("lookup(H, 'kv/app:nofield', token=t, url=u)", "The secret kv/app does not contain the field 'nofield'."),
    ("lookup(H, 'kv/app', token='bad', url=u)", "Forbidden: Permission Denied to secret 'kv/app'."),
    ("lookup(H, 'kv/app', auth_method='none', url=u)", "Forbidden: Permission Denied to secret 'kv/app'."),
    ("lookup(H, 'kv/app', url=u)", "No Vault Token specified or discovered."),
    (
        "lookup(H, 'kv/app', auth_method='approle', role_id='r1', secret_id='x', url=u)",
        "invalid role or secret ID, on post ",
    ),
    ("lookup(H, 'kv/app', auth_method='nope', url=u)", "Invalid value 'nope' for config 'auth_method'"),
    ("lookup(H, 'kv/app', auth_method='cert', url=u)", "the auth method 'cert' is not supported"),
    ("lookup(H, 'foo=bar', token=t, url=u)", "Required config 'secret' for "),
    ("lookup(H, 'kv/app', token=t, url=u, return_format='x')", "Invalid value 'x' for config 'return_format'"),
    ("lookup(H, 'kv/app', token=t, url='http://127.0.0.1:1')", "Connection refused"),
    (
        "lookup(K ~ 'vault_kv2_get', 'none', token=t, url=u)",
        "Invalid or missing path ['none'] with secret version 'latest'.",
    ),
    ("lookup(K ~ 'vault_kv1_get', 'none', token=t, url=u)", "Invalid or missing path ['none']: None, on get "),
    ("lookup(K ~ 'vault_read', 'none/x', token=t, url=u)", "The path 'none/x' doesn't seem to exist."),
];

fn playbook(url: &str) -> String {
    let mut text = format!(
        "- hosts: localhost\n  connection: local\n  gather_facts: false\n  vars: {{H: community.hashi_vault.hashi_vault, \
         K: community.hashi_vault., t: good-token, u: '{url}'}}\n  tasks:\n"
    );
    for (number, (expression, _)) in CASES.iter().enumerate() {
        let written = expression.replace('"', "\\\"");
        text += &format!(
            "    - copy: {{dest: '{{{{ playbook_dir }}}}/out-{number}', content: \"{{{{ ({written}) | to_json(sort_keys=true, \
             separators=[',', ':']) }}}}\"}}\n      ignore_errors: true\n      register: r{number}\n    - copy: {{dest: \
             '{{{{ playbook_dir }}}}/error-{number}', content: \"{{{{ r{number}.msg | default('') }}}}\"}}\n"
        );
    }
    text
}

#[test]
fn secrets_are_read_and_refusals_told() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("site.yml"), playbook(&server())).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kapell"));
    command.args(["playbook", "site.yml", "-vvv"]).current_dir(directory.path());
    command.env_clear().env("HOME", directory.path()).env("PATH", "/usr/bin:/bin");
    let output = command.output().unwrap();
    let shown = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{shown}");
    for secret in ["kv2-password", "kv1-password", "the-only-one"] {
        assert!(!shown.contains(secret), "{secret} is shown:\n{shown}");
    }
    let read = |name: &str| std::fs::read_to_string(directory.path().join(name)).unwrap_or_default();
    for (number, (expression, expected)) in CASES.iter().enumerate() {
        let (value, error) = (read(&format!("out-{number}")), read(&format!("error-{number}")));
        assert!(value == *expected || error.contains(expected), "{expression}: {value} {error}, not {expected}");
    }
}
