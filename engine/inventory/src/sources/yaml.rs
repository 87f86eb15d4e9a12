//! YAML inventories: groups with `hosts`, `vars` and `children`.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use kapell_parsing::{Diagnostic, Key, Map, Origin, Value};

use super::variables::check_name;
use super::{Source, host_line};
use crate::Inventory;
use crate::inventory::GroupId;
use crate::load::{LoadContext, read_yaml};
use crate::mutation::Place;

/// Files without an ending, and those with an ending for YAML.
pub(crate) fn accepts(source: &Source, cx: &LoadContext) -> bool {
    let Some(path) = source.path else { return false };
    let Some(ending) = path.extension() else { return true };
    let ending = format!(".{}", ending.to_string_lossy());
    cx.settings.inventory_yaml_extensions.contains(&ending)
}

pub(crate) fn read(
    inventory: &mut Inventory,
    source: &Source,
    cx: &LoadContext,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Diagnostic> {
    let Some(path) = source.path else { return Ok(()) };
    let groups = read_yaml(path, cx, warnings)?;
    let groups = match groups {
        Value::Map(groups) if !groups.is_empty() => Arc::unwrap_or_clone(groups),
        Value::Null => return Err(Diagnostic::error("the YAML file is empty")),
        Value::Map(_) => return Err(Diagnostic::error("the YAML file has no groups")),
        other => {
            let message = format!("a YAML inventory is a map of groups, this is a {}", other.type_name());
            let error = Diagnostic::error(message).at(other.origin());
            return Err(error.hint("begin with `all:`, with `hosts:` below it"));
        }
    };
    if groups.contains_key("plugin") {
        return Err(Diagnostic::error(FOR_PLUGIN));
    }
    let mut reader = Reader { inventory, path: path.into(), keys: HashMap::new(), warnings };
    for (name, definition) in groups {
        reader.read_group(&name, definition, None)?;
    }
    Ok(())
}

const FOR_PLUGIN: &str = "this is the configuration of an inventory plugin, not a YAML inventory";

/// Whether the file was refused because it is for `auto`, which knows better what is wrong with it.
pub(crate) fn is_for_plugin(refusal: &Diagnostic) -> bool {
    refusal.message == FOR_PLUGIN
}

struct Reader<'a> {
    inventory: &'a mut Inventory,
    path: Arc<Path>,
    /// Names of hosts' variables: each is checked, and kept, once.
    keys: HashMap<Box<str>, Key>,
    warnings: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    /// The group, unless the definition is none.
    fn read_group(
        &mut self,
        name: &Key,
        definition: Value,
        section: Option<&Origin>,
    ) -> Result<Option<GroupId>, Diagnostic> {
        let origin = origin_of(name);
        if !matches!(definition, Value::Map(_) | Value::Null) {
            let message = format!("'{name}' is skipped: a group is a map, this is a {}", definition.type_name());
            let warning = Diagnostic::warning(message).at(origin);
            self.warnings.push(warning.hint("a group has hosts, vars and children below it"));
            return Ok(None);
        }
        let Some(name) = name.as_str().filter(|_| !is_moment(name)) else {
            let message = format!("the name of a group is a string, this is {name}");
            return Err(Diagnostic::error(message).at(section).hint("write it in quotes"));
        };
        let (group, _) = self.inventory.group_id(name);
        let Value::Map(definition) = definition else { return Ok(Some(group)) };
        // A section that is wrong spoils the others, too.
        for known in ["vars", "children", "hosts"] {
            if let Some((section, content)) = definition.get_key_value(known) {
                check_section(name, section, content)?;
            }
        }
        // What was read is freed on the way: the file may be large.
        for (section, content) in Arc::unwrap_or_clone(definition) {
            let entries = named_entries(content);
            match section.as_str() {
                Some("vars") => self.read_vars(group, &entries)?,
                Some("hosts") => self.read_hosts(group, entries, origin_of(&section))?,
                Some("children") => self.read_children(group, entries, origin_of(&section))?,
                _ => {
                    let message = format!("the key '{section}' of group '{name}' is skipped");
                    let warning = Diagnostic::warning(message).hint("a group has hosts, vars and children");
                    self.warnings.push(warning.at(origin_of(&section)));
                }
            }
        }
        Ok(Some(group))
    }

    /// Every variable is a copy of its own: an alias of YAML is no bond between them.
    fn read_vars(&mut self, group: GroupId, vars: &Map) -> Result<(), Diagnostic> {
        for (key, value) in vars {
            self.warnings.extend(check_name(&key.to_string(), origin_of(key)));
            self.inventory
                .set_group_var(group, key.clone(), value.clone().unshared())
                .map_err(|error| error.or_at(origin_of(key)))?;
        }
        Ok(())
    }

    /// `section` is the place of those names that have none of their own.
    fn read_hosts(&mut self, group: GroupId, hosts: Map, section: Option<&Origin>) -> Result<(), Diagnostic> {
        for (pattern, vars) in hosts {
            let origin = origin_of(&pattern);
            let error = |message: String| Diagnostic::error(message).at(origin);
            let Some(text) = pattern.as_str().filter(|_| !is_moment(&pattern)) else {
                let message = format!("Host pattern {pattern} must be a string");
                return Err(Diagnostic::error(message).at(section).hint("write it in quotes"));
            };
            if !matches!(vars, Value::Map(_)) && vars.is_truthy() {
                return Err(error(format!("the variables of host '{text}' are a map, not a {}", vars.type_name()))
                    .hint("write `ansible_host: ADDRESS` below it for an address"));
            }
            let expanded = host_line::expand(text).map_err(|message| error(message).hint(host_line::RANGES))?;
            let vars = match vars {
                Value::Map(vars) => Arc::unwrap_or_clone(vars),
                _ => Map::new(),
            };
            let vars: Vec<(Key, Value)> = vars.into_iter().map(|(key, value)| (self.kept(key), value)).collect();
            for name in expanded.names {
                let place = Place { source: Some(&self.path), origin };
                let host = self.inventory.add_source_host(&name, expanded.port, group, &place, self.warnings)?;
                for (key, value) in &vars {
                    self.inventory.set_var_of_name(host, key.clone(), value.clone().unshared())?;
                }
            }
        }
        Ok(())
    }

    /// The same key as it came first.
    fn kept(&mut self, key: Key) -> Key {
        let Some(name) = key.as_str() else {
            self.warnings.extend(check_name(&key.to_string(), None));
            return key;
        };
        if let Some(kept) = self.keys.get(name) {
            return kept.clone();
        }
        self.warnings.extend(check_name(name, key.origin()));
        self.keys.insert(name.into(), key.clone());
        key
    }

    fn read_children(&mut self, parent: GroupId, children: Map, section: Option<&Origin>) -> Result<(), Diagnostic> {
        for (name, definition) in children {
            let Some(child) = self.read_group(&name, definition, section)? else {
                let message = format!("the child group '{name}' is not defined");
                return Err(Diagnostic::error(message).at(origin_of(&name)));
            };
            self.inventory.add_child(parent, child).map_err(|error| error.at(origin_of(&name)))?;
        }
        Ok(())
    }
}

