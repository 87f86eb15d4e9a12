//! `Action`: a module of ansible-core that runs on the control node, and which parameters its source names.

use std::path::{Path, PathBuf};

use anyhow::Result;
use kapell_modules::Module;

/// What users write: a line has a collection and names in it.
const MODULES: &str = include_str!("parity_modules.txt");
/// Where actions live whose parameters are read elsewhere.
const ELSEWHERE: &[(&str, &str)] = &[
    ("include_role", "engine/playbook/src/load/include.rs"),
    ("include_tasks", "engine/playbook/src/load/include.rs"),
];

pub(crate) struct Action {
    pub(crate) name: String,
    source: String,
    /// The module that gets every parameter the action does not take itself.
    module: Option<&'static Module>,
}

impl Action {
    /// Those of the list that are no modules of ours.
    pub(crate) fn all(repository: &Path) -> Result<Vec<Self>> {
        let actions = wanted().filter(|name| kapell_modules::find(name).is_none());
        let sources = actions.filter_map(|name| {
            let file = source_of(repository, &name)?;
            Some((name, file))
        });
        sources.map(|(name, file)| Self::read(repository, name, &file)).collect()
    }

    fn read(repository: &Path, name: String, file: &Path) -> Result<Self> {
        let mut source = fs_err::read_to_string(file)?;
        let short = short(&name);
        for (_, other) in ELSEWHERE.iter().filter(|(action, _)| *action == short) {
            source.push_str(&fs_err::read_to_string(repository.join(other))?);
        }
        let module = if short == "template" { kapell_modules::find("copy") } else { None };
        Ok(Self { name, source, module })
    }

    pub(crate) fn takes(&self, option: &str) -> bool {
        self.source.contains(&format!("\"{option}\"")) || self.module.is_some_and(|module| module.arg(option).is_some())
    }
}

/// Full names.
pub(crate) fn wanted() -> impl Iterator<Item = String> {
    let lines = MODULES.lines().filter(|line| !line.starts_with('#'));
    let named = lines.filter_map(|line| line.split_once(':'));
    named.flat_map(|(collection, names)| names.split_whitespace().map(move |name| format!("{collection}.{name}")))
}

fn source_of(repository: &Path, name: &str) -> Option<PathBuf> {
    let file = repository.join("engine/executor/src/action").join(format!("{}.rs", short(name)));
    file.exists().then_some(file)
}

fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
