//! `Constructed`: variables and groups made of what is known about each host: `compose`, `groups` and `keyed_groups`, the
//! keys that the `constructed` plugin and cloud inventories share.

use std::sync::Arc;

use kapell_parsing::{Diagnostic, Key, Map, Text, Value};
use kapell_template::{RenderContext, Templar, TemplateError, VariableSource, is_omit};

use crate::host::short_name;
use crate::inventory::{GroupId, HostId};
use crate::load::LoadContext;
use crate::variables::VarsDirs;
use crate::{Inventory, group_name};

/// The rules, read from a plugin's configuration.
pub struct Constructed {
    /// An expression that cannot be evaluated is an error, not a host left out.
    strict: bool,
    /// Names of groups without a prefix begin with the separator.
    leading_separator: bool,
    /// Names of groups keep their dashes, as with the scripts that were before cloud inventories.
    keep_dashes: bool,
    compose: Map,
    groups: Map,
    keyed_groups: Vec<KeyedGroup>,
    /// Over the hosts' own, where the configuration asks for them.
    extra_vars: Map,
}

struct KeyedGroup {
    key: Text,
    prefix: String,
    separator: String,
    /// In place of an empty name.
    default_value: Option<String>,
    trailing_separator: bool,
    parent_group: Option<Value>,
}

impl Constructed {
    pub fn from_config(config: &Value, cx: &LoadContext) -> Result<Self, Diagnostic> {
        let use_extra_vars = flag(config, "use_extra_vars", cx.settings.inventory_use_extra_vars);
        let strict = flag(config, "strict", false);
        Ok(Self {
            extra_vars: if use_extra_vars { cx.extra_vars.clone() } else { Map::new() },
            strict,
            leading_separator: flag(config, "leading_separator", true),
            keep_dashes: flag(config, "use_contrib_script_compatible_sanitization", false),
            compose: map(config, "compose")?,
            groups: map(config, "groups")?,
            keyed_groups: keyed_groups(config, strict)?,
        })
    }

    /// Sets the variables of one host and puts it into its groups, in this order.
    /// `dirs` are those whose variables expressions may see.
    pub fn apply(
        &self,
        inventory: &mut Inventory,
        host: &str,
        dirs: &VarsDirs,
        templar: &Templar,
    ) -> Result<(), Diagnostic> {
        let Some(index) = inventory.hosts.get_index_of(host) else { return Ok(()) };
        let host = HostId(index as u32);
        self.compose(inventory, host, dirs, templar)?;
        let vars = self.known_variables(inventory, host, dirs);
        for (name, condition) in &self.groups {
            let met = match condition {
                Value::Str(text) if text.is_empty() => Ok(false),
                Value::List(_) => continue,
                condition => templar.condition(condition, &vars, &RenderContext::default()),
            };
            let met = self.unless_strict(met, || format!("group '{name}'"))?;
            if met == Some(true) {
                let group = self.group(inventory, &name.to_string())?;
                inventory.add_named_like(host, group)?;
            }
        }
        for rule in &self.keyed_groups {
            self.add_keyed(inventory, host, rule, templar, &vars)?;
        }
        Ok(())
    }

    /// Expressions do not see each other's results.
    fn compose(
        &self,
        inventory: &mut Inventory,
        host: HostId,
        dirs: &VarsDirs,
        templar: &Templar,
    ) -> Result<(), Diagnostic> {
        let vars = self.known_variables(inventory, host, dirs);
        for (name, expression) in &self.compose {
            let value = match expression {
                Value::Str(text) => templar.expression(text, &vars, &RenderContext::default()),
                other if self.strict => {
                    let message = format!("variable '{name}': an expression is a text, not a {}", other.type_name());
                    return Err(Diagnostic::error(message).at(name.origin()).hint("write it in quotes"));
                }
                _ => continue,
            };
            let value = self.unless_strict(value, || format!("variable '{name}'"))?;
            if let Some(value) = value.filter(|value| !is_omit(value)) {
                inventory.set_var_of_name(host, name.clone(), value)?;
            }
        }
        Ok(())
    }

    fn add_keyed(
        &self,
        inventory: &mut Inventory,
        host: HostId,
        rule: &KeyedGroup,
        templar: &Templar,
        vars: &Arc<dyn VariableSource>,
    ) -> Result<(), Diagnostic> {
        let describe = || format!("keyed group '{}'", rule.key);
        let key = templar.expression(&rule.key, vars, &RenderContext::default());
        let Some(key) = self.unless_strict(key, describe)? else { return Ok(()) };
        if !key.is_truthy() && rule.default_value.is_none() {
            return Ok(());
        }
        let parent = match &rule.parent_group {
            None => None,
            Some(parent) => {
                let parent = templar.render(parent, vars, &RenderContext::default());
                let Some(parent) = self.unless_strict(parent, describe)? else { return Ok(()) };
                Some(parent).filter(Value::is_truthy)
            }
        };
        for name in rule.names(&key)? {
            let separator = if rule.prefix.is_empty() && !self.leading_separator { "" } else { &rule.separator };
            let group = self.group(inventory, &format!("{}{separator}{name}", rule.prefix))?;
            inventory.join(host, group);
            if let Some(parent) = &parent {
                let parent = self.group(inventory, rule.parent_name(parent)?)?;
                inventory.add_child(parent, group)?;
            }
        }
        Ok(())
    }

    /// Names made of values may hold anything: they become names of variables whatever the settings say.
    fn group(&self, inventory: &mut Inventory, name: &str) -> Result<GroupId, Diagnostic> {
        if name.is_empty() {
            return Err(Diagnostic::error("the name of a group is empty"));
        }
        let replaced = if self.keep_dashes { group_name::replaced_but_dashes } else { group_name::replaced };
        let (group, _) = inventory.group_id(&replaced(name));
        Ok(group)
    }

