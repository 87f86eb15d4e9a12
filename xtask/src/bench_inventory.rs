//! The inventory benchmark: large inventories with `group_vars` and `host_vars` under ansible-core and Kapell, in one run;
//! what they list has to be equal.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};

use crate::engine::{Build, Engine, Engines};
use crate::lab::Lab;

#[derive(Args)]
pub(crate) struct BenchInventoryCommand {
    /// How many hosts; several numbers are several inventories.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000")]
    hosts: Vec<usize>,
    #[arg(long, value_enum, value_delimiter = ',', default_value = "ini,yaml")]
    formats: Vec<Format>,
    #[arg(long, value_enum, value_delimiter = ',', default_value = "kapell,ansible")]
    engines: Vec<Engine>,
    /// Measured runs of Kapell; the fastest counts. ansible-core runs once.
    #[arg(long, default_value_t = 3)]
    runs: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Ini,
    Yaml,
}

/// What is asked of an inventory.
#[derive(Clone, Copy)]
enum Question {
    List,
    ListHosts,
}

/// Groups whose members are hosts, and their parents.
const LEAF_GROUPS: usize = 450;
const PARENT_GROUPS: usize = 50;
/// One of so many hosts has a file of its own.
const HOSTS_PER_FILE: usize = 20;

impl BenchInventoryCommand {
    pub(crate) fn run(&self, lab: &Lab) -> Result<()> {
        let engines = Engines::ensure(lab, Build::Release, &self.engines)?;
        println!(
            "{:<6} {:>7} {:<13} {:<13} {:>9} {:>10} {:>7} {:>8}",
            "", "hosts", "", "", "seconds", "peak MiB", "faster", "smaller"
        );
        for &format in &self.formats {
            for &hosts in &self.hosts {
                let place = lab.path(format!("bench-inventory/{format:?}-{hosts}").to_lowercase());
                write_project(&place, format, hosts)?;
                for question in [Question::List, Question::ListHosts] {
                    self.compare(&engines, &Ask { place: &place, format, hosts, question })?;
                }
            }
        }
        Ok(())
    }

    fn compare(&self, engines: &Engines, ask: &Ask) -> Result<()> {
        let mut measured: Vec<Measured> = Vec::new();
        for &engine in &self.engines {
            let runs = if engine == Engine::Kapell { self.runs.max(1) } else { 1 };
            let all = (0..runs).map(|_| ask.measure(engines, engine)).collect::<Result<Vec<_>>>()?;
            let fastest = all.into_iter().min_by(|a, b| a.seconds.total_cmp(&b.seconds)).context("no run")?;
            let ratio = |of: fn(&Measured) -> f64| match measured.first() {
                Some(first) => format!("{:.1}x", of(&fastest) / of(first)),
                None => "-".into(),
            };
            println!(
                "{:<6} {:>7} {:<13} {:<13} {:>9.2} {:>10.1} {:>7} {:>8}",
                format!("{:?}", ask.format).to_lowercase(),
                ask.hosts,
                ask.question.name(),
                engine.name(),
                fastest.seconds,
                fastest.memory as f64 / 1024.0,
                ratio(|measured| measured.seconds),
                ratio(|measured| measured.memory as f64)
            );
            measured.push(fastest);
        }
        let is_equal = measured.windows(2).all(|pair| pair[0].output == pair[1].output);
        ensure!(is_equal, "the engines printed different texts in {}", ask.place.display());
        Ok(())
    }
}

impl Question {
    fn name(self) -> &'static str {
        match self {
            Self::List => "--list",
            Self::ListHosts => "--list-hosts",
        }
    }
}

/// One question about one inventory.
struct Ask<'a> {
    place: &'a Path,
    format: Format,
    hosts: usize,
    question: Question,
}

struct Measured {
    seconds: f64,
    /// Peak of the process, in KiB.
    memory: u64,
    /// Length and checksum of what was printed.
    output: (usize, u64),
}

impl Ask<'_> {
    fn measure(&self, engines: &Engines, engine: Engine) -> Result<Measured> {
        let log = self.place.join("time");
        let mut words: Vec<String> = ["/usr/bin/time", "-f", "%M", "-o"].map(ToOwned::to_owned).to_vec();
        words.push(log.display().to_string());
        let arguments: &[&str] = match self.question {
            Question::List => &["--list"],
            Question::ListHosts => &["--list-hosts", "playbook.yml"],
        };
        words.extend(match self.question {
            Question::List => engines.inventory(engine),
            Question::ListHosts => engines.playbook(engine),
        });
        words.extend(["-i".to_owned(), self.format.file().to_owned()]);
        words.extend(arguments.iter().map(|word| (*word).to_owned()));
        let mut command = crate::command::command(words);
        engines.prepare(engine, &mut command)?;
        command.current_dir(self.place).stdout(Stdio::piped());
        let started = Instant::now();
        let mut child = command.spawn().context("cannot start the engine")?;
        let output = checksum(self.question, &mut BufReader::new(child.stdout.take().context("no output")?))?;
        ensure!(child.wait()?.success(), "{} failed in {}", engine.name(), self.place.display());
        let seconds = started.elapsed().as_secs_f64();
        let memory = fs_err::read_to_string(&log)?.trim().parse().context("the peak memory")?;
        Ok(Measured { seconds, memory, output })
    }
}

