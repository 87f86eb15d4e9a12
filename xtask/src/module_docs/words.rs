//! `ModuleWords`: what people wrote about a module's parameters and examples, in `modules/words/NAME.txt`.
//!
//! A line is `PARAMETER: what it says` (`PARAMETER.OPTION` within one) or `example CASE: title`. Parameters that many modules
//! share have their words in `shared.txt`. Modules without cases, those of `engine/aws/words`, have `task TITLE: {parameters}`
//! and `returned KEY: what it says`. Actions of the control node have no table either: their files say everything, with
//! `about: …`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use kapell_modules::Arg;
use serde_json::{Map, Value};

use super::page::{Case, Definition, is_good};

/// Of modules for hosts, and of actions.
pub(super) const MODULES: &str = "modules/words";
/// Of modules for EC2.
pub(super) const CLOUD: &str = "engine/aws/words";

pub(super) struct ModuleWords {
    own: BTreeMap<String, String>,
    shared: BTreeMap<String, String>,
    /// Names of cases with titles, in the order in which they are shown.
    pub(super) examples: Vec<(String, String)>,
    pub(super) tasks: Tasks,
    /// Keys of results.
    pub(super) returned: BTreeMap<String, String>,
    file: String,
}

/// Titles, and parameters as JSON.
type Tasks = Vec<(String, Map<String, Value>)>;

/// What is written about an action.
pub(super) struct ActionWords {
    pub(super) about: String,
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) tasks: Tasks,
}

impl ActionWords {
    /// Of the files that are about no module.
    pub(super) fn all(repository: &Path) -> Result<BTreeMap<String, Self>> {
        let mut all = BTreeMap::new();
        for entry in fs_err::read_dir(repository.join(MODULES))? {
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
        let tasks = tasks(taken(&mut parameters, "task "), file)?;
        Ok(Self { about, parameters, tasks })
    }
}

/// Those whose names begin with `kind`, which is cut off.
fn taken(words: &mut BTreeMap<String, String>, kind: &str) -> BTreeMap<String, String> {
    let (taken, rest) = std::mem::take(words).into_iter().partition(|(name, _)| name.starts_with(kind));
    *words = rest;
    let taken: BTreeMap<String, String> = taken;
    taken.into_iter().map(|(name, text)| (name[kind.len()..].to_owned(), text)).collect()
}

fn tasks(texts: BTreeMap<String, String>, file: &Path) -> Result<Tasks> {
    let task = |(title, text): (String, String)| {
        let args = serde_json::from_str(&text).with_context(|| format!("{}: '{text}'", file.display()))?;
        Ok((title, args))
    };
    texts.into_iter().map(task).collect()
}

impl ModuleWords {
    /// From one of the directories.
    pub(super) fn read(repository: &Path, directory: &str, name: &str) -> Result<Self> {
        let file = format!("{directory}/{name}.txt");
        let (mut own, examples) = parse(&repository.join(&file))?;
        let (shared, _) = parse(&repository.join(directory).join("shared.txt"))?;
        let tasks = tasks(taken(&mut own, "task "), Path::new(&file))?;
        let returned = taken(&mut own, "returned ");
        Ok(Self { own, shared, examples, tasks, returned, file })
    }

    pub(super) fn of(&self, parameter: &str) -> Option<&str> {
        self.own.get(parameter).or_else(|| self.shared.get(parameter)).map(String::as_str)
    }

    /// Error: a file that leaves a parameter out, or speaks of what there is not.
    pub(super) fn check(&self, module: &Definition, cases: &[Case]) -> Result<()> {
        let file = &self.file;
        let mut known = Vec::new();
        module.args.iter().for_each(|arg| push_names(&mut known, arg, ""));
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
