//! The templating benchmark: every one of a few hosts renders a configuration that goes through all hosts, under
//! ansible-core and Kapell; the texts have to be equal. `tests/bench/templating` says what is rendered.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::engine::{Build, Engine, Engines};
use crate::lab::Lab;

#[derive(Args)]
pub(crate) struct BenchTemplatingCommand {
    /// How many hosts the inventory has.
    #[arg(long, default_value_t = 1000)]
    hosts: u32,
    /// How many of them render under ansible-core; Kapell renders as many, and then fifty times as many for its memory.
    #[arg(long, default_value_t = 4)]
    renders: u32,
}

impl BenchTemplatingCommand {
    pub(crate) fn run(&self, lab: &Lab) -> Result<()> {
        let engines = Engines::ensure(lab, Build::Release, &[Engine::Kapell, Engine::Ansible])?;
        println!("{:<14} {:>8} {:>9} {:>12} {:>10}", "", "renders", "seconds", "per render", "peak MiB");
        let mut texts = Vec::new();
        for (engine, renders) in [
            (Engine::Ansible, self.renders),
            (Engine::Kapell, self.renders),
            (Engine::Kapell, (self.renders * 50).min(self.hosts)),
        ] {
            let start = self.measure(lab, &engines, engine, 1)?;
            let measured = self.measure(lab, &engines, engine, renders)?;
            let each = (measured.seconds - start.seconds) / f64::from((renders - 1).max(1));
            let (seconds, peak) = (measured.seconds, measured.memory as f64 / 1024.0);
            println!("{:<14} {renders:>8} {seconds:>9.2} {:>9.1} ms {peak:>10.1}", engine.name(), each * 1000.0);
            texts.push(measured.text);
        }
        ensure!(texts.windows(2).all(|pair| pair[0] == pair[1]), "the engines rendered different texts");
        Ok(())
    }

    fn measure(&self, lab: &Lab, engines: &Engines, engine: Engine, renders: u32) -> Result<Measured> {
        let inventory = lab.path("bench-templating.ini");
        fs_err::write(&inventory, self.inventory(renders))?;
        let log = lab.path("bench-templating.time");
        let mut words: Vec<String> = ["/usr/bin/time", "-f", "%M", "-o"].map(ToOwned::to_owned).to_vec();
        words.push(log.display().to_string());
        words.extend(engines.playbook(engine));
        words.extend(["-i".to_owned(), inventory.display().to_string(), "playbook.yml".to_owned()]);
        let mut command: Command = crate::command::command(words);
        command.current_dir(lab.repository().join("tests/bench/templating"));
        engines.prepare(engine, &mut command)?;
        let started = Instant::now();
        let printed = crate::command::stdout(&mut command)?;
        let seconds = started.elapsed().as_secs_f64();
        let text = printed.lines().find(|line| line.contains("h0000 ")).context("no text was rendered")?.to_owned();
        let memory = fs_err::read_to_string(&log)?.trim().parse().context("the peak memory")?;
        Ok(Measured { seconds, memory, text })
    }

    /// Hosts in four roles; the first `renders` of them render.
    fn inventory(&self, renders: u32) -> String {
        let host = |at: u32| format!("h{at:04}");
        let mut text: String = (0..self.hosts)
            .map(|at| {
                let (net, address, weight) = (at / 250, at % 250, at % 5);
                let name = host(at);
                format!("{name} address=10.0.{net}.{address} weight=\"{{{{ {weight} + base_weight }}}}\"\n")
            })
            .collect();
        for (at, role) in ["web", "app", "cache", "db"].iter().enumerate() {
            text += &format!("[role_{role}]\n");
            let members = (u32::try_from(at).unwrap_or(0)..self.hosts).step_by(4);
            text.extend(members.map(|at| host(at) + "\n"));
        }
        text += "[renderers]\n";
        text.extend((0..renders).map(|at| host(at) + "\n"));
        text + "[all:vars]\nansible_connection=local\nbase_weight=1\n"
    }
}

struct Measured {
    seconds: f64,
    /// Peak of the largest process, in KiB.
    memory: u64,
    /// The line with the text's checksum.
    text: String,
}
