//! Executable inventories: programs that print JSON when called with `--list`, and with `--host NAME`.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use kapell_parsing::{Diagnostic, Key, Map, SourceFile, Text, Trust, Value, VaultSecrets, json_value, vault};

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
    let output = run(path, &["--list"], cx.vault, warnings)?;
    let Value::Map(groups) = &output else {
        return Err(Diagnostic::error(format!("the program printed a {} where a map belongs", output.type_name())));
    };
    match groups.get("_meta").and_then(|meta| meta.get("profile")) {
        None => {}
        Some(profile) if profile.as_str() == Some("inventory_legacy") => {}
        Some(profile) => {
            return Err(Diagnostic::error(format!("'_meta.profile' is {}, which is not known", profile.repr())));
        }
    }
    let mut reader = Reader { inventory, path, hosts: Vec::new(), warnings };
    for (name, content) in groups.iter().filter(|(name, _)| name.as_str() != Some("_meta")) {
        reader.read_group(&name.to_string(), content)?;
    }
    let hosts = std::mem::take(&mut reader.hosts);
    match groups.get("_meta") {
        Some(meta) => {
            let Some(Value::Map(vars)) = meta.get("hostvars") else {
                return Err(Diagnostic::error("'_meta' has no map 'hostvars'"));
            };
            for host in hosts {
                let vars = vars.get(reader.inventory.host_at(host).name.as_str()).unwrap_or(&Value::Null);
                reader.set_host_vars(host, vars)?;
            }
        }
        None => reader.ask_for_each(hosts, cx.vault)?,
    }
    Ok(())
}

struct Reader<'a> {
    inventory: &'a mut Inventory,
    path: &'a Path,
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
                    format!("group '{name}' has none of hosts, vars and children: taken for a host"),
                    [("hosts", host), ("vars", vars)],
                )
            }
            other => (
                format!("group '{name}' is a {}, not a map", other.type_name()),
                [("hosts", other.clone()), ("vars", Map::new().into())],
            ),
        };
        self.warnings.push(Diagnostic::deprecation(format!("{}: {message}", self.path.display())));
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
            let place = Place { source: Some(self.path), origin: None };
            let host = self.inventory.add_source_host(name, None, group, &place, self.warnings)?;
            self.hosts.push(host);
        }
        Ok(())
    }

    fn read_vars(&mut self, group_name: &str, group: GroupId, vars: &Value) -> Result<(), Diagnostic> {
        let Value::Map(vars) = vars else {
            let message = format!("'{group_name}.vars' is a {} where a map belongs", vars.type_name());
            return Err(Diagnostic::error(message));
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
    fn ask_for_each(&mut self, hosts: Vec<HostId>, secrets: &VaultSecrets) -> Result<(), Diagnostic> {
        let message = format!("'{}' prints no '_meta': it is called once for every host", self.path.display());
        self.warnings.push(Diagnostic::deprecation(message));
        let mut asked = crate::host_set::HostSet::default();
        for host in hosts.into_iter().filter(|host| !asked.contains_or_insert(*host)) {
            let name = self.inventory.host_at(host).name.clone();
            let vars = run(self.path, &["--host", &name], secrets, self.warnings)?;
            self.set_host_vars(host, &vars)?;
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
            falsy if !falsy.is_truthy() => Ok(()),
            other => {
                let name = &self.inventory.host_at(host).name;
                let message = format!("the variables of host '{name}' are a {} where a map belongs", other.type_name());
                Err(Diagnostic::error(message))
            }
        }
    }
}

fn list<'a>(group: &str, section: &str, value: &'a Value) -> Result<&'a [Value], Diagnostic> {
    value.as_list().ok_or_else(|| {
        Diagnostic::error(format!("'{group}.{section}' is a {} where a list belongs", value.type_name()))
    })
}

/// What the program prints, as a value; nothing for `--host` is an empty map. It runs in our own working directory.
fn run(
    path: &Path,
    args: &[&str],
    secrets: &VaultSecrets,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Value, Diagnostic> {
    let failed = |what: String| Diagnostic::error(format!("the inventory program '{}' {what}", path.display()));
    let output = Command::new(path).args(args).output().map_err(|error| failed(format!("does not start: {error}")))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    let complaint = complaint.trim();
    if !output.status.success() {
        let status = output.status.code().map_or("was killed".into(), |code| format!("ended with {code}"));
        return Err(failed(if complaint.is_empty() { status } else { format!("{status}: {complaint}") }));
    }
    if !complaint.is_empty() {
        warnings.push(Diagnostic::warning(format!("the inventory program '{}' says: {complaint}", path.display())));
    }
    let text = String::from_utf8(output.stdout).map_err(|_| failed("printed text that is not UTF-8".into()))?;
    if text.trim().is_empty() && args[0] == "--host" {
        return Ok(Map::new().into());
    }
    let source = SourceFile::new(format!("<inventory script output from '{}'>", path.display()), text);
    decode(&json_value::parse_json(&source, Trust::Trusted)?, secrets)
}

/// `{"__ansible_unsafe": text}` and `{"__ansible_vault": envelope}` stand for texts.
fn decode(value: &Value, secrets: &VaultSecrets) -> Result<Value, Diagnostic> {
    let Value::Map(map) = value else {
        return match value {
            Value::List(items) => {
                Ok(Value::list(items.iter().map(|item| decode(item, secrets)).collect::<Result<_, _>>()?))
            }
            other => Ok(other.clone()),
        };
    };
    if let (1, Some(text)) = (map.len(), map.get("__ansible_unsafe").and_then(Value::as_text)) {
        return Ok(Value::Str(text.with_trust(Trust::Untrusted)));
    }
    if let (1, Some(envelope)) = (map.len(), map.get("__ansible_vault").and_then(Value::as_text)) {
        let plain = vault::decrypt(envelope.as_bytes(), secrets)
            .map_err(|error| Diagnostic::error(format!("cannot decrypt a variable: {error}")).at(envelope.origin()))?;
        let text = Text::trusted(String::from_utf8_lossy(&plain).into_owned(), envelope.origin().cloned());
        return Ok(Value::Str(text.with_secret(true)));
    }
    let entries = map.iter().map(|(key, value)| Ok((key.clone(), decode(value, secrets)?)));
    Ok(Value::map(entries.collect::<Result<Map, Diagnostic>>()?))
}
