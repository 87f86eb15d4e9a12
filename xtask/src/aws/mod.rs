//! EC2 against moto, an emulator of the real API: the shipped playbook and inventory, the modules, what goes wrong.

mod bindings;
mod cache;
mod compared;
mod failures;
mod parameters;
mod walkthrough;

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};

use crate::command::{cargo, command, run};
use crate::lab::Lab;
use crate::recap::Recap;

const PACKAGES: &[&str] =
    &["ansible-core==2.19.14", "ansible==12.3.0", "boto3", "moto[server,ec2,secretsmanager,ssm,route53]"];
const PLAYBOOK: &str = "playbooks/create_ec2_instances_playbook.yml";
const SCALE: usize = 5000;

#[derive(Args)]
pub(crate) struct AwsCommand {
    /// Only these, in this order, each by itself; without a name, all but the scale.
    stages: Vec<Stage>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Stage {
    /// The shipped fleet: created, unchanged, grown, healed
    Fleet,
    /// Every parameter the collection documents
    Parameters,
    /// The commands of docs/ec2.md
    Walkthrough,
    /// Playbooks that assert what the modules say
    Modules,
    /// What modules say beside what the collection's modules say
    Compared,
    /// Inventories beside ansible-inventory's
    Inventories,
    /// The cache of inventories
    Cache,
    /// Wrong credentials, endpoints that are down or throttle
    Failures,
    /// An inventory of five thousand instances over two regions, whole and with pages that fail. Making them takes minutes
    Scale,
}

impl AwsCommand {
    pub(crate) fn run(&self, lab: &Lab) -> Result<()> {
        let bench = Bench::new(lab)?;
        let all = Stage::value_variants().iter().filter(|stage| !matches!(stage, Stage::Scale));
        let stages = if self.stages.is_empty() { all.copied().collect() } else { self.stages.clone() };
        for stage in &stages {
            let began = Instant::now();
            bench.run(*stage)?;
            println!("  {stage:?} passed in {} s", began.elapsed().as_secs());
        }
        println!("EC2: {} of {} stages passed", stages.len(), Stage::value_variants().len());
        Ok(())
    }
}

/// A process that ends with the bench.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Bench {
    repository: PathBuf,
    kapell: PathBuf,
    environment: PathBuf,
    place: PathBuf,
    endpoint: String,
    _moto: Server,
}

/// What a run of an engine came to.
struct Ran {
    output: Output,
    took: Duration,
}

impl Ran {
    fn text(&self) -> String {
        [&self.output.stdout[..], &self.output.stderr[..]].map(String::from_utf8_lossy).concat()
    }

    fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }
}

impl Bench {
    fn new(lab: &Lab) -> Result<Self> {
        let environment = environment(lab)?;
        let kapell = build(lab)?;
        let place = lab.path("aws");
        let _ = fs_err::remove_dir_all(&place);
        fs_err::create_dir_all(&place)?;
        // The shipped project, copied: the playbook writes a key beside itself.
        let from = lab.repository();
        for part in ["playbooks", "inventory", "roles", "ansible.cfg", "tests/aws", "docs"] {
            fs_err::create_dir_all(place.join(part).parent().unwrap_or(&place))?;
            run(command(["cp", "-r"]).arg(from.join(part)).arg(place.join(part)))?;
        }
        let (moto, endpoint) = moto(&environment, &place)?;
        Ok(Self { repository: place.clone(), kapell, environment, place, endpoint, _moto: moto })
    }

    /// An engine's program, with credentials and the emulator's address.
    fn engine(&self, words: Command, settings: &[(&str, &str)]) -> Result<Ran> {
        let mut words = words;
        words.env_clear().env("HOME", &self.place).env("LANG", "C.UTF-8").env("ANSIBLE_NOCOLOR", "1");
        words.env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        words.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_ENDPOINT_URL", &self.endpoint);
        words.env("AWS_ACCESS_KEY_ID", "testing").env("AWS_SECRET_ACCESS_KEY", "testing");
        words.env("ANSIBLE_PYTHON_INTERPRETER", self.environment.join("bin/python"));
        words.env("ANSIBLE_DEPRECATION_WARNINGS", "false");
        for (name, value) in settings {
            if value.is_empty() {
                words.env_remove(name)
            } else {
                words.env(name, value)
            };
        }
        let began = Instant::now();
        let output = words.current_dir(&self.repository).output().context("cannot start the engine")?;
        Ok(Ran { output, took: began.elapsed() })
    }

