//! `amazon.aws.aws_ec2`: the instances of an AWS account as hosts.

mod filter;
mod hostname;
mod instances;
mod options;
mod route53;
mod ssm_inventory;

use std::collections::HashMap;

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

/// Tags may have any names.
const MOST_NAMES: usize = 10_000;

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
    let mut variables = Variables { options: &options, names: HashMap::new() };
    for mut instance in instances {
        let names = hostnames(&instance, &options, &templar)?;
        instance.shift_remove(route53::NAMES);
        let vars = variables.of(instance);
        for name in names {
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
    let mut found = find(options).map_err(|error| diagnostic(&error).at(plugin.config.origin()))?;
    if let Err(error) = known_elsewhere(&mut found.instances, options) {
        if options.strict_permissions || !error.is_forbidden() {
            return Err(diagnostic(&error).at(plugin.config.origin()));
        }
        found.skipped.push(error);
    }
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
        let session = options.access.clone().or_environment(&HashMap::new(), "EC2").session().await?;
        instances::find(options, &session).await
    })
}

/// What services beside EC2 know of the instances, if they are to be asked.
fn known_elsewhere(instances: &mut [JsonMap], options: &Options) -> Result<(), ApiError> {
    if instances.is_empty() {
        return Ok(());
    }
    if options.ssm_inventory {
        ssm_inventory::add(instances, options)?;
    }
    match &options.zones {
        Some(zones) => route53::add(instances, zones, options),
        None => Ok(()),
    }
}

fn diagnostic(error: &ApiError) -> Diagnostic {
    let diagnostic = Diagnostic::error(error.message.clone());
    match &error.hint {
        Some(hint) => diagnostic.hint(hint.clone()),
        None => diagnostic,
    }
}

/// The first name that the zones or any preference give, or all of them.
fn hostnames(instance: &JsonMap, options: &Options, templar: &Templar) -> Result<Vec<String>, Diagnostic> {
    let by_zones = instance.get(route53::NAMES).and_then(Json::as_array);
    let mut names: Vec<String> =
        by_zones.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect();
    if !names.is_empty() && !options.all_hostnames {
        names.truncate(1);
        return Ok(names);
    }
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

/// Makes variables of what the API says. A name is kept once, however many instances have something under it.
struct Variables<'a> {
    options: &'a Options,
    names: HashMap<String, Key>,
}

impl Variables<'_> {
    fn of(&mut self, instance: JsonMap) -> Map {
        let tags = instance.get("tags").filter(|_| self.options.contrib_tag_keys).and_then(Json::as_object);
        let tags: Vec<(String, Value)> = tags
            .into_iter()
            .flatten()
            .map(|(name, value)| (format!("ec2_tag_{name}"), Value::from_json(value)))
            .collect();
        let mut vars = Map::with_capacity(instance.len() + tags.len());
        for (name, value) in instance {
            let value = self.value(&name, value);
            vars.insert(self.name(&name), value);
        }
        vars.extend(tags.into_iter().map(|(name, value)| (self.name(&name), value)));
        vars
    }

    /// With the prefix and the suffix of the configuration.
    fn name(&mut self, name: &str) -> Key {
        let (prefix, suffix) = (&self.options.prefix, &self.options.suffix);
        if prefix.is_empty() && suffix.is_empty() {
            self.key(name)
        } else {
            self.key(&format!("{prefix}{name}{suffix}"))
        }
    }

    fn key(&mut self, name: &str) -> Key {
        if let Some(known) = self.names.get(name) {
            return known.clone();
        }
        let key = Key::from(name);
        if self.names.len() < MOST_NAMES {
            self.names.insert(name.to_owned(), key.clone());
        }
        key
    }

    /// The value with its times as points in time, which templates can reckon with.
    fn value(&mut self, name: &str, value: Json) -> Value {
        match value {
            Json::String(text) if name.ends_with("_time") && text.ends_with("+00:00") => {
                Value::Str(Text::new(text).as_moment())
            }
            // Names of tags are the users' own.
            Json::Object(map) => {
                let is_tags = name == "tags";
                let entries = map.into_iter().map(|(name, value)| {
                    let value = if is_tags { Value::from_json(&value) } else { self.value(&name, value) };
                    (self.key(&name), value)
                });
                Value::map(entries.collect())
            }
            Json::Array(items) => Value::list(items.into_iter().map(|item| self.value(name, item)).collect()),
            other => Value::from_json(&other),
        }
    }
}
