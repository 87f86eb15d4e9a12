//! Tier 3 of the lab: one real OpenSSH server on the loopback addresses, which serves any number of "hosts" to a plain
//! account that exists for nothing else.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Subcommand;

use crate::command::{command, is_installed, run};
use crate::lab::Lab;

const PORT: u16 = 2222;
const USER: &str = "kapell-lab";

#[derive(Subcommand)]
pub(crate) enum SshdCommand {
    /// Start the server and print where the inventory is.
    Up {
        /// How many addresses the inventory lists.
        #[arg(long, default_value_t = 10)]
        hosts: usize,
    },
    /// Stop the server and delete the account.
    Down,
}

impl SshdCommand {
    pub(crate) fn run(&self, lab: &Lab) -> Result<()> {
        let sshd = Sshd::new(lab);
        match *self {
            Self::Up { hosts } => {
                sshd.up(hosts)?;
                println!("{hosts} hosts in {}", sshd.inventory().display());
                Ok(())
            }
            Self::Down => sshd.down(),
        }
    }
}

pub(crate) struct Sshd {
    directory: PathBuf,
}

impl Sshd {
    pub(crate) fn new(lab: &Lab) -> Self {
        Self { directory: lab.path("sshd") }
    }

    pub(crate) fn up(&self, hosts: usize) -> Result<()> {
        ensure!(rustix::process::geteuid().is_root(), "the loopback server needs root: it makes an account");
        ensure!(is_installed("/usr/sbin/sshd"), "missing sshd; on Debian: apt-get install openssh-server");
        ensure!((1..=2000).contains(&hosts), "1 to 2000 hosts");
        self.down()?;
        fs_err::create_dir_all(&self.directory)?;
        for key in ["host_key", "id_ed25519"] {
            run(command(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f"]).arg(self.directory.join(key)))?;
        }
        self.create_account()?;
        self.write_known_hosts(hosts)?;
        fs_err::write(self.inventory(), self.inventory_text(hosts))?;
        self.start()
    }

    pub(crate) fn down(&self) -> Result<()> {
        if let Ok(pid) = fs_err::read_to_string(self.directory.join("pid")) {
            run(&mut command(["kill", pid.trim()]))?;
        }
        if self.directory.exists() {
            // Sessions that outlive the server hold the account's home.
            let _ = command(["pkill", "-KILL", "-u", USER]).output();
            run(&mut command(["userdel", "--remove", "--force", USER])).ok();
            fs_err::remove_dir_all(&self.directory)?;
        }
        Ok(())
    }

    pub(crate) fn inventory(&self) -> PathBuf {
        self.directory.join("inventory.ini")
    }

    /// The account's own files, which all "hosts" share.
    pub(crate) fn home(&self) -> PathBuf {
        self.directory.join("home")
    }

    /// `ssh HOST` without a connection that is shared, for the floor of what a run can take.
    pub(crate) fn ssh(&self, address: &str) -> Command {
        let mut ssh = command(["ssh", "-q", "-F", "none", "-o", "BatchMode=yes", "-p", &PORT.to_string(), "-i"]);
        ssh.arg(self.directory.join("id_ed25519")).arg("-o");
        ssh.arg(format!("UserKnownHostsFile={}", self.known_hosts().display())).arg(format!("{USER}@{address}"));
        ssh
    }

    pub(crate) fn address(index: usize) -> String {
        format!("127.0.{}.{}", 1 + index / 250, 1 + index % 250)
    }

    /// A shell that starts at once and a password that matches nothing: an account locked with `!` is refused.
    fn create_account(&self) -> Result<()> {
        let home = self.home();
        run(command(["useradd", "--create-home", "--shell", "/bin/sh", "--password", "*", "--home-dir"])
            .arg(&home)
            .arg(USER))?;
        fs_err::create_dir_all(home.join(".ssh"))?;
        fs_err::copy(self.directory.join("id_ed25519.pub"), home.join(".ssh/authorized_keys"))?;
        run(command(["chown", "-R", &format!("{USER}:{USER}")]).arg(&home))?;
        run(command(["chmod", "-R", "go="]).arg(home.join(".ssh")))?;
        Ok(())
    }

    fn write_known_hosts(&self, hosts: usize) -> Result<()> {
        let key = fs_err::read_to_string(self.directory.join("host_key.pub"))?;
        let mut lines = String::new();
        for index in 0..hosts {
            let _ = writeln!(lines, "[{}]:{PORT} {}", Self::address(index), key.trim());
        }
        Ok(fs_err::write(self.known_hosts(), lines)?)
    }

    fn inventory_text(&self, hosts: usize) -> String {
        let mut text = "[loopback]\n".to_owned();
        for index in 0..hosts {
            let _ = writeln!(text, "host{:04} ansible_host={}", index + 1, Self::address(index));
        }
        let key = self.directory.join("id_ed25519");
        let _ = writeln!(text, "\n[all:vars]\nansible_user={USER}\nansible_port={PORT}");
        let _ = writeln!(text, "ansible_ssh_private_key_file={}", key.display());
        let _ = writeln!(text, "ansible_ssh_common_args=-o UserKnownHostsFile={}", self.known_hosts().display());
        text
    }

    fn start(&self) -> Result<()> {
        fs_err::create_dir_all("/run/sshd")?;
        let directory = self.directory.display();
        let settings = format!(
            "Port {PORT}\nListenAddress 0.0.0.0\nAllowUsers {USER}@127.0.0.0/8\nHostKey {directory}/host_key\n\
             PidFile {directory}/pid\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             MaxStartups 1000\nMaxSessions 1000\nPrintMotd no\nUseDNS no\nStrictModes no\n\
             Subsystem sftp /usr/lib/openssh/sftp-server\n"
        );
        let config = self.directory.join("sshd_config");
        fs_err::write(&config, settings)?;
        run(command(["/usr/sbin/sshd", "-E"]).arg(self.directory.join("log")).arg("-f").arg(&config))?;
        let deadline = Instant::now() + Duration::from_secs(10);
        while !self.ssh(&Self::address(0)).arg("true").output()?.status.success() {
            ensure!(Instant::now() < deadline, "sshd does not answer; see {}", self.directory.join("log").display());
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    fn known_hosts(&self) -> PathBuf {
        self.directory.join("known_hosts")
    }
}

/// Runs `ssh HOST true` on all hosts at once; how long that took.
pub(crate) fn connect_to_all(sshd: &Sshd, hosts: usize) -> Result<Duration> {
    let started = Instant::now();
    let clients: Vec<_> = (0..hosts)
        .map(|index| sshd.ssh(&Sshd::address(index)).arg("true").spawn().context("cannot start ssh"))
        .collect::<Result<_>>()?;
    for mut client in clients {
        ensure!(client.wait()?.success(), "ssh failed");
    }
    Ok(started.elapsed())
}
