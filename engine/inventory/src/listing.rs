//! What `ansible-inventory` prints: `--list`, `--host` and `--graph`.

use std::collections::HashSet;

use kapell_parsing::{Diagnostic, ErrorKind, Key, Map, Value};

use crate::host_vars::HostVars;
use crate::inventory::GroupId;
use crate::json_text::{self, Unsafe};
use crate::magic_names::without_magic;
use crate::{Group, Host, Inventory, VarsDirs, json_listing, toml_text};

/// How `list` shows the inventory.
#[derive(Clone, Copy, Default)]
pub struct ListOptions<'a> {
    /// `--export`: variables where they were written, not merged into the hosts.
    pub export: bool,
    /// Only these hosts, as `Inventory::select` gives them.
    pub hosts: Option<&'a [String]>,
    /// Those of the command line: over the hosts', unless for export.
    pub extra_vars: Option<&'a Map>,
    /// The directories for variables shown where they were written, when not all count there.
    pub own_dirs: Option<&'a VarsDirs>,
}

/// How `list` and `host` write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Json,
    Yaml,
    Toml,
}

/// `--list`: the JSON that an inventory script prints, or an inventory in YAML or TOML. Without a line end.
pub fn list(
    inventory: &Inventory,
    dirs: &VarsDirs,
    options: &ListOptions,
    format: Format,
) -> Result<String, Diagnostic> {
    let mut text = String::new();
    list_in_pieces(inventory, dirs, options, format, &mut |piece| text.push_str(piece))?;
    Ok(text)
}

/// The same, handed to `sink` piece by piece: JSON as it is made.
pub fn list_in_pieces(
    inventory: &Inventory,
    dirs: &VarsDirs,
    options: &ListOptions,
    format: Format,
    sink: &mut dyn FnMut(&str),
) -> Result<(), Diagnostic> {
    let listing = Listing {
        inventory,
        dirs,
        options,
        vars: HostVars::new(inventory, dirs, options),
        selected: options.hosts.map(|hosts| hosts.iter().map(String::as_str).collect()),
    };
    match format {
        Format::Json => json_listing::write(&listing, sink),
        Format::Yaml => {
            let content = listing.tree(GroupId::ALL, &mut HashSet::new(), &mut HashSet::new());
            let tree = if content.is_empty() { Map::new() } else { Map::from([("all".into(), Value::map(content))]) };
            sink(&yaml(&Value::map(tree)));
        }
        Format::Toml => {
            let mut tables = Map::new();
            listing.add_table(GroupId::ALL, &mut tables, &mut HashSet::new());
            sink(&toml(&tables)?);
        }
    }
    Ok(())
}

/// Reads all files of variables that `list` will show, so that what is wrong with them is known before anything is shown:
/// those of hosts and of their groups, for export those of all groups.
pub fn read_files(inventory: &Inventory, dirs: &VarsDirs, options: &ListOptions) {
    let all = inventory.hosts().map(|host| host.name.as_str());
    let hosts: Vec<&str> =
        options.hosts.map_or_else(|| all.collect(), |hosts| hosts.iter().map(String::as_str).collect());
    let mut memberships: HashSet<&[GroupId]> = HashSet::new();
    let mut groups: HashSet<&str> = HashSet::new();
    if options.export {
        groups.extend(inventory.groups().map(|group| group.name.as_str()));
    } else {
        // Many hosts are in the same groups.
        for host in hosts.iter().filter_map(|name| inventory.host(name)) {
            if memberships.insert(host.groups.as_slice()) {
                groups.extend(inventory.groups_of(host).into_iter().map(|group| group.name.as_str()));
            }
        }
    }
    for dir in dirs.inventory.iter().chain(&dirs.playbook) {
        for group in inventory.groups().filter(|group| groups.contains(group.name.as_str())) {
            let _ = dir.group_vars(&group.name);
        }
        for host in &hosts {
            let _ = dir.host_vars(host);
        }
    }
}

/// `--host`: the variables of one host; with `export` without those of its groups.
pub fn host(
    inventory: &Inventory,
    host: &Host,
    dirs: &VarsDirs,
    options: &ListOptions,
    format: Format,
) -> Result<String, Diagnostic> {
    let vars = HostVars::new(inventory, dirs, options).of(host);
    match format {
        Format::Json => Ok(json_text::write(&Value::map(vars), Unsafe::Plain)),
        Format::Yaml => Ok(yaml(&Value::map(vars))),
        Format::Toml => toml(&vars),
    }
}

fn yaml(value: &Value) -> String {
    kapell_template::yaml_text(value).trim_end_matches('\n').to_owned()
}

fn toml(table: &Map) -> Result<String, Diagnostic> {
    let text = toml_text::write(table).map_err(Diagnostic::error)?;
    Ok(text.trim_end_matches('\n').to_owned())
}

pub(crate) struct Listing<'a> {
    pub(crate) inventory: &'a Inventory,
    dirs: &'a VarsDirs,
    options: &'a ListOptions<'a>,
    pub(crate) vars: HostVars<'a>,
    selected: Option<HashSet<&'a str>>,
}

