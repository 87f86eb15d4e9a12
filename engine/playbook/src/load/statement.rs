//! `Statement`: which action a task entry asks for, and with what arguments, in whichever way it was written.

use std::sync::Arc;

use kapell_parsing::{Diagnostic, ErrorKind, Key, Map, Origin, Text, Trust, Value, kv};

use crate::load::action_name::{ActionNames, action_names, base_name, takes_command_line, takes_free_form};
use crate::load::check::shown;
use crate::load::keywords::unknown_keyword;
use crate::load::loader::{Loader, key_place};
use crate::{Fault, Scope, ScopeKind, Task, keyword};

/// The options of `command`, `shell`, `script` and `raw` that may stand in the command line.
const COMMAND_OPTIONS: &[&str] =
    &["chdir", "creates", "executable", "removes", "stdin", "stdin_add_newline", "strip_empty_ends", "warn"];

pub(crate) struct Statement {
    pub(crate) action: Text,
    /// A map, or a template that gives one.
    pub(crate) args: Value,
    pub(crate) free_form: Option<Text>,
    /// Written as `local_action`.
    pub(crate) local: bool,
}

/// A key of a task that may be its action.
struct Candidate<'v> {
    key: &'v Key,
    name: &'v Text,
    value: &'v Value,
}

/// Arguments before `args:` is merged in.
#[derive(Default)]
struct Arguments {
    map: Map,
    free_form: Option<Text>,
    /// Templates that give more of the map, weakest first.
    templates: Vec<Value>,
}

