//! SIGINT: once, what is in flight finishes and is reported; twice, the run stops at once and leaves nothing running.
#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has failed")]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PLAYBOOK: &str = "
- hosts: localhost
  gather_facts: false
  tasks:
    - command: sh -c 'echo $$ > begun; sleep 4; touch ended'
      args: {chdir: '{{ playbook_dir }}'}
    - file: {path: '{{ playbook_dir }}/next', state: touch}
";

fn start(directory: &Path) -> Child {
    std::fs::write(directory.join("site.yml"), PLAYBOOK).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kapell"));
    command.args(["playbook", "site.yml"]).current_dir(directory);
    command.env_clear().env("HOME", directory).env("PATH", "/usr/bin:/bin");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn wait_for(path: &Path) {
    let begun = Instant::now();
    while std::fs::read(path).unwrap_or_default().is_empty() {
        assert!(begun.elapsed() < Duration::from_mins(1), "{} does not come", path.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn interrupt(child: &Child) {
    let told = Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status().unwrap();
    assert!(told.success());
}

#[test]
fn once_lets_what_is_in_flight_finish() {
    let directory = tempfile::tempdir().unwrap();
    let child = start(directory.path());
    wait_for(&directory.path().join("begun"));
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    let shown = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(99), "{shown}");
    assert!(directory.path().join("ended").exists() && !directory.path().join("next").exists(), "{shown}");
    assert!(shown.contains("changed: [localhost]"), "{shown}");
}

#[test]
fn twice_stops_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let child = start(directory.path());
    let begun = directory.path().join("begun");
    wait_for(&begun);
    interrupt(&child);
    std::thread::sleep(Duration::from_millis(500));
    interrupt(&child);
    let told = Instant::now();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(99));
    assert!(told.elapsed() < Duration::from_secs(2), "{:?}", told.elapsed());
    let pid = std::fs::read_to_string(begun).unwrap();
    let running = Path::new("/proc").join(pid.trim());
    let told = Instant::now();
    while running.exists() {
        assert!(told.elapsed() < Duration::from_secs(10), "the command still runs");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(!directory.path().join("ended").exists() && !directory.path().join("next").exists());
}
