//! The shipped playbooks on two identical fleets, one per engine: same recaps, nothing to change the second time, and
//! machines that end up with the same files, modes and owners.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::compare;
use super::snapshot::{self, Snapshot};
use crate::engine::{Engine, Engines};
use crate::fleet::{Fleet, Host, Variant};
use crate::lab::Lab;
use crate::recap::Recap;

const PLAYBOOKS: [&str; 2] = ["playbooks/configure_sample_app_playbook.yml", "playbooks/configure_nginx_playbook.yml"];
const HOSTS: usize = 4;
/// Differences printed in full.
const SHOWN: usize = 40;

/// What differs from run to run on any machine: logs, caches, identities, random names, and the engines' own places.
const VOLATILE: &[&str] = &[
    "var/log",
    "var/cache",
    "var/tmp",
    "tmp",
    "run",
    "proc",
    "sys",
    "dev",
    "var/lib/apt",
    "var/lib/systemd",
    "var/lib/dpkg/info",
    "etc/machine-id",
    "etc/ssh",
    "etc/ld.so.cache",
    "srv/npm-cache",
    "var/lib/dpkg/lock",
    "var/lib/dpkg/triggers",
];
/// The same, wherever they are.
const VOLATILE_NAMES: &[&str] = &[".ansible", ".kapell", ".cache", ".npm", ".pm2", ".ssh", "_logs", "__pycache__"];

/// One engine's fleet after two deployments.
struct Deployed {
    first: Recap,
    second: Recap,
    machines: Vec<(Host, Snapshot)>,
}

pub(super) fn compare(lab: &Lab, engines: &Engines, engine: Engine, reference: Engine) -> Result<()> {
    let expected = deploy(lab, engines, reference, "confa")?;
    let actual = deploy(lab, engines, engine, "confb")?;
    let mut differences = compare::recaps(&expected.first, &actual.first);
    differences.extend(compare::recaps(&expected.second, &actual.second));
    for (host, snapshot) in &expected.machines {
        let other = actual.machines.iter().find(|(other, _)| other.name == host.name).context("a host is missing")?;
        println!("{}: {} and {} changed paths", host.name, snapshot.len(), other.1.len());
        differences.extend(compare::snapshots(snapshot, &other.1));
    }
    for difference in differences.iter().take(SHOWN) {
        println!("{difference}");
    }
    Fleet::new(lab, "confa").down()?;
    Fleet::new(lab, "confb").down()?;
    ensure!(differences.is_empty(), "{} differences", differences.len());
    println!("the two fleets are the same");
    Ok(())
}

fn deploy(lab: &Lab, engines: &Engines, engine: Engine, name: &str) -> Result<Deployed> {
    let fleet = Fleet::new(lab, name);
    fleet.up(lab, HOSTS, Variant::Python)?;
    let first = play(lab, &fleet, engines, engine)?;
    let second = play(lab, &fleet, engines, engine)?;
    let changed: BTreeSet<&str> = second.hosts_with("changed").into_iter().collect();
    ensure!(changed.is_empty(), "{}: the second run changes {changed:?}", engine.name());
    let machines = fleet.hosts()?.into_iter().map(|host| {
        let snapshot = snapshot::read(&fleet.changed_files(&host), &is_wanted)?;
        Ok((host, snapshot))
    });
    Ok(Deployed { first, second, machines: machines.collect::<Result<_>>()? })
}

fn play(lab: &Lab, fleet: &Fleet, engines: &Engines, engine: Engine) -> Result<Recap> {
    let mut words = engines.playbook(engine);
    words.extend(PLAYBOOKS.map(str::to_owned));
    let mut command = fleet.inside(lab, &words);
    engines.prepare(engine, &mut command)?;
    let started = std::time::Instant::now();
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{}: {}\n{text}", engine.name(), String::from_utf8_lossy(&output.stderr));
    println!("{}: deployed in {:.1} s", engine.name(), started.elapsed().as_secs_f32());
    Ok(Recap::parse(&text))
}

fn is_wanted(path: &str) -> bool {
    let name = Path::new(path).file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    !VOLATILE.iter().any(|volatile| path == *volatile || path.starts_with(&format!("{volatile}/")))
        && !VOLATILE_NAMES.contains(&name.as_ref())
        // It counts as changed when the worker is kept below it; its other content is looked at.
        && path != "root"
        // Backups and locks that dpkg and shadow leave.
        && !name.ends_with("-old") && !name.ends_with('-') && !name.ends_with(".pyc")
}
