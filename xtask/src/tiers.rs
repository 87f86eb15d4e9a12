//! `cargo xtask test`: installs what the tests need, then runs them tier by tier. A tier that this machine cannot run
//! says so in one line and counts as skipped.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::command::{cargo, command, is_installed, line, run};
use crate::conformance::ConformanceCommand;
use crate::engine::{Build, Engine, Engines};
use crate::faults::FaultsCommand;
use crate::fleet::{self, Fleet, Variant};
use crate::inventories::InventoriesCommand;
use crate::lab::Lab;
use crate::modules_on_fleet::ModulesCommand;
use crate::rollout::RolloutCommand;
use crate::worker;

#[derive(Args)]
pub(crate) struct TestCommand {
    /// Also the fleet: the shipped playbooks on real hosts, rolling updates under load, hosts that break. Needs root.
    #[arg(long)]
    fleet: bool,
    /// Install nothing; what cannot run is skipped.
    #[arg(long)]
    no_install: bool,
}

/// The name of the fleet the tests use, so that one that is up for other purposes is left alone.
const FLEET: &str = "test";

/// A program the tests use, and the Debian package that brings it.
struct Tool {
    package: &'static str,
    is_installed: fn() -> bool,
}

const TOOLS: [Tool; 12] = [
    Tool { package: "openssh-server", is_installed: || is_installed("/usr/sbin/sshd") },
    Tool { package: "openssh-client", is_installed: || is_installed("ssh") },
    Tool { package: "sudo", is_installed: || is_installed("sudo") },
    Tool { package: "procps", is_installed: || is_installed("ps") },
    Tool { package: "iproute2", is_installed: || is_installed("ip") },
    Tool { package: "netbase", is_installed: || Path::new("/etc/services").exists() },
    Tool { package: "file", is_installed: || is_installed("file") },
    Tool { package: "git", is_installed: || is_installed("git") },
    Tool { package: "patch", is_installed: || is_installed("patch") },
    Tool { package: "bzip2", is_installed: || is_installed("bzip2") },
    Tool { package: "xz-utils", is_installed: || is_installed("xz") },
    Tool { package: "python3-venv", is_installed: can_make_environments },
];

const FLEET_TOOLS: [Tool; 2] = [
    Tool { package: "debootstrap", is_installed: || is_installed("debootstrap") },
    Tool { package: "systemd-container", is_installed: || is_installed("systemd-nspawn") },
];

impl TestCommand {
    pub(crate) fn run(&self, lab: &Lab) -> Result<()> {
        self.install()?;
        if can_make_environments() {
            // Tests of the first tiers compare with it, too, where it is there.
            timed("ansible-core, to compare with", || {
                Engines::ensure(lab, Build::Debug, &[Engine::Ansible]).map(drop)
            })?;
        }
        if self.fleet && fleet::require_tools().is_ok() {
            timed("the image for cases that need a whole system", || fleet::image_for_cases(lab).map(drop))?;
        }
        timed("unit tests, end-to-end tests, repository rules", || cargo_test(lab, self.fleet))?;
        match worker::can_be_tested() {
            Ok(()) => timed("a worker for another architecture, under an emulator", || worker::test(lab))?,
            Err(reason) => println!("skipped: a worker for another architecture; {reason:#}"),
        }
        if can_make_environments() {
            timed("conformance: the same playbooks under ansible-core", || ConformanceCommand::cases().run(lab))?;
            timed("conformance: the same inventories under ansible-inventory", || InventoriesCommand::all().run(lab))?;
        } else {
            println!("skipped: conformance; it needs python3-venv");
        }
        if !self.fleet {
            println!("skipped: the fleet; `cargo xtask test --fleet` runs it");
        } else if let Err(reason) = fleet::require_tools() {
            println!("skipped: the fleet; {reason}");
        } else {
            timed("fleet: the same machines as under ansible-core", || ConformanceCommand::fleets().run(lab))?;
            timed("fleet: rolling updates under load, and hosts that break", || on_a_fleet(lab))?;
            timed("fleet: modules with their real tools and servers", || ModulesCommand::with_defaults().run(lab))?;
        }
        Ok(())
    }

    fn install(&self) -> Result<()> {
        let tools = TOOLS.iter().chain(if self.fleet { &FLEET_TOOLS[..] } else { &[] });
        let missing: Vec<&str> = tools.filter(|tool| !(tool.is_installed)()).map(|tool| tool.package).collect();
        if missing.is_empty() || self.no_install {
            return Ok(());
        }
        if !rustix::process::geteuid().is_root() || !is_installed("apt-get") {
            println!("not installed here: {} (installing needs root and apt-get)", missing.join(", "));
            return Ok(());
        }
        println!("installing {}", missing.join(", "));
        run(&mut command(["apt-get", "update", "-q"]))?;
        let mut install = command(["apt-get", "install", "-q", "-y", "--no-install-recommends"]);
        run(install.args(missing).env("DEBIAN_FRONTEND", "noninteractive"))?;
        Ok(())
    }
}

fn can_make_environments() -> bool {
    command(["/usr/bin/python3", "-c", "import ensurepip"]).output().is_ok_and(|output| output.status.success())
}

fn timed(what: &str, tier: impl FnOnce() -> Result<()>) -> Result<()> {
    println!("\n== {what}");
    let started = Instant::now();
    tier().context(what.to_owned())?;
    println!("== {what}: passed in {:.0} s", started.elapsed().as_secs_f32());
    Ok(())
}

fn cargo_test(lab: &Lab, whole_systems: bool) -> Result<()> {
    let mut test = cargo(lab.repository());
    test.args(["test", "--workspace", "--locked", "--quiet"]);
    if whole_systems {
        test.env("KAPELL_SYSTEM_CASES", "1");
    }
    let status = test.status().context("cannot start cargo")?;
    ensure!(status.success(), "{} failed", line(&test));
    Ok(())
}

fn on_a_fleet(lab: &Lab) -> Result<()> {
    let fleet = Fleet::new(lab, FLEET);
    fleet.up(lab, 4, Variant::Bare)?;
    let outcome = RolloutCommand::on(FLEET, Engine::Kapell)
        .run(lab)
        .and_then(|()| FaultsCommand::on(FLEET, Engine::Kapell).run(lab));
    fleet.down()?;
    outcome
}
