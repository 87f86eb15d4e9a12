//! `ModuleWords`: what people wrote about a module's parameters and examples, in `modules/words/NAME.txt`.
//!
//! A line is `PARAMETER: what it says` (`PARAMETER.OPTION` within one) or `example CASE: title`. Parameters that many modules
//! share have their words in `shared.txt`. Actions of the control node have no table and no cases: their files say everything,
//! with `about: …` and `task TITLE: {parameters}`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use kapell_modules::{Arg, Module};
use serde_json::{Map, Value};

use super::page::{Case, is_good, public};

const DIRECTORY: &str = "modules/words";

pub(super) struct ModuleWords {
    own: BTreeMap<String, String>,
    shared: BTreeMap<String, String>,
    /// Names of cases with titles, in the order in which they are shown.
    pub(super) examples: Vec<(String, String)>,
}

/// What is written about an action.
pub(super) struct ActionWords {
    pub(super) about: String,
    pub(super) parameters: BTreeMap<String, String>,
    /// Titles, and parameters as JSON.
    pub(super) tasks: Vec<(String, Map<String, Value>)>,
}

impl ActionWords {
    /// Of the files that are about no module.
    pub(super) fn all(repository: &Path) -> Result<BTreeMap<String, Self>> {
        let mut all = BTreeMap::new();
        for entry in fs_err::read_dir(repository.join(DIRECTORY))? {
            let file = entry?.path();
            let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            if name != "shared" && kapell_modules::find(&name).is_none() {
                all.insert(name, Self::read(&file)?);
            }
        }
        Ok(all)
    }

    fn read(file: &Path) -> Result<Self> {
        let (mut parameters, _) = parse(file)?;
        let about = parameters.remove("about");
        let about = about.with_context(|| format!("{}: neither a module nor `about: …`", file.display()))?;
        let (tasks, parameters): (BTreeMap<_, _>, BTreeMap<_, _>) =
            parameters.into_iter().partition(|(name, _)| name.starts_with("task "));
        let task = |(name, text): (String, String)| {
            let args = serde_json::from_str(&text).with_context(|| format!("{}: '{text}'", file.display()))?;
            Ok((name.trim_start_matches("task ").to_owned(), args))
        };
        Ok(Self { about, parameters, tasks: tasks.into_iter().map(task).collect::<Result<_>>()? })
    }
}

impl ModuleWords {
    pub(super) fn read(repository: &Path, name: &str) -> Result<Self> {
        let directory = repository.join(DIRECTORY);
        let (own, examples) = parse(&directory.join(format!("{name}.txt")))?;
        let (shared, _) = parse(&directory.join("shared.txt"))?;
        Ok(Self { own, shared, examples })
    }

    pub(super) fn of(&self, parameter: &str) -> Option<&str> {
        self.own.get(parameter).or_else(|| self.shared.get(parameter)).map(String::as_str)
    }

    /// Error: a file that leaves a parameter out, or speaks of what there is not.
    pub(super) fn check(&self, module: &Module, cases: &[Case]) -> Result<()> {
        let file = format!("{DIRECTORY}/{}.txt", module.name);
        let mut known = Vec::new();
        public(module).for_each(|arg| push_names(&mut known, arg, ""));
        let unknown: Vec<&String> = self.own.keys().filter(|name| !known.contains(name)).collect();
        ensure!(unknown.is_empty(), "{file}: there is no parameter {unknown:?}");
        let missing: Vec<&String> = known.iter().filter(|name| self.of(name).is_none()).collect();
        ensure!(missing.is_empty(), "{file}: no words about {missing:?}");
        for (name, _) in &self.examples {
            let case = cases.iter().find(|case| case.name == *name);
            ensure!(case.is_some_and(is_good), "{file}: no case '{name}' that goes well");
        }
        Ok(())
    }
}

fn push_names(names: &mut Vec<String>, arg: &Arg, within: &str) {
    let name = format!("{within}{}", arg.name);
    arg.options.iter().for_each(|option| push_names(names, option, &format!("{name}.")));
    names.push(name);
}

type Parsed = (BTreeMap<String, String>, Vec<(String, String)>);

fn parse(file: &Path) -> Result<Parsed> {
    let mut parsed = Parsed::default();
    for line in fs_err::read_to_string(file)?.lines() {
        let (name, words) = line.split_once(": ").with_context(|| format!("{}: what is '{line}'?", file.display()))?;
        match name.strip_prefix("example ") {
            Some(case) => parsed.1.push((case.to_owned(), words.to_owned())),
            None => drop(parsed.0.insert(name.to_owned(), words.to_owned())),
        }
    }
    Ok(parsed)
}
