//! Inventories under two engines: what `ansible-inventory` makes of each case of tests/conformance/inventories.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::command::command;
use crate::engine::{Build, Engine, Engines};
use crate::lab::Lab;

/// How each inventory is looked at.
const VIEWS: &[&[&str]] = &[&["--list"], &["--list", "--export"], &["--list", "--yaml"], &["--graph", "--vars"]];
/// Of so many hosts, `--host` is compared, too.
const SHOWN_HOSTS: usize = 2;

#[derive(Args)]
pub(crate) struct InventoriesCommand {
    /// Only cases whose name contains one of these.
    names: Vec<String>,
    /// Cases at the same time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Ask the reference again, even where the lab remembers it for the same case.
    #[arg(long)]
    fresh: bool,
}

/// Arguments, and files under their names.
struct Case {
    name: String,
    text: String,
    arguments: Vec<String>,
    views: &'static [&'static [&'static str]],
    files: Vec<(String, String)>,
}

/// One call of `ansible-inventory`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Answer {
    arguments: Vec<String>,
    code: Option<i32>,
    output: String,
}

/// What the reference said to a case of this text.
#[derive(Serialize, Deserialize)]
struct Remembered {
    text: String,
    answers: Vec<Answer>,
}

impl InventoriesCommand {
    pub(crate) fn all() -> Self {
        Self { names: Vec::new(), jobs: 2, fresh: false }
    }

    pub(crate) fn run(&self, lab: &Lab) -> Result<()> {
        let engines = Engines::ensure(lab, Build::Debug, &[Engine::Kapell, Engine::Ansible])?;
        let place = lab.repository().join("tests/conformance");
        let mut cases = Case::find(&place.join("inventories"), VIEWS, &self.names)?;
        cases.extend(Case::find(&place.join("bad_inventories"), &[&[]], &self.names)?);
        ensure!(!cases.is_empty(), "no such case");
        let (next, differing) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            let work = || {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(difference) = self.judge(lab, &engines, case)? {
                        println!("{}\n{difference}", case.name);
                        differing.lock().unwrap_or_else(PoisonError::into_inner).push(case.name.clone());
                    }
                }
                anyhow::Ok(())
            };
            let workers: Vec<_> = (0..self.jobs.max(1)).map(|_| scope.spawn(work)).collect();
            workers
                .into_iter()
                .try_for_each(|worker| worker.join().unwrap_or_else(|_| anyhow::bail!("a worker panicked")))
        })?;
        let differing = differing.into_inner().unwrap_or_default();
        println!("{} inventories, {} differ", cases.len(), differing.len());
        ensure!(differing.is_empty(), "these differ: {}", differing.join(", "));
        Ok(())
    }

    /// The first difference, as a person would want to see it.
    fn judge(&self, lab: &Lab, engines: &Engines, case: &Case) -> Result<Option<String>> {
        let place = lab.path("inventories").join(&case.name);
        case.unpack(&place)?;
        for expected in self.expected(lab, engines, case, &place)? {
            let actual = ask(engines, Engine::Kapell, &place, &expected.arguments)?;
            if actual != expected {
                return Ok(Some(shown(&expected, &actual)));
            }
        }
        Ok(None)
    }

    fn expected(&self, lab: &Lab, engines: &Engines, case: &Case, place: &Path) -> Result<Vec<Answer>> {
        let memory = lab.path("inventories-memory");
        fs_err::create_dir_all(&memory)?;
        let file = memory.join(format!("{}.json", case.name));
        let known = fs_err::read(&file).ok().and_then(|data| serde_json::from_slice::<Remembered>(&data).ok());
        if let Some(known) = known.filter(|known| known.text == case.text && !self.fresh) {
            return Ok(known.answers);
        }
        let arguments = |view: &[&str]| {
            case.arguments.iter().cloned().chain(view.iter().map(|word| (*word).to_owned())).collect::<Vec<_>>()
        };
        let mut answers = Vec::new();
        for view in case.views {
            answers.push(ask(engines, Engine::Ansible, place, &arguments(view))?);
        }
        let shown = if case.views.len() > 1 { hosts(&answers[0].output) } else { Vec::new() };
        for host in shown {
            answers.push(ask(engines, Engine::Ansible, place, &arguments(&["--host", &host]))?);
        }
        let remembered = Remembered { text: case.text.clone(), answers };
        fs_err::write(file, serde_json::to_vec(&remembered)?)?;
        Ok(remembered.answers)
    }
}

