//! Inventories and patterns of hosts made at random, each from its seed: both engines have to make the same of them.

mod ini;
mod patterns;
mod plugins;
mod reference;
mod values;
mod yaml;

use std::path::Path;

use anyhow::{Context, Result, ensure};
use clap::Args;
use kapell_test_support::fuzz::Dice;

use crate::command::command;
use crate::engine::{Build, Engine, Engines};
use crate::lab::Lab;
use reference::{Answer, Call, Reference};

#[derive(Args)]
pub(crate) struct RandomInventoriesCommand {
    /// How many inventories, half of them INI, half YAML.
    #[arg(long, default_value_t = 500)]
    inventories: u64,
    /// How many inventories with a plugin: `constructed`, `generator`, `advanced_host_list`.
    #[arg(long, default_value_t = 200)]
    plugins: u64,
    /// How many inventories are asked for hosts, ten times each.
    #[arg(long, default_value_t = 100)]
    patterns: u64,
    /// The seed of the first one; each of the others has the next.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Show so many differences.
    #[arg(long, default_value_t = 20)]
    show: usize,
}

/// Patterns for each inventory.
const PATTERNS: usize = 10;
const VIEWS: &[&str] = &["--list", "--list", "--list --export", "--list --yaml", "--graph --vars"];

/// Files under their names, and how they are looked at.
struct Case {
    files: Vec<(String, String)>,
    program: &'static str,
    calls: Vec<Vec<String>>,
}

struct Trial<'a> {
    lab: &'a Lab,
    engines: Engines,
    reference: Reference,
    /// With another order of Python's sets.
    other: Option<Reference>,
    differing: Vec<String>,
    calls: usize,
    /// What ansible-core itself answers now so, now so.
    undecided: usize,
}

impl RandomInventoriesCommand {
    pub(crate) fn run(&self, lab: &Lab) -> Result<()> {
        let engines = Engines::ensure(lab, Build::Debug, &[Engine::Kapell, Engine::Ansible])?;
        let home = lab.path("random-inventories");
        let _ = fs_err::remove_dir_all(&home);
        fs_err::create_dir_all(&home)?;
        let reference = Reference::start(lab, &engines, &home, 1)?;
        let differing = Vec::new();
        let mut trial = Trial { lab, engines, reference, other: None, differing, calls: 0, undecided: 0 };
        for seed in self.seed..self.seed + self.inventories {
            trial.play(&format!("inventory-{seed}"), &Case::inventory(seed))?;
        }
        for seed in self.seed..self.seed + self.plugins {
            trial.play(&format!("plugin-{seed}"), &Case::plugin(seed))?;
        }
        for seed in self.seed..self.seed + self.patterns {
            trial.play(&format!("patterns-{seed}"), &Case::patterns(seed))?;
        }
        for difference in trial.differing.iter().take(self.show) {
            println!("{difference}\n");
        }
        let made = self.inventories + self.plugins + self.patterns;
        println!(
            "{made} inventories, {} calls, {} answers differ, {} are by chance",
            trial.calls,
            trial.differing.len(),
            trial.undecided
        );
        ensure!(trial.differing.is_empty(), "what differs is in {}", home.display());
        Ok(())
    }
}

impl Case {
    fn inventory(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let (name, text) = match seed % 2 {
            0 => ("hosts", ini::inventory(&mut dice)),
            _ => ("hosts.yml", yaml::inventory(&mut dice)),
        };
        let mut files = vec![(name.to_owned(), text)];
        for (directory, names) in [("group_vars", &ini::GROUPS[..10]), ("host_vars", &["web1", "db1", "localhost"][..])]
        {
            if dice.one_in(4) {
                let ending = dice.pick(&["", ".yml", ".yaml", ".json"]);
                let mut text = String::new();
                yaml::variables(&mut dice, &mut text, 0);
                files.push((format!("{directory}/{}{ending}", dice.pick(names)), text));
            }
        }
        let view = dice.pick(VIEWS).split(' ').map(str::to_owned);
        let call = ["-i".to_owned(), name.to_owned()].into_iter().chain(view).collect();
        Self { files, program: "ansible-inventory", calls: vec![call] }
    }

