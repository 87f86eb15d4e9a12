//! What `ansible-inventory` prints: `--list`, `--host` and `--graph`.

use std::collections::HashSet;

use kapell_parsing::{Diagnostic, Key, Map, Value};

use crate::inventory::GroupId;
use crate::json_text::{self, Unsafe};
use crate::{Group, Host, Inventory, VarsDirs};

/// How `list` shows the inventory.
#[derive(Clone, Copy, Default)]
pub struct ListOptions<'a> {
    /// `--export`: variables where they were written, not merged into the hosts.
    pub export: bool,
    /// Only these hosts, as `Inventory::select` gives them.
    pub hosts: Option<&'a [String]>,
}

/// `--list`: the JSON that an inventory script prints.
pub fn list(inventory: &Inventory, dirs: &VarsDirs, options: &ListOptions) -> String {
    let listing = Listing {
        inventory,
        dirs,
        options,
        selected: options.hosts.map(|hosts| hosts.iter().map(String::as_str).collect()),
    };
    json_text::write(&Value::map(listing.groups()), Unsafe::Marked)
}

/// `--host`: the variables of one host.
pub fn host(inventory: &Inventory, host: &Host, dirs: &VarsDirs) -> String {
    json_text::write(&Value::map(inventory.host_variables(host, dirs)), Unsafe::Plain)
}

struct Listing<'a> {
    inventory: &'a Inventory,
    dirs: &'a VarsDirs,
    options: &'a ListOptions<'a>,
    selected: Option<HashSet<&'a str>>,
}

impl Listing<'_> {
    fn groups(&self) -> Map {
        let mut listed = Map::new();
        for id in self.inventory.with_descendants(GroupId::ALL) {
            let group = self.inventory.group_at(id);
            let content = self.group(group, id == GroupId::ALL);
            if !content.is_empty() {
                listed.insert(Key::from(group.name.as_str()), Value::map(content));
            }
        }
        let meta = [("hostvars", Value::map(self.host_vars())), ("profile", Value::trusted("inventory_legacy"))];
        listed
            .insert(Key::from("_meta"), Value::map(meta.into_iter().map(|(key, value)| (key.into(), value)).collect()));
        listed
    }

    /// Hosts of `all` are shown with the group they are in, if only `ungrouped`.
    fn group(&self, group: &Group, is_all: bool) -> Map {
        let mut content = Map::new();
        let mut add = |key: &str, value: Value| {
            if value.is_truthy() {
                content.insert(key.into(), value);
            }
        };
        let children = self.inventory.children(group);
        add("children", Value::list(children.into_iter().map(Value::trusted).collect()));
        if !is_all {
            let hosts = self.inventory.members(group).into_iter().filter(|host| self.is_selected(host));
            add("hosts", Value::list(hosts.map(Value::trusted).collect()));
        }
        if self.options.export {
            add("vars", Value::map(self.inventory.group_variables(group, self.dirs)));
        }
        content
    }

    fn host_vars(&self) -> Map {
        let mut listed = Map::new();
        for id in self.inventory.host_ids_of(GroupId::ALL).iter() {
            let host = self.inventory.host_at(id);
            if !self.is_selected(&host.name) {
                continue;
            }
            let vars = if self.options.export {
                self.inventory.host_own_variables(host, self.dirs)
            } else {
                self.inventory.host_variables(host, self.dirs)
            };
            if !vars.is_empty() {
                listed.insert(Key::from(host.name.as_str()), Value::map(vars));
            }
        }
        listed
    }

    fn is_selected(&self, host: &str) -> bool {
        self.selected.as_ref().is_none_or(|selected| selected.contains(host))
    }
}

/// `--graph`: the groups below `group` as a tree; with `vars`, the variables of hosts and groups too.
pub fn graph(inventory: &Inventory, group: &str, vars: Option<&VarsDirs>) -> Result<String, Diagnostic> {
    let Some(index) = inventory.groups.get_index_of(group) else {
        let known = inventory.groups.keys().map(String::as_str);
        return Err(Diagnostic::error(format!("there is no group '{group}' to graph")).did_you_mean(group, known));
    };
    let mut graph = Graph { inventory, dirs: vars, lines: Vec::new() };
    graph.add_group(GroupId(index as u32), 0);
    Ok(graph.lines.join("\n"))
}

struct Graph<'a> {
    inventory: &'a Inventory,
    dirs: Option<&'a VarsDirs>,
    lines: Vec<String>,
}

impl Graph<'_> {
    fn add_group(&mut self, id: GroupId, level: usize) {
        let group = self.inventory.group_at(id);
        self.add_line(&format!("@{}:", group.name), level);
        for child in &group.children {
            self.add_group(*child, level + 1);
        }
        if id != GroupId::ALL {
            for host in &group.hosts {
                let host = self.inventory.host_at(*host);
                self.add_line(&host.name, level + 1);
                if let Some(dirs) = self.dirs {
                    self.add_vars(&self.inventory.host_variables(host, dirs), level + 2);
                }
            }
        }
        if let Some(dirs) = self.dirs {
            self.add_vars(&self.inventory.group_variables(group, dirs), level + 1);
        }
    }

    fn add_vars(&mut self, vars: &Map, level: usize) {
        let mut lines: Vec<String> = vars.iter().map(|(key, value)| format!("{{{key} = {}}}", shown(value))).collect();
        lines.sort_unstable();
        for line in lines {
            self.add_line(&line, level);
        }
    }

    fn add_line(&mut self, text: &str, level: usize) {
        let stem = "  |".repeat(level);
        self.lines.push(if level == 0 { text.into() } else { format!("{stem}--{text}") });
    }
}

fn shown(value: &Value) -> String {
    let hidden = value.map_strings(&|text| if text.is_secret() { "********".into() } else { text.clone() });
    hidden.to_string()
}