/// Names of hosts with variables.
fn hosts(list: &str) -> Vec<String> {
    let list: serde_json::Value = serde_json::from_str(list).unwrap_or_default();
    let vars = list["_meta"]["hostvars"].as_object();
    vars.map(|vars| vars.keys().take(SHOWN_HOSTS).cloned().collect()).unwrap_or_default()
}

fn ask(engines: &Engines, engine: Engine, place: &Path, arguments: &[String]) -> Result<Answer> {
    let mut words = ["timeout", "--kill-after=5", "60"].map(str::to_owned).to_vec();
    words.extend(engines.inventory(engine));
    words.extend(arguments.iter().cloned());
    let mut command = command(words);
    command.env_clear().env("HOME", place).env("LANG", "C.UTF-8").env("ANSIBLE_NOCOLOR", "1");
    engines.prepare(engine, &mut command)?;
    let output = command.current_dir(place).output().context("cannot start the engine")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(Answer { arguments: arguments.to_vec(), code: output.status.code(), output: text })
}

fn shown(expected: &Answer, actual: &Answer) -> String {
    let mut text =
        format!("  {}: exit code {:?}, expected {:?}", expected.arguments.join(" "), actual.code, expected.code);
    let lines = expected.output.lines().zip(actual.output.lines().chain(std::iter::repeat("")));
    if let Some((expected, actual)) = lines.into_iter().find(|(expected, actual)| expected != actual) {
        text.push_str(&format!("\n    expected: {expected}\n    actual:   {actual}"));
    }
    text
}

impl Case {
    fn find(directory: &Path, views: &'static [&'static [&'static str]], names: &[String]) -> Result<Vec<Self>> {
        let mut cases = Vec::new();
        for entry in fs_err::read_dir(directory)? {
            let path = entry?.path();
            let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            if path.extension().is_some_and(|ending| ending == "case")
                && (names.is_empty() || names.iter().any(|part| name.contains(part.as_str())))
            {
                cases.push(Self { views, ..Self::parse(name, fs_err::read_to_string(&path)?)? });
            }
        }
        cases.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(cases)
    }

    /// `args: …`, then for each file `=== NAME` and its lines.
    fn parse(name: String, text: String) -> Result<Self> {
        // What Kapell says of it is another test's.
        let text = text.split("=== expected").next().unwrap_or_default().to_owned();
        let mut parts = text.split("=== ");
        let arguments = parts.next().and_then(|first| first.strip_prefix("args:"));
        let arguments = arguments.with_context(|| format!("the case {name} does not begin with its arguments"))?;
        let arguments = arguments.split_whitespace().map(str::to_owned).collect();
        let file = |part: &str| part.split_once('\n').map(|(path, text)| (path.to_owned(), text.to_owned()));
        let files = parts.filter_map(file).collect();
        Ok(Self { name, arguments, views: VIEWS, files, text })
    }

    fn unpack(&self, place: &Path) -> Result<()> {
        if place.exists() {
            fs_err::remove_dir_all(place)?;
        }
        fs_err::create_dir_all(place)?;
        for (name, text) in &self.files {
            let path = place.join(name);
            fs_err::create_dir_all(path.parent().unwrap_or(place))?;
            fs_err::write(&path, text)?;
            if text.starts_with("#!") {
                fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
            }
        }
        Ok(())
    }
}
