//! Modules at work on real hosts: every playbook of `tests/fleet` runs twice on a fleet of its own, and the second run has
//! nothing to change. The last one restarts the hosts.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::engine::{Engine, Engines};
use crate::fleet::{Fleet, Variant};
use crate::lab::Lab;
use crate::recap::Recap;

/// In this order: what restarts hosts comes last.
const PLAYBOOKS: &[&str] = &[
    "packages",
    "rpm",
    "services",
    "users",
    "schedule",
    "mounts",
    "firewall",
    "sources",
    "mysql",
    "postgresql",
    REBOOT,
];
/// Changes something every time, and says itself whether it did.
const REBOOT: &str = "reboot";

#[derive(Args)]
pub(crate) struct ModulesCommand {
    /// The fleet, which is started anew unless `--keep` is given.
    #[arg(long, default_value = "modules")]
    name: String,
    #[arg(long, default_value_t = 2)]
    hosts: usize,
    /// Only these playbooks of `tests/fleet`, such as `packages,users`.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    #[arg(long, value_enum, default_value_t = Engine::Kapell)]
    engine: Engine,
    /// Use the fleet as it is, and leave it up.
    #[arg(long)]
    keep: bool,
}

impl ModulesCommand {
    pub(crate) fn with_defaults() -> Self {
        Self { name: "modules".to_owned(), hosts: 2, only: Vec::new(), engine: Engine::Kapell, keep: false }
    }

    pub(crate) fn run(&self, lab: &Lab) -> Result<()> {
        let engines = Engines::ensure(lab, &[self.engine])?;
        let fleet = Fleet::new(lab, &self.name);
        if !self.keep {
            fleet.up(lab, self.hosts, Variant::Modules)?;
        }
        let run = FleetRun { command: self, lab, engines, fleet };
        let outcome = run.all();
        if !self.keep {
            run.fleet.down()?;
        }
        outcome
    }
}

struct FleetRun<'a> {
    command: &'a ModulesCommand,
    lab: &'a Lab,
    engines: Engines,
    fleet: Fleet,
}

impl FleetRun<'_> {
    fn all(&self) -> Result<()> {
        let only = &self.command.only;
        let playbooks = PLAYBOOKS.iter().filter(|name| only.is_empty() || only.iter().any(|wanted| wanted == *name));
        let mut bad = Vec::new();
        for name in playbooks {
            if let Err(error) = self.twice(name) {
                println!("    {error:#}");
                bad.push(*name);
            }
        }
        ensure!(bad.is_empty(), "not as it should be: {}", bad.join(", "));
        Ok(())
    }

    fn twice(&self, name: &str) -> Result<()> {
        let (first, seconds) = self.play(name, 1)?;
        println!("{name:<12} first run: {} in {seconds:.1} s", totals(&first));
        if name == REBOOT {
            return Ok(());
        }
        let (second, seconds) = self.play(name, 2)?;
        println!("{:<12} second run: {} in {seconds:.1} s", "", totals(&second));
        let changed: Vec<&str> = second.hosts_with("changed");
        ensure!(
            changed.is_empty(),
            "the second run of {name} changes {}; see {}",
            changed.join(", "),
            self.log(name, 2).display()
        );
        Ok(())
    }

    /// The recap and the seconds; an error unless every host did every task.
    fn play(&self, name: &str, number: usize) -> Result<(Recap, f32)> {
        let inventory = self.lab.path("fleet").join(&self.command.name).join("modules.ini");
        fs_err::write(&inventory, self.fleet.inventory()?)?;
        let mut words = self.engines.playbook(self.command.engine);
        words.extend(["--diff", "-i"].map(str::to_owned));
        words.extend([inventory.display().to_string(), format!("tests/fleet/{name}.yml")]);
        let mut inside = self.fleet.inside(self.lab, &words);
        self.engines.prepare(self.command.engine, &mut inside)?;
        let log = self.log(name, number);
        let file = fs_err::File::create(&log)?.into_file();
        let started = Instant::now();
        let status = inside.stdout(file.try_clone()?).stderr(file).status().context("cannot start the engine")?;
        let seconds = started.elapsed().as_secs_f32();
        let recap = Recap::parse(&fs_err::read_to_string(&log)?);
        let whole = status.success() && recap.0.len() == self.fleet.hosts()?.len();
        ensure!(whole, "run {number} of {name} fails; see {}", log.display());
        Ok((recap, seconds))
    }

    fn log(&self, name: &str, number: usize) -> PathBuf {
        self.lab.path(format!("modules-{name}-{number}.log"))
    }
}

fn totals(recap: &Recap) -> String {
    let sum = |what: &str| recap.0.keys().map(|host| recap.count(host, what)).sum::<u32>();
    format!("ok={} changed={} failed={}", sum("ok"), sum("changed"), sum("failed"))
}
