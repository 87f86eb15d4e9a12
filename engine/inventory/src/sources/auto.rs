//! YAML files with `plugin: name`: the configuration of some other kind of source.

use kapell_parsing::{Diagnostic, Value};

use super::{Source, constructed, generator};
use crate::Inventory;
use crate::load::{LoadContext, Plugin, PluginConfig, read_foreign, read_yaml};

/// Plugins of this crate; others come with the `LoadContext`.
static PLUGINS: [&Plugin; 2] = [&constructed::PLUGIN, &generator::PLUGIN];

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

/// A plugin that is enabled by its own name.
pub(crate) fn accepts_any_yaml(source: &Source, _: &LoadContext) -> bool {
    let ending = source.path.map(|path| path.extension().unwrap_or_default());
    ending.is_some_and(|ending| ["", "yml", "yaml", "config"].iter().any(|known| ending == *known))
}

pub(crate) fn read_constructed(
    inventory: &mut Inventory,
    source: &Source,
    cx: &LoadContext,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Diagnostic> {
    read_as(&constructed::PLUGIN, inventory, source, cx, warnings)
}

pub(crate) fn read_generator(
    inventory: &mut Inventory,
    source: &Source,
    cx: &LoadContext,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Diagnostic> {
    read_as(&generator::PLUGIN, inventory, source, cx, warnings)
}

fn read_as(
    plugin: &Plugin,
    inventory: &mut Inventory,
    source: &Source,
    cx: &LoadContext,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Diagnostic> {
    let Some(path) = source.path else { return Ok(()) };
    let config = read_yaml(path, cx, warnings)?;
    let name = match &config {
        Value::Null => return Err(Diagnostic::error(format!("{} is empty", path.display()))),
        Value::Map(config) => config.get("plugin"),
        other => {
            let message = format!("the configuration of a plugin is a map, this is a {}", other.type_name());
            return Err(Diagnostic::error(message).at(other.origin()));
        }
    };
    if !name.and_then(Value::as_str).is_some_and(|name| plugin.names.contains(&name)) {
        let message = format!("the file is not for this plugin: it has no 'plugin: {}'", plugin.names[0]);
        return Err(Diagnostic::error(message));
    }
    (plugin.read)(inventory, &PluginConfig { path, config: &config }, cx, warnings)
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
    let Some(plugin) = plugin else {
        let foreign = name.as_str().filter(|name| cx.foreign.is_some_and(|foreign| foreign.knows(name)));
        let Some(foreign) = foreign else { return Err(unknown(name, cx)) };
        return match read_foreign(foreign, path, inventory, cx, warnings)? {
            true => Ok(()),
            false => Err(Diagnostic::error(format!("the file is not valid for plugin '{foreign}'"))),
        };
    };
    (plugin.read)(inventory, &PluginConfig { path, config: &config }, cx, warnings)
}

fn unknown(name: &Value, cx: &LoadContext) -> Diagnostic {
    let known = PLUGINS.into_iter().chain(cx.plugins).flat_map(|plugin| plugin.names.iter().copied());
    let error = Diagnostic::error(format!("there is no inventory plugin '{name}' in this program")).at(name.origin());
    match name.as_str() {
        Some("amazon.aws.aws_ec2" | "aws_ec2") => {
            error.hint("builds of kapell with the cargo feature 'aws' have it (cargo build --features aws)")
        }
        _ => error.did_you_mean(&name.to_string(), known),
    }
}
