//! `cargo xtask outputs`: cases told by every callback, and by the default one under several options, beside ansible-core:
//! standard output, standard error and the files that callbacks write.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, bail, ensure};
use clap::Args;

use super::case::Case;
use super::compare::{self, Difference};
use super::trial::{Run, Trial};
use super::variant::Variant;
use crate::engine::{Build, Engine, Engines};
use crate::lab::Lab;

#[derive(Args)]
pub(crate) struct OutputsCommand {
    /// Only cases whose name contains one of these, instead of those of tests/conformance/outputs.txt.
    names: Vec<String>,
    /// Only these variants: default, minimal, oneline, json, junit, tree, v, vv, diff, check, yaml, quiet.
    #[arg(long, value_delimiter = ',')]
    variants: Vec<String>,
    /// Every case.
    #[arg(long)]
    all: bool,
    /// Cases at the same time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Measure the reference again, even where the lab remembers it for the same files.
    #[arg(long)]
    fresh: bool,
    /// Write both sides' texts into this directory, to look at.
    #[arg(long)]
    keep: Option<std::path::PathBuf>,
}

/// A case under a variant, and what differs.
struct Outcome {
    variant: String,
    case: String,
    differences: Vec<Difference>,
}

/// Variant (or `*`) and case, with the reason.
type Known = BTreeMap<(String, String), String>;

/// The callbacks by which users and machines read runs.
const CALLBACKS: [&str; 5] = ["default", "minimal", "oneline", "json", "junit"];

impl OutputsCommand {
    pub(crate) fn run(&self, lab: &Lab) -> Result<()> {
        let engines = Engines::ensure(lab, Build::Debug, &[Engine::Kapell, Engine::Ansible])?;
        let directory = lab.repository().join("tests/conformance");
        let known = read_known(&directory.join("known_outputs.txt"))?;
        let variants = Variant::find(&self.variants);
        let mut outcomes = Vec::new();
        for variant in &variants {
            let cases = self.cases(&directory, variant)?;
            outcomes.extend(self.run_all(lab, &engines, &cases, variant, &known)?);
        }
        ensure!(!outcomes.is_empty(), "no such case or variant");
        summarize(&variants, &outcomes, &known)
    }

    /// Those of the list; some of it are told by `CALLBACKS` alone.
    fn cases(&self, directory: &Path, variant: &Variant) -> Result<Vec<Case>> {
        let mut cases = Case::find(directory, &self.names)?;
        if self.names.is_empty() && !self.all {
            let listed = fs_err::read_to_string(directory.join("outputs.txt"))?;
            let wanted = |case: &Case| {
                let is_callback = CALLBACKS.contains(&variant.name.as_str());
                let of_callbacks = format!("{} callbacks", case.name);
                listed.lines().any(|line| line == case.name || is_callback && line == of_callbacks)
            };
            cases.retain(wanted);
        }
        Ok(cases)
    }

    fn run_all(
        &self,
        lab: &Lab,
        engines: &Engines,
        cases: &[Case],
        variant: &Variant,
        known: &Known,
    ) -> Result<Vec<Outcome>> {
        let next = AtomicUsize::new(0);
        let outcomes = Mutex::new(Vec::new());
        let work = || {
            while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                // Commands that choose how they tell are told once.
                let chooses = case.runs.iter().any(|line| !line.runs_playbook());
                if chooses && !variant.changes_nothing() {
                    continue;
                }
                let outcome = self.run_one(&Trial { lab, engines, case, variant })?;
                outcome.print(known);
                outcomes.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(outcome);
            }
            anyhow::Ok(())
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..self.jobs.max(1)).map(|_| scope.spawn(work)).collect();
            workers.into_iter().try_for_each(|worker| worker.join().unwrap_or_else(|_| bail!("a worker panicked")))
        })?;
        Ok(outcomes.into_inner().unwrap_or_default())
    }

    fn run_one(&self, trial: &Trial) -> Result<Outcome> {
        let expected = trial.run_remembered(Engine::Ansible, self.fresh)?;
        let actual = trial.run(Engine::Kapell)?;
        let (variant, case) = (trial.variant.name.clone(), trial.case.name.clone());
        if let Some(directory) = &self.keep {
            keep(directory, &variant, &case, "expected", &expected)?;
            keep(directory, &variant, &case, "actual", &actual)?;
        }
        let differences = expected.iter().zip(&actual).enumerate();
        let differences = differences.flat_map(|(index, (expected, actual))| compare_run(index + 1, expected, actual));
        Ok(Outcome { variant, case, differences: differences.collect() })
    }
}

fn compare_run(number: usize, expected: &Run, actual: &Run) -> Vec<Difference> {
    let place = |what: &str| format!("run {number}: {what}");
    let mut differences = Vec::new();
    differences.extend(compare::other_line(&place("stdout"), &expected.output, &actual.output));
    differences.extend(compare::other_line(&place("stderr"), &expected.errors, &actual.errors));
    let count = expected.reports.len().max(actual.reports.len());
    let report = |run: &Run, index: usize| run.reports.get(index).cloned().unwrap_or_default();
    differences.extend((0..count).filter_map(|index| {
        compare::other_line(&place(&format!("file {}", index + 1)), &report(expected, index), &report(actual, index))
    }));
    differences
}

