//! Roles that are there: listed, removed, and what is known of their installation.

use std::path::{Path, PathBuf};

use kapell_callback::{Color, Display};
use kapell_parsing::yaml::{self, LoadOptions};
use kapell_parsing::{Diagnostic, Trust, Value, VaultSecrets};

use crate::refusal::Refusal;

/// Where a role says what was installed.
const INSTALL_INFO: &str = "meta/.galaxy_install_info";

/// `version` and `install_date` of an installed role.
pub(crate) fn install_info(role: &Path) -> Option<Value> {
    read(&role.join(INSTALL_INFO))
}

/// The version that was installed.
pub(crate) fn installed_version(info: &Value) -> Option<String> {
    info.get("version").filter(|value| !value.is_null()).map(Value::to_string)
}

pub(crate) fn write_install_info(role: &Path, version: Option<&str>) -> Result<(), Refusal> {
    let now = jiff::Timestamp::now().strftime("%a %b %e %H:%M:%S %Y");
    let version = version.map_or_else(|| "null".to_owned(), |version| format!("'{}'", version.replace('\'', "''")));
    Ok(fs_err::write(role.join(INSTALL_INFO), format!("install_date: {now}\nversion: {version}\n"))?)
}

/// `meta/main.yml`, under any of its names.
pub(crate) fn metadata(role: &Path) -> Option<Value> {
    ["main.yml", "main.yaml", "main"].iter().find_map(|name| read(&role.join("meta").join(name)))
}

pub(crate) fn read(path: &Path) -> Option<Value> {
    let options = LoadOptions { trust: Trust::Untrusted, vault: &VaultSecrets::default() };
    path.is_file().then(|| yaml::load_file(path, &options, &mut Vec::new()).ok()).flatten()
}

/// Names and versions of the roles in `paths`, or of one of them.
pub(crate) fn list(name: Option<&str>, paths: &[PathBuf], display: &Display, warnings: &mut Vec<Diagnostic>) {
    let mut is_found = false;
    for path in paths {
        if !path.is_dir() {
            let state = if path.exists() { "exists, but it is not a directory" } else { "does not exist" };
            let message = format!("- the configured path {} {state}.", path.display());
            warnings.push(Diagnostic::warning(message));
            continue;
        }
        let mut names: Vec<String> = fs_err::read_dir(path)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|own| name.is_none_or(|name| name == own))
            .collect();
        names.sort();
        let lines: Vec<String> = names.iter().filter_map(|name| line(name, &path.join(name))).collect();
        if name.is_some() && lines.is_empty() {
            continue;
        }
        is_found = true;
        display.out(&format!("# {}", path.display()), Color::Plain);
        lines.iter().for_each(|line| display.out(line, Color::Plain));
        if name.is_some() {
            warnings.clear();
            return;
        }
    }
    if let Some(name) = name.filter(|_| !is_found) {
        warnings.insert(0, Diagnostic::warning(format!("- the role {name} was not found")));
    }
}

/// Nothing for what is no role.
fn line(name: &str, path: &Path) -> Option<String> {
    metadata(path)?;
    let version = install_info(path).as_ref().and_then(installed_version).filter(|version| !version.is_empty());
    Some(format!("- {name}, {}", version.unwrap_or_else(|| "(unknown version)".to_owned())))
}

/// Deletes the roles called `names` in `path`.
pub(crate) fn remove(names: &[String], path: &Path, display: &Display) -> Result<(), Refusal> {
    for name in names {
        if name.contains('/') || name.starts_with('.') {
            return Err(Diagnostic::error(format!("'{name}' is no name of a role")).into());
        }
        let role = path.join(name);
        if metadata(&role).is_some() {
            fs_err::remove_dir_all(&role)?;
            display.out(&format!("- successfully removed {name}"), Color::Plain);
        } else {
            display.out(&format!("- {name} is not installed, skipping."), Color::Plain);
        }
    }
    Ok(())
}
