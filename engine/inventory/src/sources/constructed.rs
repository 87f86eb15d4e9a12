//! `plugin: constructed`: variables and groups for the hosts of the sources before it.

use kapell_parsing::Diagnostic;
use kapell_template::{Templar, TemplarOptions};

use crate::constructed::Constructed;
use crate::load::{LoadContext, PluginConfig};
use crate::{Inventory, Plugin};

pub(crate) static PLUGIN: Plugin = Plugin { names: &["constructed", "ansible.builtin.constructed"], read };

fn read(
    inventory: &mut Inventory,
    plugin: &PluginConfig,
    cx: &LoadContext,
    _: &mut Vec<Diagnostic>,
) -> Result<(), Diagnostic> {
    let rules = Constructed::from_config(plugin.config)?;
    let templar = Templar::new(TemplarOptions { vault: cx.vault.clone(), ..TemplarOptions::default() });
    let hosts: Vec<String> = inventory.hosts.keys().cloned().collect();
    hosts.iter().try_for_each(|host| rules.apply(inventory, host, &templar))
}