/// Hosts to run on are listed in any order.
fn checksum(question: Question, output: &mut impl BufRead) -> Result<(usize, u64)> {
    let (mut length, mut sum, mut line) = (0, 0u64, Vec::new());
    loop {
        line.clear();
        let count = output.read_until(b'\n', &mut line)?;
        if count == 0 {
            return Ok((length, sum));
        }
        let mut hasher = DefaultHasher::new();
        hasher.write(&line);
        if let Question::List = question {
            hasher.write_usize(length);
        }
        sum = sum.wrapping_add(hasher.finish());
        length += count;
    }
}

impl Format {
    fn file(self) -> &'static str {
        match self {
            Self::Ini => "hosts.ini",
            Self::Yaml => "hosts.yml",
        }
    }
}

fn host(at: usize) -> String {
    format!("node{at:06}.rack{:03}.example.com", at % 400)
}

fn leaf(at: usize) -> String {
    format!("app_{at:03}")
}

fn parent(at: usize) -> String {
    format!("site_{at:02}")
}

/// An inventory of that many hosts, with the variables of all groups and some hosts in files, and a play over all.
fn write_project(place: &Path, format: Format, hosts: usize) -> Result<()> {
    if place.exists() {
        fs_err::remove_dir_all(place)?;
    }
    let directory = |name: &str| -> Result<PathBuf> {
        let directory = place.join(name);
        fs_err::create_dir_all(&directory)?;
        Ok(directory)
    };
    let (group_vars, host_vars) = (directory("group_vars")?, directory("host_vars")?);
    let inventory = match format {
        Format::Ini => ini(hosts),
        Format::Yaml => yaml(hosts),
    };
    fs_err::write(place.join(format.file()), inventory)?;
    fs_err::write(place.join("playbook.yml"), "- hosts: all\n  gather_facts: false\n  tasks: []\n")?;
    fs_err::write(
        group_vars.join("all.yml"),
        "ntp_servers: [ntp1.example.com, ntp2.example.com]\ndomain: example.com\n",
    )?;
    for at in 0..LEAF_GROUPS {
        let text = format!("app_port: {}\napp_options: {{workers: {}, log: info}}\n", 8000 + at, at % 16);
        fs_err::write(group_vars.join(leaf(at) + ".yml"), text)?;
    }
    for at in 0..PARENT_GROUPS {
        fs_err::write(group_vars.join(parent(at)), format!("site_name: {}\n", parent(at)))?;
    }
    for at in (0..hosts).step_by(HOSTS_PER_FILE) {
        fs_err::write(host_vars.join(host(at) + ".yml"), format!("serial_number: SN{at:08}\ndisks: [sda, sdb]\n"))?;
    }
    Ok(())
}

fn ini(hosts: usize) -> String {
    let mut text = String::new();
    for group in 0..LEAF_GROUPS {
        let _ = writeln!(text, "[{}]", leaf(group));
        for at in (group..hosts).step_by(LEAF_GROUPS) {
            let _ = writeln!(text, "{} ansible_host={} weight={} tier='gold'", host(at), address(at), at % 7);
        }
    }
    for group in 0..PARENT_GROUPS {
        let _ = writeln!(text, "[{}:children]", parent(group));
        (group..LEAF_GROUPS).step_by(PARENT_GROUPS).for_each(|at| {
            let _ = writeln!(text, "{}", leaf(at));
        });
    }
    text
}

fn yaml(hosts: usize) -> String {
    let mut text = String::from("all:\n  children:\n");
    for group in 0..PARENT_GROUPS {
        let _ = writeln!(text, "    {}:\n      children:", parent(group));
        for at in (group..LEAF_GROUPS).step_by(PARENT_GROUPS) {
            let _ = writeln!(text, "        {}:\n          hosts:", leaf(at));
            for at in (at..hosts).step_by(LEAF_GROUPS) {
                let (name, address, weight) = (host(at), address(at), at % 7);
                let _ = writeln!(text, "            {name}: {{ansible_host: {address}, weight: {weight}, tier: gold}}");
            }
        }
    }
    text
}

fn address(at: usize) -> String {
    format!("10.{}.{}.{}", at >> 16, (at >> 8) & 255, at & 255)
}
