//! How the control node gets into the hosts: the fleet's key, its known_hosts file, the inventory, the environment.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::host::Host;
use crate::command::{command, run};

/// The account on every host; it may sudo without a password.
pub(super) const USER: &str = "deploy";

pub(super) fn create_key(directory: &Path) -> Result<()> {
    let key = key(directory);
    run(command(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "kapell fleet", "-f"]).arg(key))?;
    Ok(())
}

pub(super) fn public_key(directory: &Path) -> Result<String> {
    Ok(fs_err::read_to_string(key(directory).with_extension("pub"))?)
}

pub(super) fn write_known_hosts(directory: &Path, hosts: &[Host]) -> Result<()> {
    let mut lines = String::new();
    for host in hosts {
        let public = directory.join("hosts").join(&host.name).join("upper/etc/ssh/ssh_host_ed25519_key.pub");
        let _ = writeln!(lines, "{} {}", host.address, fs_err::read_to_string(public)?.trim());
    }
    Ok(fs_err::write(known_hosts(directory), lines)?)
}

/// For OpenSSH's client.
pub(super) fn ssh_arguments(directory: &Path) -> Vec<String> {
    let mut arguments = vec!["-q".to_owned(), "-i".to_owned(), key(directory).display().to_string()];
    arguments.extend(host_key_options(directory).split(' ').map(str::to_owned));
    arguments.extend(["-o", "BatchMode=yes"].map(str::to_owned));
    arguments
}

/// For `kapell` and `ansible-playbook`, so that the shipped inventory works as it is.
pub(super) fn environment(directory: &Path) -> [(&'static str, String); 4] {
    [
        ("ANSIBLE_REMOTE_USER", USER.to_owned()),
        ("ANSIBLE_PRIVATE_KEY_FILE", key(directory).display().to_string()),
        ("ANSIBLE_SSH_COMMON_ARGS", host_key_options(directory)),
        // Fleets have the same addresses: a shared connection kept for one must not be taken for the other.
        ("ANSIBLE_SSH_CONTROL_PATH_DIR", directory.join("cp").display().to_string()),
    ]
}

/// The same in an inventory, for use without the environment.
pub(super) fn inventory(directory: &Path, hosts: &[Host]) -> String {
    let mut text = String::new();
    for (group, is_member) in [("sample_app_instances", false), ("nginx_instances", true)] {
        let _ = writeln!(text, "[{group}]");
        for host in hosts.iter().filter(|host| host.is_load_balancer() == is_member) {
            let _ = writeln!(text, "{} ansible_host={}", host.name, host.address);
        }
        text.push('\n');
    }
    let _ = writeln!(text, "[all:vars]\nansible_user={USER}");
    let _ = writeln!(text, "ansible_ssh_private_key_file={}", key(directory).display());
    let _ = writeln!(text, "ansible_ssh_common_args={}", host_key_options(directory));
    text
}

fn host_key_options(directory: &Path) -> String {
    format!("-o UserKnownHostsFile={} -o StrictHostKeyChecking=yes", known_hosts(directory).display())
}

fn key(directory: &Path) -> PathBuf {
    directory.join("id_ed25519")
}

fn known_hosts(directory: &Path) -> PathBuf {
    directory.join("known_hosts")
}
