//! `plugin: constructed`: variables and groups for the hosts of the sources before it.

use std::path::PathBuf;
use std::sync::Arc;

use kapell_parsing::{Diagnostic, Severity, Value};
use kapell_template::{Templar, TemplarOptions};

use crate::constructed::Constructed;
use crate::load::{LoadContext, PluginConfig};
use crate::{Inventory, Plugin, VarsDir, VarsDirs};

pub(crate) static PLUGIN: Plugin =
    Plugin { names: &["constructed", "ansible.builtin.constructed", "ansible.legacy.constructed"], read };

fn read(
    inventory: &mut Inventory,
    plugin: &PluginConfig,
    cx: &LoadContext,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Diagnostic> {
    let rules = Constructed::from_config(plugin.config, cx)?;
    let templar = Templar::new(TemplarOptions { vault: cx.vault.clone(), ..TemplarOptions::default() });
    let hosts: Vec<String> = inventory.hosts().map(|host| host.name.clone()).collect();
    let dirs = vars_dirs(inventory, plugin.config, cx);
    let applied = hosts.iter().try_for_each(|host| rules.apply(inventory, host, &dirs, &templar));
    for problem in dirs.inventory.iter().flat_map(|dir| dir.take_problems()) {
        if problem.severity == Severity::Error {
            return Err(problem);
        }
        warnings.push(problem);
    }
    applied
}

/// `use_vars_plugins`: what lies beside the sources read so far.
fn vars_dirs(inventory: &Inventory, config: &Value, cx: &LoadContext) -> VarsDirs {
    if config.get("use_vars_plugins").and_then(Value::to_bool_loose) != Some(true) {
        return VarsDirs::default();
    }
    let load = |dir: PathBuf| Arc::new(VarsDir::load(&dir, cx.settings, cx.vault));
    VarsDirs { inventory: inventory.vars_basedirs().into_iter().map(load).collect(), playbook: Vec::new() }
}
