//! TOML inventories: a table for each group, with `hosts`, `vars` and `children`.

use std::path::Path;
use std::sync::Arc;

use kapell_parsing::{Diagnostic, Key, Map, Origin, Text, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Source;
use super::host_line;
use super::variables::check_name;
use crate::Inventory;
use crate::inventory::GroupId;
use crate::load::{FileText, LoadContext, read_text};
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
    let places = Places::new(&content);
    let table = DeTable::parse(content.text()).map_err(|error| {
        let place = error.span().map(|span| places.origin(span.start));
        let message = format!("this is not valid TOML: {}", error.message().trim());
        Diagnostic::error(message).at(place.as_ref()).hint("entries are `name = value`; texts are in quotes")
    })?;
    let table = table.get_ref();
    if table.is_empty() {
        return Err(Diagnostic::error("the TOML file is empty"));
    }
    if table.contains_key("plugin") {
        return Err(Diagnostic::error("this is the configuration of an inventory plugin, not a TOML inventory"));
    }
    let mut reader = Reader { inventory, path: path.into(), warnings };
    for (name, definition) in table {
        let name = places.text(name.get_ref(), name.span().start);
        reader.read_group(&name, &places.value(definition)?)?;
    }
    Ok(())
}

/// Marks texts with the places they have in the file.
struct Places<'a> {
    content: &'a FileText,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl<'a> Places<'a> {
    fn new(content: &'a FileText) -> Self {
        let breaks = content.text().match_indices('\n').map(|(at, _)| at + 1);
        Self { content, lines: std::iter::once(0).chain(breaks).collect() }
    }

    fn origin(&self, at: usize) -> Origin {
        let line = self.lines.partition_point(|start| *start <= at).max(1);
        let before = self.content.text().get(self.lines[line - 1]..at).unwrap_or_default();
        Origin::new(self.content.file.clone(), line as u32, before.chars().count() as u32 + 1)
    }

    fn text(&self, text: &str, at: usize) -> Text {
        Text::trusted(text, Some(self.origin(at))).with_secret(self.content.is_secret)
    }

    fn value(&self, value: &Spanned<DeValue>) -> Result<Value, Diagnostic> {
        let at = value.span().start;
        Ok(match value.get_ref() {
            DeValue::String(text) => Value::Str(self.text(text, at)),
            DeValue::Integer(number) => {
                let parsed = i64::from_str_radix(number.as_str(), number.radix());
                Value::Int(parsed.map_err(|_| self.not_a_number(number.as_str(), at))?)
            }
            DeValue::Float(number) => {
                Value::Float(number.as_str().parse().map_err(|_| self.not_a_number(number.as_str(), at))?)
            }
            DeValue::Boolean(yes) => Value::Bool(*yes),
            DeValue::Datetime(time) => Value::Str(self.text(&time.to_string(), at).as_moment()),
            DeValue::Array(items) => Value::list(items.iter().map(|item| self.value(item)).collect::<Result<_, _>>()?),
            DeValue::Table(table) => {
                let entries = table
                    .iter()
                    .map(|(key, value)| Ok((Key::Str(self.text(key.get_ref(), key.span().start)), self.value(value)?)));
                Value::map(entries.collect::<Result<_, Diagnostic>>()?)
            }
        })
    }

    fn not_a_number(&self, text: &str, at: usize) -> Diagnostic {
        Diagnostic::error(format!("the number {text} is out of range")).at(Some(&self.origin(at)))
    }
}

struct Reader<'a> {
    inventory: &'a mut Inventory,
    path: Arc<Path>,
    warnings: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn read_group(&mut self, name: &Text, definition: &Value) -> Result<(), Diagnostic> {
        let Value::Map(sections) = definition else {
            let message = format!("'{name}' is skipped: a group is a table, this is a {}", definition.type_name());
            self.warnings.push(Diagnostic::warning(message).at(name.origin()));
            return Ok(());
        };
        let (group, _) = self.inventory.group_id(name);
        for (section, content) in sections.iter() {
            match (section.as_str(), content) {
                (Some("vars"), Value::Map(vars)) => self.read_vars(group, vars)?,
                (Some("children"), Value::List(children)) => self.read_children(group, name, section, children)?,
                (Some("hosts"), Value::Map(hosts)) => self.read_hosts(group, hosts)?,
                (Some("vars" | "hosts"), other) => return Err(wrong(name, section, "a table", other)),
                (Some("children"), other) => return Err(wrong(name, section, "a list", other)),
                _ => {
                    let message = format!("the key '{section}' of group '{name}' is skipped");
                    let warning = Diagnostic::warning(message).hint("a group has hosts, vars and children");
                    self.warnings.push(warning.at(section.origin()));
                }
            }
        }
        Ok(())
    }

    fn read_vars(&mut self, group: GroupId, vars: &Map) -> Result<(), Diagnostic> {
        for (key, value) in vars {
            self.warnings.extend(check_name(&key.to_string(), key.origin()));
            self.inventory
                .set_group_var(group, key.clone(), value.clone())
                .map_err(|error| error.or_at(key.origin()))?;
        }
        Ok(())
    }

    fn read_children(
        &mut self,
        group: GroupId,
        name: &str,
        section: &Key,
        children: &[Value],
    ) -> Result<(), Diagnostic> {
        for child in children {
            let Value::Str(child) = child else {
                let message = format!("group '{name}' has a child that is no name: {}", child.repr());
                return Err(Diagnostic::error(message).at(section.origin()));
            };
            let (id, _) = self.inventory.group_id(child);
            self.inventory.add_child(group, id).map_err(|error| error.at(child.origin()))?;
        }
        Ok(())
    }

    fn read_hosts(&mut self, group: GroupId, hosts: &Map) -> Result<(), Diagnostic> {
        for (pattern, vars) in hosts {
            let error = |message: String| Diagnostic::error(message).at(pattern.origin());
            let expanded =
                host_line::expand(&pattern.to_string()).map_err(|message| error(message).hint(host_line::RANGES))?;
            if !matches!(vars, Value::Map(_)) && vars.is_truthy() {
                let message = format!("the variables of host '{pattern}' are a table, not a {}", vars.type_name());
                return Err(error(message));
            }
            for name in expanded.names {
                let place = Place { source: Some(&self.path), origin: pattern.origin() };
                let host = self.inventory.add_source_host(&name, expanded.port, group, &place, self.warnings)?;
                for (key, value) in vars.as_map().into_iter().flatten() {
                    self.inventory.set_var_of_name(host, key.clone(), value.clone().unshared())?;
                }
            }
        }
        Ok(())
    }
}

fn wrong(group: &str, section: &Key, expected: &str, value: &Value) -> Diagnostic {
    let message = format!("'{section}' of group '{group}' is {expected}, not a {}", value.type_name());
    let hint = match section.as_str() {
        Some("children") => "write children = [\"group\"]",
        _ => "write the table's name in brackets, [group.hosts] or [group.vars], and its entries below",
    };
    Diagnostic::error(message).at(section.origin()).hint(hint)
}