    fn playbook(&self, playbook: &str, more: &[&str], settings: &[(&str, &str)]) -> Result<Ran> {
        let mut words = command([self.kapell.as_os_str()]);
        words.arg("playbook").arg(playbook).args(more);
        self.engine(words, settings)
    }

    fn inventory(&self, source: &Path, view: &str, settings: &[(&str, &str)]) -> Result<Ran> {
        let mut words = command([self.kapell.as_os_str()]);
        words.args(["inventory", "-i"]).arg(source).args(view.split(' '));
        self.engine(words, settings)
    }

    fn reference(&self, source: &Path, view: &str, settings: &[(&str, &str)]) -> Result<Ran> {
        let mut words = command([self.environment.join("bin/ansible-inventory")]);
        words.arg("-i").arg(source).arg(view);
        self.engine(words, settings)
    }

    /// A program of `tests/aws` with these arguments, run with the environment's Python.
    fn python(&self, script: &str, arguments: &[&str]) -> Command {
        let mut words = command([self.environment.join("bin/python")]);
        words.arg(self.place.join("tests/aws").join(script)).args(arguments);
        words
    }

    /// A server of `tests/aws`, which takes its port before the other arguments, and its address.
    fn server(&self, script: &str, arguments: &[&str]) -> Result<(Server, String)> {
        let port = free_port()?;
        let mut words = self.python(script, &[&[port.to_string().as_str()], arguments].concat());
        let server = Server(words.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
        await_port(port)?;
        Ok((server, format!("http://127.0.0.1:{port}")))
    }

    fn run(&self, stage: Stage) -> Result<()> {
        match stage {
            Stage::Fleet => self.lifecycle(),
            Stage::Parameters => self.parameters(),
            Stage::Walkthrough => self.walkthrough(),
            Stage::Modules => self.modules(),
            Stage::Compared => self.compared(),
            Stage::Inventories => self.inventories(),
            Stage::Cache => self.cache(),
            Stage::Failures => self.failures(),
            Stage::Scale => self.scale(),
        }
    }

    /// The shipped playbook: creates, changes nothing, grows, heals.
    fn lifecycle(&self) -> Result<()> {
        let vars = ["-e", "@playbooks/vars/sample-app-vars.yml"];
        let source = "inventory/inventory.aws_ec2.yml";
        let brought_to = |count: &str, new: usize| -> Result<()> {
            let number = format!("num_instances={count}");
            let ran =
                self.playbook("tests/aws/grow.yml", &[&vars[..], &["-i", source, "-e", &number]].concat(), &[])?;
            let recap = Recap::parse(&ran.stdout());
            ensure!(ran.output.status.success(), "{PLAYBOOK} failed:\n{}", ran.text());
            let changed = recap.count("localhost", "changed") > 0;
            ensure!(changed == (new > 0), "changed={changed}, with {new} to be made:\n{}", ran.text());
            let configured = recap.0.keys().filter(|host| *host != "localhost").count();
            ensure!(configured == new, "{configured} hosts configured, not {new}:\n{}", ran.text());
            let graph = self.inventory(Path::new(source), "--graph", &[])?.stdout();
            let members = graph.split("@sample_app_instances:").nth(1).unwrap_or_default();
            let running = members.lines().filter(|line| line.contains("--") && !line.contains('@')).count();
            ensure!(running.to_string() == count, "{running} instances, not {count}:\n{graph}");
            Ok(())
        };
        brought_to("3", 3)?;
        let key = self.place.join("sample_app_instances.key");
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs_err::metadata(&key)?.permissions()) & 0o777;
        ensure!(mode == 0o600, "the private key has the mode {mode:o}");
        brought_to("3", 0)?;
        brought_to("4", 1)?;
        let ended = self.playbook("tests/aws/terminate_one.yml", &[], &[])?;
        ensure!(ended.output.status.success(), "cannot terminate an instance:\n{}", ended.text());
        brought_to("4", 1)?;
        brought_to("4", 0)?;
        println!("fleet: created, unchanged, grown, healed, unchanged; only new instances were configured");
        Ok(())
    }

