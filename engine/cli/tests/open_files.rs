//! More hosts than files may be open at first.

use std::process::Command;

const HOSTS: usize = 40;

#[test]
fn hosts_are_not_limited_by_what_shells_allow_at_first() {
    let directory = tempfile::tempdir().unwrap();
    let playbook = "- hosts: all\n  gather_facts: false\n  connection: local\n  tasks:\n    - stat: {path: /}\n";
    std::fs::write(directory.path().join("site.yml"), playbook).unwrap();
    std::fs::write(directory.path().join("hosts"), format!("h[1:{HOSTS}]\n")).unwrap();
    let run = format!("ulimit -Sn 100 && exec {} playbook -i hosts site.yml", env!("CARGO_BIN_EXE_kapell"));
    let mut command = Command::new("sh");
    command.args(["-c", &run]).current_dir(directory.path());
    command.env_clear().env("HOME", directory.path()).env("PATH", "/usr/bin:/bin");
    let ended = command.output().unwrap();
    let printed = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(ended.status.success(), "{printed}");
    assert_eq!(printed.matches("ok=1 ").count(), HOSTS, "{printed}");
}
