//! Modules at work on real hosts: every playbook of `tests/fleet` runs twice and then in check mode on a fleet of its own;
//! only the first run has something to change. Beside it, real ansible-core does the same on an identical fleet.

mod played;
mod site;

use std::cell::Cell;

use anyhow::{Result, ensure};
use clap::Args;

use crate::engine::{Build, Engine, Engines};
use crate::lab::Lab;
use played::Played;
use site::{Pass, Site};

/// In this order: what restarts hosts comes last.
const PLAYBOOKS: &[&str] = &[
    "packages",
    "debs",
    "rpm",
    "services",
    "users",
    "schedule",
    "mounts",
    "disks",
    "firewall",
    "web",
    "archives",
    "sources",
    "mysql",
    "postgresql",
    REBOOT,
];
/// Changes something every time, and says itself whether it did.
const REBOOT: &str = "reboot";
/// The reference's fleet; the other one's name is the user's.
const REFERENCE_FLEET: &str = "modref";
/// Differences printed for one playbook.
const SHOWN: usize = 20;

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
    /// Without ansible-core beside it.
    #[arg(long)]
    alone: bool,
    /// Use the fleets as they are, and leave them up.
    #[arg(long)]
    keep: bool,
}

impl ModulesCommand {
    pub(crate) fn with_defaults() -> Self {
        let name = "modules".to_owned();
        Self { name, hosts: 2, only: Vec::new(), engine: Engine::Kapell, alone: false, keep: false }
    }

    pub(crate) fn run(&self, lab: &Lab) -> Result<()> {
        let unknown: Vec<&String> = self.only.iter().filter(|name| !PLAYBOOKS.contains(&name.as_str())).collect();
        ensure!(unknown.is_empty(), "no such playbook: {unknown:?}; there are {}", PLAYBOOKS.join(", "));
        let is_compared = !self.alone && self.engine != Engine::Ansible;
        let wanted: &[Engine] = if is_compared { &[self.engine, Engine::Ansible] } else { &[self.engine] };
        let engines = Engines::ensure(lab, Build::Release, wanted)?;
        let site = |engine, fleet| {
            let (hosts, keep, remembers) = (self.hosts, self.keep, self.only.is_empty());
            Site { lab, engines: &engines, engine, fleet, hosts, keep, remembers, is_up: Cell::new(false) }
        };
        let own = site(self.engine, self.name.as_str());
        let reference = is_compared.then(|| site(Engine::Ansible, REFERENCE_FLEET));
        let outcome = self.all(&own, reference.as_ref());
        own.down()?;
        reference.map_or(Ok(()), |reference| reference.down())?;
        outcome
    }

    fn all(&self, own: &Site<'_>, reference: Option<&Site<'_>>) -> Result<()> {
        let only = &self.only;
        let playbooks = PLAYBOOKS.iter().filter(|name| only.is_empty() || only.iter().any(|wanted| wanted == *name));
        let mut bad = Vec::new();
        for name in playbooks {
            let complaints = self.judge(name, own, reference)?;
            for complaint in complaints.iter().take(SHOWN) {
                println!("    {complaint}");
            }
            if !complaints.is_empty() {
                bad.push(*name);
            }
        }
        ensure!(bad.is_empty(), "not as it should be: {}", bad.join(", "));
        Ok(())
    }

    /// What is wrong with one playbook's runs.
    fn judge(&self, name: &str, own: &Site<'_>, reference: Option<&Site<'_>>) -> Result<Vec<String>> {
        let passes = if name == REBOOT { Pass::ONCE } else { Pass::ALL };
        let played = own.play(name, passes)?;
        println!("{}", summary(name, &played));
        let mut complaints = Vec::new();
        for (pass, played) in passes.iter().zip(&played) {
            let log = own.log(name, *pass).display().to_string();
            if !played.succeeded || played.recap.0.len() != self.hosts {
                complaints.push(format!("{} fails; see {log}", pass.name()));
            }
            if !matches!(pass, Pass::First) {
                complaints
                    .extend(played.changes().iter().map(|change| format!("{}: {change}; see {log}", pass.name())));
            }
        }
        if let Some(reference) = reference {
            let expected = reference.play_remembered(name, passes)?;
            println!("{}", summary("  reference", &expected));
            for ((pass, expected), played) in passes.iter().zip(&expected).zip(&played) {
                let differences = expected.differences(played);
                complaints.extend(differences.iter().map(|difference| format!("{}: {difference}", pass.name())));
            }
        }
        Ok(complaints)
    }
}

fn summary(name: &str, played: &[Played]) -> String {
    let join = |each: &dyn Fn(&Played) -> String| played.iter().map(each).collect::<Vec<_>>().join(", ");
    let tasks = played.first().map_or(0, Played::tasks);
    let changed = join(&|played| played.sum("changed").to_string());
    let seconds = join(&|played| format!("{:.1}", played.seconds));
    let failed: u32 = played.iter().map(|played| played.sum("failed") + played.sum("unreachable")).sum();
    format!("{name:<12} {tasks:>3} tasks; changed {changed}; failed {failed}; {seconds} s")
}
