//! The rolling update under load: requests go through nginx all the while a new version, a broken one, and a good one
//! again are rolled out. No request may fail, and the broken versions must stop at the first host.

use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::engine::{Build, Engine, Engines};
use crate::fleet::{Fleet, Host};
use crate::lab::Lab;
use crate::load::LoadReport;
use crate::recap::Recap;

const APP: &str = "playbooks/configure_sample_app_playbook.yml";
const NGINX: &str = "playbooks/configure_nginx_playbook.yml";

#[derive(Args)]
pub(crate) struct RolloutCommand {
    /// The fleet; `cargo xtask fleet up` starts it.
    #[arg(long, default_value = "main")]
    name: String,
    #[arg(long, value_enum, default_value_t = Engine::Kapell)]
    engine: Engine,
    /// Requests a second through nginx.
    #[arg(long, default_value_t = 300)]
    rate: u32,
}

impl RolloutCommand {
    pub(crate) fn on(name: &str, engine: Engine) -> Self {
        Self { name: name.to_owned(), engine, rate: 300 }
    }

    pub(crate) fn run(&self, lab: &Lab) -> Result<()> {
        let engines = Engines::ensure(lab, Build::Release, &[self.engine])?;
        let fleet = Fleet::new(lab, &self.name);
        let hosts = fleet.hosts()?;
        let rollout = Rollout { command: self, lab, engines, fleet, hosts };
        rollout.deploy_first()?;
        rollout.good("2.0.0")?;
        rollout.broken("3.0.0", "crashes.js", "2.0.0")?;
        rollout.good("3.0.1")?;
        rollout.broken("4.0.0", "unhealthy.js", "3.0.1")?;
        rollout.good("4.0.1")
    }
}

struct Rollout<'a> {
    command: &'a RolloutCommand,
    lab: &'a Lab,
    engines: Engines,
    fleet: Fleet,
    hosts: Vec<Host>,
}

/// How a run of the engine ended.
struct Run {
    code: i32,
    recap: Recap,
    output: String,
    seconds: f64,
}

impl Rollout<'_> {
    fn deploy_first(&self) -> Result<()> {
        let run = self.play(&[APP, NGINX, "-e", "app_version=1.0.0"])?;
        ensure!(run.code == 0, "the first deployment failed\n{}", run.output);
        println!("{:<28} exit 0, {:.1} s", "first deployment of 1.0.0", run.seconds);
        Ok(())
    }

    /// A version that works: no request fails and every host ends up serving it.
    fn good(&self, version: &str) -> Result<()> {
        let (run, load) = self.play_under_load(&[APP, "-e", &format!("app_version={version}")])?;
        report(&format!("roll out {version}"), &run, &load);
        ensure!(run.code == 0, "exit code {}\n{}", run.code, run.output);
        ensure!(load.failed == 0, "{} requests failed: {:?}", load.failed, load.failures);
        for host in self.app_hosts() {
            ensure!(self.serves(host, version)?, "{} does not serve {version}", host.name);
        }
        Ok(())
    }

    /// A version that does not work: the first host fails, the others are left alone, and no request fails.
    fn broken(&self, version: &str, program: &str, still: &str) -> Result<()> {
        let source = self.lab.repository().join("tests/fixtures/rollout").join(program);
        let source = format!("sample_app_source={}", source.display());
        let (run, load) = self.play_under_load(&[APP, "-e", &format!("app_version={version}"), "-e", &source])?;
        report(&format!("roll out {version} ({program})"), &run, &load);
        let first = self.app_hosts().next().context("the fleet has no app hosts")?;
        ensure!(run.code == 2, "exit code {}, not 2\n{}", run.code, run.output);
        ensure!(run.recap.hosts_with("failed") == [first.name.as_str()], "{}", run.output);
        ensure!(run.recap.0.len() == 1, "hosts after the first were touched\n{}", run.output);
        ensure!(load.failed == 0, "{} requests failed: {:?}", load.failed, load.failures);
        for host in self.app_hosts().skip(1) {
            ensure!(self.serves(host, still)?, "{} no longer serves {still}", host.name);
        }
        Ok(())
    }

    fn play(&self, arguments: &[&str]) -> Result<Run> {
        let mut words = self.engines.playbook(self.command.engine);
        words.extend(arguments.iter().map(|&word| word.to_owned()));
        let mut command = self.fleet.inside(self.lab, &words);
        self.engines.prepare(self.command.engine, &mut command)?;
        let started = Instant::now();
        let output = command.output().context("cannot start the engine")?;
        let seconds = started.elapsed().as_secs_f64();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        Ok(Run { code: output.status.code().unwrap_or(-1), recap: Recap::parse(&text), output: text, seconds })
    }

    fn play_under_load(&self, arguments: &[&str]) -> Result<(Run, LoadReport)> {
        let load = self.start_load()?;
        std::thread::sleep(std::time::Duration::from_secs(1));
        let run = self.play(arguments);
        std::thread::sleep(std::time::Duration::from_secs(2));
        let load = finish_load(load)?;
        ensure!(load.requests > 0, "the load generator sent nothing");
        Ok((run?, load))
    }

    /// This very program again, inside the fleet's network.
    fn start_load(&self) -> Result<Child> {
        let balancer = self.hosts.iter().find(|host| host.is_load_balancer()).context("no load balancer")?;
        let own = std::env::current_exe()?.display().to_string();
        let words = [own, "load".into(), format!("{}:80", balancer.address), format!("--rate={}", self.command.rate)];
        let mut load = self.fleet.inside(self.lab, &words);
        Ok(load.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?)
    }

    fn app_hosts(&self) -> impl Iterator<Item = &Host> {
        self.hosts.iter().filter(|host| !host.is_load_balancer())
    }

    /// Asked directly, past nginx.
    fn serves(&self, host: &Host, version: &str) -> Result<bool> {
        let ask = "exec 3<>/dev/tcp/$0/8080; printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3";
        let words = ["bash", "-c", ask, &host.address].map(str::to_owned);
        let answer = self.fleet.inside(self.lab, &words).output()?;
        Ok(String::from_utf8_lossy(&answer.stdout).contains(&format!("\"version\":\"{version}\"")))
    }
}

fn finish_load(mut load: Child) -> Result<LoadReport> {
    drop(load.stdin.take());
    let mut report = String::new();
    load.stdout.take().context("no output")?.read_to_string(&mut report)?;
    load.wait()?;
    Ok(serde_json::from_str(&report)?)
}

fn report(what: &str, run: &Run, load: &LoadReport) {
    println!(
        "{what:<28} exit {}, {:.1} s; {} requests in {:.1} s, {} failed; ms: median {:.1}, p99 {:.1}, max {:.1}",
        run.code, run.seconds, load.requests, load.seconds, load.failed, load.median_ms, load.p99_ms, load.max_ms
    );
    for (body, seen) in &load.bodies {
        println!("    {:>7} x {body}  ({:.1} s to {:.1} s)", seen.count, seen.first, seen.last);
    }
    let _ = std::io::stdout().flush();
}