impl Listing<'_> {
    fn group_variables(&self, group: &Group) -> Map {
        without_magic(self.inventory.group_variables(group, self.options.own_dirs.unwrap_or(self.dirs)))
    }

    /// Hosts of `all` are shown with the group they are in, if only `ungrouped`.
    pub(crate) fn group(&self, group: &Group, is_all: bool) -> Map {
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
            add("vars", Value::map(self.group_variables(group)));
        }
        content
    }

    /// A group with all below it; what a group and a host hold stands where they come first.
    fn tree(&self, id: GroupId, seen: &mut HashSet<String>, known: &mut HashSet<GroupId>) -> Map {
        let group = self.inventory.group_at(id);
        known.insert(id);
        let mut children = Map::new();
        for child in &group.children {
            let is_known = known.contains(child);
            let content = if is_known { Map::new() } else { self.tree(*child, seen, known) };
            if is_known || !content.is_empty() {
                children.insert(Key::from(self.inventory.group_at(*child).name.as_str()), Value::map(content));
            }
        }
        let hosts = if id == GroupId::ALL { Map::new() } else { self.hosts_once(group, seen) };
        let vars = if self.options.export { self.group_variables(group) } else { Map::new() };
        let sections = [("children", children), ("hosts", hosts), ("vars", vars)];
        let filled = sections.into_iter().filter(|(_, section)| !section.is_empty());
        filled.map(|(name, section)| (name.into(), Value::map(section))).collect()
    }

    /// One table for each group; a host's variables stand where it comes first.
    fn add_table(&self, id: GroupId, tables: &mut Map, seen: &mut HashSet<String>) {
        let group = self.inventory.group_at(id);
        let key = Key::from(group.name.as_str());
        if tables.contains_key(&key) {
            return;
        }
        tables.insert(key.clone(), Value::Null);
        for child in &group.children {
            self.add_table(*child, tables, seen);
        }
        let mut content = Map::new();
        if id != GroupId::ALL {
            let children = self.inventory.children(group).into_iter().map(Value::trusted).collect::<Vec<_>>();
            let hosts = self.hosts_once(group, seen);
            if !children.is_empty() {
                content.insert("children".into(), Value::list(children));
            }
            if !hosts.is_empty() {
                content.insert("hosts".into(), Value::map(hosts));
            }
        }
        let vars = if self.options.export { self.group_variables(group) } else { Map::new() };
        if !vars.is_empty() {
            content.insert("vars".into(), Value::map(vars));
        }
        if content.is_empty() {
            tables.shift_remove(&key);
        } else {
            tables.insert(key, Value::map(content));
        }
    }

    fn hosts_once(&self, group: &Group, seen: &mut HashSet<String>) -> Map {
        let members = group.hosts.iter().map(|id| self.inventory.host_at(*id));
        let mut hosts = Map::new();
        for host in members.filter(|host| self.is_selected(&host.name)) {
            let is_first = seen.insert(host.name.clone());
            let vars = if is_first { self.vars.of(host) } else { Map::new() };
            hosts.insert(Key::from(host.name.as_str()), Value::map(vars));
        }
        hosts
    }

    pub(crate) fn is_selected(&self, host: &str) -> bool {
        self.selected.as_ref().is_none_or(|selected| selected.contains(host))
    }
}

/// `--graph`: the groups below `group` as a tree; with `vars`, the variables of hosts and groups too.
pub fn graph(
    inventory: &Inventory,
    group: &str,
    vars: Option<(&VarsDirs, &ListOptions)>,
) -> Result<String, Diagnostic> {
    let Some(index) = inventory.groups.get_index_of(group) else {
        let known = inventory.groups.keys().map(String::as_str);
        return Err(Diagnostic::error("Pattern must be valid group name when using --graph").did_you_mean(group, known));
    };
    let host_vars = vars.map(|(dirs, options)| HostVars::new(inventory, dirs, options));
    let mut graph = Graph { inventory, vars, host_vars, lines: Vec::new(), closed: None };
    graph.add_group(GroupId(index as u32), 0);
    match graph.closed {
        Some(error) => Err(error.of_kind(ErrorKind::Usage)),
        None => Ok(graph.lines.join("\n")),
    }
}

struct Graph<'a> {
    inventory: &'a Inventory,
    vars: Option<(&'a VarsDirs, &'a ListOptions<'a>)>,
    host_vars: Option<HostVars<'a>>,
    lines: Vec<String>,
    /// The first variable that could not be decrypted.
    closed: Option<Diagnostic>,
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
                if let Some(vars) = self.host_vars.as_ref().map(|vars| vars.of(host)) {
                    self.add_vars(&vars, level + 2);
                }
            }
        }
        if let Some((dirs, options)) = self.vars {
            let dirs = options.own_dirs.unwrap_or(dirs);
            self.add_vars(&without_magic(self.inventory.group_variables(group, dirs)), level + 1);
        }
    }

    fn add_vars(&mut self, vars: &Map, level: usize) {
        for (key, value) in vars {
            if let Value::Undefined(undefined) = value {
                let message = format!("cannot show '{key}': {}", undefined.reason);
                self.closed.get_or_insert_with(|| Diagnostic::error(message));
            }
        }
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
    // A point in time as Python shows it.
    value
        .map_strings(&|text| if text.is_moment() { text.replacen('T', " ", 1).into() } else { text.clone() })
        .to_string()
}
