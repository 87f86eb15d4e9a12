//! `cargo xtask parity`: the arguments of our modules beside what `ansible-doc` says about the same modules, as
//! `docs/modules-parity.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;
use kapell_modules::{Arg, ArgKind, Module};
use serde_json::{Map, Value};

use crate::command::{command, run, stdout};
use crate::lab::Lab;
use crate::parity_actions::{Action, wanted};

/// The community package with every collection, of the same ansible-core as `engine.rs` names.
const PACKAGE: &str = "ansible==12.3.0";
/// Why a documented parameter is not there. Without a reason it is a mistake.
const REASONS: &str = include_str!("parity_reasons.txt");
const PAGE: &str = "docs/modules-parity.md";
/// Parameters that may be missing, of all there are.
const TOLERATED_PERCENT: f64 = 3.0;

/// Parameters that the half on the control node takes away before the module sees them, and what the documentation calls
/// the text of a command.
const ON_THE_CONTROL_NODE: &[(&str, &str)] = &[
    ("ansible.builtin.command", "free_form"),
    ("ansible.builtin.shell", "free_form"),
    ("ansible.builtin.copy", "decrypt"),
    ("ansible.builtin.unarchive", "decrypt"),
    ("ansible.builtin.unarchive", "copy"),
    ("ansible.builtin.assemble", "decrypt"),
    ("ansible.builtin.script", "decrypt"),
    ("ansible.builtin.script", "free_form"),
    ("ansible.builtin.raw", "free_form"),
    ("ansible.builtin.include_tasks", "free-form"),
    ("ansible.builtin.include_vars", "free-form"),
    ("ansible.builtin.set_fact", "key_value"),
];

#[derive(Args)]
pub(crate) struct ParityCommand {
    /// `ansible-doc` of an installed `ansible` package; installed into the lab by default.
    #[arg(long)]
    ansible_doc: Option<PathBuf>,
    /// Only say whether the page is up to date.
    #[arg(long)]
    check: bool,
}

impl ParityCommand {
    pub(crate) fn run(&self, lab: &Lab) -> Result<()> {
        let program = match &self.ansible_doc {
            Some(program) => program.clone(),
            None => installed(lab)?,
        };
        let actions = Action::all(lab.repository())?;
        let documented = documented(&program, &actions)?;
        let table = Table::new(&documented, &actions)?;
        let page = lab.repository().join(PAGE);
        let text = table.page();
        if self.check {
            let current = fs_err::read_to_string(&page).unwrap_or_default();
            ensure!(current == text, "{PAGE} is out of date: run `cargo xtask parity`");
        } else {
            fs_err::write(&page, text)?;
        }
        println!("{}", table.summary());
        let absent = table.absent();
        ensure!(absent.is_empty(), "not in the table, though users write them: {}", absent.join(", "));
        ensure!(table.unexplained.is_empty(), "missing without a reason:\n{}", table.unexplained.join("\n"));
        let percent = table.percent_missing();
        ensure!(percent <= TOLERATED_PERCENT, "{percent:.1} % of the parameters are missing");
        Ok(())
    }
}

fn installed(lab: &Lab) -> Result<PathBuf> {
    let environment = lab.path("ansible-package");
    let program = environment.join("bin/ansible-doc");
    if !program.exists() {
        run(command(["python3", "-m", "venv"]).arg(&environment))?;
        run(command([environment.join("bin/pip")]).args(["install", "--quiet", PACKAGE]))?;
    }
    Ok(program)
}

/// What the documentation says, by the module's full name.
fn documented(program: &std::path::Path, actions: &[Action]) -> Result<Map<String, Value>> {
    let mut ask = command([program.as_os_str()]);
    ask.args(["-t", "module", "--json"]).args(kapell_modules::all().map(|module| module.name));
    ask.args(described_apart().map(|(name, _)| name)).args(actions.iter().map(|action| &action.name));
    let text = stdout(&mut ask)?;
    serde_json::from_str(&text).context("ansible-doc gave no JSON")
}

/// Other names of our modules under which the package describes modules of its own, such as `dnf5`.
fn described_apart() -> impl Iterator<Item = (&'static str, &'static Module)> {
    let names = |module: &'static Module| module.aliases.iter().map(move |name| (*name, module));
    kapell_modules::all().flat_map(names).filter(|(name, _)| wanted().any(|one| one == *name))
}

