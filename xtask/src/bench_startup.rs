//! How long it takes until something happens: `--version`, and a play without tasks, beside ansible-core in one run.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Args;

use crate::command::{command, run};
use crate::engine::{Build, Engine, Engines};
use crate::lab::Lab;

#[derive(Args)]
pub(crate) struct BenchStartupCommand {
    /// Measured runs of each; the median counts.
    #[arg(long, default_value_t = 7)]
    runs: usize,
}

const PLAY: &str = "- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks: []\n";

/// What is started, and how many times as fast as ansible-core it has to be.
const MEASURED: [(&str, f64); 2] = [("--version", 50.0), ("a play without tasks", 20.0)];

impl BenchStartupCommand {
    pub(crate) fn run(&self, lab: &Lab) -> Result<()> {
        let engines = Engines::ensure(lab, Build::Release, &[Engine::Kapell, Engine::Ansible])?;
        let play = lab.path("bench-startup.yml");
        fs_err::write(&play, PLAY)?;
        let play = play.display().to_string();
        let mut slow = Vec::new();
        for (what, wanted) in MEASURED {
            let argument = if what == "--version" { what } else { play.as_str() };
            let (kapell, ansible) = self.side_by_side(&engines, argument)?;
            let ratio = ansible.as_secs_f64() / kapell.as_secs_f64();
            let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
            let (ours, theirs) = (milliseconds(kapell), milliseconds(ansible));
            println!(
                "{what:<22} kapell {ours:>7.1} ms   ansible-core {theirs:>7.1} ms   {ratio:>6.1}x, wanted {wanted}x"
            );
            if ratio < wanted {
                slow.push(what);
            }
        }
        ensure!(slow.is_empty(), "slower than wanted: {}", slow.join(", "));
        Ok(())
    }

    /// Medians. The two take turns, so that both see the same machine.
    fn side_by_side(&self, engines: &Engines, argument: &str) -> Result<(Duration, Duration)> {
        let (mut kapell, mut ansible) = (Vec::new(), Vec::new());
        for round in 0..=self.runs {
            let times = (start(engines, Engine::Kapell, argument)?, start(engines, Engine::Ansible, argument)?);
            // The first fetches the programs from the disk.
            if round > 0 {
                kapell.push(times.0);
                ansible.push(times.1);
            }
        }
        Ok((median(kapell), median(ansible)))
    }
}

fn start(engines: &Engines, engine: Engine, argument: &str) -> Result<Duration> {
    let mut program: Command = command(engines.playbook(engine));
    program.arg(argument);
    engines.prepare(engine, &mut program)?;
    let started = Instant::now();
    run(&mut program)?;
    Ok(started.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
