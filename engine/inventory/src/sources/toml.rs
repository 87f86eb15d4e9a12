//! TOML inventories: a table for each group, with `hosts`, `vars` and `children`.

use std::path::Path;

use kapell_parsing::{Diagnostic, Key, Map, Origin, SourceFile, Text, Value};
use std::sync::Arc;

use super::Source;
use super::host_line;
use super::variables::check_name;
use crate::Inventory;
use crate::inventory::GroupId;
use crate::load::{LoadContext, read_text};
use crate::mutation::Place;

pub(crate) fn accepts(source: &Source, _: &LoadContext) -> bool {
    source.path.is_some_and(|path| path.extension().is_some_and(|ending| ending == "toml"))
}

pub(crate) fn read(
    inventory: &mut Inventory,
    source: &Source,
    cx: &LoadContext,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Diagnostic> {
    let Some(path) = source.path else { return Ok(()) };
    let content = read_text(path, cx)?;
    let table: toml::Table = content.text.parse().map_err(|error| unreadable(&error, &content.file))?;
    if table.is_empty() {
        return Err(Diagnostic::error("the TOML file is empty"));
    }
    if table.contains_key("plugin") {
        return Err(Diagnostic::error("this is the configuration of an inventory plugin, not a TOML inventory"));
    }
    let texts = Texts { origin: Origin::new(content.file.clone(), 1, 1), is_secret: content.is_secret };
    let mut reader = Reader { inventory, path, warnings };
    for (name, definition) in &table {
        reader.read_group(name, &texts.value(definition))?;
    }
    Ok(())
}

fn unreadable(error: &toml::de::Error, file: &Arc<SourceFile>) -> Diagnostic {
    let place = error.span().map(|span| {
        let before = file.text.get(..span.start).unwrap_or_default();
        let line = before.matches('\n').count() as u32 + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() as u32 + 1;
        Origin::new(file.clone(), line, column)
    });
    Diagnostic::error(format!("this is not valid TOML: {}", error.message().trim())).at(place.as_ref())
}

/// What texts of the file are marked with: TOML values have no places of their own.
struct Texts {
    origin: Origin,
    is_secret: bool,
}

impl Texts {
    fn text(&self, text: &str) -> Text {
        Text::trusted(text, Some(self.origin.clone())).with_secret(self.is_secret)
    }

    fn value(&self, value: &toml::Value) -> Value {
        match value {
            toml::Value::String(text) => Value::Str(self.text(text)),
            toml::Value::Integer(number) => Value::Int(*number),
            toml::Value::Float(number) => Value::Float(*number),
            toml::Value::Boolean(yes) => Value::Bool(*yes),
            toml::Value::Datetime(time) => Value::Str(self.text(&time.to_string()).as_moment()),
            toml::Value::Array(items) => Value::list(items.iter().map(|item| self.value(item)).collect()),
            toml::Value::Table(table) => {
                let entries = table.iter().map(|(key, value)| (Key::Str(self.text(key)), self.value(value)));
                Value::map(entries.collect())
            }
        }
    }
}

struct Reader<'a> {
    inventory: &'a mut Inventory,
    path: &'a Path,
    warnings: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn read_group(&mut self, name: &str, definition: &Value) -> Result<(), Diagnostic> {
        let Value::Map(sections) = definition else {
            let message = format!("'{name}' is skipped: a group is a table, this is a {}", definition.type_name());
            self.warnings.push(Diagnostic::warning(message));
            return Ok(());
        };
        let (group, _) = self.inventory.group_id(name);
        for (section, content) in sections.iter() {
            match (section.as_str(), content) {
                (Some("vars"), Value::Map(vars)) => self.read_vars(group, vars)?,
                (Some("children"), Value::List(children)) => self.read_children(group, name, children)?,
                (Some("hosts"), Value::Map(hosts)) => self.read_hosts(group, hosts)?,
                (Some("vars" | "hosts"), other) => return Err(wrong(name, section, "a table", other)),
                (Some("children"), other) => return Err(wrong(name, section, "a list", other)),
                _ => {
                    let message = format!("the key '{section}' of group '{name}' is skipped");
                    let warning = Diagnostic::warning(message).hint("a group has hosts, vars and children");
                    self.warnings.push(warning);
                }
            }
        }
        Ok(())
    }

    fn read_vars(&mut self, group: GroupId, vars: &Map) -> Result<(), Diagnostic> {
        for (key, value) in vars {
            self.warnings.extend(check_name(&key.to_string(), None));
            self.inventory.set_group_var(group, key.clone(), value.clone())?;
        }
        Ok(())
    }

    fn read_children(&mut self, group: GroupId, name: &str, children: &[Value]) -> Result<(), Diagnostic> {
        for child in children {
            let Some(child) = child.as_str() else {
                let message = format!("group '{name}' has a child that is no name: {}", child.repr());
                return Err(Diagnostic::error(message));
            };
            let (child, _) = self.inventory.group_id(child);
            self.inventory.add_child(group, child)?;
        }
        Ok(())
    }

    fn read_hosts(&mut self, group: GroupId, hosts: &Map) -> Result<(), Diagnostic> {
        for (pattern, vars) in hosts {
            let expanded = host_line::expand(&pattern.to_string()).map_err(Diagnostic::error)?;
            if !matches!(vars, Value::Map(_)) && vars.is_truthy() {
                let message = format!("the variables of host '{pattern}' are a table, not a {}", vars.type_name());
                return Err(Diagnostic::error(message));
            }
            for name in expanded.names {
                let place = Place { source: Some(self.path), origin: None };
                let host = self.inventory.add_source_host(&name, expanded.port, group, &place, self.warnings)?;
                for (key, value) in vars.as_map().into_iter().flatten() {
                    self.inventory.set_var_of_name(host, key.clone(), value.clone())?;
                }
            }
        }
        Ok(())
    }
}

fn wrong(group: &str, section: &Key, expected: &str, value: &Value) -> Diagnostic {
    Diagnostic::error(format!("'{section}' of group '{group}' is {expected}, not a {}", value.type_name()))
}
