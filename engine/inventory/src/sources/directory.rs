//! A directory of inventory sources: which of its files are read, and in which order.

use std::path::{Path, PathBuf};

use fancy_regex::Regex;
use kapell_config::Settings;
use kapell_parsing::Diagnostic;

/// Directories of other things that lie beside inventories.
const NOT_INVENTORIES: [&str; 3] = ["group_vars", "host_vars", "vars_plugins"];

/// Files and directories of `directory` to be read, sorted by name.
pub(crate) fn files_of(directory: &Path, settings: &Settings, ignored: &[Regex]) -> Result<Vec<PathBuf>, Diagnostic> {
    let unreadable = |error: std::io::Error| Diagnostic::error(error.to_string());
    let mut names = Vec::new();
    for entry in fs_err::read_dir(directory).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        if is_source(&name.to_string_lossy(), settings, ignored) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names.into_iter().map(|name| directory.join(name)).collect())
}

fn is_source(name: &str, settings: &Settings, patterns: &[Regex]) -> bool {
    !name.starts_with('.')
        && !NOT_INVENTORIES.contains(&name)
        && !settings.inventory_ignore_exts.iter().any(|ending| name.ends_with(ending.as_str()))
        && !patterns.iter().any(|pattern| pattern.is_match(name).unwrap_or(false))
}

/// `inventory_ignore_patterns`: names of files that are no sources.
pub(crate) fn ignore_patterns(settings: &Settings) -> Result<Vec<Regex>, Diagnostic> {
    let patterns = settings.inventory_ignore_patterns.iter().filter(|pattern| !pattern.is_empty());
    let compiled = patterns.map(|pattern| {
        let refused = |error| {
            Diagnostic::error(format!("inventory_ignore_patterns: '{pattern}' is no regular expression: {error}"))
        };
        Regex::new(pattern).map_err(refused)
    });
    compiled.collect()
}
