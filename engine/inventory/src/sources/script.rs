//! Executable inventories: programs that print JSON when called with `--list`, and with `--host NAME`.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use kapell_parsing::{Diagnostic, Key, Map, SourceFile, Trust, Value, json_value};

use super::Source;
use super::variables::check_name;
use crate::Inventory;
use crate::inventory::{GroupId, HostId};
use crate::load::LoadContext;
use crate::mutation::Place;

/// Files that may be executed.
pub(crate) fn accepts(source: &Source, _: &LoadContext) -> bool {
    let metadata = source.path.and_then(|path| fs_err::metadata(path).ok());
    metadata.is_some_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

pub(crate) fn read(
    inventory: &mut Inventory,
    source: &Source,
    cx: &LoadContext,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Diagnostic> {
    let Some(path) = source.path else { return Ok(()) };
    let Printed { text, complaint } = run(path, &["--list"], cx, warnings)?;
    let read = read_list(inventory, path, &text, cx, warnings);
    read.map_err(|error| with_complaint(error, &complaint))
}

fn read_list(
    inventory: &mut Inventory,
    path: &Path,
    printed: &str,
    cx: &LoadContext,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Diagnostic> {
    let groups = listing(printed, path)?;
    let unreadable = |error: Diagnostic| Diagnostic {
        message: format!("Inventory script result could not be parsed as JSON: {}", error.message),
        ..error
    };
    let Value::Map(groups) = json_value::open_marked(&Value::map(groups), cx.vault).map_err(unreadable)? else {
        return Ok(());
    };
    match read_groups(inventory, path, &groups, warnings)? {
        Some(hosts) => Reader { inventory, path: path.into(), hosts: Vec::new(), warnings }.ask_for_each(hosts, cx),
        None => Ok(()),
    }
}

/// Takes in groups and their `_meta`; without that, the hosts whose variables are still to be asked for.
pub(crate) fn read_groups(
    inventory: &mut Inventory,
    path: &Path,
    groups: &Map,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Option<Vec<HostId>>, Diagnostic> {
    let mut reader = Reader { inventory, path: path.into(), hosts: Vec::new(), warnings };
    for (name, content) in groups.iter().filter(|(name, _)| name.as_str() != Some("_meta")) {
        reader.read_group(&name.to_string(), content)?;
    }
    let hosts = std::mem::take(&mut reader.hosts);
    match groups.get("_meta") {
        Some(meta) => {
            let Some(Value::Map(vars)) = meta.get("hostvars") else {
                let found = meta.get("hostvars").map_or("missing", |vars| vars.type_name());
                let message = format!("Value contains '_meta.hostvars' which is '{found}' instead of 'dict'.");
                return Err(Diagnostic::error(message));
            };
            for host in hosts {
                let vars = vars.get(reader.inventory.host_at(host).name.as_str()).unwrap_or(&Value::Null);
                reader.set_host_vars(host, vars)?;
            }
            Ok(None)
        }
        None => Ok(Some(hosts)),
    }
}

struct Reader<'a> {
    inventory: &'a mut Inventory,
    path: Arc<Path>,
    /// Those named so far.
    hosts: Vec<HostId>,
    warnings: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn read_group(&mut self, name: &str, content: &Value) -> Result<(), Diagnostic> {
        let (group, _) = self.inventory.group_id(name);
        let sections = self.sections(name, content);
        for (section, value) in &sections {
            match section.as_str() {
                Some("hosts") => self.read_hosts(name, group, value)?,
                Some("vars") => self.read_vars(name, group, value)?,
                Some("children") if name != "_meta" => self.read_children(name, group, value)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Old forms: a list of hosts for a group, and a map without any section for a host of the group's name.
    fn sections(&mut self, name: &str, content: &Value) -> Map {
        if let Value::Map(map) = content
            && ["hosts", "vars", "children"].iter().any(|section| map.contains_key(*section))
        {
            return Map::clone(map);
        }
        let host = Value::list(vec![name.into()]);
        let (message, sections) = match content {
            Value::Map(vars) => {
                let vars = Value::map(Map::clone(vars)).with_trust(Trust::Untrusted);
                (
                    format!("Treating malformed group '{name}' as the sole host of that group."),
                    [("hosts", host), ("vars", vars)],
                )
            }
            other => (
                format!("Group '{name}' was converted to 'dict' from '{}'.", other.type_name()),
                [("hosts", other.clone()), ("vars", Map::new().into())],
            ),
        };
        self.warnings.push(Diagnostic::deprecation(message).hint(format!("printed by '{}'", self.path.display())));
        sections.into_iter().map(|(section, value)| (Key::from(section), value)).collect()
    }

    fn read_hosts(&mut self, group_name: &str, group: GroupId, hosts: &Value) -> Result<(), Diagnostic> {
        for host in list(group_name, "hosts", hosts)? {
            let Some(name) = host.as_str().filter(|name| !name.is_empty()) else {
                return Err(Diagnostic::error(format!(
                    "group '{group_name}' has a host that is no name: {}",
                    host.repr()
                )));
            };
            let place = Place { source: Some(&self.path), origin: None };
            let host = self.inventory.add_source_host(name, None, group, &place, self.warnings)?;
            self.hosts.push(host);
        }
        Ok(())
    }

    fn read_vars(&mut self, group_name: &str, group: GroupId, vars: &Value) -> Result<(), Diagnostic> {
        let Value::Map(vars) = vars else {
            return Err(wrong_type(&format!("{group_name}.vars"), vars, "dict"));
        };
        for (key, value) in vars.iter() {
            self.warnings.extend(check_name(&key.to_string(), None));
            self.inventory.set_group_var(group, key.clone(), value.clone())?;
        }
        Ok(())
    }

    fn read_children(&mut self, group_name: &str, group: GroupId, children: &Value) -> Result<(), Diagnostic> {
        for child in list(group_name, "children", children)? {
            let Some(name) = child.as_str() else {
                let message = format!("group '{group_name}' has a child that is no name: {}", child.repr());
                return Err(Diagnostic::error(message));
            };
            let (child, _) = self.inventory.group_id(name);
            self.inventory.add_child(group, child)?;
        }
        Ok(())
    }

    /// Without `_meta` the program is called once for every host.
    fn ask_for_each(&mut self, hosts: Vec<HostId>, cx: &LoadContext) -> Result<(), Diagnostic> {
        let message = format!("'{}' prints no '_meta': it is called once for every host", self.path.display());
        self.warnings.push(Diagnostic::deprecation(message));
        let mut asked = crate::host_set::HostSet::default();
        for host in hosts.into_iter().filter(|host| !asked.contains_or_insert(*host)) {
            let name = self.inventory.host_at(host).name.clone();
            let Printed { text: printed, complaint } = run(&self.path, &["--host", &name], cx, self.warnings)?;
            if printed.trim().is_empty() {
                continue;
            }
            let unreadable = |error: Diagnostic| {
                let message = format!("Inventory script result for host '{name}' could not be parsed as JSON");
                Diagnostic { message: format!("{message}: {}", error.message), ..error }
            };
            let vars = json_value::parse_json(&output_file(&self.path, printed), Trust::Trusted);
            let vars = vars.and_then(|vars| json_value::open_marked(&vars, cx.vault)).map_err(unreadable);
            let set = vars.and_then(|vars| self.set_host_vars(host, &vars));
            set.map_err(|error| with_complaint(error, &complaint))?;
        }
        Ok(())
    }

    fn set_host_vars(&mut self, host: HostId, vars: &Value) -> Result<(), Diagnostic> {
        match vars {
            Value::Map(vars) => {
                for (key, value) in vars.iter() {
                    self.warnings.extend(check_name(&key.to_string(), None));
                    self.inventory.set_var_of_name(host, key.clone(), value.clone())?;
                }
                Ok(())
            }
            Value::Null => Ok(()),
            other => {
                let name = &self.inventory.host_at(host).name;
                Err(invalid_vars(name, other))
            }
        }
    }
}

fn list<'a>(group: &str, section: &str, value: &'a Value) -> Result<&'a [Value], Diagnostic> {
    value.as_list().ok_or_else(|| wrong_type(&format!("{group}.{section}"), value, "list"))
}

fn wrong_type(place: &str, value: &Value, expected: &str) -> Diagnostic {
    Diagnostic::error(format!("Value contains '{place}' which is '{}' instead of '{expected}'.", value.type_name()))
}

fn invalid_vars(host: &str, vars: &Value) -> Diagnostic {
    let message = format!("Invalid data from file, expected dictionary and got: {}", vars.repr());
    Diagnostic::error(message).hint(format!("these are the variables of host '{host}'"))
}

/// The groups of `--list`, once the profile they are written for is known to be ours.
fn listing(printed: &str, path: &Path) -> Result<Map, Diagnostic> {
    let refused =
        |reason: String| Diagnostic::error(format!("Unable to get JSON decoder for inventory script result: {reason}"));
    let parsed = json_value::parse_json(&output_file(path, printed.to_owned()), Trust::Trusted);
    let parsed = parsed.map_err(|error| Diagnostic { message: refused(unparsed(&error)).message, ..error })?;
    let Value::Map(groups) = &parsed else {
        return Err(refused(format!("Value is '{}' instead of 'dict'.", parsed.type_name())));
    };
    match groups.get("_meta") {
        None => {}
        Some(Value::Map(meta)) => match meta.get("profile") {
            None => {}
            Some(Value::Str(name)) if name.as_str() == "inventory_legacy" => {}
            Some(Value::Str(name)) if name.starts_with("inventory_") => {
                return Err(refused(format!("Unknown profile name '{name}'.")));
            }
            Some(Value::Str(name)) => {
                return Err(refused(format!("Non-inventory profile '{name}' is not allowed.")));
            }
            Some(other) => return Err(refused(wrong_type("_meta.profile", other, "str").message)),
        },
        Some(other) => return Err(refused(wrong_type("_meta", other, "dict").message)),
    }
    Ok(Map::clone(groups))
}

fn unparsed(error: &Diagnostic) -> String {
    format!("Value could not be parsed as JSON: {}", error.message)
}

fn output_file(path: &Path, printed: String) -> Arc<SourceFile> {
    SourceFile::new(format!("<inventory script output from '{}'>", path.display()), printed)
}

struct Printed {
    text: String,
    /// On its standard error.
    complaint: String,
}

fn with_complaint(error: Diagnostic, complaint: &str) -> Diagnostic {
    if complaint.is_empty() {
        return error.or_hint("with --list a program prints a JSON map of groups");
    }
    error.hint(format!("Standard error from inventory script:\n{complaint}"))
}

/// What the program prints. It runs in our own working directory.
fn run(path: &Path, args: &[&str], cx: &LoadContext, warnings: &mut Vec<Diagnostic>) -> Result<Printed, Diagnostic> {
    let command = || format!("{} {}", path.display(), args.join(" "));
    let output = Command::new(path).args(args).output().map_err(|error| {
        Diagnostic::error(format!("Failed to execute inventory script command '{}': {error}", command()))
    })?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    let complaint = complaint.trim().to_owned();
    let said = |error: Diagnostic| if complaint.is_empty() { error } else { with_complaint(error, &complaint) };
    if !output.status.success() {
        let message = match output.status.code() {
            Some(code) => format!("Inventory script returned non-zero exit code {code}."),
            None => "Inventory script was killed by a signal.".into(),
        };
        return Err(said(Diagnostic::error(message)));
    }
    if !complaint.is_empty() && cx.settings.inventory_script_stderr {
        warnings.push(Diagnostic::error(complaint.as_str()));
    }
    let text = String::from_utf8(output.stdout).map_err(|error| {
        let message = "Inventory script result contained characters that cannot be interpreted as UTF-8";
        said(Diagnostic::error(format!("{message}: {error}")))
    })?;
    Ok(Printed { text, complaint })
}
