//! `Inventory::load`: every source, tried with every kind of source that accepts it.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use fancy_regex::Regex;
use kapell_config::Settings;
use kapell_parsing::{Diagnostic, Map, Severity, SourceFile, Trust, Value, VaultSecrets, vault, yaml};

use crate::refused::{self, Refused};
use crate::sources::{self, Source, SourceKind};
use crate::{Inventory, Policy};

/// Without any `-i` and setting; nobody misses it when it is not there.
const DEFAULT_SOURCE: &str = "/etc/ansible/hosts";

/// What sources are read with.
#[derive(Clone, Copy)]
pub struct LoadContext<'a> {
    pub settings: &'a Settings,
    pub vault: &'a VaultSecrets,
    /// What a source file with `plugin: name` is read by, beside those of this crate.
    pub plugins: &'a [Plugin],
    /// Those of the command line, for sources that ask for them.
    pub extra_vars: &'a Map,
    pub foreign: Option<&'a dyn ForeignSources>,
    /// What caches of sources keep does not count.
    pub fresh: bool,
}

/// Kinds of sources users wrote as plugins.
pub trait ForeignSources {
    /// Whether there is one of this name.
    fn knows(&self, name: &str) -> bool;

    /// What it makes of `path`, asked anew when it is to be `fresh`: groups in the form in which programs print them.
    /// Nothing for a file it is not for.
    fn read(
        &self,
        name: &str,
        path: &Path,
        inventory: &Inventory,
        fresh: bool,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<Option<Map>, Diagnostic>;
}

/// One of the kinds that are enabled.
#[derive(Clone)]
enum Kind {
    Native(&'static SourceKind),
    Foreign(String),
}

impl Kind {
    fn name(&self) -> &str {
        match self {
            Self::Native(kind) => kind.name,
            Self::Foreign(name) => name,
        }
    }
}

/// Takes in what the foreign plugin `name` makes of `path`; false when the file is not for it.
pub(crate) fn read_foreign(
    name: &str,
    path: &Path,
    inventory: &mut Inventory,
    cx: &LoadContext,
    warnings: &mut Vec<Diagnostic>,
) -> Result<bool, Diagnostic> {
    let Some(foreign) = cx.foreign else { return Ok(false) };
    let Some(groups) = foreign.read(name, path, inventory, cx.fresh, warnings)? else { return Ok(false) };
    sources::read_groups(inventory, path, &groups, warnings)?;
    Ok(true)
}

/// A kind of source that is configured in a YAML file with `plugin: name`.
#[derive(Clone, Copy)]
pub struct Plugin {
    /// Every name it goes by: `amazon.aws.aws_ec2`, `aws_ec2`.
    pub names: &'static [&'static str],
    /// Adds the hosts that the configuration stands for.
    pub read: fn(&mut Inventory, &PluginConfig, &LoadContext, &mut Vec<Diagnostic>) -> Result<(), Diagnostic>,
}

/// A source file with `plugin: name`, parsed.
pub struct PluginConfig<'a> {
    pub path: &'a Path,
    pub config: &'a Value,
}

impl Inventory {
    /// Reads all `sources`: paths of files and directories, or lists of hosts with commas. A source that nothing can read
    /// is a warning, unless the settings make it an error. Relative paths are relative to the working directory.
    pub fn load(sources: &[String], cx: &LoadContext, warnings: &mut Vec<Diagnostic>) -> Result<Self, Diagnostic> {
        let kinds = enabled_kinds(cx, warnings)?;
        warnings.extend(Policy::unknown_layers(cx.settings));
        let ignored = sources::ignore_patterns(cx.settings)?;
        let mut loader =
            Loader { inventory: Self::new(Policy::from(cx.settings)), kinds, ignored, open: Vec::new(), cx, warnings };
        let mut parsed = false;
        for source in sources {
            parsed |= loader.read_source(source)?;
        }
        let Loader { mut inventory, .. } = loader;
        if parsed {
            inventory.reconcile(warnings)?;
        } else if cx.settings.inventory_unparsed_is_failed {
            return Err(Diagnostic::error("No inventory was parsed, please check your configuration and options."));
        } else if cx.settings.inventory_unparsed_warning {
            let message = "No inventory was parsed, only implicit localhost is available";
            warnings.push(Diagnostic::warning(message));
        }
        Ok(inventory)
    }
}

fn enabled_kinds(cx: &LoadContext, warnings: &mut Vec<Diagnostic>) -> Result<Vec<Kind>, Diagnostic> {
    let mut kinds = Vec::new();
    for name in &cx.settings.inventory_enabled {
        match sources::find(name) {
            Some(kind) => kinds.push(Kind::Native(kind)),
            None if cx.foreign.is_some_and(|foreign| foreign.knows(name)) => kinds.push(Kind::Foreign(name.clone())),
            None => {
                let known = sources::KINDS.iter().map(|kind| kind.name);
                let warning = Diagnostic::warning(format!("Failed to load inventory plugin, skipping {name}"));
                warnings.push(warning.did_you_mean(name, known));
            }
        }
    }
    if kinds.is_empty() {
        let message = "No inventory plugins available to generate inventory, make sure you have at least one enabled.";
        return Err(Diagnostic::error(message));
    }
    Ok(kinds)
}

