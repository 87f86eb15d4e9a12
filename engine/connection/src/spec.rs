//! `ConnectionSpec`: where a host is and as whom to work there, resolved from variables by the executor.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use zeroize::Zeroize as _;

use crate::ContainerOptions;

/// A password. Kept out of every `Debug` output, wiped from memory when it is dropped.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Everything that decides which connection a task uses. Two equal specs share one worker.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ConnectionSpec {
    /// `ssh` (also `smart`, `paramiko`), `local`, `docker` and others.
    pub kind: String,
    /// Name in the inventory, for messages.
    pub host: String,
    /// `ansible_host`, or the inventory name.
    pub address: String,
    /// `None`: as the SSH configuration says, else 22.
    pub port: Option<u16>,
    /// `None`: as the SSH configuration says, else the user running Kapell.
    pub user: Option<String>,
    pub password: Option<Secret>,
    pub private_key_file: Option<PathBuf>,
    /// A private key itself, tried before any file.
    pub private_key: Option<Secret>,
    /// Opens encrypted key files.
    pub private_key_passphrase: Option<Secret>,
    pub host_key_checking: bool,
    /// Overrides the user's known hosts files when not empty.
    pub known_hosts: Vec<PathBuf>,
    /// For connecting and logging in; also how soon a dead host is noticed.
    pub timeout: Duration,
    /// How often connecting is tried again after a failure of the network (`ssh_connection`'s `retries`).
    pub retries: u32,
    /// `ssh_args`, `ssh_common_args` and `ssh_extra_args`, joined by spaces, later ones last.
    pub ssh_args: String,
    /// A client to use instead of the SSH built in.
    pub ssh_executable: Option<String>,
    /// For connections into containers.
    pub container: ContainerOptions,
    /// Where commands on the control node itself run; else where Kapell was started.
    pub directory: Option<PathBuf>,
    /// Shell used on the node for `raw` commands.
    pub executable: String,
    /// First choice of the directory for the cached worker and temporary files, as `~/.ansible/tmp`.
    pub remote_tmp: String,
    pub become_: Option<BecomeSpec>,
}

impl ConnectionSpec {
    /// SSH to `host` with the defaults of ansible-core.
    pub fn ssh(host: impl Into<String>) -> Self {
        let host = host.into();
        Self {
            kind: "ssh".to_owned(),
            address: host.clone(),
            host,
            port: None,
            user: None,
            password: None,
            private_key_file: None,
            private_key: None,
            private_key_passphrase: None,
            host_key_checking: true,
            known_hosts: Vec::new(),
            timeout: Duration::from_secs(10),
            retries: 0,
            ssh_args: String::new(),
            ssh_executable: None,
            container: ContainerOptions::default(),
            directory: None,
            executable: "/bin/sh".to_owned(),
            remote_tmp: "~/.ansible/tmp".to_owned(),
            become_: None,
        }
    }

    /// The control node itself.
    pub fn local(host: impl Into<String>) -> Self {
        Self { kind: "local".to_owned(), ..Self::ssh(host) }
    }
}

/// Run as another user.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BecomeSpec {
    /// `sudo`, `su` and others, with or without their collection.
    pub method: String,
    /// Empty: whom the program becomes by default.
    pub user: String,
    pub password: Option<Secret>,
    /// `None`: the method's own name.
    pub exe: Option<String>,
    /// `None`: the method's default flags.
    pub flags: Option<String>,
    /// What a request for the password looks like, where the program's language is none we know.
    pub prompts: Vec<String>,
    /// Where the program is started (`sudo_chdir`).
    pub directory: Option<String>,
    /// Also to become who we are already (`become_allow_same_user`).
    pub allow_same_user: bool,
    /// For the program to ask for its password or to let us through.
    pub timeout: Duration,
}

impl BecomeSpec {
    pub fn new(method: impl Into<String>, user: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            user: user.into(),
            password: None,
            exe: None,
            flags: None,
            prompts: Vec::new(),
            directory: None,
            allow_same_user: false,
            timeout: Duration::from_secs(12),
        }
    }
}
