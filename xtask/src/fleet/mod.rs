//! Tier 4 of the lab: real Debian hosts, each an overlay over one base image booted by systemd-nspawn, on a bridge
//! in a network namespace. No packet leaves the machine, and fleets of different names do not see each other.

mod access;
mod base;
mod cgroup;
mod host;
mod modules_layer;
mod network;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Subcommand};

pub(crate) use base::{Variant, image_for_cases, image_version};
pub(crate) use host::Host;

use crate::command;
use crate::lab::Lab;
use network::Network;

#[derive(Subcommand)]
pub(crate) enum FleetCommand {
    /// Build the base image (once) and boot the hosts.
    Up {
        #[command(flatten)]
        which: Which,
        /// How many: the first is the load balancer lb1, the others are app1, app2, ….
        #[arg(long, default_value_t = 4)]
        hosts: usize,
        /// What the hosts carry: `python` for ansible-playbook, `bare` has none.
        #[arg(long, value_enum, default_value_t = Variant::Python)]
        base: Variant,
    },
    /// Build the image in which cases of modules run that need a whole system; print its layers.
    Image,
    /// Stop every host and remove all traces; harmless when nothing is up.
    Down {
        #[command(flatten)]
        which: Which,
    },
    /// List the hosts and whether they answer.
    Status {
        #[command(flatten)]
        which: Which,
    },
    /// Print an inventory with the groups the shipped playbooks use.
    Inventory {
        #[command(flatten)]
        which: Which,
    },
    /// Open a shell on a host, or run a command there.
    Ssh {
        #[command(flatten)]
        which: Which,
        host: String,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Run a command on the control node's side of the fleet's network, set up to reach the hosts:
    /// `cargo xtask fleet exec -- ansible-playbook playbooks/configure_nginx_playbook.yml`.
    Exec {
        #[command(flatten)]
        which: Which,
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
}

#[derive(Args)]
pub(crate) struct Which {
    /// Which fleet, where there are several.
    #[arg(long, default_value = "main", value_parser = fleet_name)]
    name: String,
}

/// Names become parts of network device names, which are short.
fn fleet_name(name: &str) -> Result<String, String> {
    let valid = (1..=8).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if valid { Ok(name.to_owned()) } else { Err("one to eight of a-z and 0-9".to_owned()) }
}

impl FleetCommand {
    pub(crate) fn run(self, lab: &Lab) -> Result<ExitCode> {
        match self {
            Self::Up { which, hosts, base } => {
                let started = Instant::now();
                let fleet = Fleet::new(lab, &which.name);
                fleet.up(lab, hosts, base)?;
                println!("{hosts} hosts up in {:.1} s", started.elapsed().as_secs_f32());
                fleet.print_status()?;
            }
            Self::Image => {
                require_tools()?;
                println!("{}", image_for_cases(lab)?);
            }
            Self::Down { which } => Fleet::new(lab, &which.name).down()?,
            Self::Status { which } => Fleet::new(lab, &which.name).print_status()?,
            Self::Inventory { which } => print!("{}", Fleet::new(lab, &which.name).inventory()?),
            Self::Ssh { which, host, command } => {
                let fleet = Fleet::new(lab, &which.name);
                let mut ssh = fleet.ssh(&fleet.host(&host)?);
                return exit_code(ssh.args(command).stdin(std::process::Stdio::inherit()));
            }
            Self::Exec { which, command } => {
                let mut inside = Fleet::new(lab, &which.name).inside(lab, &command);
                return exit_code(inside.stdin(std::process::Stdio::inherit()));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn exit_code(command: &mut Command) -> Result<ExitCode> {
    let status = command.status().with_context(|| format!("cannot start: {}", command::line(command)))?;
    Ok(ExitCode::from(u8::try_from(status.code().unwrap_or(255)).unwrap_or(255)))
}

/// One named set of hosts; everything of it lives in `directory` and in a network namespace.
pub(crate) struct Fleet {
    name: String,
    directory: PathBuf,
    network: Network,
}

impl Fleet {
    pub(crate) fn new(lab: &Lab, name: &str) -> Self {
        Self { name: name.to_owned(), directory: lab.path("fleet").join(name), network: Network::new(name) }
    }

    /// Boots `count` hosts over the base image, replacing whatever this fleet was before.
    pub(crate) fn up(&self, lab: &Lab, count: usize, variant: Variant) -> Result<()> {
        ensure!((1..=200).contains(&count), "a fleet has 1 to 200 hosts");
        require_tools()?;
        let layers = base::ensure_built(lab, variant)?;
        self.down()?;
        fs_err::create_dir_all(&self.directory)?;
        access::create_key(&self.directory)?;
        self.network.up()?;
        let hosts = Host::numbered(count);
        for host in &hosts {
            host.prepare(&self.host_directory(host), &layers, &access::public_key(&self.directory)?)?;
        }
        access::write_known_hosts(&self.directory, &hosts)?;
        fs_err::write(self.directory.join("hosts.json"), serde_json::to_vec_pretty(&hosts)?)?;
        for host in &hosts {
            self.power_on(host)?;
        }
        hosts.iter().try_for_each(|host| self.wait_until_ready(host))
    }

    pub(crate) fn down(&self) -> Result<()> {
        for host in self.hosts().unwrap_or_default() {
            self.power_off(&host)?;
            host::discard(&self.host_directory(&host))?;
        }
        self.network.down()?;
        if self.directory.exists() {
            fs_err::remove_dir_all(&self.directory)?;
        }
        Ok(())
    }

    pub(crate) fn hosts(&self) -> Result<Vec<Host>> {
        let list = self.directory.join("hosts.json");
        let text = fs_err::read(&list).with_context(|| format!("fleet {} is not up", self.name))?;
        Ok(serde_json::from_slice(&text)?)
    }

    pub(crate) fn host(&self, name: &str) -> Result<Host> {
        let hosts = self.hosts()?;
        let names: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
        match hosts.iter().find(|host| host.name == name) {
            Some(host) => Ok(host.clone()),
            None => bail!("no host {name}; there are {}", names.join(", ")),
        }
    }

    pub(crate) fn power_on(&self, host: &Host) -> Result<()> {
        host.boot(&self.host_directory(host), &self.machine_name(host), &self.network)
    }

    /// As pulling the plug: every process of the host is killed at once.
    pub(crate) fn power_off(&self, host: &Host) -> Result<()> {
        host::kill(&self.host_directory(host), &self.machine_name(host))
    }

    /// Runs a command as root inside the host, without ssh.
    pub(crate) fn run_on(&self, host: &Host, words: &[&str]) -> Result<()> {
        self.ask(host, words).map(|_| ())
    }

    /// As `run_on`; what it printed.
    pub(crate) fn ask(&self, host: &Host, words: &[&str]) -> Result<String> {
        command::stdout(host::enter(&self.host_directory(host))?.args(words))
    }

    /// The host's files as seen from this machine.
    fn root(&self, host: &Host) -> PathBuf {
        self.host_directory(host).join("root")
    }

    /// Only what was changed since the base image: the upper half of the host's overlay.
    pub(crate) fn changed_files(&self, host: &Host) -> PathBuf {
        self.host_directory(host).join("upper")
    }

    pub(crate) fn wait_until_ready(&self, host: &Host) -> Result<()> {
        let deadline = Instant::now() + std::time::Duration::from_secs(90);
        while !self.answers(host) {
            ensure!(
                Instant::now() < deadline,
                "{} does not answer over ssh; see {}",
                host.name,
                self.host_directory(host).join("console.log").display()
            );
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        Ok(())
    }

    fn answers(&self, host: &Host) -> bool {
        self.ssh(host).arg("true").output().is_ok_and(|output| output.status.success())
    }

    /// `ssh HOST` as the fleet's user; append a command.
    pub(crate) fn ssh(&self, host: &Host) -> Command {
        let mut ssh = self.network.enter();
        ssh.arg("ssh").args(access::ssh_arguments(&self.directory)).args(["-o", "ConnectTimeout=2"]);
        ssh.arg(format!("{}@{}", access::USER, host.address));
        ssh
    }

    /// A command inside the network, whose environment tells `kapell` and `ansible-playbook` how to log in.
    pub(crate) fn inside(&self, lab: &Lab, words: &[String]) -> Command {
        let mut inside = self.network.enter();
        inside.args(words).current_dir(lab.repository()).envs(access::environment(&self.directory));
        inside
    }

    pub(crate) fn inventory(&self) -> Result<String> {
        Ok(access::inventory(&self.directory, &self.hosts()?))
    }

    fn print_status(&self) -> Result<()> {
        println!("{:<8} {:<14} {:<9} FILES", "HOST", "ADDRESS", "ANSWERS");
        for host in self.hosts()? {
            let answers = if self.answers(&host) { "yes" } else { "no" };
            println!("{:<8} {:<14} {answers:<9} {}", host.name, host.address, self.root(&host).display());
        }
        Ok(())
    }

    fn host_directory(&self, host: &Host) -> PathBuf {
        self.directory.join("hosts").join(&host.name)
    }

    /// Unique on the machine; nspawn keeps a directory per name.
    fn machine_name(&self, host: &Host) -> String {
        format!("kapell-{}-{}", self.name, host.name)
    }
}

/// The fleet cannot exist without these; say so in one line.
pub(crate) fn require_tools() -> Result<()> {
    ensure!(rustix::process::geteuid().is_root(), "the fleet needs root");
    let missing: Vec<&str> = ["debootstrap", "systemd-nspawn", "ip", "nsenter", "ssh", "ssh-keygen", "mount"]
        .into_iter()
        .filter(|tool| !command::is_installed(tool))
        .collect();
    ensure!(
        missing.is_empty(),
        "missing {}; on Debian: apt-get install debootstrap systemd-container iproute2 openssh-client",
        missing.join(", ")
    );
    Ok(())
}