const OTHER_NAME: &str = "Another name of a module of this table.";
const ACTION: &str = "Runs on the control node; a parameter counts as supported where its source names it.";

/// One row: a module and what of its documented parameters it takes.
#[derive(Default)]
struct Row {
    name: String,
    /// What a reader has to know about where it runs.
    note: &'static str,
    supported: Vec<String>,
    /// With the reason.
    missing: Vec<(String, String)>,
    /// Parameters that are there with another type, default, choices or names.
    different: Vec<String>,
}

#[derive(Default)]
struct Table {
    rows: BTreeMap<String, Row>,
    undocumented: Vec<String>,
    unexplained: Vec<String>,
}

impl Table {
    fn new(documented: &Map<String, Value>, actions: &[Action]) -> Result<Self> {
        let reasons = reasons()?;
        let mut table = Self::default();
        let own = kapell_modules::all().map(|module| (module.name, module));
        for (name, module) in own.chain(described_apart()) {
            let args: Vec<&Arg> = module.all_args().collect();
            let note = if name == module.name { "" } else { OTHER_NAME };
            table.add(name, note, documented, |row, options| row.compare(&args, options, "", &reasons));
        }
        for action in actions {
            table.add(&action.name, ACTION, documented, |row, options| row.compare_action(action, options, &reasons));
        }
        Ok(table)
    }

    fn add(
        &mut self,
        name: &str,
        note: &'static str,
        documented: &Map<String, Value>,
        compare: impl FnOnce(&mut Row, &Map<String, Value>),
    ) {
        let Some(doc) = documented.get(name).and_then(|entry| entry.get("doc")) else {
            return self.undocumented.push(name.to_owned());
        };
        let options = doc.get("options").and_then(Value::as_object).cloned().unwrap_or_default();
        let mut row = Row { name: name.to_owned(), note, ..Row::default() };
        compare(&mut row, &options);
        let nameless = row.missing.iter().filter(|(_, reason)| reason.is_empty());
        self.unexplained.extend(nameless.map(|(option, _)| format!("{name} {option}")));
        self.rows.insert(name.to_owned(), row);
    }

    /// What users write, and nothing here answers to.
    fn absent(&self) -> Vec<String> {
        wanted().filter(|name| !self.rows.contains_key(name) && kapell_modules::find(name).is_none()).collect()
    }

    fn counts(&self) -> (usize, usize) {
        let missing = self.rows.values().map(|row| row.missing.len()).sum();
        (self.rows.values().map(|row| row.supported.len()).sum::<usize>() + missing, missing)
    }

    fn percent_missing(&self) -> f64 {
        let (all, missing) = self.counts();
        100.0 * missing as f64 / all.max(1) as f64
    }

    fn summary(&self) -> String {
        let (all, missing) = self.counts();
        let different: usize = self.rows.values().map(|row| row.different.len()).sum();
        format!(
            "{} modules, {all} documented parameters: {} supported, {missing} missing ({:.1} %); {different} described \
             differently",
            self.rows.len(),
            all - missing,
            self.percent_missing()
        )
    }

    fn page(&self) -> String {
        let mut page = format!(
            "# Module parameters\n\nGenerated by `cargo xtask parity` from the modules' own tables and `ansible-doc` of \
             `{PACKAGE}`. {}.\nOptions within options are named `outer.inner`. A parameter that is not in a module's table is refused \
             by name.\n\n",
            self.summary()
        );
        for row in self.rows.values() {
            let _ = writeln!(page, "## {}\n", row.name);
            if !row.note.is_empty() {
                let _ = writeln!(page, "{}\n", row.note);
            }
            let _ = writeln!(page, "Supported ({}): {}", row.supported.len(), listed(&row.supported));
            for (option, reason) in &row.missing {
                let _ = writeln!(page, "\nMissing: `{option}`: {reason}");
            }
            for difference in &row.different {
                let _ = writeln!(page, "\nDifferent: {difference}");
            }
            page.push('\n');
        }
        if !self.undocumented.is_empty() {
            let _ = writeln!(page, "## Not in that package\n\n{}", listed(&self.undocumented));
        }
        page.trim_end().to_owned() + "\n"
    }
}

