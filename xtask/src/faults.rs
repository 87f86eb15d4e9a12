//! What happens to a run when hosts break: each fault hits one host, the others have to finish, the run has to end in
//! time with that host reported, and nothing of it may stay behind on the nodes.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::engine::{Build, Engine, Engines};
use crate::fleet::{Fleet, Host};
use crate::lab::Lab;
use crate::recap::Recap;

/// The host that breaks.
const VICTIM: &str = "app2";
/// Long enough for the slow task to have begun everywhere.
const UNTIL_MID_TASK: Duration = Duration::from_secs(4);
/// No run may take longer, whatever breaks.
const PATIENCE: Duration = Duration::from_mins(1);
/// What the connection may take to notice, told to both engines through Ansible's settings.
const SETTINGS: [(&str, &str); 2] = [
    ("ANSIBLE_TIMEOUT", "5"),
    (
        "ANSIBLE_SSH_ARGS",
        "-o ControlMaster=auto -o ControlPersist=30s -o ServerAliveInterval=2 -o ServerAliveCountMax=3",
    ),
];

#[derive(Args)]
pub(crate) struct FaultsCommand {
    #[arg(long, default_value = "main")]
    name: String,
    #[arg(long, value_enum, default_value_t = Engine::Kapell)]
    engine: Engine,
}

/// One way to break a host, and what undoes it.
struct Fault {
    name: &'static str,
    /// Before the run starts, or in the middle of its second task.
    mid_task: bool,
    inflict: fn(&Fleet, &Host) -> Result<()>,
    mend: fn(&Fleet, &Host) -> Result<()>,
}

const FAULTS: &[Fault] = &[
    Fault {
        name: "sshd is not running",
        mid_task: false,
        inflict: |fleet, host| fleet.run_on(host, &["systemctl", "stop", "ssh"]),
        mend: |fleet, host| fleet.run_on(host, &["systemctl", "start", "ssh"]),
    },
    Fault {
        name: "sshd and its sessions are killed",
        mid_task: true,
        inflict: |fleet, host| fleet.run_on(host, &["pkill", "-KILL", "sshd"]),
        mend: |fleet, host| fleet.run_on(host, &["systemctl", "restart", "ssh"]),
    },
    Fault {
        name: "the connection is cut",
        mid_task: true,
        inflict: |fleet, host| fleet.run_on(host, &["pkill", "-KILL", "-f", "sshd: deploy"]),
        mend: |_, _| Ok(()),
    },
    Fault {
        name: "the network is gone",
        mid_task: true,
        inflict: |fleet, host| fleet.run_on(host, &["ip", "link", "set", "host0", "down"]),
        mend: |fleet, host| fleet.run_on(host, &["ip", "link", "set", "host0", "up"]),
    },
    Fault { name: "the power is gone", mid_task: true, inflict: Fleet::power_off, mend: Fleet::power_on },
];

impl FaultsCommand {
    pub(crate) fn on(name: &str, engine: Engine) -> Self {
        Self { name: name.to_owned(), engine }
    }

    pub(crate) fn run(&self, lab: &Lab) -> Result<()> {
        let engines = Engines::ensure(lab, Build::Release, &[self.engine])?;
        let fleet = Fleet::new(lab, &self.name);
        let scene = Scene { command: self, lab, engines, victim: fleet.host(VICTIM)?, fleet };
        let mut bad = Vec::new();
        for fault in FAULTS {
            if let Err(error) = scene.play(fault) {
                println!("    {error:#}");
                bad.push(fault.name);
            }
        }
        ensure!(bad.is_empty(), "not as it should be: {}", bad.join("; "));
        Ok(())
    }
}

struct Scene<'a> {
    command: &'a FaultsCommand,
    lab: &'a Lab,
    engines: Engines,
    fleet: Fleet,
    victim: Host,
}

/// How the run ended under a fault.
struct Ending {
    code: Option<i32>,
    seconds: f32,
    recap: Recap,
    output: String,
}

