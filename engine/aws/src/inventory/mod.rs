//! `amazon.aws.aws_ec2`: the instances of an AWS account as hosts.

mod filter;
mod hostname;
mod instances;
mod options;

use kapell_inventory::{Constructed, Inventory, LoadContext, Plugin, PluginConfig, SourceCache, VarsDirs};
use kapell_modules::Map as JsonMap;
use kapell_parsing::{Diagnostic, Key, Map, Severity, Text, Value};
use kapell_template::{Templar, TemplarOptions};
use serde_json::{Value as Json, json};

use self::instances::Found;
use self::options::Options;
use crate::api_error::ApiError;
use crate::runtime;

pub const PLUGIN: Plugin = Plugin { names: &["amazon.aws.aws_ec2", "aws_ec2"], read };

/// The group of all hosts of such a source.
const GROUP: &str = "aws_ec2";

fn read(
    inventory: &mut Inventory,
    plugin: &PluginConfig,
    cx: &LoadContext,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Diagnostic> {
    let templar = Templar::new(TemplarOptions { vault: cx.vault.clone(), ..TemplarOptions::default() });
    let options = Options::read(plugin.path, plugin.config, &templar, cx, warnings)?;
    let rules = Constructed::from_config(plugin.config, cx)?;
    let instances = instances(plugin, &options, cx, warnings)?;
    inventory.add_plugin_group(GROUP);
    for instance in &instances {
        let vars = variables(instance, &options);
        for name in hostnames(instance, &options, &templar)? {
            inventory.add_plugin_host(&name, GROUP, plugin.path, &vars, warnings)?;
            rules.apply(inventory, &name, &VarsDirs::default(), &templar)?;
        }
    }
    Ok(())
}

/// What a run before found and kept, or else what the API says now.
fn instances(
    plugin: &PluginConfig,
    options: &Options,
    cx: &LoadContext,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Vec<JsonMap>, Diagnostic> {
    let cache = SourceCache::of(PLUGIN.names[0], plugin, cx)?;
    if let Some(kept) = cache.as_ref().and_then(SourceCache::read).and_then(from_cache) {
        return Ok(kept);
    }
    let found = find(options).map_err(|error| diagnostic(&error).at(plugin.config.origin()))?;
    let is_whole = found.skipped.is_empty();
    for skipped in &found.skipped {
        warnings.push(Diagnostic { severity: Severity::Warning, ..diagnostic(skipped) });
    }
    // What is only a part is not kept.
    if let Some(cache) = cache.filter(|_| is_whole) {
        let kept = json!({ KEPT: found.instances });
        warnings.extend(cache.write(&kept).err());
    }
    Ok(found.instances)
}

/// The key in a cache's file.
const KEPT: &str = "instances";

fn from_cache(mut kept: Json) -> Option<Vec<JsonMap>> {
    serde_json::from_value(kept.get_mut(KEPT)?.take()).ok()
}

/// Sources are read before any runtime is there, or, to be refreshed, inside one: so on a thread with its own.
fn find(options: &Options) -> Result<Found, ApiError> {
    runtime::block_on(async {
        let session = options.access.clone().or_environment(&std::collections::HashMap::new(), "EC2").session().await?;
        instances::find(options, &session).await
    })
}

fn diagnostic(error: &ApiError) -> Diagnostic {
    let diagnostic = Diagnostic::error(error.message.clone());
    match &error.hint {
        Some(hint) => diagnostic.hint(hint.clone()),
        None => diagnostic,
    }
}

/// The first name that any preference gives, or all of them.
fn hostnames(instance: &JsonMap, options: &Options, templar: &Templar) -> Result<Vec<String>, Diagnostic> {
    let mut names: Vec<String> = Vec::new();
    for preference in &options.hostnames {
        for name in preference.names(instance, templar)? {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if !names.is_empty() && !options.all_hostnames {
            names.truncate(1);
            break;
        }
    }
    Ok(names)
}

fn variables(instance: &JsonMap, options: &Options) -> Map {
    let mut vars = Map::new();
    let mut set = |name: &str, value| {
        vars.insert(Key::from(format!("{}{name}{}", options.prefix, options.suffix)), value);
    };
    instance.iter().for_each(|(name, value)| set(name, variable(name, value)));
    if options.contrib_tag_keys {
        let tags = instance.get("tags").and_then(|tags| tags.as_object());
        for (name, value) in tags.into_iter().flatten() {
            set(&format!("ec2_tag_{name}"), Value::from_json(value));
        }
    }
    vars
}

/// The value with its times as points in time, which templates can reckon with.
fn variable(name: &str, value: &Json) -> Value {
    match value {
        Json::String(text) if name.ends_with("_time") && text.ends_with("+00:00") => {
            Value::Str(Text::new(text.as_str()).as_moment())
        }
        // Names of tags are the users' own.
        Json::Object(map) if name != "tags" => {
            Value::map(map.iter().map(|(name, value)| (Key::from(name.as_str()), variable(name, value))).collect())
        }
        Json::Array(items) => Value::list(items.iter().map(|item| variable(name, item)).collect()),
        other => Value::from_json(other),
    }
}