impl Loader<'_> {
    /// The action of a task entry. `unknown` are its keys that are no task keywords.
    pub(crate) fn statement(
        &mut self,
        entries: &Map,
        unknown: &[(&Key, &Value)],
        scope: &Scope,
        origin: &Origin,
    ) -> Option<Statement> {
        let names = action_names(scope, self.cx.is_module);
        let (known, others) = candidates(unknown, &names);
        let action = entries.get_key_value("action");
        let local = entries.get_key_value("local_action");
        if let (Some(_), Some((key, _))) = (action, local) {
            let message = "a task has either 'action' or 'local_action', not both";
            self.error(Diagnostic::error(message).at(key_place(key)));
            return None;
        }
        let written = action.or(local);
        let named = known.iter().map(|candidate| candidate.name.to_string());
        let found: Vec<String> = written.iter().map(|(key, value)| written_name(key, value)).chain(named).collect();
        match found.len() {
            0 => self.no_action(&others, scope.kind, &names, origin),
            1 => {
                for other in others {
                    self.unknown_keyword(other, scope.kind);
                }
                let statement = match (written, known.first()) {
                    (Some((key, value)), _) => self.written_action(key, value, &names, local.is_some()),
                    (None, Some(candidate)) => self.named_action(candidate),
                    (None, None) => None,
                }?;
                self.merge_args(statement, entries)
            }
            _ => {
                let message = format!("conflicting action statements: {}", found.join(", "));
                self.error(Diagnostic::error(message).at(Some(origin)).hint("a task does one thing: split it"));
                None
            }
        }
    }

    fn no_action(
        &mut self,
        others: &[&Key],
        kind: ScopeKind,
        names: &ActionNames,
        origin: &Origin,
    ) -> Option<Statement> {
        if others.is_empty() {
            self.error(Diagnostic::error("no module or action detected in task").at(Some(origin)));
        }
        for key in others {
            let gone = self.removed_action(&key.to_string(), names).map(|error| error.at(key_place(key)));
            let error = gone.unwrap_or_else(|| unknown_action(key, kind, names));
            let at = error.origin.clone();
            self.unknown(error.at(at.as_ref().or(Some(origin))));
        }
        None
    }

    /// What the collection says that had the module or action of this name.
    fn removed_action(&self, name: &str, names: &ActionNames) -> Option<Diagnostic> {
        let gone = names.full_names(name).iter().find_map(|full| (self.cx.removed)(full))?;
        Some(Diagnostic::error(gone).of_kind(ErrorKind::Usage))
    }

    fn unknown(&mut self, error: Diagnostic) {
        let fault = if error.kind == Some(ErrorKind::Usage) { Fault::Removed } else { Fault::Content };
        self.error_of(fault, error);
    }

    /// `copy: …`
    fn named_action(&mut self, candidate: &Candidate) -> Option<Named> {
        let arguments = self.arguments(candidate.name, candidate.value, key_place(candidate.key))?;
        let text = candidate.value.as_text().cloned();
        Some(Named { action: candidate.name.clone(), arguments, local: false, text })
    }

    /// `action: copy src=a` or `action: {module: copy, src: a}`
    fn written_action(&mut self, key: &Key, value: &Value, names: &ActionNames, local: bool) -> Option<Named> {
        let (action, rest, text) = match value {
            Value::Str(text) => {
                let (name, rest) = first_word(text);
                (name, Value::Str(rest.clone()), Some(rest))
            }
            Value::Map(map) => {
                let hint = "write the module's name as text and its arguments under 'args'";
                let warning = Diagnostic::deprecation(format!("'{key}' is a mapping"));
                self.warn(warning.at(key_place(key)).hint(hint));
                let (name, rest) = self.module_of_map(map, key)?;
                (name, rest, None)
            }
            other => {
                let message = format!("'{key}' must be text, not {}", shown(other));
                self.error(Diagnostic::error(message).at(key_place(key)));
                return None;
            }
        };
        if action.is_empty() {
            self.error(Diagnostic::error(format!("'{key}' names no module")).at(key_place(key)));
            return None;
        }
        // What nobody has under such a name is an error of the task, if it comes to it.
        if let Some(error) = self.removed_action(&action, names).filter(|_| !names.known(&action)) {
            self.unknown(error.at(action.origin().or(key_place(key))));
            return None;
        }
        let arguments = self.arguments(&action, &rest, key_place(key))?;
        Some(Named { action, arguments, local, text })
    }

    /// `{module: copy, src: a}` or `{module: "copy src=a"}`
    fn module_of_map(&mut self, map: &Arc<Map>, key: &Key) -> Option<(Text, Value)> {
        let Some(module) = map.get("module").and_then(Value::as_text) else {
            let message = format!("no module or action detected in '{key}'");
            self.error(Diagnostic::error(message).at(key_place(key)).hint("name it under 'module'"));
            return None;
        };
        let (name, rest) = first_word(module);
        let inline = self.arguments(&name, &Value::Str(rest), key_place(key))?;
        // Arguments stand beside the name, behind it, or under `args`, which wins.
        let args =
            map.get("args").filter(|args| args.as_map().is_some() || args.as_text().is_some_and(Text::is_template));
        let is_argument = |key: &Key| match key.as_str() {
            Some("module") => false,
            Some("args") => args.is_none(),
            _ => true,
        };
        let mut arguments = inline.map;
        for (key, value) in map.iter().filter(|(key, _)| is_argument(key)) {
            arguments.entry(key.clone()).or_insert_with(|| value.clone());
        }
        arguments.extend(args.and_then(Value::as_map).into_iter().flatten().map(clone_entry));
        let templates: Vec<Value> =
            inline.templates.into_iter().chain(args.filter(|args| args.as_text().is_some()).cloned()).collect();
        arguments.insert(Task::VARIABLE_ARGS.into(), Value::list(templates));
        arguments.extend(inline.free_form.map(|text| ("_raw_params".into(), Value::Str(text))));
        Some((name, Value::map(arguments)))
    }

    fn arguments(&mut self, action: &Text, value: &Value, origin: Option<&Origin>) -> Option<Arguments> {
        let arguments = self.read_arguments(action, value, origin)?;
        let is_internal = |key: &&Key| key.as_str().is_some_and(|key| key.starts_with("_ansible_"));
        if let Some(key) = arguments.map.keys().find(is_internal) {
            let message = format!(
                "'{key}' is no argument of '{action}': the prefix '_ansible_' is reserved for internal use only."
            );
            self.error(Diagnostic::error(message).at(key_place(key).or(origin)));
            return None;
        }
        Some(arguments)
    }

    fn read_arguments(&mut self, action: &Text, value: &Value, origin: Option<&Origin>) -> Option<Arguments> {
        match value {
            Value::Null => Some(Arguments::default()),
            Value::Map(map) => Some(from_map(map)),
            Value::Str(text) => match from_text(action, text) {
                Ok(arguments) => Some(arguments),
                Err(error) => {
                    let origin = error.origin.clone().or_else(|| origin.cloned());
                    self.error(error.at(origin.as_ref()));
                    None
                }
            },
            other => {
                let message = format!("the arguments of '{action}' must be a mapping or text, not {}", shown(other));
                self.error(Diagnostic::error(message).at(origin));
                None
            }
        }
    }

    /// `args:` lies under what the action itself was given.
    fn merge_args(&mut self, named: Named, entries: &Map) -> Option<Statement> {
        let Named { action, mut arguments, local, text } = named;
        match entries.get_key_value("args") {
            None | Some((_, Value::Null)) => {}
            Some((_, Value::Map(map))) => {
                if let Some(text) = text.filter(|_| !arguments.map.is_empty()) {
                    let hint = "put all arguments under 'args'";
                    let warning = Diagnostic::deprecation(format!("'{action}' has both k=v arguments and 'args'"));
                    self.warn(warning.at(text.origin()).hint(hint));
                }
                let mut under = from_map(map);
                under.map.extend(arguments.map);
                arguments.map = under.map;
                arguments.free_form = arguments.free_form.or(under.free_form);
                arguments.templates.splice(0..0, under.templates);
            }
            Some((_, Value::Str(text))) if text.is_template() => {
                arguments.templates.insert(0, Value::Str(text.clone()));
            }
            Some((key, other)) => {
                let message = format!("'args' must be a mapping or a template that gives one, not {}", shown(other));
                self.error(Diagnostic::error(message).at(other.origin().or(key_place(key))));
                return None;
            }
        }
        let args = match arguments.templates.as_slice() {
            [] => Value::map(arguments.map),
            [template] if arguments.map.is_empty() => template.clone(),
            templates => {
                let whole = match templates {
                    [template] => template.clone(),
                    several => Value::list(several.to_vec()),
                };
                arguments.map.shift_insert(0, Task::VARIABLE_ARGS.into(), whole);
                Value::map(arguments.map)
            }
        };
        Some(Statement { action, args, free_form: arguments.free_form, local })
    }
}