fn listed(names: &[impl AsRef<str>]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}

impl Row {
    fn compare_action(&mut self, action: &Action, options: &Map<String, Value>, reasons: &Reasons) {
        for name in options.keys() {
            if action.takes(name) || ON_THE_CONTROL_NODE.contains(&(self.name.as_str(), name.as_str())) {
                self.supported.push(name.clone());
            } else {
                let reason = reasons.get(&(self.name.clone(), name.clone())).cloned().unwrap_or_default();
                self.missing.push((name.clone(), reason));
            }
        }
        self.supported.sort();
    }

    fn compare(&mut self, args: &[&Arg], options: &Map<String, Value>, within: &str, reasons: &Reasons) {
        let mut names: Vec<&String> = options.keys().collect();
        names.sort();
        for name in names {
            let full = format!("{within}{name}");
            let option = &options[name];
            let elsewhere = ON_THE_CONTROL_NODE.contains(&(self.name.as_str(), full.as_str()));
            let Some(arg) = args.iter().find(|arg| arg.is_called(name)) else {
                if elsewhere {
                    self.supported.push(full);
                } else {
                    let reason = reasons.get(&(self.name.clone(), full.clone())).cloned().unwrap_or_default();
                    self.missing.push((full, reason));
                }
                continue;
            };
            self.different.extend(differences(arg, option).map(|difference| format!("`{full}`: {difference}")));
            self.supported.push(full.clone());
            if let Some(inner) = option.get("suboptions").and_then(Value::as_object) {
                // A dict that is taken as it comes takes every key.
                if arg.options.is_empty() {
                    continue;
                }
                self.compare(&arg.options.iter().collect::<Vec<_>>(), inner, &format!("{full}."), reasons);
            }
        }
    }
}

/// What a reader of both descriptions would stumble over.
fn differences(arg: &Arg, option: &Value) -> impl Iterator<Item = String> {
    let texts = |name: &str| -> BTreeSet<String> {
        match option.get(name) {
            Some(Value::Array(items)) => items.iter().map(text).collect(),
            Some(Value::Object(map)) => map.keys().cloned().collect(),
            _ => BTreeSet::new(),
        }
    };
    let ours = |list: &[&str]| -> BTreeSet<String> { list.iter().map(ToString::to_string).collect() };
    let aliases: Vec<String> = texts("aliases").into_iter().filter(|alias| !arg.is_called(alias)).collect();
    let choices: Vec<String> = texts("choices").difference(&ours(arg.choices)).cloned().collect();
    let required = option.get("required").and_then(Value::as_bool).unwrap_or(false);
    [
        (!aliases.is_empty()).then(|| format!("lacks the aliases {}", aliases.join(", "))),
        (!choices.is_empty() && !arg.choices.is_empty()).then(|| format!("lacks the choices {}", choices.join(", "))),
        (arg.required && !required).then(|| "is required here".to_owned()),
        type_difference(arg, option),
    ]
    .into_iter()
    .flatten()
}

fn type_difference(arg: &Arg, option: &Value) -> Option<String> {
    let documented = option.get("type").and_then(Value::as_str).unwrap_or("str");
    // Takes everything.
    if arg.kind == ArgKind::Raw {
        return None;
    }
    let ours = arg.kind.name();
    let same = documented == ours
        || matches!(
            (documented, ours),
            ("str" | "path" | "raw" | "jsonarg" | "any", "str" | "path" | "json")
                | ("bytes", "str")
                | ("integer", "int")
                | ("boolean", "bool")
        );
    (!same).then(|| format!("is {ours} here, {documented} there"))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

type Reasons = BTreeMap<(String, String), String>;

/// Lines of `module option reason`.
fn reasons() -> Result<Reasons> {
    let lines = REASONS.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let parsed = lines.map(|line| {
        let mut words = line.splitn(3, ' ');
        match (words.next(), words.next(), words.next()) {
            (Some(module), Some(option), Some(reason)) => {
                Ok(((module.to_owned(), option.to_owned()), reason.to_owned()))
            }
            _ => anyhow::bail!("parity_reasons.txt: a line is a module, an option and a reason: {line}"),
        }
    });
    parsed.collect()
}
