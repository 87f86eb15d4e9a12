//! What a file held before a module changed it is not lost: bytes of other encodings, and the backups of one second.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use kapell_modules::{ModuleCall, NoBlobs, NoEvents, run};
use serde_json::{Value, json};

/// The result of a run, its values as JSON.
fn result_of(module: &str, args: &Value) -> Value {
    let call =
        ModuleCall { module: module.to_owned(), args: args.as_object().unwrap().clone(), ..ModuleCall::default() };
    serde_json::to_value(run(&call, &mut NoBlobs, &mut NoEvents)).unwrap()
}

/// `café` as it is written in Latin 1.
const LATIN: &[u8] = b"# caf\xe9\n";

#[test]
fn modules_that_edit_text_refuse_other_encodings() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file.repo").display().to_string();
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH1PnGbGFxKgQEjICXWy17caz8sEGiwKku2LgSIHd7PA";
    let cases = [
        ("community.general.ini_file", json!({"path": path, "section": "a", "option": "b", "value": "c"})),
        ("community.general.pam_limits", limit(&path)),
        ("community.general.kernel_blacklist", json!({"name": "a", "blacklist_file": path})),
        ("community.general.pamd", rule(dir.path())),
        ("ansible.posix.sysctl", json!({"sysctl_file": path, "name": "a.b", "value": "1", "reload": false})),
        ("ansible.posix.authorized_key", json!({"path": path, "user": "root", "key": key, "manage_dir": false})),
        ("ansible.builtin.known_hosts", json!({"path": path, "name": "h", "key": format!("h {key}")})),
        ("ansible.builtin.yum_repository", repository(dir.path())),
    ];
    for (module, args) in cases {
        fs_err::write(&path, LATIN).unwrap();
        let result = result_of(module, &args);
        assert_eq!(result["failed"], true, "{module}: {result}");
        let msg = result["msg"].as_str().unwrap();
        assert!(msg.contains("can't decode byte 0xe9 in position 5: invalid continuation byte"), "{module}: {msg}");
        assert_eq!(fs_err::read(&path).unwrap(), LATIN, "{module}");
    }
}

fn limit(path: &str) -> Value {
    json!({"dest": path, "domain": "a", "limit_type": "-", "limit_item": "nofile", "value": "1"})
}

fn rule(dir: &Path) -> Value {
    let rule = json!({"name": "file.repo", "path": dir, "type": "auth", "control": "required"});
    merged(rule, json!({"module_path": "a.so", "new_control": "optional"}))
}

fn repository(dir: &Path) -> Value {
    json!({"name": "a", "file": "file", "reposdir": dir, "description": "a", "baseurl": "http://localhost"})
}

fn merged(mut one: Value, other: Value) -> Value {
    one.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    one
}

#[test]
fn modules_that_edit_bytes_keep_other_encodings() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file").display().to_string();
    let cases = [
        ("ansible.builtin.replace", json!({"path": path, "regexp": "^# ", "replace": "## "})),
        ("ansible.builtin.lineinfile", json!({"path": path, "line": "new"})),
        ("ansible.builtin.blockinfile", json!({"path": path, "block": "new"})),
        ("ansible.builtin.cron", json!({"cron_file": path, "name": "a", "job": "b", "user": "root"})),
    ];
    for (module, args) in cases {
        fs_err::write(&path, LATIN).unwrap();
        let result = result_of(module, &args);
        assert_eq!(result["changed"], true, "{module}: {result}");
        let after = fs_err::read(&path).unwrap();
        assert!(after.windows(5).any(|part| part == b"caf\xe9\n"), "{module}: {}", after.escape_ascii());
    }
}

#[test]
fn backups_of_one_second_are_all_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    fs_err::write(&path, "0\n").unwrap();
    for line in ["1", "2", "3"] {
        let args = json!({"path": path, "regexp": "^", "line": line, "backup": true});
        assert_eq!(result_of("ansible.builtin.lineinfile", &args)["changed"], true);
    }
    let others =
        fs_err::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).filter(|other| *other != path);
    let mut contents: Vec<String> = others.map(|other| fs_err::read_to_string(other).unwrap()).collect();
    contents.sort();
    assert_eq!(contents, ["0\n", "1\n", "2\n"]);
}
