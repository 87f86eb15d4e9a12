//! Tier 3 of the lab for people and benchmarks: the tests' own OpenSSH server on loopback addresses, with an inventory.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use kapell_test_support::{Account, Sshd, SshdOptions};

use crate::command::command;
use crate::lab::Lab;

#[derive(Args)]
pub(crate) struct SshdCommand {
    /// How many addresses serve as hosts.
    #[arg(long, default_value_t = 10)]
    hosts: u8,
}

impl SshdCommand {
    /// Serves until the end of standard input.
    pub(crate) fn run(&self, lab: &Lab) -> Result<()> {
        let hosts = LoopbackHosts::start(lab, self.hosts)?;
        println!("{} hosts until you press Enter; inventory: {}", self.hosts, hosts.inventory.display());
        std::io::stdin().read_line(&mut String::new())?;
        Ok(())
    }
}

/// A server that is gone when this is dropped, and how to reach it.
pub(crate) struct LoopbackHosts {
    server: Sshd,
    count: u8,
    pub(crate) inventory: PathBuf,
}

impl LoopbackHosts {
    pub(crate) fn start(lab: &Lab, count: u8) -> Result<Self> {
        ensure!((1..=250).contains(&count), "1 to 250 hosts");
        let config = "Subsystem sftp internal-sftp\n".to_owned();
        let options = SshdOptions { addresses: count, config, ..SshdOptions::default() };
        let server = Sshd::start_with(&options).context("the loopback server does not start")?;
        fs_err::create_dir_all(lab.path(""))?;
        let hosts = Self { server, count, inventory: lab.path("loopback.ini") };
        fs_err::write(&hosts.inventory, hosts.inventory_text())?;
        Ok(hosts)
    }

    fn inventory_text(&self) -> String {
        let mut text = "[loopback]\n".to_owned();
        for number in 1..=self.count {
            let _ = writeln!(text, "host{number:03} ansible_host={}", self.server.address(number));
        }
        let Sshd { port, key, known_hosts, user, .. } = &self.server;
        let _ = writeln!(text, "\n[all:vars]\nansible_user={user}\nansible_port={port}");
        let _ = writeln!(text, "ansible_ssh_private_key_file={}", key.display());
        let _ = writeln!(text, "ansible_ssh_common_args=-o UserKnownHostsFile={}", known_hosts.display());
        text
    }

    /// A directory that the account may write to; all hosts share it, being one machine.
    pub(crate) fn home(&self) -> PathBuf {
        if self.server.has_accounts() { self.server.home(Account::Alice) } else { std::env::temp_dir() }
    }

    /// Runs `ssh HOST true` on all hosts at once; how long that took. Nothing that connects can be quicker.
    pub(crate) fn connect_to_all(&self) -> Result<Duration> {
        let started = Instant::now();
        let clients: Vec<_> = (1..=self.count)
            .map(|number| self.ssh(number).spawn().context("cannot start ssh"))
            .collect::<Result<_>>()?;
        for mut client in clients {
            ensure!(client.wait()?.success(), "ssh failed");
        }
        Ok(started.elapsed())
    }

    /// Copies one file to the first host.
    pub(crate) fn scp(&self, source: &Path, place: &Path) -> Command {
        let Sshd { port, key, known_hosts, user, .. } = &self.server;
        let mut scp = command(["scp", "-q", "-F", "none", "-o", "BatchMode=yes", "-P", &port.to_string(), "-i"]);
        scp.arg(key).arg("-o").arg(format!("UserKnownHostsFile={}", known_hosts.display())).arg(source);
        scp.arg(format!("{user}@{}:{}", self.server.address(1), place.display()));
        scp
    }

    fn ssh(&self, number: u8) -> Command {
        let Sshd { port, key, known_hosts, user, .. } = &self.server;
        let mut ssh = command(["ssh", "-q", "-F", "none", "-o", "BatchMode=yes", "-p", &port.to_string(), "-i"]);
        ssh.arg(key).arg("-o").arg(format!("UserKnownHostsFile={}", known_hosts.display()));
        ssh.arg(format!("{user}@{}", self.server.address(number))).arg("true").stdout(Stdio::null());
        ssh
    }
}