    fn plugin(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut words: Vec<String> = Vec::new();
        let mut files = Vec::new();
        let mut add = |name: &str, text: String| {
            words.extend(["-i".to_owned(), name.to_owned()]);
            files.push((name.to_owned(), text));
        };
        match seed % 4 {
            0 => add("made.yml", plugins::generator(&mut dice)),
            _ => {
                add("hosts", patterns::with_variables(&mut dice));
                add("made.yml", plugins::constructed(&mut dice));
            }
        }
        if dice.one_in(3) {
            let mut text = String::new();
            yaml::variables(&mut dice, &mut text, 0);
            files.push((format!("group_vars/{}", dice.pick(&["all", "web", "db"])), text));
        }
        if dice.one_in(3) {
            words.extend(["-e", "a=extra", "-e", "tier=gold"].map(str::to_owned));
        }
        words.extend(dice.pick(VIEWS).split(' ').map(str::to_owned));
        Self { files, program: "ansible-inventory", calls: vec![words] }
    }

    fn patterns(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let files = vec![
            ("hosts".to_owned(), patterns::inventory(&mut dice)),
            (patterns::FILE.to_owned(), patterns::file(&mut dice)),
        ];
        let call = |_| {
            let mut words = ["-i", "hosts", "--list-hosts"].map(str::to_owned).to_vec();
            words.push(patterns::pattern(&mut dice));
            if dice.one_in(3) {
                words.extend(["--limit".to_owned(), patterns::limit(&mut dice)]);
            }
            words
        };
        Self { files, program: "ansible", calls: (0..PATTERNS).map(call).collect() }
    }

    fn unpack(&self, place: &Path) -> Result<()> {
        for (name, text) in &self.files {
            let path = place.join(name);
            fs_err::create_dir_all(path.parent().unwrap_or(place))?;
            fs_err::write(path, text)?;
        }
        Ok(())
    }
}

impl Trial<'_> {
    /// Leaves the files of what differs.
    fn play(&mut self, name: &str, case: &Case) -> Result<()> {
        let place = self.lab.path("random-inventories").join(name);
        case.unpack(&place)?;
        let before = self.differing.len();
        for arguments in &case.calls {
            let directory = place.display().to_string();
            let call = Call { directory, program: case.program, arguments: arguments.clone() };
            self.reference.ask(&call)?;
            let actual = self.ours(&call)?;
            let expected = self.reference.answer()?;
            self.calls += 1;
            if expected == actual || expected.is_crash() {
                continue;
            }
            if self.differs_from_itself(&call, &expected)? {
                self.undecided += 1;
            } else {
                self.differing.push(format!("{name}: {}\n{}", arguments.join(" "), shown(&expected, &actual)));
            }
        }
        if self.differing.len() == before {
            fs_err::remove_dir_all(&place)?;
        }
        Ok(())
    }

    /// Whether ansible-core says something else when its sets are in another order.
    fn differs_from_itself(&mut self, call: &Call, expected: &Answer) -> Result<bool> {
        let other = match self.other.take() {
            Some(other) => other,
            None => Reference::start(self.lab, &self.engines, &self.lab.path("random-inventories"), 2)?,
        };
        let other = self.other.insert(other);
        other.ask(call)?;
        Ok(other.answer()? != *expected)
    }

    fn ours(&self, call: &Call) -> Result<Answer> {
        let mut words = ["timeout", "--kill-after=5", "60"].map(str::to_owned).to_vec();
        words.extend(self.engines.program(Engine::Kapell, call.program));
        words.extend(call.arguments.iter().cloned());
        let mut words = command(words);
        words.env_clear().env("HOME", self.lab.path("random-inventories")).env("LANG", "C.UTF-8");
        words.env("ANSIBLE_NOCOLOR", "1");
        self.engines.prepare(Engine::Kapell, &mut words)?;
        let output = words.current_dir(&call.directory).output().context("cannot start kapell")?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let code = output.status.code().unwrap_or(-1);
        Ok(Answer { code, output: text(&output.stdout), errors: text(&output.stderr) })
    }
}

/// The first line that differs, and what both say beside it.
fn shown(expected: &Answer, actual: &Answer) -> String {
    let mut text = format!("  exit code {}, expected {}", actual.code, expected.code);
    let ended = || std::iter::once("<end>").chain(std::iter::repeat(""));
    let lines = expected.output.lines().chain(ended()).zip(actual.output.lines().chain(ended()));
    let most = expected.output.lines().count().max(actual.output.lines().count()) + 1;
    if let Some((expected, actual)) = lines.take(most).find(|(expected, actual)| expected != actual) {
        text.push_str(&format!("\n  expected: {expected}\n  actual:   {actual}"));
    }
    for (who, errors) in [("ansible-core", &expected.errors), ("kapell", &actual.errors)] {
        let first: Vec<&str> = errors.lines().filter(|line| !line.is_empty()).take(3).collect();
        if !first.is_empty() {
            text.push_str(&format!("\n  {who} says: {}", first.join("\n    ")));
        }
    }
    text
}
