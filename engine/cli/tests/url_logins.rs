//! A user and password in a repository's URL: git gets in with them, and no command line on the node ever shows them.
#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its files has failed")]

mod loopback;

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use loopback::{Project, count, said};

const PASSWORD: &str = "url-Secret-66ff";
/// `me:url-Secret-66ff`.
const BASIC: &str = "authorization: basic bwu6dxjslvnly3jldc02nmzm";

const PLAYBOOK: &str = "
- hosts: all
  gather_facts: false
  tasks:
    - git: {repo: '{{ url }}/app.git', dest: '{{ place }}/app', version: main}
    - git: {repo: '{{ url }}/app.git', dest: '{{ place }}/app', version: v1}
    - git: {repo: '{{ url }}/app.git', dest: '{{ place }}/app', version: main}
    - git: {repo: '{{ url }}/app.git', dest: '{{ place }}/app', version: main}
    - command: {cmd: git config remote.origin.url, chdir: '{{ place }}/app'}
      changed_when: false
      register: kept
    - assert: {that: kept.stdout == url ~ '/app.git'}
    - git: {repo: \"{{ url | replace('me:', 'you:') }}/app.git\", dest: '{{ place }}/other'}
      register: refused
      ignore_errors: true
    - assert: {that: [refused is failed, \"'uthentication failed' in refused.msg\", \"'Secret' not in refused.msg ~ refused.cmd\"]}
";

/// Hands out the files of a directory, to those who say the password.
fn serve(root: PathBuf) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let root = root.clone();
            std::thread::spawn(move || answer(&root, stream));
        }
    });
    port
}

fn answer(root: &Path, mut stream: TcpStream) {
    let lines: Vec<String> = BufReader::new(stream.try_clone().unwrap())
        .lines()
        .map_while(Result::ok)
        .take_while(|line| !line.trim().is_empty())
        .collect();
    let path = lines.first().and_then(|line| line.split(' ').nth(1)).unwrap_or("/").to_owned();
    let path = path.split('?').next().unwrap_or_default().trim_start_matches('/').to_owned();
    let is_let_in = lines.iter().any(|line| line.trim().to_ascii_lowercase() == BASIC);
    let file = std::fs::read(root.join(path)).ok();
    let (status, body) = match (is_let_in, file) {
        (false, _) => ("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"", Vec::new()),
        (true, None) => ("404 Not Found", Vec::new()),
        (true, Some(body)) => ("200 OK", body),
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

/// With a submodule beside it, whose address begins where the repository's does.
fn make_repositories(root: &Path) -> bool {
    const SCRIPT: &str = "set -e; export HOME=$PWD GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b; \
        git init -q -b main sub; (cd sub; echo s > s; git add s; git commit -qm s); git clone -q --bare sub sub.git; \
        git init -q -b main app; cd app; echo one > file; git add file; git commit -qm one; git tag v1; \
        git -c protocol.file.allow=always submodule -q add ../sub.git sub; \
        git config -f .gitmodules submodule.sub.url ../sub.git; git add .; git commit -qm two; cd ..; \
        git clone -q --bare app app.git; for r in app.git sub.git; do git -C $r update-server-info; done";
    let made = Command::new("sh").args(["-c", SCRIPT]).current_dir(root).output();
    made.is_ok_and(|output| output.status.success())
}

/// Looks at every command line of the machine, again and again.
fn watch(is_over: Arc<AtomicBool>, seen: Arc<Mutex<Vec<String>>>) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        while !is_over.load(Ordering::Relaxed) {
            for entry in std::fs::read_dir("/proc").unwrap().flatten() {
                let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
                let line = String::from_utf8_lossy(&line).replace('\0', " ");
                // Ours holds the URL as an extra variable.
                if line.contains(PASSWORD) && !line.contains("kapell playbook") {
                    seen.lock().unwrap().push(line);
                }
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    })
}

#[test]
fn logins_in_urls_of_repositories_are_no_arguments() {
    let Some(project) = Project::start() else { return };
    let served = tempfile::tempdir().unwrap();
    if !make_repositories(served.path()) {
        eprintln!("skipped: no git here that can make submodules");
        return;
    }
    let port = serve(served.path().to_owned());
    project.inventory(&[("alice".to_owned(), project.server.port)]);
    project.write("site.yml", PLAYBOOK);
    let url = format!("url=http://me:{PASSWORD}@127.0.0.1:{port}");
    let place = format!("place={}", project.home().display());
    let (is_over, seen) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
    let watcher = watch(Arc::clone(&is_over), Arc::clone(&seen));
    let output = project.play(&["site.yml", "-e", &url, "-e", &place]);
    is_over.store(true, Ordering::Relaxed);
    watcher.join().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(count(&output, "alice", "changed"), Some(3), "{}", said(&output));
    let submodule = std::fs::read_to_string(project.home().join("app/sub/s")).unwrap();
    assert_eq!(submodule, "s\n", "{}", said(&output));
    let seen = seen.lock().unwrap();
    assert!(seen.is_empty(), "{} command lines show it: {:?}", seen.len(), seen.first());
}