impl Scene<'_> {
    fn play(&self, fault: &Fault) -> Result<()> {
        let ending = self.run_with(fault);
        (fault.mend)(&self.fleet, &self.victim)?;
        self.fleet.wait_until_ready(&self.victim)?;
        let ending = ending?;
        let leftovers = self.leftovers()?;
        report(fault, &ending, &leftovers);
        self.judge(&ending)?;
        ensure!(leftovers.is_empty() || self.command.engine != Engine::Kapell, "left behind: {}", leftovers.join(", "));
        Ok(())
    }

    fn run_with(&self, fault: &Fault) -> Result<Ending> {
        if !fault.mid_task {
            (fault.inflict)(&self.fleet, &self.victim)?;
        }
        let started = Instant::now();
        let mut engine = self.start()?;
        if fault.mid_task {
            std::thread::sleep(UNTIL_MID_TASK);
            (fault.inflict)(&self.fleet, &self.victim)?;
        }
        while engine.try_wait()?.is_none() && started.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(50));
        }
        let seconds = started.elapsed().as_secs_f32();
        // Harmless when it has ended by itself.
        let in_time = engine.try_wait()?.is_some();
        engine.kill()?;
        let code = engine.wait()?.code();
        let output = fs_err::read_to_string(self.log())?;
        ensure!(in_time, "the run did not end within {} s\n{output}", PATIENCE.as_secs());
        Ok(Ending { code, seconds, recap: Recap::parse(&output), output })
    }

    fn start(&self) -> Result<Child> {
        let mut words = self.engines.playbook(self.command.engine);
        words.push(self.lab.repository().join("tests/fixtures/faults/site.yml").display().to_string());
        let mut command = self.fleet.inside(self.lab, &words);
        self.engines.prepare(self.command.engine, &mut command)?;
        let log = fs_err::File::create(self.log())?.into_file();
        command.envs(SETTINGS).stdout(log.try_clone()?).stderr(log).stdin(Stdio::null());
        command.spawn().context("cannot start the engine")
    }

    fn log(&self) -> std::path::PathBuf {
        self.lab.path("faults.log")
    }

    fn judge(&self, ending: &Ending) -> Result<()> {
        let bad = |recap: &Recap, host: &str| recap.count(host, "unreachable") + recap.count(host, "failed");
        ensure!(bad(&ending.recap, VICTIM) == 1, "{VICTIM} is not reported\n{}", ending.output);
        let expected = if ending.recap.count(VICTIM, "unreachable") == 1 { 4 } else { 2 };
        ensure!(ending.code == Some(expected), "exit code {:?}, not {expected}\n{}", ending.code, ending.output);
        for host in self.others()? {
            ensure!(bad(&ending.recap, &host.name) == 0, "{} suffered, too\n{}", host.name, ending.output);
            ensure!(ending.recap.count(&host.name, "ok") == 3, "{} did not finish\n{}", host.name, ending.output);
        }
        Ok(())
    }

    fn others(&self) -> Result<Vec<Host>> {
        let hosts = self.fleet.hosts()?.into_iter();
        Ok(hosts.filter(|host| !host.is_load_balancer() && host.name != VICTIM).collect())
    }

    /// Processes and temporary files of the engine on any app host, a moment after the run. The stored worker is no
    /// leftover: it is there for the next run.
    fn leftovers(&self) -> Result<Vec<String>> {
        std::thread::sleep(Duration::from_secs(3));
        let mut found = Vec::new();
        for host in self.fleet.hosts()?.iter().filter(|host| !host.is_load_balancer()) {
            let processes = self.fleet.ask(host, &["ps", "-e", "-o", "args="])?;
            let is_ours =
                |line: &&str| line.contains("kapell") || line.contains("sleep 8.25") || line.contains("AnsiballZ");
            found.extend(processes.lines().filter(is_ours).map(|line| format!("{}: process {line}", host.name)));
            let find = "find /tmp /var/tmp /dev/shm /root /home -newer /etc/machine-id -type f";
            let files = self.fleet.ask(host, &["sh", "-c", find])?;
            found.extend(files.lines().filter(|path| is_leftover(path)).map(|path| format!("{}: {path}", host.name)));
        }
        Ok(found)
    }
}

fn report(fault: &Fault, ending: &Ending, leftovers: &[String]) {
    let state = if ending.recap.count(VICTIM, "unreachable") == 1 { "unreachable" } else { "failed" };
    println!(
        "{:<34} exit {}, {:.1} s, {VICTIM} {state}, {} left behind",
        fault.name,
        ending.code.unwrap_or(-1),
        ending.seconds,
        leftovers.len()
    );
    for line in ending.output.lines().filter(|line| line.starts_with(&format!("fatal: [{VICTIM}]"))) {
        println!("    {line}");
    }
}

fn is_leftover(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_temporary = ["/tmp/", "/.cache/kapell", "/dev/shm/"].iter().any(|place| path.contains(place));
    is_temporary && !name.starts_with("kapell-worker-") && name != "faults-done" && !path.contains("/.pm2/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_worker_is_no_leftover() {
        assert!(!is_leftover("/home/deploy/.ansible/tmp/kapell/kapell-worker-x86_64-0123"));
        assert!(!is_leftover("/home/deploy/notes.txt"));
        assert!(is_leftover("/home/deploy/.ansible/tmp/kapell/.kapell-new-77"));
        assert!(is_leftover("/tmp/kapell-1000/x"));
    }
}