/// A section's entries: a map, nothing, or one name for a map of that name to nothing. Sections that are not known are
/// left alone.
fn named_entries(content: Value) -> Map {
    match content {
        Value::Map(entries) => Arc::unwrap_or_clone(entries),
        Value::Str(name) => Map::from([(Key::Str(name), Value::Null)]),
        _ => Map::new(),
    }
}

fn check_section(group: &str, section: &Key, content: &Value) -> Result<(), Diagnostic> {
    if matches!(content, Value::Map(_) | Value::Null | Value::Str(_)) {
        return Ok(());
    }
    let message = format!("'{section}' of group '{group}' is a map, not a {}", content.type_name());
    let hint = match (section.as_str(), content) {
        (Some("vars"), _) => "write `name: value` on lines of their own, without a dash",
        (_, Value::List(_)) => "write each name with a colon behind it, without the dash",
        _ => "write each name with a colon behind it",
    };
    Err(Diagnostic::error(message).at(origin_of(section)).hint(hint))
}

/// A date is no name, though it is written like one.
fn is_moment(key: &Key) -> bool {
    matches!(key, Key::Str(text) if text.is_moment())
}

fn origin_of(key: &Key) -> Option<&Origin> {
    match key {
        Key::Str(text) => text.origin(),
        _ => None,
    }
}
