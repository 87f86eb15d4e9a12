//! One host of the fleet: its files (an overlay over the base image), its boot, its end.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::network::{BRIDGE, GATEWAY, Network};
use super::{access, cgroup};
use crate::command::{command, run, stdout};

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) address: String,
}

impl Host {
    /// lb1, app1, app2, …
    pub(super) fn numbered(count: usize) -> Vec<Self> {
        let name = |index: usize| if index == 0 { "lb1".to_owned() } else { format!("app{index}") };
        (0..count).map(|index| Self { name: name(index), address: format!("10.77.0.{}", 10 + index) }).collect()
    }

    pub(crate) fn is_load_balancer(&self) -> bool {
        self.name.starts_with("lb")
    }

    /// Lays the overlay's upper half out and mounts it. `layers` are the base's, topmost first.
    pub(super) fn prepare(&self, directory: &Path, layers: &[PathBuf], public_key: &str) -> Result<()> {
        let upper = directory.join("upper");
        for child in ["upper/etc/ssh", "work", "root"] {
            fs_err::create_dir_all(directory.join(child))?;
        }
        self.write_identity(&upper)?;
        self.write_network(&upper)?;
        let host_key = upper.join("etc/ssh/ssh_host_ed25519_key");
        run(command(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", &self.name, "-f"]).arg(&host_key))?;
        mount_overlay(&directory.join("root"), layers, &upper, &directory.join("work"))?;
        authorize(&directory.join("root"), public_key)
    }

    fn write_identity(&self, upper: &Path) -> Result<()> {
        let own = format!("{:0>32}", self.address.replace('.', ""));
        fs_err::write(upper.join("etc/machine-id"), format!("{own}\n"))?;
        fs_err::write(upper.join("etc/hostname"), format!("{}\n", self.name))?;
        let hosts = format!("127.0.0.1 localhost\n{} {}\n", self.address, self.name);
        Ok(fs_err::write(upper.join("etc/hosts"), hosts)?)
    }

    fn write_network(&self, upper: &Path) -> Result<()> {
        let directory = upper.join("etc/systemd/network");
        fs_err::create_dir_all(&directory)?;
        let address = format!("Address={}/24\nGateway={GATEWAY}\n", self.address);
        let unit = format!("[Match]\nName=host0\n\n[Network]\n{address}LinkLocalAddressing=no\nIPv6AcceptRA=no\n");
        Ok(fs_err::write(directory.join("10-host0.network"), unit)?)
    }

    /// Starts systemd in the host and returns at once. A host that reboots ends its systemd-nspawn with 133 and is
    /// started again.
    pub(super) fn boot(&self, directory: &Path, machine: &str, network: &Network) -> Result<()> {
        let console = fs_err::File::create(directory.join("console.log"))?.into_file();
        // The shell enters the control groups before it starts systemd-nspawn.
        let enter_groups = "n=$1 pid=$2; shift 2; while [ \"$n\" -gt 0 ]; do echo $$ > \"$1\"; shift; n=$((n-1)); done
            code=133; while [ $code -eq 133 ]; do \"$@\" & echo $! > \"$pid.new\"; mv \"$pid.new\" \"$pid\"; wait $!; code=$?; done";
        let entrances = cgroup::create(machine)?;
        let mut nspawn = network.enter();
        nspawn.args(["setsid", "sh", "-c", enter_groups, "sh", &entrances.len().to_string()]);
        nspawn.arg(directory.join("pid")).args(&entrances);
        nspawn.args(["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--link-journal=no"]);
        nspawn.args(["--resolv-conf=off", "--timezone=off", "--console=pipe", "--notify-ready=no"]);
        nspawn.arg(format!("--network-bridge={BRIDGE}")).arg(format!("--machine={machine}"));
        nspawn.arg(format!("--hostname={}", self.name)).arg("--directory").arg(directory.join("root"));
        nspawn
            .stdout(console.try_clone()?)
            .stderr(console)
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot boot {}", self.name))?;
        Ok(())
    }
}

/// The start of a command line that runs in all of the host's namespaces.
pub(super) fn enter(directory: &Path) -> Result<Command> {
    let pid: i32 = fs_err::read_to_string(directory.join("pid"))?.trim().parse()?;
    let init = children(pid).first().copied().context("the host is not running")?;
    Ok(command(["nsenter", "--all", &format!("--target={init}")]))
}

/// Kills the host's PID 1, and with it everything inside; harmless when it is not running.
pub(super) fn kill(directory: &Path, machine: &str) -> Result<()> {
    let Ok(pid) = fs_err::read_to_string(directory.join("pid")) else { return Ok(()) };
    let pid: i32 = pid.trim().parse()?;
    let deadline = Instant::now() + Duration::from_secs(20);
    while is_ours(pid, machine) {
        ensure!(Instant::now() < deadline, "{machine} (pid {pid}) does not die");
        for child in children(pid) {
            signal(child);
        }
        if children(pid).is_empty() {
            signal(pid);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    cgroup::remove(machine);
    Ok(fs_err::remove_file(directory.join("pid"))?)
}

/// Unmounts the host's overlay and deletes its files.
pub(super) fn discard(directory: &Path) -> Result<()> {
    let root = directory.join("root");
    if is_mounted(&root)? {
        detach_loop_devices(&root)?;
        run(command(["umount", "--recursive"]).arg(&root)).or_else(|_| run(command(["umount", "-l"]).arg(&root)))?;
    }
    if directory.exists() {
        fs_err::remove_dir_all(directory)?;
    }
    Ok(())
}

/// Detaches the loop devices over the host's files: they are the machine's, and outlive the host.
fn detach_loop_devices(root: &Path) -> Result<()> {
    for device in fs_err::read_dir("/sys/block")? {
        let Ok(file) = fs_err::read_to_string(device?.path().join("loop/backing_file")) else { continue };
        // The host's own name of the file: another host may have one of the same name.
        let file = root.join(file.trim_end().trim_start_matches('/'));
        if !file.is_file() {
            continue;
        }
        let attached = stdout(command(["losetup", "--noheadings", "--output", "NAME", "--associated"]).arg(&file))?;
        for device in attached.lines() {
            run(&mut command(["losetup", "--detach", device.trim()]))?;
        }
    }
    Ok(())
}

/// A read-write view of `layers` (topmost first) at `root`; changes go to `upper`.
pub(super) fn mount_overlay(root: &Path, layers: &[PathBuf], upper: &Path, work: &Path) -> Result<()> {
    let lower: Vec<String> = layers.iter().map(|layer| layer.display().to_string()).collect();
    let options = format!("lowerdir={},upperdir={},workdir={}", lower.join(":"), upper.display(), work.display());
    run(command(["mount", "-t", "overlay", "kapell-lab", "-o", &options]).arg(root))?;
    Ok(())
}

fn authorize(root: &Path, public_key: &str) -> Result<()> {
    let home = root.join("home").join(access::USER);
    fs_err::create_dir_all(home.join(".ssh"))?;
    fs_err::write(home.join(".ssh/authorized_keys"), public_key)?;
    run(command(["chroot"])
        .arg(root)
        .args(["chown", "-R", &format!("{0}:{0}", access::USER)])
        .arg(format!("/home/{}/.ssh", access::USER)))?;
    run(command(["chmod", "-R", "go="]).arg(home.join(".ssh")))?;
    Ok(())
}

/// Whether the process is (still) the one that was started for this host: numbers are reused.
fn is_ours(pid: i32, machine: &str) -> bool {
    let words = fs_err::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    words.split(|&byte| byte == 0).any(|word| word.ends_with(machine.as_bytes()))
}

fn children(pid: i32) -> Vec<i32> {
    let list = fs_err::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    list.split_whitespace().filter_map(|child| child.parse().ok()).collect()
}

fn signal(pid: i32) {
    if let Some(pid) = rustix::process::Pid::from_raw(pid) {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
}

fn is_mounted(path: &Path) -> Result<bool> {
    let mounts = fs_err::read_to_string("/proc/self/mounts")?;
    let path = path.display().to_string();
    Ok(mounts.lines().any(|line| line.split(' ').nth(1) == Some(path.as_str())))
}
