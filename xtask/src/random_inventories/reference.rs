//! `Reference`: ansible-core, started once and asked many times.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::command::command;
use crate::engine::{Engine, Engines};
use crate::lab::Lab;

const PROGRAM: &str = "tests/conformance/many_runs.py";

pub(super) struct Reference {
    process: Child,
    calls: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// One call of one of Ansible's programs.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Call {
    pub(super) directory: String,
    pub(super) program: &'static str,
    pub(super) arguments: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    pub(super) code: i32,
    pub(super) output: String,
    pub(super) errors: String,
}

/// What is said besides may be in other words.
impl PartialEq for Answer {
    fn eq(&self, other: &Self) -> bool {
        (self.code, &self.output) == (other.code, &other.output)
    }
}

impl Answer {
    /// Exit code of an exception nobody expected.
    pub(super) fn is_crash(&self) -> bool {
        self.code == 250
    }
}

impl Reference {
    /// `seed` is that of Python's hashes.
    pub(super) fn start(lab: &Lab, engines: &Engines, home: &Path, seed: u32) -> Result<Self> {
        let python = engines.program(Engine::Ansible, "python");
        let mut words = command(python);
        words.arg(lab.repository().join(PROGRAM)).env_clear().env("HOME", home).env("LANG", "C.UTF-8");
        words.env("ANSIBLE_NOCOLOR", "1").env("PYTHONHASHSEED", seed.to_string());
        engines.prepare(Engine::Ansible, &mut words)?;
        words.current_dir(home).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut process = words.spawn().context("cannot start ansible-core's Python")?;
        let calls = process.stdin.take().context("no standard input")?;
        let answers = BufReader::new(process.stdout.take().context("no standard output")?);
        Ok(Self { process, calls, answers })
    }

    /// Whose answer is read later.
    pub(super) fn ask(&mut self, call: &Call) -> Result<()> {
        let mut line = serde_json::to_string(call)?;
        line.push('\n');
        self.calls.write_all(line.as_bytes())?;
        Ok(self.calls.flush()?)
    }

    pub(super) fn answer(&mut self) -> Result<Answer> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        serde_json::from_str(&line).context("ansible-core's Python has ended")
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
