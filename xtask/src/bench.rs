//! The side-by-side benchmark: the playbook of `tests/bench` on loopback hosts under every engine in one run, with
//! `ssh HOST true` on all hosts at once as the floor, and the control node's peak memory.

use std::collections::HashSet;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::engine::{Build, Engine, Engines};
use crate::lab::Lab;
use crate::recap::Recap;
use crate::sshd::LoopbackHosts;

#[derive(Args)]
pub(crate) struct BenchCommand {
    /// How many hosts; several numbers are several tables.
    #[arg(long, value_delimiter = ',', default_value = "10,50")]
    hosts: Vec<u8>,
    #[arg(long, value_enum, value_delimiter = ',', default_value = "kapell,mitogen,ansible")]
    engines: Vec<Engine>,
    /// Measured runs of each engine after one that warms up; the median counts.
    #[arg(long, default_value_t = 1)]
    runs: usize,
}

impl BenchCommand {
    pub(crate) fn run(&self, lab: &Lab) -> Result<()> {
        let engines = Engines::ensure(lab, Build::Release, &self.engines)?;
        for &count in &self.hosts {
            let hosts = LoopbackHosts::start(lab, count)?;
            print_table(count, &self.measure(lab, &engines, &hosts, count)?);
        }
        Ok(())
    }

    fn measure(&self, lab: &Lab, engines: &Engines, hosts: &LoopbackHosts, count: u8) -> Result<Vec<Row>> {
        hosts.connect_to_all()?;
        let mut floor: Vec<Duration> = (0..3).map(|_| hosts.connect_to_all()).collect::<Result<_>>()?;
        let mut rows = vec![Row { name: "ssh HOST true, all at once", time: median(&mut floor), memory: None }];
        for &engine in &self.engines {
            let play = Play { lab, engines, hosts, engine, count };
            play.run()?;
            let measured: Vec<(Duration, u64)> = (0..self.runs.max(1)).map(|_| play.run()).collect::<Result<_>>()?;
            let mut times: Vec<Duration> = measured.iter().map(|(time, _)| *time).collect();
            let memory = measured.iter().map(|(_, memory)| *memory).max();
            rows.push(Row { name: engine.name(), time: median(&mut times), memory });
        }
        Ok(rows)
    }
}

struct Row {
    name: &'static str,
    time: Duration,
    /// Peak of the control node's processes together, in KiB.
    memory: Option<u64>,
}

fn print_table(hosts: u8, rows: &[Row]) {
    let floor = rows.first().map_or(1.0, |row| row.time.as_secs_f64());
    let own = rows.iter().find(|row| row.name == Engine::Kapell.name()).map(|row| row.time.as_secs_f64());
    println!("\n{hosts} hosts, 16 tasks, warm");
    println!(
        "{:<28} {:>9} {:>11} {:>11} {:>10} {:>14}",
        "", "seconds", "x ssh true", "x kapell", "peak MiB", "KiB per host"
    );
    for row in rows {
        let seconds = row.time.as_secs_f64();
        let ratio = own.map_or("-".to_owned(), |own| format!("{:.2}", seconds / own));
        let peak = row.memory.map_or("-".to_owned(), |memory| format!("{:.1}", memory as f64 / 1024.0));
        let per_host = row.memory.map_or("-".to_owned(), |memory| format!("{}", memory / u64::from(hosts)));
        println!("{:<28} {seconds:>9.2} {:>11.2} {ratio:>11} {peak:>10} {per_host:>14}", row.name, seconds / floor);
    }
}

/// One engine's run of the playbook.
struct Play<'a> {
    lab: &'a Lab,
    engines: &'a Engines,
    hosts: &'a LoopbackHosts,
    engine: Engine,
    count: u8,
}

impl Play<'_> {
    /// How long it took and how much memory it held; an error unless every host did all sixteen tasks.
    fn run(&self) -> Result<(Duration, u64)> {
        let log = self.lab.path(format!("bench-{}.log", self.engine.name().replace(' ', "")));
        let file = fs_err::File::create(&log)?.into_file();
        let mut command = self.command()?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let started = Instant::now();
        let mut child = command.spawn().context("cannot start the engine")?;
        let memory = peak_memory(&mut child)?;
        let elapsed = started.elapsed();
        let status = child.wait()?;
        let recap = Recap::parse(&fs_err::read_to_string(&log)?);
        let done = recap.0.keys().filter(|host| recap.count(host, "ok") + recap.count(host, "skipped") >= 16).count();
        ensure!(
            status.success() && done == usize::from(self.count),
            "{} of {} hosts done; see {}",
            done,
            self.count,
            log.display()
        );
        Ok((elapsed, memory))
    }

    fn command(&self) -> Result<Command> {
        let mut words = self.engines.playbook(self.engine);
        words.extend(["-i".to_owned(), self.hosts.inventory.display().to_string(), "playbook.yml".to_owned()]);
        let base = self.hosts.home().join(format!("bench-{:?}", self.engine).to_lowercase());
        words.extend(["-e".to_owned(), format!("base={}", base.display())]);
        let mut command = crate::command::command(words);
        command.current_dir(self.lab.repository().join("tests/bench"));
        self.engines.prepare(self.engine, &mut command)?;
        Ok(command)
    }
}

/// Waits for the end; the most that the process and its descendants held together, in KiB of proportional set size.
fn peak_memory(child: &mut Child) -> Result<u64> {
    let root = child.id();
    let mut peak = 0;
    while child.try_wait()?.is_none() {
        peak = peak.max(descendants(root).into_iter().map(proportional_set_size).sum());
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(peak)
}

fn descendants(root: u32) -> HashSet<u32> {
    let mut found = HashSet::new();
    let mut open = vec![root];
    while let Some(pid) = open.pop() {
        if found.insert(pid) {
            let list = fs_err::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
            open.extend(list.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
    }
    found
}

/// 0 for a process that has just ended.
fn proportional_set_size(pid: u32) -> u64 {
    let rollup = fs_err::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
