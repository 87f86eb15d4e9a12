//! `Trial`: one case under one engine, on a fresh copy at a path that does not depend on the engine.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::case::{Case, CommandLine};
use super::snapshot::{self, Snapshot};
use super::variant::Variant;
use crate::command::{command, run};
use crate::engine::{Engine, Engines};
use crate::lab::Lab;
use crate::recap::Recap;

/// A run that takes longer is ended, with exit code 124.
const PATIENCE: [&str; 3] = ["timeout", "--kill-after=5", "180"];

pub(super) struct Trial<'a> {
    pub(super) lab: &'a Lab,
    pub(super) engines: &'a Engines,
    pub(super) case: &'a Case,
    pub(super) variant: &'a Variant,
}

/// What one run left behind.
#[derive(Serialize, Deserialize)]
pub(super) struct Run {
    pub(super) code: Option<i32>,
    pub(super) recap: Recap,
    /// Everything below the case's output directory afterwards.
    pub(super) files: Snapshot,
    pub(super) output: String,
    pub(super) errors: String,
    /// The files that callbacks wrote, in order of their names.
    #[serde(default)]
    pub(super) reports: Vec<String>,
    pub(super) seconds: f64,
}

impl Run {
    /// An engine that fails says so; one that was killed, or had no room to write, says nothing.
    fn was_cut_off(&self) -> bool {
        self.code != Some(0) && self.output.is_empty() && self.errors.is_empty()
    }
}

impl Trial<'_> {
    /// As `run`, but what was measured before for the very same files and arguments is taken from the lab, unless it is
    /// to be measured afresh.
    pub(super) fn run_remembered(&self, engine: Engine, fresh: bool) -> Result<Vec<Run>> {
        let memory = self.lab.path("conformance-memory");
        fs_err::create_dir_all(&memory)?;
        let (case, variant) = (&self.case.name, self.variant.suffix());
        let name = format!("{case}{variant}-{}-{:016x}.json", engine.name(), self.case.fingerprint()?);
        let file = memory.join(name);
        let known = fs_err::read(&file).ok().filter(|_| !fresh);
        if let Some(runs) = known.and_then(|text| serde_json::from_slice(&text).ok()) {
            return Ok(runs);
        }
        let runs = self.run(engine)?;
        if !runs.iter().any(Run::was_cut_off) {
            fs_err::write(file, serde_json::to_vec(&runs)?)?;
        }
        Ok(runs)
    }

    pub(super) fn run(&self, engine: Engine) -> Result<Vec<Run>> {
        let place = self.lab.path("conformance").join(&self.case.name);
        if place.exists() {
            fs_err::remove_dir_all(&place)?;
        }
        for child in ["project", "out", "home"] {
            fs_err::create_dir_all(place.join(child))?;
        }
        self.copy_project(&place.join("project"))?;
        self.case.runs.iter().map(|line| self.run_once(engine, &place, line)).collect()
    }

    fn copy_project(&self, project: &Path) -> Result<()> {
        let mut copy = command(["cp", "--recursive"]);
        if self.case.source.is_dir() {
            copy.arg(self.case.source.join("."));
        } else {
            copy.arg(&self.case.source);
        }
        run(copy.arg(project))?;
        if !self.case.source.is_dir() {
            fs_err::rename(project.join(self.file_name()), project.join("site.yml"))?;
        }
        if !["inventory", "inventory.ini", "inventory.yml"].iter().any(|name| project.join(name).exists()) {
            fs_err::copy(&self.case.default_inventory, project.join("inventory.ini"))?;
        }
        Ok(())
    }

    fn file_name(&self) -> PathBuf {
        self.case.source.file_name().map(PathBuf::from).unwrap_or_default()
    }

    fn run_once(&self, engine: Engine, place: &Path, line: &CommandLine) -> Result<Run> {
        let project = place.join("project");
        let mut command = command(self.words(engine, place, line));
        command.env_clear().env("HOME", place.join("home")).env("LANG", "C.UTF-8").env("COLUMNS", "80");
        // Ansible's two halves of a job do not agree on which home `~` is.
        command.env("ANSIBLE_ASYNC_DIR", place.join("home/jobs"));
        let reports = place.join("reports");
        for name in ["JUNIT_OUTPUT_DIR", "ANSIBLE_CALLBACK_TREE_DIR"] {
            command.env(name, &reports);
        }
        command.envs(self.variant.environment.iter().map(|(name, value)| (name, value)));
        self.engines.prepare(engine, &mut command)?;
        let started = Instant::now();
        let output = command.current_dir(&project).output().context("cannot start the engine")?;
        let seconds = started.elapsed().as_secs_f64();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(Run {
            code: output.status.code(),
            recap: Recap::parse(&text),
            files: snapshot::read(&place.join("out"), &|_| true)?,
            output: text,
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
            reports: take_files(&reports)?,
            seconds,
        })
    }

    fn words(&self, engine: Engine, place: &Path, line: &CommandLine) -> Vec<String> {
        let project = place.join("project");
        let mut words = PATIENCE.map(str::to_owned).to_vec();
        words.extend(self.engines.program(engine, &line.program));
        if !line.arguments.iter().any(|argument| argument == "-i") {
            let inventory = ["inventory", "inventory.yml"].into_iter().find(|name| project.join(name).exists());
            words.extend(["-i".to_owned(), inventory.unwrap_or("inventory.ini").to_owned()]);
        }
        words.extend(["-e".to_owned(), format!("out={}", place.join("out").display())]);
        if line.runs_playbook() && !line.names_playbook() {
            words.push("site.yml".to_owned());
        }
        words.extend(line.arguments.iter().chain(&self.variant.arguments).cloned());
        words
    }
}

/// The texts of a directory's files, which are gone afterwards.
fn take_files(directory: &Path) -> Result<Vec<String>> {
    if !directory.exists() {
        return Ok(Vec::new());
    }
    let entries = fs_err::read_dir(directory)?.collect::<std::io::Result<Vec<_>>>()?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    let texts = paths.iter().map(fs_err::read_to_string).collect::<std::io::Result<_>>()?;
    fs_err::remove_dir_all(directory)?;
    Ok(texts)
}