    fn unless_strict<T>(
        &self,
        result: Result<T, TemplateError>,
        what: impl FnOnce() -> String,
    ) -> Result<Option<T>, Diagnostic> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) if self.strict => Err(Diagnostic::error(format!("{}: {error}", what()))
                .at(error.origin())
                .hint("without `strict` the host is left out of it")),
            Err(_) => Ok(None),
        }
    }

    /// What expressions see: the host's variables and the names that go with it.
    fn known_variables(&self, inventory: &Inventory, host: HostId, dirs: &VarsDirs) -> Arc<dyn VariableSource> {
        let host = inventory.host_at(host);
        let mut vars = inventory.host_variables(host, dirs);
        let mut set = |name: &str, value: Value| vars.insert(Key::from(name), value);
        let name = host.name.as_str();
        set("inventory_hostname", name.into());
        set("inventory_hostname_short", short_name(name).into());
        set("group_names", Value::list(inventory.group_names(host).into_iter().map(Value::from).collect()));
        if let Some(source) = &host.source {
            set("inventory_file", source.to_string_lossy().into_owned().into());
        }
        if let Some(directory) = host.inventory_dir() {
            set("inventory_dir", directory.to_string_lossy().into_owned().into());
        }
        vars.extend(self.extra_vars.iter().map(|(key, value)| (key.clone(), value.clone())));
        Arc::new(vars)
    }
}

impl KeyedGroup {
    /// The last part of each group's name. A map gives `key separator value` for every entry.
    fn names(&self, key: &Value) -> Result<Vec<String>, Diagnostic> {
        let is_empty = |value: &Value| value.is_null() || value.as_str().is_some_and(str::is_empty);
        let or_default = |value: &Value| match &self.default_value {
            Some(default) if is_empty(value) => default.clone(),
            _ => value.to_string(),
        };
        match key {
            Value::Str(_) => Ok(Some(or_default(key)).filter(|name| !name.is_empty()).into_iter().collect()),
            Value::Null => Ok(self.default_value.iter().cloned().collect()),
            Value::List(items) => Ok(items.iter().map(or_default).collect()),
            Value::Map(entries) => Ok(entries
                .iter()
                .map(|(key, value)| {
                    if is_empty(value) && !self.trailing_separator {
                        return key.to_string();
                    }
                    format!("{key}{}{}", self.separator, or_default(value))
                })
                .collect()),
            nothing if !nothing.is_truthy() => Ok(Vec::new()),
            other => {
                let message = format!("the key '{}' gives a {}", self.key, other.type_name());
                Err(Diagnostic::error(message).at(self.key.origin()).hint("make it a string, a list or a map"))
            }
        }
    }

    fn parent_name<'a>(&self, parent: &'a Value) -> Result<&'a str, Diagnostic> {
        parent.as_str().ok_or_else(|| {
            let message = format!("the parent_group of '{}' is a {}", self.key, parent.type_name());
            let origin = self.parent_group.as_ref().and_then(Value::origin);
            Diagnostic::error(message).at(origin).hint("make it a string")
        })
    }
}

fn flag(config: &Value, name: &str, usual: bool) -> bool {
    // As Ansible reads its options: what is no boolean is false.
    let given = config.get(name).filter(|value| !value.is_null());
    given.map_or(usual, |value| value.to_bool_loose().unwrap_or(false))
}

fn map(config: &Value, name: &str) -> Result<Map, Diagnostic> {
    match config.get(name) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Map(map)) => Ok(Map::clone(map)),
        Some(other) => Err(wrong(name, "a map", other)),
    }
}

fn keyed_groups(config: &Value, strict: bool) -> Result<Vec<KeyedGroup>, Diagnostic> {
    let entries = match config.get("keyed_groups") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::List(entries)) => entries,
        Some(other) => return Err(wrong("keyed_groups", "a list", other)),
    };
    entries.iter().filter_map(|entry| keyed_group(entry, strict).transpose()).collect()
}

fn keyed_group(entry: &Value, strict: bool) -> Result<Option<KeyedGroup>, Diagnostic> {
    if entry.as_map().is_none() {
        return Err(wrong("keyed_groups", "a list of maps", entry));
    }
    // What is null is the text None, as Python writes it.
    let text =
        |name: &str| entry.get(name).map(|value| if value.is_null() { "None".into() } else { value.to_string() });
    let trailing_separator = entry.get("trailing_separator");
    if entry.get("default_value").is_some() && trailing_separator.is_some() {
        let message = "a keyed group has either a default_value or a trailing_separator";
        return Err(Diagnostic::error(message).at(entry.origin()).hint("leave one of them out"));
    }
    let Some(key) = entry.get("key").and_then(Value::as_text) else {
        // Without a key it makes no groups.
        let error = Diagnostic::error("a keyed group has no key").at(entry.origin());
        return if strict { Err(error.hint("give it `key:`, an expression")) } else { Ok(None) };
    };
    Ok(Some(KeyedGroup {
        key: key.clone(),
        prefix: text("prefix").unwrap_or_default(),
        separator: text("separator").unwrap_or_else(|| "_".into()),
        default_value: text("default_value").filter(|_| !entry.get("default_value").is_some_and(Value::is_null)),
        trailing_separator: trailing_separator.and_then(Value::to_bool_loose).unwrap_or(true),
        parent_group: entry.get("parent_group").cloned(),
    }))
}

fn wrong(name: &str, expected: &str, value: &Value) -> Diagnostic {
    let hint = "a list of maps begins each with a dash, a map has `name: value` lines without one";
    Diagnostic::error(format!("'{name}' is {expected}, not a {}", value.type_name())).at(value.origin()).hint(hint)
}
