//! INI inventories: host lines, `[group]`, `[group:vars]`, `[group:children]`.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use indexmap::IndexMap;
use kapell_parsing::{Diagnostic, Key, Origin, Text, Value, python_literal};

use super::variables::check_name;
use super::{Source, host_line};
use crate::inventory::GroupId;
use crate::load::{FileText, LoadContext, read_text};
use crate::mutation::Place;
use crate::{Inventory, words};

/// Any file but TOML: this is the kind that is tried last.
pub(crate) fn accepts(source: &Source, _: &LoadContext) -> bool {
    source.path.is_some_and(|path| path.extension().is_none_or(|ending| ending != "toml"))
}

/// What was read before an error stays, as Ansible has it.
pub(crate) fn read(
    inventory: &mut Inventory,
    source: &Source,
    cx: &LoadContext,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Diagnostic> {
    let Some(path) = source.path else { return Ok(()) };
    let content = read_text(path, cx)?;
    let section = Section::Hosts(GroupId::UNGROUPED);
    let (open, keys) = (IndexMap::new(), HashMap::new());
    let mut reader = Reader { inventory, path: path.into(), content: &content, warnings, section, open, keys };
    for (line, number) in content.text().trim_start_matches('\u{feff}').lines().zip(1..) {
        let line = line.trim_end();
        let text = line.trim_start();
        if !text.is_empty() && !text.starts_with(['#', ';']) {
            let column = (line.chars().count() - text.chars().count()) as u32 + 1;
            reader.read_line(text, &Origin::new(content.file.clone(), number, column))?;
        }
    }
    reader.finish()
}

struct Reader<'a> {
    inventory: &'a mut Inventory,
    path: Arc<Path>,
    content: &'a FileText,
    warnings: &'a mut Vec<Diagnostic>,
    section: Section,
    /// Groups that were used before a section of theirs.
    open: IndexMap<String, Open>,
    /// Names of variables: each is checked, and kept, once.
    keys: HashMap<Box<str>, Key>,
}

#[derive(Clone, Copy)]
enum Section {
    Hosts(GroupId),
    Vars(GroupId),
    Children(GroupId),
}

/// A use of a group that no section has declared yet.
struct Open {
    origin: Origin,
    /// The groups it shall become a child of; none for `[group:vars]`.
    parents: Vec<GroupId>,
}

