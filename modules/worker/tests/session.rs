//! The worker as a process: frames in, frames out, and what it leaves behind.
#![allow(clippy::unwrap_used, reason = "clippy sees no test in the helpers of an integration test")]

use std::fs::Permissions;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use kapell_protocol::{FromWorker, ModuleCall, ToWorker, read_frame, write_frame};
use serde_json::json;

struct Worker {
    process: Child,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    base: tempfile::TempDir,
}

impl Worker {
    fn start() -> Self {
        Self::start_by(&mut Command::new(env!("CARGO_BIN_EXE_kapell-worker")), tempfile::tempdir().unwrap())
    }

    fn start_by(command: &mut Command, base: tempfile::TempDir) -> Self {
        let mut process = command
            .args(["session", "--tmp"])
            .arg(base.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (process.stdin.take(), process.stdout.take().unwrap());
        let mut worker = Self { process, stdin, stdout, base };
        let FromWorker::Hello(hello) = worker.next() else { panic!("no hello") };
        assert!(Path::new(&hello.temp_dir).starts_with(worker.base.path()));
        worker
    }

    fn say(&mut self, message: &ToWorker) {
        write_frame(self.stdin.as_mut().unwrap(), message).unwrap();
    }

    fn next(&mut self) -> FromWorker {
        read_frame(&mut self.stdout).unwrap().expect("worker has ended")
    }

    fn call(&mut self, id: u64, module: &str, args: serde_json::Value) {
        let args = args.as_object().cloned().unwrap();
        self.say(&ToWorker::Call(Box::new(ModuleCall { id, module: module.into(), args, ..ModuleCall::default() })));
    }

    fn left_behind(&self) -> Vec<PathBuf> {
        fs_err::read_dir(self.base.path()).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    fn ended_within(&mut self, limit: Duration) -> bool {
        let start = Instant::now();
        while start.elapsed() < limit {
            if self.process.try_wait().unwrap().is_some() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn is_alive(pid_file: &Path) -> bool {
    let pid = fs_err::read_to_string(pid_file).unwrap();
    let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    state.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

fn wait_for(path: &Path) {
    while std::fs::read_to_string(path).unwrap_or_default().trim().is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A command that says its own process id and then sleeps.
fn sleeper(directory: &Path) -> (serde_json::Value, PathBuf) {
    let pid_file = directory.join("pid");
    (json!({"_raw_params": format!("echo $$ > {}; exec sleep 60", pid_file.display()), "_uses_shell": true}), pid_file)
}

#[test]
fn answers_calls_in_any_order() {
    let mut worker = Worker::start();
    worker.call(1, "ansible.builtin.shell", json!({"_raw_params": "sleep 0.3; echo slow"}));
    worker.call(2, "ansible.builtin.shell", json!({"_raw_params": "echo fast"}));
    let mut answers = Vec::new();
    while answers.len() < 2 {
        if let FromWorker::Done { id, result } = worker.next() {
            answers.push((id, result["stdout"].clone()));
        }
    }
    assert_eq!(answers, [(2, json!("fast")), (1, json!("slow"))]);
}

#[test]
fn ends_and_cleans_when_stdin_closes() {
    let mut worker = Worker::start();
    let scratch = tempfile::tempdir().unwrap();
    let (args, pid_file) = sleeper(scratch.path());
    worker.call(1, "ansible.builtin.shell", args);
    wait_for(&pid_file);
    assert!(!worker.left_behind().is_empty());
    worker.stdin = None;
    assert!(worker.ended_within(Duration::from_secs(3)));
    assert!(worker.left_behind().is_empty());
    assert!(!is_alive(&pid_file));
}

#[test]
fn ends_and_cleans_on_sigterm_and_sighup() {
    for signal in ["TERM", "HUP"] {
        let mut worker = Worker::start();
        let scratch = tempfile::tempdir().unwrap();
        let (args, pid_file) = sleeper(scratch.path());
        worker.call(1, "ansible.builtin.shell", args);
        wait_for(&pid_file);
        let pid = worker.process.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
        assert!(worker.ended_within(Duration::from_secs(3)), "{signal}");
        assert!(worker.left_behind().is_empty(), "{signal}");
        assert!(!is_alive(&pid_file), "{signal}");
    }
}

#[test]
fn cancelling_one_call_ends_its_command_and_no_other() {
    let mut worker = Worker::start();
    let scratch = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let pid_files = [1, 2].map(|id| {
        let (args, pid_file) = sleeper(scratch[id - 1].path());
        worker.call(id as u64, "ansible.builtin.shell", args);
        wait_for(&pid_file);
        pid_file
    });
    worker.say(&ToWorker::Cancel { id: 1 });
    loop {
        if let FromWorker::Done { id, .. } = worker.next() {
            assert_eq!(id, 1);
            break;
        }
    }
    assert!(!is_alive(&pid_files[0]));
    assert!(is_alive(&pid_files[1]));
}

#[test]
fn garbage_ends_the_worker_with_a_reason() {
    let mut worker = Worker::start();
    worker.stdin.as_mut().unwrap().write_all(b"this is not a frame at all").unwrap();
    let FromWorker::Fatal { message } = worker.next() else { panic!("no reason given") };
    assert!(message.contains("frame of"), "{message}");
    assert!(worker.ended_within(Duration::from_secs(2)));
    assert!(worker.left_behind().is_empty());
}

#[test]
fn streams_files_only_as_far_as_they_are_acknowledged() {
    let mut worker = Worker::start();
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("big");
    let content = vec![7; usize::try_from(3 * kapell_protocol::WINDOW / 2).unwrap()];
    fs_err::write(&path, &content).unwrap();
    worker.say(&ToWorker::ReadFile { id: 1, path: path.to_str().unwrap().into() });
    let mut received = 0;
    while received < kapell_protocol::WINDOW {
        let FromWorker::FileChunk { data, .. } = worker.next() else { panic!("no chunk") };
        received += data.len() as u64;
    }
    worker.call(2, "ansible.builtin.ping", json!({}));
    assert!(matches!(worker.next(), FromWorker::Done { id: 2, .. }), "the window is closed, other calls go on");
    worker.say(&ToWorker::Ack { id: 1, bytes: received });
    loop {
        match worker.next() {
            FromWorker::FileChunk { data, .. } => received += data.len() as u64,
            FromWorker::FileEnd { file, .. } => {
                break assert_eq!((file.size, received), (received, content.len() as u64));
            }
            other => panic!("{other:?}"),
        }
    }
    worker.say(&ToWorker::ReadFile { id: 3, path: "/nonexistent/file".into() });
    assert!(matches!(worker.next(), FromWorker::Failed { id: 3, .. }));
}

#[test]
fn commands_run_where_their_user_may_look() {
    let base = tempfile::tempdir().unwrap();
    let [program, hidden, home] = ["program", "hidden", "home"].map(|name| base.path().join(name));
    fs_err::copy(env!("CARGO_BIN_EXE_kapell-worker"), &program).unwrap();
    fs_err::create_dir(&hidden).unwrap();
    fs_err::create_dir(&home).unwrap();
    // Whose tests these are may enter it, but not look around in it; root becomes somebody else to be such a user.
    fs_err::set_permissions(&hidden, Permissions::from_mode(0o311)).unwrap();
    fs_err::set_permissions(&home, Permissions::from_mode(0o777)).unwrap();
    fs_err::set_permissions(base.path(), Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(&program);
    command.current_dir(&hidden).env("HOME", &home);
    if fs_err::metadata("/proc/self").unwrap().uid() == 0 {
        command.uid(65534).gid(65534);
    }
    let temporary = tempfile::tempdir_in(&home).unwrap();
    fs_err::set_permissions(temporary.path(), Permissions::from_mode(0o777)).unwrap();
    let mut worker = Worker::start_by(&mut command, temporary);
    worker.call(1, "ansible.builtin.command", json!({"_raw_params": "pwd"}));
    let result = loop {
        if let FromWorker::Done { result, .. } = worker.next() {
            break result;
        }
    };
    assert_eq!(result["stdout"], home.to_str().unwrap());
    fs_err::set_permissions(&hidden, Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn checks_itself() {
    let own = env!("CARGO_BIN_EXE_kapell-worker");
    let mut content = Vec::new();
    fs_err::File::open(own).unwrap().read_to_end(&mut content).unwrap();
    let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&content));
    assert!(Command::new(own).args(["check", &hash]).status().unwrap().success());
    assert_eq!(Command::new(own).args(["check", "00"]).output().unwrap().status.code(), Some(125));
    assert_eq!(Command::new(own).args(["session", "--size", "5"]).output().unwrap().status.code(), Some(125));
}
