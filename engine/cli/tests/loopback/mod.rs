//! A project whose hosts are a real `sshd` on loopback addresses, and the built program that runs its playbooks.
#![allow(dead_code, clippy::unwrap_used, reason = "every test binary uses a part of it")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use kapell_test_support::{Account, Sshd};

/// Gone when dropped.
pub(crate) struct Project {
    pub(crate) server: Sshd,
    directory: tempfile::TempDir,
}

impl Project {
    /// `None`: not on this machine.
    pub(crate) fn start() -> Option<Self> {
        let server = Sshd::start().filter(Sshd::has_accounts)?;
        Some(Self { server, directory: tempfile::tempdir().unwrap() })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Where Alice's files are.
    pub(crate) fn home(&self) -> PathBuf {
        self.server.home(Account::Alice)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }

    /// An inventory of hosts that differ in their ports and are one machine, logged in to as Alice.
    pub(crate) fn inventory(&self, hosts: &[(String, u16)]) {
        let Sshd { port, key, known_hosts, user, .. } = &self.server;
        let mut text = String::new();
        for (name, port) in hosts {
            let _ = writeln!(text, "{name} ansible_port={port}");
        }
        let _ = writeln!(text, "[all:vars]\nansible_host=127.0.0.1\nansible_user={user}");
        let _ = writeln!(text, "ansible_ssh_private_key_file={}", key.display());
        let _ = writeln!(
            text,
            "ansible_ssh_common_args=-F none -o IdentityAgent=none -o UserKnownHostsFile={} -o HostKeyAlias=[127.0.0.1]:{port}",
            known_hosts.display()
        );
        self.write("hosts.ini", text);
    }

    /// `kapell` in the project's directory, with nothing of the user's environment.
    pub(crate) fn kapell(&self, words: &[&str]) -> Command {
        // A long run may bring a program of its own, that no build replaces meanwhile.
        let program = std::env::var_os("KAPELL_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_kapell").into());
        let mut command = Command::new(program);
        command
            .args(words)
            .current_dir(self.directory.path())
            .env_clear()
            .env("HOME", self.directory.path())
            .env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command
    }

    pub(crate) fn play(&self, words: &[&str]) -> Output {
        let playbook = [&["playbook", "-i", "hosts.ini"], words].concat();
        self.kapell(&playbook).output().unwrap()
    }
}

/// Everything it said.
pub(crate) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A number of a host's line in the recap.
pub(crate) fn count(output: &Output, host: &str, what: &str) -> Option<u32> {
    let said = String::from_utf8_lossy(&output.stdout);
    let recap = said.split("PLAY RECAP").last()?.to_owned();
    let line = recap.lines().find(|line| line.split_whitespace().next() == Some(host))?.to_owned();
    let word = line.split_whitespace().find_map(|word| word.strip_prefix(&format!("{what}=")))?.to_owned();
    word.parse().ok()
}

/// Every file below a directory.
pub(crate) fn files_below(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_directory = |path: &PathBuf| path.is_dir() && !path.is_symlink();
    entries.flat_map(|path| if is_directory(&path) { files_below(&path) } else { vec![path] }).collect()
}
