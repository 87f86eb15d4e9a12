//! The latency benchmark: twenty tasks for one host at the end of a slow line, in round trips a task after connecting,
//! under Kapell and Mitogen in one run.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use kapell_test_support::Sshd;
use kapell_test_support::relay::{Plan, Relay};

use crate::engine::{Build, Engine, Engines};
use crate::lab::Lab;
use crate::recap::Recap;

/// Of the playbook.
const TASKS: u32 = 20;
/// What a task may take, in round trips.
const MOST: f64 = 1.2;

#[derive(Args)]
pub(crate) struct BenchLatencyCommand {
    /// Milliseconds from one end of the line to the other and back.
    #[arg(long, default_value_t = 100)]
    round_trip: u64,
    #[arg(long, value_enum, value_delimiter = ',', default_value = "kapell,mitogen")]
    engines: Vec<Engine>,
    /// Measured runs of each engine; the quickest counts, the machine may have other work.
    #[arg(long, default_value_t = 3)]
    runs: usize,
}

impl BenchLatencyCommand {
    pub(crate) fn run(&self, lab: &Lab) -> Result<()> {
        let engines = Engines::ensure(lab, Build::Release, &self.engines)?;
        let server = Sshd::start().context("the loopback server does not start")?;
        let line = Line { lab, engines, relay: Relay::to(server.port, self.plan()), server };
        line.write_inventory()?;
        println!("20 tasks, a line of {} ms there and back", self.round_trip);
        println!("{:<28} {:>9} {:>10} {:>11} {:>18}", "", "20 tasks", "one task", "ms a task", "round trips a task");
        let mut own = None;
        for &engine in &self.engines {
            line.play(engine, false)?;
            let (whole, first) = (self.quickest(&line, engine, false)?, self.quickest(&line, engine, true)?);
            let task = whole.saturating_sub(first).as_secs_f64() * 1000.0 / f64::from(TASKS - 1);
            let trips = task / self.round_trip as f64;
            let (name, whole, first) = (engine.name(), whole.as_secs_f64(), first.as_secs_f64());
            println!("{name:<28} {whole:>7.2} s {first:>8.2} s {task:>11.1} {trips:>18.2}");
            if engine == Engine::Kapell {
                own = Some(trips);
            }
        }
        ensure!(own.is_none_or(|trips| trips <= MOST), "more than {MOST} round trips a task");
        Ok(())
    }

    /// The delay counts in both directions.
    fn plan(&self) -> Plan {
        Plan { delay: Duration::from_micros(self.round_trip * 500), ..Plan::default() }
    }

    fn quickest(&self, line: &Line<'_>, engine: Engine, only_first: bool) -> Result<Duration> {
        let runs: Result<Vec<Duration>> = (0..self.runs.max(1)).map(|_| line.play(engine, only_first)).collect();
        runs?.into_iter().min().context("no run")
    }
}

struct Line<'a> {
    lab: &'a Lab,
    engines: Engines,
    relay: Relay,
    server: Sshd,
}

impl Line<'_> {
    fn write_inventory(&self) -> Result<()> {
        let Sshd { port, key, known_hosts, user, .. } = &self.server;
        let text = format!(
            "far ansible_host=127.0.0.1 ansible_port={}\n[all:vars]\nansible_user={user}\nansible_ssh_private_key_file={}\n\
             ansible_ssh_common_args=-o UserKnownHostsFile={} -o HostKeyAlias=[127.0.0.1]:{port}\n\
             ansible_python_interpreter=/usr/bin/python3\n",
            self.relay.port,
            key.display(),
            known_hosts.display()
        );
        fs_err::create_dir_all(self.lab.path(""))?;
        Ok(fs_err::write(self.lab.path("latency.ini"), text)?)
    }

    /// How long it took; an error unless every task was done.
    fn play(&self, engine: Engine, only_first: bool) -> Result<Duration> {
        let log = self.lab.path("bench-latency.log");
        let file = fs_err::File::create(&log)?.into_file();
        let mut words = self.engines.playbook(engine);
        words.extend(["-i".to_owned(), self.lab.path("latency.ini").display().to_string(), "latency.yml".to_owned()]);
        words.extend(["-e".to_owned(), "base=/var/tmp/latency".to_owned()]);
        if only_first {
            words.extend(["-t".to_owned(), "first".to_owned()]);
        }
        let mut command = crate::command::command(words);
        command.current_dir(self.lab.repository().join("tests/bench"));
        self.engines.prepare(engine, &mut command)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let started = Instant::now();
        let status = command.status().context("cannot start the engine")?;
        let elapsed = started.elapsed();
        let recap = Recap::parse(&fs_err::read_to_string(&log)?);
        let wanted = if only_first { 1 } else { TASKS };
        ensure!(status.success() && recap.count("far", "ok") == wanted, "not all was done; see {}", log.display());
        Ok(elapsed)
    }
}
