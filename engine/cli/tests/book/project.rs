//! `Project`: the fresh directory in which a page's commands run.

use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::page::Page;

/// What a copy of the repository holds for people who run playbooks.
const CONTENT: &[&str] = &["ansible.cfg", "inventory", "playbooks", "roles"];
const LINKS: &[&str] = &["ansible", "ansible-playbook", "ansible-inventory", "ansible-vault", "ansible-doc"];
/// Longer than any command of the book takes on a busy machine.
const SECONDS: &str = "120";

pub(crate) struct Project {
    directory: TempDir,
}

impl Project {
    pub(crate) fn new(page: &Page, repository: &Path) -> Self {
        let project = Self { directory: tempfile::tempdir().unwrap() };
        let root = project.directory.path();
        for child in ["bin", "home", "tmp", "work"] {
            fs_err::create_dir(root.join(child)).unwrap();
        }
        for name in LINKS.iter().chain(&["kapell"]) {
            fs_err::os::unix::fs::symlink(env!("CARGO_BIN_EXE_kapell"), root.join("bin").join(name)).unwrap();
        }
        if page.in_repository {
            let mut copy = Command::new("cp");
            copy.arg("-r").args(CONTENT.iter().map(|name| repository.join(name))).arg(root.join("work"));
            assert!(copy.status().unwrap().success(), "cannot copy the content of the repository");
        }
        project
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.directory.path().join("work").join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }

    /// The exit code, and what it printed on both streams.
    pub(crate) fn run(&self, script: &str) -> (i32, String) {
        let root = self.directory.path();
        let mut shell = Command::new("timeout");
        shell
            .args([SECONDS, "sh", "-c", &format!("exec 2>&1\n{script}")])
            .current_dir(root.join("work"))
            .env_clear()
            .env("HOME", root.join("home"))
            .env("TMPDIR", root.join("tmp"))
            .env("LANG", "C.UTF-8")
            .env("USER", "you")
            .env("PATH", format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", root.join("bin").display()))
            .stdin(Stdio::null());
        let output = shell.output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        (
            output.status.code().unwrap_or(-1),
            printed.replace(&root.join("work").display().to_string(), "/home/you/project"),
        )
    }
}