impl Reader<'_> {
    fn read_line(&mut self, line: &str, origin: &Origin) -> Result<(), Diagnostic> {
        if let Some((name, kind)) = section_header(line) {
            return self.open_section(name, kind, origin).map_err(|error| error.at(Some(origin)));
        }
        if line.starts_with('[') && line.ends_with(']') {
            let message =
                format!("'{line}' is no valid section: [group], [group:vars] or [group:children], without blanks");
            let error = Diagnostic::error(message).at(Some(origin));
            return Err(error.hint("names of groups have letters, digits and underscores"));
        }
        match self.section {
            Section::Hosts(group) => self.read_hosts(group, line, origin),
            Section::Vars(group) => self.read_variable(group, line, origin),
            Section::Children(group) => self.read_child(group, line, origin),
        }
    }

    fn open_section(&mut self, name: &str, kind: &str, origin: &Origin) -> Result<(), Diagnostic> {
        let known = self.inventory.groups.contains_key(name);
        if !matches!(kind, "" | "hosts" | "vars" | "children") {
            let error = Diagnostic::error(format!("the section [{name}:{kind}] has an unknown kind '{kind}'"));
            let kinds = "sections are [group], [group:vars] and [group:children]";
            return Err(error.hint(kinds).did_you_mean(kind, ["hosts", "vars", "children"]));
        }
        let (group, _) = self.inventory.group_id(name);
        if kind == "vars" {
            if !known && !self.open.contains_key(name) {
                self.open.insert(name.into(), Open { origin: origin.clone(), parents: Vec::new() });
            }
            self.section = Section::Vars(group);
            return Ok(());
        }
        for parent in self.open.shift_remove(name).into_iter().flat_map(|open| open.parents) {
            self.inventory.add_child(parent, group)?;
        }
        self.section = if kind == "children" { Section::Children(group) } else { Section::Hosts(group) };
        Ok(())
    }

    fn read_hosts(&mut self, group: GroupId, line: &str, origin: &Origin) -> Result<(), Diagnostic> {
        let error = |message: String| Diagnostic::error(message).at(Some(origin));
        let words = words::split(line)
            .map_err(|wrong| error(format!("cannot read the host line '{line}': {wrong}")).hint(QUOTES))?;
        let Some((pattern, rest)) = words.split_first() else { return Ok(()) };
        check_pattern(&pattern.text).map_err(|message| error(message).hint(LAYOUT))?;
        let hosts = host_line::expand(&pattern.text).map_err(|message| error(message).hint(host_line::RANGES))?;
        let mut variables = Vec::with_capacity(rest.len());
        for word in rest {
            let place = Origin::new(self.content.file.clone(), origin.line, origin.column + word.column - 1);
            let Some((name, value)) = word.text.split_once('=') else {
                let message = format!("expected key=value after the host, this is '{}'", word.text);
                return Err(Diagnostic::error(message).at(Some(&place)).hint(ASSIGNMENTS));
            };
            variables.push((self.key(name, &place), self.literal(value, &place)));
        }
        for name in hosts.names {
            let place = Place { source: Some(&self.path), origin: Some(origin) };
            let host = self.inventory.add_source_host(&name, hosts.port, group, &place, self.warnings)?;
            for (key, value) in &variables {
                // Each host has lists and maps of its own.
                let own = value.map_strings(&Clone::clone);
                self.inventory.set_var_of_name(host, key.clone(), own)?;
            }
        }
        Ok(())
    }

    fn read_variable(&mut self, group: GroupId, line: &str, origin: &Origin) -> Result<(), Diagnostic> {
        let Some((name, value)) = line.split_once('=') else {
            let error = Diagnostic::error(format!("expected key=value, this is '{line}'")).at(Some(origin));
            return Err(error.hint("the variables of a group stand below [group:vars], one name=value on each line"));
        };
        let column = origin.column + line.chars().count() as u32 - value.trim_start().chars().count() as u32;
        let place = Origin::new(self.content.file.clone(), origin.line, column);
        let key = self.key(name.trim(), origin);
        let value = self.literal(value.trim(), &place);
        self.inventory.set_group_var(group, key, value).map_err(|error| error.or_at(Some(&place)))
    }

    fn read_child(&mut self, parent: GroupId, line: &str, origin: &Origin) -> Result<(), Diagnostic> {
        let Some(name) = child_name(line) else {
            let error = Diagnostic::error(format!("expected the name of a group, this is '{line}'")).at(Some(origin));
            return Err(error.hint("below [group:children] each line is the name of one group"));
        };
        if let Some(index) = self.inventory.groups.get_index_of(name) {
            self.inventory.add_child(parent, GroupId(index as u32)).map_err(|error| error.at(Some(origin)))?;
            return Ok(());
        }
        let open = || Open { origin: origin.clone(), parents: Vec::new() };
        self.open.entry(name.into()).or_insert_with(open).parents.push(parent);
        Ok(())
    }

    /// Every group that was used has a section.
    fn finish(self) -> Result<(), Diagnostic> {
        let Some((name, open)) = self.open.first() else { return Ok(()) };
        let message = if open.parents.is_empty() {
            format!("the section [{name}:vars] is for a group that is not defined")
        } else {
            format!("the child group '{name}' is not defined")
        };
        let hint = format!("a section [{name}] defines it, if only an empty one");
        let known = self.inventory.groups.keys().map(String::as_str).filter(|known| known != name);
        Err(Diagnostic::error(message).at(Some(&open.origin)).hint(hint).did_you_mean(name, known))
    }

    fn key(&mut self, name: &str, origin: &Origin) -> Key {
        if let Some(key) = self.keys.get(name) {
            return key.clone();
        }
        self.warnings.extend(check_name(name, Some(origin)));
        let key = Key::Str(Text::trusted(name, Some(origin.clone())));
        self.keys.insert(name.into(), key.clone());
        key
    }

    /// A Python literal where it is one, otherwise the text itself.
    fn literal(&self, value: &str, origin: &Origin) -> Value {
        let text = |text: String| Text::trusted(text, Some(origin.clone())).with_secret(self.content.is_secret);
        python_literal::parse(value, &text).unwrap_or_else(|| Value::Str(text(value.into())))
    }
}

/// `[name]` or `[name:kind]`, a comment may follow: the name and the kind.
fn section_header(line: &str) -> Option<(&str, &str)> {
    let (header, after) = line.strip_prefix('[')?.split_once(']')?;
    let after = after.trim_start();
    let (name, kind) = header.split_once(':').unwrap_or((header, ""));
    let is_header = !name.is_empty()
        && !header.contains(char::is_whitespace)
        && !header.ends_with(':')
        && kind.chars().all(|c| c.is_alphanumeric() || c == '_')
        && (after.is_empty() || after.starts_with('#'));
    is_header.then_some((name, kind))
}

/// A name without blanks, colons and brackets; a comment may follow after a blank.
fn child_name(line: &str) -> Option<&str> {
    let (name, after) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let after = after.trim_start();
    (!name.contains([':', ']']) && (after.is_empty() || after.starts_with('#'))).then_some(name)
}

const QUOTES: &str = "close it, or write a backslash before a quote that is part of the text";
const ASSIGNMENTS: &str =
    "variables of a host are name=value, without blanks around the `=`; values with blanks in quotes";
const LAYOUT: &str = "an INI inventory has host lines and sections [group], [group:vars], [group:children]";

/// What only looks like a host in a file that is not meant to be INI.
fn check_pattern(pattern: &str) -> Result<(), String> {
    if pattern.ends_with(':') {
        return Err(format!("the host name '{pattern}' ends with a colon, but no port follows"));
    }
    if pattern == "---" {
        return Err("'---' is no host name: is this a YAML file?".into());
    }
    Ok(())
}
