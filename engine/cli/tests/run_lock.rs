//! One run an inventory at a time, where that is wanted.
#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has failed")]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PLAYBOOK: &str = "- hosts: all\n  gather_facts: false\n  connection: local\n  tasks:\n    - command: sh -c 'echo $0 >> order; touch begun; sleep 2' {{ name }}\n      args: {chdir: '{{ playbook_dir }}'}\n";

fn start(directory: &Path, lock: &str, name: &str, inventory: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kapell"));
    command.args(["playbook", "-i", inventory, "site.yml", "-e", &format!("name={name}")]).current_dir(directory);
    command.env_clear().env("HOME", directory).env("PATH", "/usr/bin:/bin").env("KAPELL_RUN_LOCK", lock);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn wait_for(path: &Path) {
    let begun = Instant::now();
    while !path.exists() {
        assert!(begun.elapsed() < Duration::from_mins(1), "{} does not come", path.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_second_run_fails_waits_or_goes_on_as_told() {
    for (second, inventory, code, order) in [
        ("fail", "hosts", 1, "first\n"),
        ("wait", "hosts", 0, "first\nsecond\n"),
        ("off", "hosts", 0, "first\nsecond\n"),
        ("fail", "others", 0, "first\nsecond\n"),
        ("maybe", "hosts", 5, "first\n"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        std::fs::write(path.join("site.yml"), PLAYBOOK).unwrap();
        std::fs::write(path.join("hosts"), "one\n").unwrap();
        std::fs::write(path.join("others"), "one\n").unwrap();
        let first = start(path, "fail", "first", "hosts");
        wait_for(&path.join("begun"));
        let begun = Instant::now();
        let ended = start(path, second, "second", inventory).wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(code), "{second}: {errors}");
        match second {
            "fail" if inventory == "hosts" => {
                assert!(errors.contains("is in use by another run (process"), "{errors}");
                assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
            }
            "wait" => assert!(errors.contains("Waiting for another run"), "{errors}"),
            _ => {}
        }
        assert!(first.wait_with_output().unwrap().status.success());
        assert_eq!(std::fs::read_to_string(path.join("order")).unwrap(), order, "{second}");
    }
}
