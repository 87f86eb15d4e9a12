//! `vars_files` of a play: files loaded once, and those whose names only a host's variables tell.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kapell_config::HashBehaviour;
use kapell_parsing::vault::VaultSecrets;
use kapell_parsing::yaml::{self, LoadOptions};
use kapell_parsing::{Diagnostic, ErrorKind, Map, Trust, Value};
use kapell_template::{RenderContext, TemplateError};

use super::{HostVariables, combine};
use crate::host_facts::HostFacts;
use crate::run_state::World;
use crate::{Event, Run};

/// A play's `vars_files`, sorted by when they can be read.
pub struct VarsFiles {
    pub fixed: Map,
    pub per_host: Vec<Value>,
}

/// Splits `entries` and reads those without templates.
pub fn load_vars_files(
    (behaviour, vault): (HashBehaviour, &VaultSecrets),
    entries: &[Value],
    basedir: &Path,
    warnings: &mut Vec<Diagnostic>,
) -> Result<VarsFiles, Diagnostic> {
    let mut files = VarsFiles { fixed: Map::new(), per_host: Vec::new() };
    for entry in entries {
        if is_templated(entry) || !files.per_host.is_empty() {
            files.per_host.push(entry.clone());
        } else {
            let loaded = load_first(vault, basedir, entry, warnings)?;
            combine(&mut files.fixed, &loaded, behaviour);
        }
    }
    Ok(files)
}

impl HostVariables {
    /// With the play's `vars_files` whose names depend on the host. A name that needs facts not gathered yet is looked
    /// at again with the next task; once they are there, something undefined in it stops the run.
    pub fn with_vars_files(self) -> Result<Self, Diagnostic> {
        let Some(play) = self.world().play.clone().filter(|play| !play.host_vars_files.is_empty()) else {
            return Ok(self);
        };
        let has_facts = self.world().facts(self.host()).is_some_and(HostFacts::are_known);
        let mut merged = Map::new();
        for entry in play.host_vars_files.iter() {
            match load_named(&self, entry, &play.play.basedir) {
                Ok(loaded) => combine(&mut merged, &loaded, self.run.settings.hash_behaviour),
                Err(Failure::Undefined(error)) if has_facts => {
                    let message = format!(
                        "an undefined variable was found when attempting to template the vars_files item '{entry}': {error}"
                    );
                    return Err(Diagnostic::error(message).at(entry.origin()));
                }
                Err(Failure::Undefined(_)) => {}
                Err(Failure::Other(error)) => return Err(error),
            }
        }
        Ok(self.with_layer_over_play(merged))
    }
}

/// Looks at entries with templates before there are hosts: says which have to wait for these, and fails where it is
/// not for want of a variable.
pub fn try_without_host(run: &Arc<Run>, world: &World, entries: &[Value], basedir: &Path) -> Result<(), Diagnostic> {
    let vars = HostVariables::new(run, world, HostVariables::NO_HOST, None);
    for entry in entries {
        match load_named(&vars, entry, basedir) {
            Ok(_) => {}
            Err(Failure::Undefined(_)) => {
                let warning = Diagnostic::warning("skipping vars_files item due to an undefined variable");
                run.emit(Event::Diagnostic(warning.at(entry.origin())));
            }
            Err(Failure::Other(error)) => return Err(error),
        }
    }
    Ok(())
}

/// Why an entry with templates gave no variables.
enum Failure {
    /// Its name needs a variable that is not there (yet).
    Undefined(TemplateError),
    Other(Diagnostic),
}

/// The variables of an entry with templates; none when no file has one of its names.
fn load_named(vars: &HostVariables, entry: &Value, basedir: &Path) -> Result<Arc<Map>, Failure> {
    match first_file(&vars.run, entry, vars, basedir) {
        Ok(Some(path)) => {
            let mut warnings = Vec::new();
            let loaded = vars.run.vars_files.get(&path, || load_map(&vars.run.vault, &path, &mut warnings));
            warnings.into_iter().for_each(|warning| vars.run.emit(Event::Diagnostic(warning)));
            loaded.map_err(Failure::Other)
        }
        Ok(None) => Ok(Arc::default()),
        Err(error) if error.is_undefined() => Err(Failure::Undefined(error)),
        Err(error) => Err(Failure::Other(Diagnostic::error(error.to_string()).at(error.origin().or(entry.origin())))),
    }
}

/// The first of an entry's names that is a file; names behind it are not looked at.
fn first_file(
    run: &Run,
    entry: &Value,
    vars: &HostVariables,
    basedir: &Path,
) -> Result<Option<PathBuf>, TemplateError> {
    let cx = RenderContext { basedir: basedir.to_owned(), search_path: vec![basedir.to_owned()], origin: None };
    for name in entry.as_list().unwrap_or(std::slice::from_ref(entry)) {
        let rendered = run.templar.render(name, &vars.as_source(), &cx)?;
        if let Some(path) = file(&names(&rendered), basedir) {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

fn is_templated(entry: &Value) -> bool {
    match entry {
        Value::List(items) => items.iter().any(is_templated),
        Value::Str(text) => text.is_template(),
        _ => false,
    }
}

fn names(entry: &Value) -> Vec<String> {
    match entry {
        Value::List(items) => items.iter().map(Value::to_string).collect(),
        other => vec![other.to_string()],
    }
}

/// The first of an entry's plain names that is a file, loaded.
fn load_first(
    vault: &VaultSecrets,
    basedir: &Path,
    entry: &Value,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Map, Diagnostic> {
    let names = names(entry);
    let Some(path) = file(&names, basedir) else {
        // ansible-core goes on without a word; a name that no template makes is worth one.
        let warning = Diagnostic::warning(format!("vars file {} was not found", names.join(", ")));
        let hint = format!("looked in {} and its vars directory", basedir.display());
        warnings.push(warning.at(entry.origin()).hint(hint));
        return Ok(Map::new());
    };
    load_map(vault, &path, warnings)
}

fn file(names: &[String], basedir: &Path) -> Option<PathBuf> {
    let candidates = names.iter().flat_map(|name| [basedir.join("vars").join(name), basedir.join(name)]);
    candidates.into_iter().find(|path| path.is_file())
}

fn load_map(vault: &VaultSecrets, path: &Path, warnings: &mut Vec<Diagnostic>) -> Result<Map, Diagnostic> {
    let options = LoadOptions { trust: Trust::Trusted, vault };
    // A mistake in what the file says has a place; a file that cannot be read or decrypted has none.
    let of_kind = |error: Diagnostic| if error.origin.is_some() { error.of_kind(ErrorKind::Content) } else { error };
    let value = yaml::load_file(path, &options, warnings).map_err(of_kind)?;
    match value {
        Value::Null => Ok(Map::new()),
        Value::Map(map) => Ok(map.as_ref().clone()),
        // Dictionaries in a list add up, the later over the earlier.
        Value::List(items) if items.iter().all(|item| matches!(item, Value::Map(_))) => {
            let entries = items.iter().filter_map(Value::as_map).flatten();
            Ok(entries.map(|(key, value)| (key.clone(), value.clone())).collect())
        }
        other => {
            let file = path.display();
            let message = format!("{file} must hold a dictionary of variables, not a {}", other.type_name());
            Err(Diagnostic::error(message).at(other.origin()).of_kind(ErrorKind::Content))
        }
    }
}