/// An action with what was written right behind it.
struct Named {
    action: Text,
    arguments: Arguments,
    local: bool,
    /// The arguments, when they were text.
    text: Option<Text>,
}

/// The keys that are actions, and those that are nothing known.
fn candidates<'v>(unknown: &[(&'v Key, &'v Value)], names: &ActionNames) -> (Vec<Candidate<'v>>, Vec<&'v Key>) {
    let (mut known, mut others) = (Vec::new(), Vec::new());
    for (key, value) in unknown {
        match key {
            Key::Str(name) if names.known(name) => known.push(Candidate { key, name, value }),
            _ => others.push(*key),
        }
    }
    (known, others)
}

/// The module an `action` names, for messages.
fn written_name(key: &Key, value: &Value) -> String {
    match value {
        Value::Str(text) => first_word(text).0.to_string(),
        other => other.get("module").map_or_else(|| key.to_string(), Value::to_string),
    }
}

fn from_map(map: &Arc<Map>) -> Arguments {
    let mut arguments = Arguments { map: Map::clone(map), ..Arguments::default() };
    if let Some(Value::List(templates)) = arguments.map.shift_remove(Task::VARIABLE_ARGS) {
        arguments.templates = templates.to_vec();
    }
    if let Some(Value::Str(text)) = map.get("_raw_params") {
        arguments.free_form = Some(text.clone());
        arguments.map.shift_remove("_raw_params");
    }
    arguments
}

fn from_text(action: &Text, text: &Text) -> Result<Arguments, Diagnostic> {
    if text.trim().is_empty() {
        return Ok(Arguments::default());
    }
    if takes_command_line(action) {
        let (map, line) = kv::parse_free_form(text, COMMAND_OPTIONS)?;
        let free_form = Some(line).filter(|line| !line.is_empty());
        return Ok(Arguments { map, free_form, templates: Vec::new() });
    }
    let parsed = kv::parse(text)?;
    let rest = (!parsed.rest.is_empty()).then(|| joined(text, &parsed.rest));
    match rest {
        Some(rest) if is_one_template(&rest) && !takes_free_form(action) => {
            Ok(Arguments { map: parsed.pairs, free_form: None, templates: vec![Value::Str(rest)] })
        }
        free_form => Ok(Arguments { map: parsed.pairs, free_form, templates: Vec::new() }),
    }
}

