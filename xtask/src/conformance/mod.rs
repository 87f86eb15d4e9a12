//! Differential conformance: the same playbooks under two engines on fresh copies; whatever differs in exit codes,
//! recaps, dumped values and files (content, mode, owner) is shown. Expected values are measured, never committed.

mod case;
mod compare;
mod fleet_content;
mod outputs;
mod printed;
mod snapshot;
mod trial;
mod variant;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, bail, ensure};
use clap::Args;

use crate::engine::{Build, Engine, Engines};
use crate::lab::Lab;
use case::Case;
use compare::Difference;
use trial::Trial;
use variant::Variant;

pub(crate) use outputs::OutputsCommand;

/// Differences printed for one case.
const SHOWN: usize = 12;

#[derive(Args)]
pub(crate) struct ConformanceCommand {
    /// Only cases whose name contains one of these.
    names: Vec<String>,
    /// The engine that is judged, and the one that is right.
    #[arg(long, value_enum, default_value_t = Engine::Kapell)]
    engine: Engine,
    #[arg(long, value_enum, default_value_t = Engine::Ansible)]
    reference: Engine,
    /// Cases at the same time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Measure the reference again, even where the lab remembers it for the same files.
    #[arg(long)]
    fresh: bool,
    /// Also print what the reference printed.
    #[arg(long)]
    show: bool,
    /// Run the cases under this callback, and compare every line they print.
    #[arg(long)]
    callback: Option<String>,
    /// Instead of the cases, deploy the shipped playbooks on two identical fleets and compare the machines.
    #[arg(long)]
    fleet: bool,
}

impl ConformanceCommand {
    /// Kapell against ansible-core, every case.
    pub(crate) fn cases() -> Self {
        let (engine, reference) = (Engine::Kapell, Engine::Ansible);
        Self { names: Vec::new(), engine, reference, jobs: 2, fresh: false, show: false, callback: None, fleet: false }
    }

    /// Kapell against ansible-core, the shipped playbooks on two fleets.
    pub(crate) fn fleets() -> Self {
        Self { fleet: true, ..Self::cases() }
    }

    pub(crate) fn run(&self, lab: &Lab) -> Result<()> {
        let build = if self.fleet { Build::Release } else { Build::Debug };
        let engines = Engines::ensure(lab, build, &[self.engine, self.reference])?;
        if self.fleet {
            return fleet_content::compare(lab, &engines, self.engine, self.reference);
        }
        let directory = lab.repository().join("tests/conformance");
        let cases = Case::find(&directory, &self.names)?;
        ensure!(!cases.is_empty(), "no such case");
        let known = known_differences(&directory)?;
        let outcomes = self.run_all(lab, &engines, &cases, &known)?;
        summarize(&outcomes, &known)
    }

    fn run_all(&self, lab: &Lab, engines: &Engines, cases: &[Case], known: &[String]) -> Result<Vec<Outcome>> {
        let next = AtomicUsize::new(0);
        let outcomes = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..self.jobs.max(1))
                .map(|_| {
                    scope.spawn(|| {
                        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                            let mut outcome = self.run_one(lab, engines, case, self.fresh)?;
                            outcome.print();
                            if !outcome.differences.is_empty() && !known.contains(&case.name) {
                                println!("once more, in case that {} depends on time or load:", case.name);
                                outcome = self.run_one(lab, engines, case, true)?;
                                outcome.print();
                            }
                            outcomes.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(outcome);
                        }
                        anyhow::Ok(())
                    })
                })
                .collect();
            workers.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|_| bail!("a worker panicked")))
        })?;
        Ok(outcomes.into_inner().unwrap_or_default())
    }

    fn run_one(&self, lab: &Lab, engines: &Engines, case: &Case, fresh: bool) -> Result<Outcome> {
        let variant = self.callback.as_deref().map(Variant::of_callback).unwrap_or_default();
        let trial = Trial { lab, engines, case, variant: &variant };
        let expected = trial.run_remembered(self.reference, fresh)?;
        let actual = trial.run(self.engine)?;
        let output = self.show.then(|| expected.iter().map(|run| run.output.as_str()).collect());
        let seconds = |runs: &[trial::Run]| runs.iter().map(|run| run.seconds).sum();
        Ok(Outcome {
            name: case.name.clone(),
            runs: expected.len(),
            differences: compare::compare(case.compares_stdout || self.callback.is_some(), &expected, &actual),
            same_output: compare::same_output(&expected, &actual),
            reference_seconds: seconds(&expected),
            seconds: seconds(&actual),
            output,
        })
    }
}

struct Outcome {
    name: String,
    runs: usize,
    differences: Vec<Difference>,
    /// Whether the two also printed the same, which only some cases ask for.
    same_output: bool,
    reference_seconds: f64,
    seconds: f64,
    output: Option<String>,
}

impl Outcome {
    fn print(&self) {
        let verdict = if self.differences.is_empty() { "same" } else { "DIFFERENT" };
        let printed = if self.same_output { "prints the same" } else { "prints other lines" };
        println!(
            "{verdict:<9} {:<28} {} run(s), {:.1} s against {:.1} s, {printed}",
            self.name, self.runs, self.seconds, self.reference_seconds
        );
        for difference in self.differences.iter().take(SHOWN) {
            println!("{difference}");
        }
        if self.differences.len() > SHOWN {
            println!("    … and {} more", self.differences.len() - SHOWN);
        }
        if let Some(output) = &self.output {
            println!("{output}");
        }
    }
}

fn summarize(outcomes: &[Outcome], known: &[String]) -> Result<()> {
    let (same, different): (Vec<&Outcome>, Vec<&Outcome>) =
        outcomes.iter().partition(|outcome| outcome.differences.is_empty());
    let same_output = outcomes.iter().filter(|outcome| outcome.same_output).count();
    let is_known = |outcome: &&Outcome| known.contains(&outcome.name);
    let unknown: Vec<&str> = different.iter().filter(|o| !is_known(o)).map(|o| o.name.as_str()).collect();
    println!(
        "{} cases: {} the same, {} different ({} of them known); {same_output} print the same lines",
        outcomes.len(),
        same.len(),
        different.len(),
        different.len() - unknown.len()
    );
    for outcome in same.into_iter().filter(is_known) {
        println!("{} is the same now: its line in known_differences.txt can go", outcome.name);
    }
    ensure!(unknown.is_empty(), "different: {}", unknown.join(", "));
    Ok(())
}

/// The cases named in `known_differences.txt`.
fn known_differences(directory: &Path) -> Result<Vec<String>> {
    let text = fs_err::read_to_string(directory.join("known_differences.txt"))?;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    Ok(lines.filter_map(|line| line.split_once(':')).map(|(name, _)| name.trim().to_owned()).collect())
}
