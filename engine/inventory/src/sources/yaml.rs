//! YAML inventories: groups with `hosts`, `vars` and `children`.

use std::path::Path;

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
    cx.settings.yaml_valid_extensions.contains(&ending)
}

pub(crate) fn read(
    inventory: &mut Inventory,
    source: &Source,
    cx: &LoadContext,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Diagnostic> {
    let Some(path) = source.path else { return Ok(()) };
    let groups = read_yaml(path, cx, warnings)?;
    let groups = match &groups {
        Value::Map(groups) if !groups.is_empty() => groups,
        Value::Null => return Err(Diagnostic::error("the YAML file is empty")),
        Value::Map(_) => return Err(Diagnostic::error("the YAML file has no groups")),
        other => {
            let message = format!("a YAML inventory is a map of groups, this is a {}", other.type_name());
            return Err(Diagnostic::error(message).at(other.origin()));
        }
    };
    if groups.contains_key("plugin") {
        return Err(Diagnostic::error("this is the configuration of an inventory plugin, not a YAML inventory"));
    }
    let mut reader = Reader { inventory, path, warnings };
    for (name, definition) in groups.iter() {
        reader.read_group(name, definition)?;
    }
    Ok(())
}

struct Reader<'a> {
    inventory: &'a mut Inventory,
    path: &'a Path,
    warnings: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    /// The group, unless the definition is none.
    fn read_group(&mut self, name: &Key, definition: &Value) -> Result<Option<GroupId>, Diagnostic> {
        let origin = origin_of(name);
        if !matches!(definition, Value::Map(_) | Value::Null) {
            let message = format!("'{name}' is skipped: a group is a map, this is a {}", definition.type_name());
            self.warnings.push(Diagnostic::warning(message).at(origin));
            return Ok(None);
        }
        let Some(name) = name.as_str() else {
            return Err(Diagnostic::error(format!("the name of a group is a string, this is {name}")).hint("quote it"));
        };
        let (group, _) = self.inventory.group_id(name);
        let Value::Map(definition) = definition else { return Ok(Some(group)) };
        for (section, content) in definition.iter() {
            let content = named_entries(name, section, content);
            match (section.as_str(), content?) {
                (Some("vars"), entries) => self.read_vars(group, &entries)?,
                (Some("hosts"), entries) => self.read_hosts(group, &entries)?,
                (Some("children"), entries) => self.read_children(group, &entries)?,
                _ => {
                    let message = format!("the key '{section}' of group '{name}' is skipped");
                    let warning = Diagnostic::warning(message).hint("a group has hosts, vars and children");
                    self.warnings.push(warning.at(origin_of(section)));
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
                .map_err(|error| if error.origin.is_some() { error } else { error.at(origin_of(key)) })?;
        }
        Ok(())
    }

    fn read_hosts(&mut self, group: GroupId, hosts: &Map) -> Result<(), Diagnostic> {
        for (pattern, vars) in hosts {
            let origin = origin_of(pattern);
            let error = |message: String| Diagnostic::error(message).at(origin);
            let Some(text) = pattern.as_str() else {
                return Err(error(format!("Host pattern {pattern} must be a string")).hint("quote it"));
            };
            if !matches!(vars, Value::Map(_)) && vars.is_truthy() {
                return Err(error(format!("the variables of host '{text}' are a map, not a {}", vars.type_name())));
            }
            let expanded = host_line::expand(text).map_err(error)?;
            for key in vars.as_map().into_iter().flat_map(Map::keys) {
                self.warnings.extend(check_name(&key.to_string(), origin_of(key)));
            }
            for name in expanded.names {
                let place = Place { source: Some(self.path), origin };
                let host = self.inventory.add_source_host(&name, expanded.port, group, &place, self.warnings)?;
                for (key, value) in vars.as_map().into_iter().flatten() {
                    self.inventory.set_var_of_name(host, key.clone(), value.clone().unshared())?;
                }
            }
        }
        Ok(())
    }

    fn read_children(&mut self, parent: GroupId, children: &Map) -> Result<(), Diagnostic> {
        for (name, definition) in children {
            let Some(child) = self.read_group(name, definition)? else {
                let message = format!("the child group '{name}' is not defined");
                return Err(Diagnostic::error(message).at(origin_of(name)));
            };
            self.inventory.add_child(parent, child).map_err(|error| error.at(origin_of(name)))?;
        }
        Ok(())
    }
}

/// A section's entries: a map, nothing, or one name for a map of that name to nothing. Sections that are not known are
/// left alone.
fn named_entries(group: &str, section: &Key, content: &Value) -> Result<Map, Diagnostic> {
    match content {
        Value::Map(entries) => Ok(Map::clone(entries)),
        Value::Null => Ok(Map::new()),
        Value::Str(name) => Ok(Map::from([(Key::Str(name.clone()), Value::Null)])),
        _ if !matches!(section.as_str(), Some("hosts" | "vars" | "children")) => Ok(Map::new()),
        other => {
            let message = format!("'{section}' of group '{group}' is a map, not a {}", other.type_name());
            let error = Diagnostic::error(message).at(origin_of(section));
            let is_list = matches!(other, Value::List(_));
            Err(if is_list { error.hint("write each name with a colon behind it, without the dash") } else { error })
        }
    }
}

fn origin_of(key: &Key) -> Option<&Origin> {
    match key {
        Key::Str(text) => text.origin(),
        _ => None,
    }
}
