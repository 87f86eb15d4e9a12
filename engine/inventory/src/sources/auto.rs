//! YAML files with `plugin: name`: the configuration of some other kind of source.

use kapell_parsing::{Diagnostic, Value};

use super::{Source, constructed};
use crate::Inventory;
use crate::load::{LoadContext, Plugin, PluginConfig, read_yaml};

/// Plugins of this crate; others come with the `LoadContext`.
static PLUGINS: [&Plugin; 1] = [&constructed::PLUGIN];

/// YAML files that could hold the word, so that no other file is parsed twice.
pub(crate) fn accepts(source: &Source, _: &LoadContext) -> bool {
    let Some(path) = source.path else { return false };
    let is_yaml = path.extension().is_some_and(|ending| ending == "yml" || ending == "yaml");
    is_yaml && fs_err::read(path).is_ok_and(|data| mentions_plugin(&data))
}

/// What is encrypted may hold anything.
fn mentions_plugin(data: &[u8]) -> bool {
    kapell_parsing::vault::is_encrypted(data) || data.windows(6).any(|word| word == b"plugin")
}

pub(crate) fn read(
    inventory: &mut Inventory,
    source: &Source,
    cx: &LoadContext,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Diagnostic> {
    let Some(path) = source.path else { return Ok(()) };
    let config = read_yaml(path, cx, warnings)?;
    let Some(name) = config.get("plugin") else { return Err(Diagnostic::error("the file has no key 'plugin'")) };
    let plugin = PLUGINS
        .into_iter()
        .chain(cx.plugins)
        .find(|plugin| plugin.names.iter().any(|known| name.as_str() == Some(known)));
    let Some(plugin) = plugin else { return Err(unknown(name, cx)) };
    (plugin.read)(inventory, &PluginConfig { path, config: &config }, cx, warnings)
}

fn unknown(name: &Value, cx: &LoadContext) -> Diagnostic {
    let known = PLUGINS.into_iter().chain(cx.plugins).flat_map(|plugin| plugin.names.iter().copied());
    let error = Diagnostic::error(format!("there is no inventory plugin '{name}' in this program")).at(name.origin());
    error.did_you_mean(&name.to_string(), known)
}
