//! `Trial`: one case under one engine, on a fresh copy at a path that does not depend on the engine.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::case::{self, Case};
use super::snapshot::{self, Snapshot};
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
    /// What prints, if not the default.
    pub(super) callback: Option<&'a str>,
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
    pub(super) seconds: f64,
}

impl Trial<'_> {
    /// As `run`, but what was measured before for the very same files and arguments is taken from the lab.
    pub(super) fn run_remembered(&self, engine: Engine) -> Result<Vec<Run>> {
        let memory = self.lab.path("conformance-memory");
        fs_err::create_dir_all(&memory)?;
        let callback = self.callback.map(|name| format!("-{name}")).unwrap_or_default();
        let name = format!("{}{callback}-{}-{:016x}.json", self.case.name, engine.name(), self.case.fingerprint()?);
        let file = memory.join(name);
        if let Some(runs) = fs_err::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok()) {
            return Ok(runs);
        }
        let runs = self.run(engine)?;
        fs_err::write(file, serde_json::to_vec(&runs)?)?;
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
        self.case.runs.iter().map(|arguments| self.run_once(engine, &place, arguments)).collect()
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

    fn run_once(&self, engine: Engine, place: &Path, arguments: &[String]) -> Result<Run> {
        let project = place.join("project");
        let mut words = PATIENCE.map(str::to_owned).to_vec();
        words.extend(self.engines.playbook(engine));
        if !arguments.iter().any(|argument| argument == "-i") {
            let inventory = ["inventory", "inventory.yml"].into_iter().find(|name| project.join(name).exists());
            words.extend(["-i".to_owned(), inventory.unwrap_or("inventory.ini").to_owned()]);
        }
        words.extend(["-e".to_owned(), format!("out={}", place.join("out").display())]);
        if !case::names_playbook(arguments) {
            words.push("site.yml".to_owned());
        }
        words.extend(arguments.iter().cloned());
        let mut command = command(words);
        command.env_clear().env("HOME", place.join("home")).env("LANG", "C.UTF-8").env("COLUMNS", "80");
        // Ansible's two halves of a job do not agree on which home `~` is.
        command.env("ANSIBLE_ASYNC_DIR", place.join("home/jobs"));
        command.envs(self.callback.map(|name| ("ANSIBLE_STDOUT_CALLBACK", name)));
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
            seconds,
        })
    }
}
