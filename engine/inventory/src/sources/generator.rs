//! `plugin: generator`: a host for every combination of the layers' words, with groups named after them.

use std::path::Path;
use std::sync::Arc;

use kapell_parsing::{Diagnostic, Key, Map, Value};
use kapell_template::{RenderContext, Templar, TemplarOptions, VariableSource};

use super::variables::check_name;
use crate::inventory::{GroupId, HostId};
use crate::load::{LoadContext, PluginConfig};
use crate::{Inventory, Plugin};

/// More combinations than this are a slip of the fingers.
const MAX_HOSTS: usize = 1_000_000;
/// Parents of parents, deeper than anybody writes.
const MAX_DEPTH: usize = 64;

const LAYOUT: &str = "it has `layers`, lists of words by name, and `hosts` with a `name` and `parents` that have names";

pub(crate) static PLUGIN: Plugin =
    Plugin { names: &["generator", "ansible.builtin.generator", "ansible.legacy.generator"], read };

fn read(
    inventory: &mut Inventory,
    plugin: &PluginConfig,
    cx: &LoadContext,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Diagnostic> {
    let missing = |what: &str| {
        Diagnostic::error(format!("the generator has no '{what}'")).at(plugin.config.origin()).hint(LAYOUT)
    };
    let layers = plugin.config.get("layers").and_then(Value::as_map).ok_or_else(|| missing("layers"))?;
    let hosts = plugin.config.get("hosts").filter(|hosts| hosts.as_map().is_some()).ok_or_else(|| missing("hosts"))?;
    let name = hosts.get("name").ok_or_else(|| missing("hosts.name"))?;
    let parents = list(hosts.get("parents"))?;
    let templar = Templar::new(TemplarOptions { vault: cx.vault.clone(), ..TemplarOptions::default() });
    let source: Arc<Path> = plugin.path.into();
    let mut generator = Generator { inventory, templar, warnings, plugin };
    for words in combinations(layers)? {
        let words: Arc<dyn VariableSource> = Arc::new(words);
        let host = generator.value(name, &words)?;
        let host = text(&host, "host", name)?;
        if host.is_empty() {
            return Err(Diagnostic::error("the name of a host is empty").at(name.origin()));
        }
        let (id, made) = generator.inventory.host_id(&host, generator.warnings);
        if made {
            generator.inventory.host_at_mut(id).source = Some(Arc::clone(&source));
        }
        generator.add_parents(&Child::Host(id, host), &parents, &words, 0)?;
    }
    Ok(())
}

/// What gets parents.
enum Child {
    Host(HostId, String),
    Group(GroupId, String),
}

struct Generator<'a> {
    inventory: &'a mut Inventory,
    templar: Templar,
    warnings: &'a mut Vec<Diagnostic>,
    plugin: &'a PluginConfig<'a>,
}

impl Generator<'_> {
    fn value(&self, template: &Value, words: &Arc<dyn VariableSource>) -> Result<Value, Diagnostic> {
        let rendered = self.templar.render(template, words, &RenderContext::default());
        rendered.map_err(|error| {
            Diagnostic::error(error.to_string())
                .at(error.origin().or(template.origin()))
                .hint("names are made of the words of the layers")
        })
    }

    fn add_parents(
        &mut self,
        child: &Child,
        parents: &[Value],
        words: &Arc<dyn VariableSource>,
        depth: usize,
    ) -> Result<(), Diagnostic> {
        for parent in parents {
            let (Child::Host(_, child_name) | Child::Group(_, child_name)) = child;
            let nameless = || {
                let message = format!("Element {child_name} has a parent with no name.");
                Diagnostic::error(message).at(parent.origin().or(self.plugin.config.origin())).hint(LAYOUT)
            };
            let name = parent.get("name").ok_or_else(nameless)?;
            if depth > MAX_DEPTH {
                return Err(Diagnostic::error("the parents of a group are nested too deeply").at(name.origin()));
            }
            let rendered = self.value(name, words)?;
            if !rendered.is_truthy() {
                return Err(nameless());
            }
            let name = text(&rendered, "group", name)?;
            let (group, _) = self.inventory.group_id(&name);
            self.set_vars(group, parent.get("vars"), words)?;
            match child {
                Child::Host(host, _) => self.inventory.add_named_like(*host, group)?,
                Child::Group(child, _) => drop(self.inventory.add_child(group, *child)?),
            }
            let grandparents = list(parent.get("parents"))?;
            self.add_parents(&Child::Group(group, name), &grandparents, words, depth + 1)?;
        }
        Ok(())
    }

    /// Texts are templated with the words of the combination; what lists and maps hold waits for the play.
    fn set_vars(
        &mut self,
        group: GroupId,
        vars: Option<&Value>,
        words: &Arc<dyn VariableSource>,
    ) -> Result<(), Diagnostic> {
        for (key, value) in vars.and_then(Value::as_map).into_iter().flatten() {
            let value = if matches!(value, Value::Str(_)) { self.value(value, words)? } else { value.clone() };
            let warning = check_name(&key.to_string(), None);
            if warning.as_ref().is_some_and(|warning| !self.warnings.contains(warning)) {
                self.warnings.extend(warning);
            }
            self.inventory.set_group_var(group, key.clone(), value)?;
        }
        Ok(())
    }
}

/// One word of every layer, the last layer changing fastest.
fn combinations(layers: &Map) -> Result<Vec<Map>, Diagnostic> {
    let mut all = vec![Map::new()];
    for (layer, words) in layers {
        let words = words.as_list().ok_or_else(|| {
            let message = format!("the layer '{layer}' is a list of words, not a {}", words.type_name());
            Diagnostic::error(message).at(words.origin().or(layer.origin())).hint("write its words in brackets: [a, b]")
        })?;
        if all.len().saturating_mul(words.len()) > MAX_HOSTS {
            return Err(Diagnostic::error("the layers stand for more than a million hosts"));
        }
        let with = |map: &Map, key: &Key, word: &Value| {
            let mut map = map.clone();
            map.insert(key.clone(), word.clone());
            map
        };
        all = all.iter().flat_map(|map| words.iter().map(|word| with(map, layer, word)).collect::<Vec<_>>()).collect();
    }
    Ok(all)
}

/// A template of one word keeps the word's type: a number is no name.
fn text(name: &Value, what: &str, template: &Value) -> Result<String, Diagnostic> {
    name.as_str().map(str::to_owned).ok_or_else(|| {
        let message = format!("the name of a {what} is a text, not a {}", name.type_name());
        Diagnostic::error(message).at(template.origin()).hint("write the words of the layers in quotes")
    })
}

fn list(value: Option<&Value>) -> Result<Vec<Value>, Diagnostic> {
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::List(items)) => Ok(items.to_vec()),
        Some(other) => {
            let message = format!("'parents' is a list of maps, not a {}", other.type_name());
            Err(Diagnostic::error(message).at(other.origin()))
        }
    }
}
