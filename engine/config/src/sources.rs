//! Where the value of an option comes from: environment over `ansible.cfg` over the default.

use std::path::{Path, PathBuf};

use kapell_parsing::{Diagnostic, Origin};

use crate::Environment;
use crate::config_file::ConfigFile;
use crate::ini::IniEntry;
use crate::setting::{Raw, Setting, unquote};
use crate::settings::{OptionRow, ValueOrigin};

pub(crate) struct Sources<'a> {
    pub(crate) environment: &'a Environment,
    pub(crate) cwd: &'a Path,
    pub(crate) file: Option<&'a ConfigFile>,
    /// What `{{ ANSIBLE_HOME }}` of the defaults stands for.
    pub(crate) home: PathBuf,
}

/// A text found for an option, and where.
enum Found<'a> {
    Environment(String, &'a str),
    File(&'a IniEntry),
    Default,
}

impl Sources<'_> {
    /// The value of `row`. When the same option is set under several names, the last name of the row counts.
    pub(crate) fn read<T: Setting>(&self, row: &OptionRow) -> Result<T, Diagnostic> {
        let found = self.find(row);
        let (text, base) = match &found {
            Found::Environment(_, text) => (*text, self.cwd),
            Found::File(entry) => (unquote(&entry.value), entry.origin.path().parent().unwrap_or(self.cwd)),
            Found::Default => return self.default(row),
        };
        let text = text.trim();
        if text.is_empty() {
            return T::empty().map_or_else(|| self.default(row), Ok);
        }
        let raw = Raw { text, base, cwd: self.cwd, environment: self.environment };
        T::read(&raw).ok_or_else(|| wrong_type(row, T::KIND, text, &found))
    }

    pub(crate) fn origin(&self, row: &OptionRow) -> ValueOrigin {
        match self.find(row) {
            Found::Environment(name, _) => ValueOrigin::Environment(name),
            Found::File(entry) => ValueOrigin::File(entry.origin.path().to_owned()),
            Found::Default => ValueOrigin::Default,
        }
    }

    /// Names of the `rows` that do not have their defaults by default.
    pub(crate) fn set(&self, rows: &[OptionRow]) -> Vec<&'static str> {
        rows.iter().filter(|row| !matches!(self.find(row), Found::Default)).map(|row| row.name).collect()
    }

    fn default<T: Setting>(&self, row: &OptionRow) -> Result<T, Diagnostic> {
        let text = row.default.replace("{{ ANSIBLE_HOME }}", &self.home.to_string_lossy());
        let raw = Raw { text: &text, base: self.cwd, cwd: self.cwd, environment: self.environment };
        let value = if text.is_empty() { T::empty() } else { T::read(&raw) };
        value.ok_or_else(|| wrong_type(row, T::KIND, &text, &Found::Default))
    }

    fn find(&self, row: &OptionRow) -> Found<'_> {
        let own =
            row.env.iter().filter_map(|name| Some(name.replacen("ANSIBLE_", "KAPELL_", 1)).filter(|own| own != name));
        let mut names = own.chain(row.env.iter().rev().map(|name| (*name).to_owned()));
        let from_environment = names.find_map(|name| {
            let text = self.environment.get(&name)?;
            // https://no-color.org: set to anything but nothing.
            let text = if name == "NO_COLOR" && !text.is_empty() { "true" } else { text };
            Some(Found::Environment(name, text))
        });
        let from_file = || {
            let entry = row.ini.iter().rev().find_map(|(section, key)| self.file?.get(section, key))?;
            Some(Found::File(entry))
        };
        from_environment.or_else(from_file).unwrap_or(Found::Default)
    }
}

fn wrong_type(row: &OptionRow, kind: &str, text: &str, found: &Found) -> Diagnostic {
    let (place, origin): (String, Option<&Origin>) = match found {
        Found::Environment(name, _) => (format!("environment variable {name}"), None),
        Found::File(entry) => (format!("option '{}' in section '{}'", entry.key, entry.section), Some(&entry.origin)),
        Found::Default => (format!("the default of {}", row.name), None),
    };
    Diagnostic::error(format!("{place} must be {kind}, not '{text}'")).at(origin)
}
