//! The speed of single modules: each playbook of `tests/bench/modules` under Kapell and under ansible-core with pipelining
//! in one run, and one large file beside `scp`. Every run finds sources it has never seen and an empty destination.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};

use crate::engine::{Build, Engine, Engines};
use crate::lab::Lab;
use crate::recap::Recap;
use crate::sshd::LoopbackHosts;

#[derive(Args)]
pub(crate) struct BenchModulesCommand {
    /// Only these.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "copy-tree,file-loop,facts,large-file")]
    only: Vec<Work>,
    #[arg(long, value_enum, value_delimiter = ',', default_value = "kapell,ansible")]
    engines: Vec<Engine>,
    /// How many small files the copied directory has. ansible-core needs a third of a second for each.
    #[arg(long, default_value_t = 2000)]
    files: usize,
    /// The size of the large file, in MiB.
    #[arg(long, default_value_t = 1024)]
    size: usize,
    /// Measured runs of Kapell and of scp, of which the median counts; ansible-core runs once.
    #[arg(long, default_value_t = 3)]
    runs: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Work {
    CopyTree,
    FileLoop,
    Facts,
    LargeFile,
}

impl Work {
    fn playbook(self) -> &'static str {
        match self {
            Self::CopyTree => "copy_tree.yml",
            Self::FileLoop => "file_loop.yml",
            Self::Facts => "facts.yml",
            Self::LargeFile => "large_file.yml",
        }
    }

    fn hosts(self) -> u8 {
        if self == Self::Facts { 50 } else { 1 }
    }

    /// How many times quicker than ansible-core it has to be; for the large file, as a share of scp's speed.
    fn wanted(self) -> f64 {
        match self {
            Self::CopyTree => 50.0,
            Self::FileLoop => 100.0,
            Self::Facts => 20.0,
            Self::LargeFile => 0.8,
        }
    }

    fn describe(self, command: &BenchModulesCommand) -> String {
        match self {
            Self::CopyTree => format!("copy of a directory of {} small files", command.files),
            Self::FileLoop => "loop of 200 file tasks".to_owned(),
            Self::Facts => "facts of 50 hosts".to_owned(),
            Self::LargeFile => format!("copy of one file of {} MiB", command.size),
        }
    }
}

impl BenchModulesCommand {
    pub(crate) fn run(&self, lab: &Lab) -> Result<()> {
        let engines = Engines::ensure(lab, Build::Release, &self.engines)?;
        let scratch = lab.path("bench-modules");
        let mut missed = Vec::new();
        for &work in &self.only {
            let hosts = LoopbackHosts::start(lab, work.hosts())?;
            let bench = Bench { command: self, lab, engines: &engines, hosts: &hosts, scratch: &scratch, work };
            if !bench.measure()? {
                missed.push(work.describe(self));
            }
        }
        ensure!(missed.is_empty(), "slower than wanted: {}", missed.join("; "));
        Ok(())
    }
}

struct Bench<'a> {
    command: &'a BenchModulesCommand,
    lab: &'a Lab,
    engines: &'a Engines,
    hosts: &'a LoopbackHosts,
    scratch: &'a Path,
    work: Work,
}