    /// Playbooks that assert what the modules say.
    fn modules(&self) -> Result<()> {
        let mut names = Vec::new();
        for entry in fs_err::read_dir(self.place.join("tests/aws/modules"))? {
            let path = entry?.path();
            let ran = self.playbook(&path.to_string_lossy(), &[], &[("AWS_REGION", "us-west-1")])?;
            ensure!(ran.output.status.success(), "{} failed:\n{}", path.display(), ran.text());
            names.push(path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
        }
        println!("modules: {}", names.join(", "));
        Ok(())
    }

    /// Every source of tests/aws/inventories shows the same under both programs.
    fn inventories(&self) -> Result<()> {
        let made = self.playbook("tests/aws/odd_instances.yml", &[], &[])?;
        ensure!(made.output.status.success(), "cannot make instances:\n{}", made.text());
        run(&mut self.python("before_inventories.py", &[&self.endpoint]))?;
        let (_ssm, ssm) = self.server("ssm_server.py", &[])?;
        let settings = [("AWS_ENDPOINT_URL_SSM", ssm.as_str())];
        let mut compared = 0;
        for entry in fs_err::read_dir(self.place.join("tests/aws/inventories"))? {
            let source = entry?.path();
            for view in ["--graph", "--list"] {
                let (ours, theirs) =
                    (self.inventory(&source, view, &settings)?, self.reference(&source, view, &settings)?);
                if ours.stdout() != theirs.stdout() {
                    fs_err::write(self.place.join("ours"), ours.stdout())?;
                    fs_err::write(self.place.join("theirs"), theirs.stdout())?;
                    bail!("{} {view} differs: compare ours and theirs in {}", source.display(), self.place.display());
                }
            }
            compared += 1;
        }
        println!("inventories: {compared} equal ansible-inventory's graph and list");
        Ok(())
    }

    fn scale(&self) -> Result<()> {
        run(&mut self.python("many_instances.py", &[&self.endpoint, &SCALE.to_string()]))?;
        let source = self.place.join("tests/aws/many.aws_ec2.yml");
        let (ours, theirs) = (self.inventory(&source, "--list", &[])?, self.reference(&source, "--list", &[])?);
        ensure!(ours.stdout() == theirs.stdout(), "{SCALE} instances are shown differently");
        let seconds = |ran: &Ran| ran.took.as_secs_f64();
        println!("{SCALE} instances: {:.1} s, ansible-inventory {:.1} s", seconds(&ours), seconds(&theirs));
        self.failing_pages(&source, &ours.stdout())
    }
}

/// A virtual environment with moto and the engine that is compared; `KAPELL_AWS_ENVIRONMENT` names another one.
fn environment(lab: &Lab) -> Result<PathBuf> {
    if let Some(given) = std::env::var_os("KAPELL_AWS_ENVIRONMENT") {
        return Ok(given.into());
    }
    let environment = lab.path("aws-environment");
    if !environment.join("bin/moto_server").exists() {
        println!("installing {} into {}", PACKAGES.join(", "), environment.display());
        run(command(["python3", "-m", "venv"]).arg(&environment))?;
        let mut pip = command([environment.join("bin/python")]);
        run(pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(PACKAGES))?;
    }
    Ok(environment)
}

/// A debug build with the feature `aws`, unless `KAPELL_BIN` names a program that has it.
fn build(lab: &Lab) -> Result<PathBuf> {
    if let Some(given) = std::env::var_os("KAPELL_BIN") {
        return Ok(given.into());
    }
    let began = Instant::now();
    let mut build = cargo(lab.repository());
    let status = build.args(["build", "-p", "kapell", "--features", "aws", "--locked"]).status()?;
    ensure!(status.success(), "kapell does not build with the feature aws");
    println!("built in {} s", began.elapsed().as_secs());
    let own = std::env::current_exe()?;
    Ok(own.with_file_name("kapell"))
}

fn moto(environment: &Path, place: &Path) -> Result<(Server, String)> {
    let port = free_port()?;
    let log = fs_err::File::create(place.join("moto.log"))?.into_file();
    let mut words = command([environment.join("bin/moto_server")]);
    words.args(["-H", "127.0.0.1", "-p", &port.to_string()]).stdout(Stdio::null()).stderr(log);
    let server = Server(words.spawn().context("cannot start moto_server")?);
    await_port(port)?;
    Ok((server, format!("http://127.0.0.1:{port}")))
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn await_port(port: u16) -> Result<()> {
    for _ in 0..300 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    bail!("nothing listens on port {port}")
}