fn keep(directory: &Path, variant: &str, case: &str, side: &str, runs: &[Run]) -> Result<()> {
    fs_err::create_dir_all(directory)?;
    let texts = runs.iter().map(|run| {
        let files: String = run.reports.iter().map(|text| format!("=== file\n{text}\n")).collect();
        format!("=== stdout\n{}=== stderr\n{}{files}", run.output, run.errors)
    });
    Ok(fs_err::write(directory.join(format!("{case}.{variant}.{side}")), texts.collect::<String>())?)
}

impl Outcome {
    fn is_known(&self, known: &Known) -> bool {
        [self.variant.as_str(), "*"]
            .iter()
            .any(|variant| known.contains_key(&((*variant).to_owned(), self.case.clone())))
    }

    fn print(&self, known: &Known) {
        if self.differences.is_empty() {
            return;
        }
        let word = if self.is_known(known) { "known" } else { "DIFFERENT" };
        println!("{word:<9} {} {}", self.variant, self.case);
        for difference in &self.differences {
            println!("{difference}");
        }
    }
}

fn summarize(variants: &[Variant], outcomes: &[Outcome], known: &Known) -> Result<()> {
    println!("{:<10} {:>8} {:>6} {:>10} {:>6}", "variant", "compared", "equal", "different", "known");
    for variant in variants {
        let own: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.variant == variant.name).collect();
        let different: Vec<_> = own.iter().filter(|outcome| !outcome.differences.is_empty()).collect();
        let expected = different.iter().filter(|outcome| outcome.is_known(known)).count();
        let (all, differ) = (own.len(), different.len());
        println!("{:<10} {all:>8} {:>6} {differ:>10} {expected:>6}", variant.name, all - differ);
    }
    if CALLBACKS.iter().all(|name| variants.iter().any(|variant| variant.name == *name)) {
        println!("equal under all five of {}: {}", CALLBACKS.join(", "), equal_under_all(outcomes));
    }
    let superfluous = superfluous(outcomes, known, variants.len() == Variant::find(&[]).len());
    for (variant, case) in &superfluous {
        println!("{variant} {case} is equal now: it has no place in known_outputs.txt");
    }
    let unknown = outcomes.iter().filter(|o| !o.differences.is_empty() && !o.is_known(known));
    let unknown: Vec<String> = unknown.map(|outcome| format!("{} {}", outcome.variant, outcome.case)).collect();
    ensure!(unknown.is_empty(), "different: {}", unknown.join(", "));
    ensure!(superfluous.is_empty(), "known_outputs.txt has {} lines too many", superfluous.len());
    Ok(())
}

/// Cases that every one of `CALLBACKS` tells alike.
fn equal_under_all(outcomes: &[Outcome]) -> usize {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for outcome in outcomes.iter().filter(|outcome| outcome.differences.is_empty()) {
        *counts.entry(outcome.case.as_str()).or_default() += usize::from(CALLBACKS.contains(&outcome.variant.as_str()));
    }
    counts.values().filter(|count| **count == CALLBACKS.len()).count()
}

/// Known differences that are none: one for all variants is when all were run and none differs.
fn superfluous<'a>(outcomes: &'a [Outcome], known: &'a Known, all_variants: bool) -> Vec<&'a (String, String)> {
    let played: BTreeSet<&str> = outcomes.iter().map(|outcome| outcome.case.as_str()).collect();
    let differs = |variant: &str, case: &str| {
        let is_meant = |outcome: &&Outcome| outcome.case == case && ["*", &outcome.variant].contains(&variant);
        let mut meant = outcomes.iter().filter(is_meant).peekable();
        meant.peek().is_none() || meant.any(|outcome| !outcome.differences.is_empty())
    };
    let is_judged =
        |(variant, case): &&(String, String)| played.contains(case.as_str()) && (variant != "*" || all_variants);
    known.keys().filter(is_judged).filter(|(variant, case)| !differs(variant, case)).collect()
}

/// Lines `VARIANT,VARIANT CASE: REASON`, where the variant may be `*`.
fn read_known(path: &Path) -> Result<Known> {
    let mut known = Known::new();
    for line in fs_err::read_to_string(path)?.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let parts = line.split_once(": ").and_then(|(key, reason)| Some((key.split_once(' ')?, reason)));
        let Some(((variant, case), reason)) = parts else {
            bail!("{}: not `VARIANT[,VARIANT] CASE: REASON`: {line}", path.display())
        };
        for variant in variant.split(',') {
            known.insert((variant.to_owned(), case.to_owned()), reason.to_owned());
        }
    }
    Ok(known)
}