impl Bench<'_> {
    /// Prints the times; whether Kapell is as quick as wanted beside what else was run.
    fn measure(&self) -> Result<bool> {
        println!("\n{}", self.work.describe(self.command));
        let mut times = Vec::new();
        for &engine in &self.command.engines {
            // ansible-core opens its shared connections in a run of their own, as Kapell leaves its worker on the host.
            self.warm_up(engine)?;
            let runs = if engine == Engine::Kapell { self.command.runs.max(1) } else { 1 };
            times.push((engine.name(), median(runs, |number| self.play(engine, number))?));
        }
        if self.work == Work::LargeFile {
            times.push(("scp", median(self.command.runs.max(1), |number| self.scp(number))?));
        }
        Ok(self.print(&times))
    }

    fn print(&self, times: &[(&str, Duration)]) -> bool {
        let own = times.iter().find(|(name, _)| *name == Engine::Kapell.name()).map(|(_, time)| time.as_secs_f64());
        for (name, time) in times {
            let seconds = time.as_secs_f64();
            let ratio = own.map_or("-".to_owned(), |own| format!("{:.2} x kapell", seconds / own));
            println!("{name:<24} {seconds:>9.3} s {ratio:>16}");
        }
        let other = if self.work == Work::LargeFile { "scp" } else { Engine::Ansible.name() };
        let other = times.iter().find(|(name, _)| *name == other).map(|(_, time)| time.as_secs_f64());
        let Some(ratio) = own.zip(other).map(|(own, other)| other / own) else { return true };
        let enough = ratio >= self.work.wanted();
        println!("wanted {}: {}", self.work.wanted(), if enough { "reached" } else { "MISSED" });
        enough
    }

    fn warm_up(&self, engine: Engine) -> Result<()> {
        let mut words = self.engines.playbook(engine);
        words[0] = words[0].replace("ansible-playbook", "ansible");
        if engine == Engine::Kapell {
            "run".clone_into(&mut words[1]);
        }
        words.extend(["all", "-m", "ping", "-i"].map(str::to_owned));
        words.push(self.hosts.inventory.display().to_string());
        let mut command = crate::command::command(words);
        command.current_dir(self.lab.repository().join("tests/bench"));
        self.engines.prepare(engine, &mut command)?;
        crate::command::run(&mut command).map(drop)
    }

    /// One run of the playbook; an error unless every host did the work.
    fn play(&self, engine: Engine, number: usize) -> Result<Duration> {
        let source = self.source()?;
        let place = self.place(engine.name(), number);
        let mut words = self.engines.playbook(engine);
        words.extend(["-i".to_owned(), self.hosts.inventory.display().to_string()]);
        words.push(format!("modules/{}", self.work.playbook()));
        words.extend(["-e".to_owned(), format!("source={}", source.display())]);
        words.extend(["-e".to_owned(), format!("place={}", place.display())]);
        let mut command = crate::command::command(words);
        command.current_dir(self.lab.repository().join("tests/bench")).stdin(Stdio::null());
        self.engines.prepare(engine, &mut command)?;
        if self.work == Work::FileLoop {
            fs_err::create_dir_all(&place)?;
            fs_err::set_permissions(&place, std::os::unix::fs::PermissionsExt::from_mode(0o777))?;
        }
        let started = Instant::now();
        let output = crate::command::run(&mut command)?;
        let elapsed = started.elapsed();
        let recap = Recap::parse(&String::from_utf8_lossy(&output.stdout));
        let done = recap.0.keys().filter(|host| recap.count(host, "ok") == 1).count();
        ensure!(done == usize::from(self.work.hosts()), "{done} of {} hosts done", self.work.hosts());
        self.check(&source, &place)?;
        fs_err::remove_dir_all(self.scratch.join("source"))?;
        Ok(elapsed)
    }

    fn scp(&self, number: usize) -> Result<Duration> {
        let source = self.source()?;
        let place = self.place("scp", number);
        let started = Instant::now();
        crate::command::run(&mut self.hosts.scp(&source, &place))?;
        let elapsed = started.elapsed();
        self.check(&source, &place)?;
        Ok(elapsed)
    }

    /// Made anew for every run: what a host has seen once need not be sent again.
    fn source(&self) -> Result<PathBuf> {
        let source = self.scratch.join("source");
        fs_err::create_dir_all(&source)?;
        match self.work {
            Work::CopyTree => {
                for number in 0..self.command.files {
                    let directory = source.join(format!("directory{}", number % 20));
                    fs_err::create_dir_all(&directory)?;
                    let content = format!("{number} {:?}\n", Instant::now()).repeat(8);
                    fs_err::write(directory.join(format!("file{number}")), content)?;
                }
                Ok(source)
            }
            Work::LargeFile => {
                let file = source.join("large");
                let count = format!("count={}", self.command.size);
                let of = format!("of={}", file.display());
                crate::command::run(&mut crate::command::command(["dd", "if=/dev/urandom", &of, "bs=1M", &count]))?;
                Ok(file)
            }
            Work::FileLoop | Work::Facts => Ok(source),
        }
    }

    fn place(&self, name: &str, number: usize) -> PathBuf {
        self.hosts.home().join(format!("bench-{}-{name}-{number}", self.work.playbook()))
    }

    /// What arrived is what was sent; it is deleted.
    fn check(&self, source: &Path, place: &Path) -> Result<()> {
        if matches!(self.work, Work::CopyTree | Work::LargeFile) {
            crate::command::run(crate::command::command(["diff", "--recursive", "--brief"]).arg(source).arg(place))?;
        }
        if self.work == Work::FileLoop {
            let made = fs_err::read_dir(place)?.count();
            ensure!(made == 200, "{made} directories of 200");
        }
        crate::command::run(crate::command::command(["rm", "-rf"]).arg(place)).map(drop)
    }
}

fn median(runs: usize, one: impl Fn(usize) -> Result<Duration>) -> Result<Duration> {
    let mut times: Vec<Duration> = (0..runs).map(one).collect::<Result<_>>()?;
    times.sort();
    Ok(times[times.len() / 2])
}