struct Loader<'a> {
    inventory: Inventory,
    kinds: Vec<Kind>,
    ignored: Vec<Regex>,
    /// The directories that are being read, one inside the other.
    open: Vec<PathBuf>,
    cx: &'a LoadContext<'a>,
    warnings: &'a mut Vec<Diagnostic>,
}

impl Loader<'_> {
    /// True when the source, or for a directory any source in it, could be read.
    fn read_source(&mut self, name: &str) -> Result<bool, Diagnostic> {
        let path = Path::new(name);
        if name.contains(',') && !path.exists() {
            return self.read_one(&Source { name, path: None });
        }
        let path = absolute(path)?;
        self.inventory.sources.push(path.clone());
        self.read_path(&path)
    }

    fn read_path(&mut self, path: &Path) -> Result<bool, Diagnostic> {
        if path.is_dir() {
            return self.read_directory(path);
        }
        let name = path.to_string_lossy();
        self.read_one(&Source { name: &name, path: Some(path) })
    }

    fn read_directory(&mut self, directory: &Path) -> Result<bool, Diagnostic> {
        let own = fs_err::canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
        if self.open.contains(&own) {
            let message = format!("'{}' leads back to a directory around it and is skipped", directory.display());
            self.warnings.push(Diagnostic::warning(message).hint("remove the link"));
            return Ok(false);
        }
        self.open.push(own);
        let parsed = self.read_files(directory);
        self.open.pop();
        parsed
    }

    fn read_files(&mut self, directory: &Path) -> Result<bool, Diagnostic> {
        let mut parsed = false;
        for path in sources::files_of(directory, self.cx.settings, &self.ignored)? {
            parsed |= self.read_path(&path)?;
        }
        if parsed { Ok(true) } else { self.unreadable(&directory.to_string_lossy(), Vec::new()) }
    }

    /// The kinds in turn, until one can read it.
    fn read_one(&mut self, source: &Source) -> Result<bool, Diagnostic> {
        let mut refusals = Vec::new();
        if source.path.is_none_or(Path::exists) {
            for kind in self.kinds.clone() {
                let mut warnings = Vec::new();
                let read = match &kind {
                    Kind::Native(kind) if !(kind.accepts)(source, self.cx) => Ok(false),
                    Kind::Native(kind) => {
                        (kind.read)(&mut self.inventory, source, self.cx, &mut warnings).map(|()| true)
                    }
                    Kind::Foreign(name) => {
                        let path = source.path.unwrap_or(Path::new(source.name));
                        read_foreign(name, path, &mut self.inventory, self.cx, &mut warnings)
                    }
                };
                match read {
                    Ok(true) => {
                        self.warnings.extend(warnings);
                        return Ok(true);
                    }
                    Ok(false) => {}
                    Err(error) => refusals.push(Refused { kind: kind.name().to_owned(), error, warnings }),
                }
            }
        }
        if source.path == Some(Path::new(DEFAULT_SOURCE)) && refusals.is_empty() {
            return Ok(false);
        }
        self.unreadable(source.name, refused::telling(source, refusals))
    }

    /// Says why nothing could read it: what every kind that tried has to say.
    fn unreadable(&mut self, name: &str, refusals: Vec<Refused>) -> Result<bool, Diagnostic> {
        if self.cx.settings.inventory_any_unparsed_is_failed {
            let reasons = refusals.iter().map(|refused| format!("{}: {}", refused.kind, refused.error)).collect();
            let message = format!("Completely failed to parse inventory source {name}");
            return Err(Diagnostic::error([vec![message], reasons].concat().join("\n")));
        }
        for Refused { kind, mut error, warnings } in refusals {
            error.severity = Severity::Warning;
            error.message = format!("Failed to parse inventory with '{kind}' plugin: {}", error.message);
            self.warnings.extend(warnings);
            self.warnings.push(error);
        }
        self.warnings.push(Diagnostic::warning(format!("Unable to parse {name} as an inventory source")));
        Ok(false)
    }
}

/// The whole path without `.` and `..`; links are not followed.
fn absolute(path: &Path) -> Result<PathBuf, Diagnostic> {
    let path =
        std::path::absolute(path).map_err(|error| Diagnostic::error(format!("'{}': {error}", path.display())))?;
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    Ok(plain)
}

/// The text of an inventory file, decrypted where it is a vault.
pub(crate) struct FileText {
    /// For places; without the text when that is secret.
    pub(crate) file: Arc<SourceFile>,
    text: String,
    pub(crate) is_secret: bool,
}

impl FileText {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

pub(crate) fn read_text(path: &Path, cx: &LoadContext) -> Result<FileText, Diagnostic> {
    let data = fs_err::read(path).map_err(|error| Diagnostic::error(error.to_string()))?;
    let is_secret = vault::is_encrypted(&data);
    let data = if is_secret {
        let refused = |error| Diagnostic::error(format!("cannot read '{}': {error}", path.display()));
        vault::decrypt(&data, cx.vault).map_err(refused)?
    } else {
        data
    };
    let text = String::from_utf8(data).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    let file = if is_secret { SourceFile::new(path, "") } else { SourceFile::of_file(path, &text) };
    Ok(FileText { file, text, is_secret })
}

/// A YAML file, vault or not.
pub(crate) fn read_yaml(path: &Path, cx: &LoadContext, warnings: &mut Vec<Diagnostic>) -> Result<Value, Diagnostic> {
    yaml::load_file(path, &yaml::LoadOptions { trust: Trust::Trusted, vault: cx.vault }, warnings)
}
