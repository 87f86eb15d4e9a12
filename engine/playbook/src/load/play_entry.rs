//! One play: its keywords, hosts, roles and sections.

use std::sync::Arc;

use kapell_parsing::{Diagnostic, Key, Map, Origin, Value};

use crate::load::action_name::{action_names, base_name};
use crate::load::check::shown;
use crate::load::keywords::{name_of, scope_at};
use crate::load::loader::{Loader, key_place, place};
use crate::load::playbook_file::Handed;
use crate::{Node, Play, Role, Scope, ScopeKind, Task};

/// Keywords with a field of their own on `Play`.
const TYPED: &[&str] = &["handlers", "hosts", "post_tasks", "pre_tasks", "roles", "tasks", "vars_files", "vars_prompt"];

const PROMPT_KEYS: &[&str] =
    &["confirm", "default", "encrypt", "name", "private", "prompt", "salt", "salt_size", "unsafe"];

/// The roles of a play, with what they bring.
#[derive(Default)]
struct Roles {
    all: Vec<Arc<Role>>,
    tasks: Vec<Node>,
    handlers: Vec<Arc<Task>>,
}

impl Loader<'_> {
    pub(crate) fn play(&mut self, entries: &Map, origin: &Origin, handed: &Handed) -> Option<Arc<Play>> {
        if !entries.contains_key("hosts")
            && let Some(error) = self.no_play(entries)
        {
            self.error(error);
            return None;
        }
        let scope = Arc::new(self.play_scope(entries, origin, handed));
        let hosts = self.hosts(entries, origin);
        let parent = section_scope(&scope, handed);
        self.play_roles.clear();
        let roles = self.play_roles(entries, &parent);
        self.play_roles = roles.all.iter().filter(|role| role.public).cloned().collect();
        let pre_tasks = self.section(entries, "pre_tasks", &parent);
        let tasks = self.section(entries, "tasks", &parent);
        let post_tasks = self.section(entries, "post_tasks", &parent);
        let mut handlers = roles.handlers;
        handlers.extend(self.play_handlers(entries, &scope));
        handlers.append(&mut self.imported_handlers);
        let mut play_roles = roles.all;
        play_roles.append(&mut self.imported_roles);
        Some(Arc::new(Play {
            name: name_of(entries),
            hosts: hosts?,
            basedir: self.basedir.clone(),
            origin: origin.clone(),
            vars: scope.own("vars").and_then(Value::as_map).cloned().unwrap_or_default(),
            vars_files: scope.own("vars_files").and_then(Value::as_list).unwrap_or_default().to_vec(),
            vars_prompt: self.vars_prompt(entries),
            roles: play_roles,
            pre_tasks,
            role_tasks: roles.tasks,
            tasks,
            post_tasks,
            handlers,
            scope,
        }))
    }

    /// What stands where a play is expected, if it is a task or an import that no longer exists.
    fn no_play(&self, entries: &Map) -> Option<Diagnostic> {
        let outside = Scope::new(ScopeKind::Play, None, self.basedir.clone());
        let names = action_names(&outside, self.cx.is_module);
        let (key, name) = entries.keys().find_map(|key| {
            let name = key.as_str()?;
            (base_name(name) == "include" || names.known(name)).then_some((key, name))
        })?;
        let error = Diagnostic::error(format!("'{name}' is not a valid attribute for a Play")).at(key_place(key));
        Some(match base_name(name) {
            "include" => error.hint("'include' was removed: use import_playbook"),
            _ => error.hint("a task belongs under 'tasks' of a play that says for which 'hosts' it is"),
        })
    }

    fn play_scope(&mut self, entries: &Map, origin: &Origin, handed: &Handed) -> Scope {
        let mut scope = Scope::new(ScopeKind::Play, None, self.basedir.clone());
        scope.origin = Some(origin.clone());
        for (key, value) in self.keywords(&mut scope, entries, TYPED) {
            if key.as_str() == Some("user") {
                self.old_user(&mut scope, key, value);
            } else {
                self.unknown_keyword(key, ScopeKind::Play);
            }
        }
        if !handed.vars.is_empty() {
            let mut vars = scope.own("vars").and_then(Value::as_map).cloned().unwrap_or_default();
            vars.extend(handed.vars.clone());
            scope.keywords.insert("vars", Value::map(vars));
        }
        if !handed.tags.is_empty() {
            let own = scope.own("tags").cloned();
            let own = own.map(|own| own.as_list().map_or_else(|| vec![own.clone()], <[Value]>::to_vec));
            let tags = own.unwrap_or_default().into_iter().chain(handed.tags.clone()).collect();
            scope.keywords.insert("tags", Value::list(tags));
        }
        // Names of static imports may use them.
        let files = self.vars_files(entries);
        if !files.is_empty() {
            scope.keywords.insert("vars_files", Value::list(files));
        }
        scope
    }

    /// `user` is what `remote_user` was called once.
    fn old_user(&mut self, scope: &mut Scope, key: &Key, value: &Value) {
        if scope.own("remote_user").is_some() {
            let error = Diagnostic::error("a play has either 'user' or 'remote_user', not both");
            self.error(error.at(key_place(key)).hint("keep 'remote_user'"));
        } else if !value.is_null() {
            scope.keywords.insert("remote_user", value.clone());
        }
    }

    fn hosts(&mut self, entries: &Map, origin: &Origin) -> Option<Value> {
        let Some((key, value)) = entries.get_key_value("hosts") else {
            let error = Diagnostic::error("a play without 'hosts'").at(Some(origin));
            self.error(error.hint("say which hosts it is for: `hosts: all`"));
            return None;
        };
        let items = value.as_list().unwrap_or(std::slice::from_ref(value));
        let wrong = items.iter().find(|item| !matches!(item, Value::Str(_)));
        let is_empty = value.is_null() || items.is_empty() || items.iter().any(|item| item.as_str() == Some(""));
        let message = match (wrong, is_empty) {
            (_, true) => "'hosts' is empty".to_string(),
            (Some(wrong), _) => format!("'hosts' must be a pattern or a list of patterns, not {}", shown(wrong)),
            (None, false) => return Some(value.clone()),
        };
        self.error(Diagnostic::error(message).at(place(key, value)));
        None
    }

    fn section(&mut self, entries: &Map, name: &str, parent: &Arc<Scope>) -> Vec<Node> {
        let Some((key, value)) = entries.get_key_value(name) else { return Vec::new() };
        let dir = self.basedir.clone();
        self.nodes(value, parent, &dir, &format!("'{name}'"), place(key, value))
    }

    fn play_handlers(&mut self, entries: &Map, parent: &Arc<Scope>) -> Vec<Arc<Task>> {
        let Some((key, value)) = entries.get_key_value("handlers") else { return Vec::new() };
        let dir = self.basedir.clone();
        self.handlers(value, parent, &dir, place(key, value))
    }

    fn play_roles(&mut self, entries: &Map, parent: &Arc<Scope>) -> Roles {
        let mut found = Roles::default();
        let Some((key, value)) = entries.get_key_value("roles") else { return found };
        let dir = self.basedir.clone();
        for role_use in self.role_list(value, parent, &dir, "roles", place(key, value)) {
            let Some(parts) = self.role(role_use, parent) else { continue };
            for role in parts.roles {
                let is_first = !found.all.iter().any(|known| known.identity == role.identity);
                if is_first {
                    let of_role = |handler: &&Arc<Task>| handler.role().is_some_and(|its| its.id == role.id);
                    found.handlers.extend(parts.handlers.iter().filter(of_role).cloned());
                }
                found.all.push(role);
            }
            found.tasks.extend(parts.tasks);
        }
        found
    }

    /// A file name, a list of them, or lists of which the first file that exists counts.
    fn vars_files(&mut self, entries: &Map) -> Vec<Value> {
        let Some((key, value)) = entries.get_key_value("vars_files") else { return Vec::new() };
        let is_name = |value: &Value| matches!(value, Value::Str(_));
        let is_choice =
            |value: &Value| is_name(value) || value.as_list().is_some_and(|names| names.iter().all(is_name));
        let files = match value {
            Value::Null => Vec::new(),
            Value::List(files) => files.to_vec(),
            other => vec![other.clone()],
        };
        if let Some(wrong) = files.iter().find(|file| !is_choice(file)) {
            let message = format!("'vars_files' must be file names, not {}", shown(wrong));
            self.error(Diagnostic::error(message).at(wrong.origin().or(place(key, value))));
            return Vec::new();
        }
        files
    }

    fn vars_prompt(&mut self, entries: &Map) -> Value {
        let Some((key, value)) = entries.get_key_value("vars_prompt") else { return Value::Null };
        let prompts: Vec<Value> = match value {
            Value::Null => return Value::Null,
            Value::List(prompts) => prompts.to_vec(),
            other => vec![other.clone()],
        };
        for prompt in &prompts {
            self.check_prompt(prompt, place(key, value));
        }
        Value::list(prompts)
    }

    fn check_prompt(&mut self, prompt: &Value, origin: Option<&Origin>) {
        let Value::Map(entries) = prompt else {
            let message = format!("an entry of 'vars_prompt' must be a mapping, not {}", shown(prompt));
            return self.error(Diagnostic::error(message).at(prompt.origin().or(origin)));
        };
        if !entries.contains_key("name") {
            let error = Diagnostic::error("Invalid vars_prompt data structure, missing 'name' key");
            self.error(error.at(prompt.origin().or(origin)));
        }
        for key in entries.keys().filter(|key| !key.as_str().is_some_and(|key| PROMPT_KEYS.contains(&key))) {
            let error = Diagnostic::error(format!("Invalid vars_prompt data structure, found unsupported key '{key}'"))
                .at(key_place(key));
            self.error(error.did_you_mean(&key.to_string(), PROMPT_KEYS.iter().copied()));
        }
    }
}

/// Where the play's tasks and roles hang: the play, or what an import of the playbook puts between (its `when`).
fn section_scope(play: &Arc<Scope>, handed: &Handed) -> Arc<Scope> {
    if handed.when.is_empty() {
        return Arc::clone(play);
    }
    let mut scope = scope_at(ScopeKind::Include, play, &play.dir, play.origin.as_ref());
    scope.keywords.insert("when", Value::list(handed.when.clone()));
    Arc::new(scope)
}