/// Whether a template could give all of it; with words around it is text.
fn is_one_template(text: &Text) -> bool {
    text.is_template() && text.starts_with('{') && text.ends_with('}')
}

fn joined(whole: &Text, words: &[Text]) -> Text {
    let line = words.iter().map(Text::as_str).collect::<Vec<_>>().join(" ");
    derived(whole, &line)
}

/// A piece of `whole`: same place, trust and secrecy.
fn derived(whole: &Text, piece: &str) -> Text {
    let trusted = Text::trusted(piece, whole.origin().cloned());
    trusted
        .with_trust(if whole.is_trusted() { Trust::Trusted } else { Trust::Untrusted })
        .with_secret(whole.is_secret())
}

/// The first word and the rest; a template counts as part of a word.
fn first_word(text: &Text) -> (Text, Text) {
    let trimmed = text.trim();
    let mut depth = 0usize;
    let mut previous = ' ';
    let mut end = trimmed.len();
    for (index, character) in trimmed.char_indices() {
        match (previous, character) {
            ('{', '{' | '%') => depth += 1,
            ('}' | '%', '}') => depth = depth.saturating_sub(1),
            (_, character) if character.is_whitespace() && depth == 0 => {
                end = index;
                break;
            }
            _ => {}
        }
        previous = character;
    }
    (derived(text, &trimmed[..end]), derived(text, trimmed[end..].trim_start()))
}

fn clone_entry((key, value): (&Key, &Value)) -> (Key, Value) {
    (key.clone(), value.clone())
}

/// A key that is neither a keyword nor an action: whichever it is nearer to.
fn unknown_action(key: &Key, kind: ScopeKind, names: &ActionNames) -> Diagnostic {
    let text = key.to_string();
    let as_module = unknown_module(&text, names).at(key_place(key));
    let as_keyword = unknown_keyword(key, kind);
    let is_loop = text.starts_with("with_");
    if is_loop || (as_module.hint.is_none() && as_keyword.hint.is_some()) || keyword::find(&text).is_some() {
        return as_keyword;
    }
    as_module
}

fn unknown_module(name: &str, names: &ActionNames) -> Diagnostic {
    if base_name(name) == "include" {
        return Diagnostic::error("The 'ansible.builtin.include' action plugin has been removed.")
            .hint("use include_tasks, import_tasks or import_playbook")
            .of_kind(ErrorKind::Usage);
    }
    let error = Diagnostic::error(format!(
        "couldn't resolve module/action '{name}'. This often indicates a misspelling, missing collection, or incorrect \
         module path."
    ));
    match names.nearest(name) {
        Some(near) => error.hint(format!("did you mean '{near}'?")),
        None => match source_of(name) {
            Some(source) => error.hint(source),
            None => error,
        },
    }
}

/// Where a module comes from that is not here, by the collection its name begins with.
pub fn source_of(name: &str) -> Option<String> {
    let (namespace, rest) = name.split_once('.')?;
    let (collection, _) = rest.split_once('.')?;
    Some(match (namespace, collection) {
        ("amazon", "aws") => "builds of kapell with the cargo feature 'aws' have the modules of EC2 \
             (cargo build --features aws)"
            .to_owned(),
        ("ansible", "builtin" | "legacy") => return None,
        _ => format!("kapell galaxy collection install {namespace}.{collection}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_text_is_split_after_its_name() {
        let cases = [
            ("copy src=a dest=b", "copy", "src=a dest=b"),
            ("  ping ", "ping", ""),
            ("{{ m }} msg=5", "{{ m }}", "msg=5"),
            ("{{ a | default('b c') }}_x y", "{{ a | default('b c') }}_x", "y"),
        ];
        for (text, name, rest) in cases {
            let (first, second) = first_word(&Text::trusted(text, None));
            assert_eq!((first.as_str(), second.as_str()), (name, rest), "{text}");
        }
    }
}
