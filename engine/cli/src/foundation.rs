//! `Foundation`: what every command with hosts starts from: settings, secrets, extra variables, the inventory, the limit.

use std::path::PathBuf;

use anyhow::anyhow;
use kapell_config::{Environment, Settings};
use kapell_executor::python_plugins::PythonSources;
use kapell_inventory::{ForeignSources, HostPattern, Inventory, LoadContext};
use kapell_parsing::{Diagnostic, Map, Severity, VaultSecrets};

use crate::args::{HostArgs, VaultArgs};
use crate::exit_code::Exit;
use crate::passwords::vault_secrets;
use crate::refusal::Refusal;
use crate::surroundings::plugin_templar;
use crate::{cloud, extra_vars, inventory};

pub(crate) const NO_FORKS: &str = "The number of processes (--forks) must be >= 1";

#[derive(Clone)]
pub(crate) struct Foundation {
    pub settings: Settings,
    pub vault: VaultSecrets,
    pub extra_vars: Map,
    pub inventory: Inventory,
    pub limit: Option<HostPattern>,
}

impl Foundation {
    /// Reads everything, connects to nothing. Plugins lie in the directories `beside` content, too.
    pub(crate) fn lay(
        settings: Settings,
        hosts: &HostArgs,
        vault: &VaultArgs,
        beside: &[PathBuf],
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<Self, Refusal> {
        let vault = vault_secrets(vault, &settings)?;
        let extra_vars = extra_vars::load(&hosts.extra_vars, &vault, settings.hash_behaviour, warnings)?;
        let sources = inventory::sources(&hosts.inventory, &settings);
        let library = cloud::library(&settings);
        beside.iter().for_each(|dir| library.add_content(dir));
        let templar = plugin_templar(&settings, &vault, &library);
        let foreign = PythonSources::new(&library, &templar);
        let (plugins, foreign): (&[_], Option<&dyn ForeignSources>) = (library.sources(), Some(&foreign));
        let cx = LoadContext {
            settings: &settings,
            vault: &vault,
            plugins,
            foreign,
            extra_vars: &extra_vars,
            fresh: hosts.flush_cache,
        };
        let inventory = Inventory::load(&sources, &cx, warnings)?;
        if !settings.deprecation_warnings {
            warnings.retain(|warning| warning.severity != Severity::Deprecation);
        }
        let limit = hosts.limit.as_deref().map(HostPattern::limit).transpose()?;
        Ok(Self { settings, vault, extra_vars, inventory, limit })
    }
}

/// The process's settings: `ansible.cfg` and environment.
pub(crate) fn settings(warnings: &mut Vec<Diagnostic>) -> Result<Settings, Refusal> {
    let cwd = std::env::current_dir().map_err(|error| anyhow!("the current directory is gone: {error}"))?;
    let settings = Settings::load(&Environment::of_process(), &cwd, warnings)
        .map_err(|error| Refusal::new(Exit::BadOptions, vec![error]))?;
    warnings.extend(kapell_callback::open_log(&settings));
    Ok(settings)
}

/// A setting of no forks is as wrong as the option.
pub(crate) fn check_forks(settings: &Settings, given: Option<usize>) -> Result<(), Refusal> {
    match given.unwrap_or(settings.forks) {
        0 => Err(Refusal::usage(NO_FORKS)),
        _ => Ok(()),
    }
}

/// What commands without a playbook take for its directory: the option, the setting, or where they were started.
pub(crate) fn playbook_dir(given: Option<&PathBuf>, settings: &Settings) -> PathBuf {
    let dir = given.or(settings.playbook_dir.as_ref()).cloned().unwrap_or_else(|| PathBuf::from("."));
    std::path::absolute(&dir).unwrap_or(dir)
}
