//! One task entry: keywords, loop, action. Imports are followed at once.

use std::path::Path;
use std::sync::Arc;

use kapell_parsing::diagnostic::closest;
use kapell_parsing::{Diagnostic, ErrorKind, Key, Map, Origin, Text, Value};

use crate::load::action_name::base_name;
use crate::load::keywords::{name_of, scope_at};
use crate::load::loader::{Loader, key_place};
use crate::load::statement::Statement;
use crate::scope::next_id;
use crate::{Node, Scope, ScopeKind, Task};

/// What may stand behind `with_` without a collection's name.
pub(crate) const LOOKUPS: &[&str] = &[
    "cartesian",
    "config",
    "csvfile",
    "dict",
    "env",
    "file",
    "fileglob",
    "filetree",
    "first_found",
    "flattened",
    "indexed_items",
    "ini",
    "inventory_hostnames",
    "items",
    "lines",
    "list",
    "nested",
    "password",
    "pipe",
    "random_choice",
    "sequence",
    "subelements",
    "template",
    "together",
    "unvault",
    "url",
    "varnames",
    "vars",
];

/// What `meta` can do.
const META_ACTIONS: &[&str] = &[
    "clear_facts",
    "clear_host_errors",
    "end_batch",
    "end_host",
    "end_play",
    "end_role",
    "flush_handlers",
    "noop",
    "refresh_inventory",
    "reset_connection",
];

impl Loader<'_> {
    pub(crate) fn task(&mut self, entries: &Map, parent: &Arc<Scope>, dir: &Path, origin: &Origin) -> Option<Node> {
        let kind = if parent.in_handlers { ScopeKind::Handler } else { ScopeKind::Task };
        let mut scope = scope_at(kind, parent, dir, Some(origin));
        let unknown = self.keywords(&mut scope, entries, &["action", "args", "local_action"]);
        let unknown = self.with_loop(&mut scope, entries, unknown);
        let statement = self.statement(entries, &unknown, &scope, origin)?;
        match base_name(&statement.action) {
            "import_tasks" => self.import_tasks(&scope, &statement, parent, origin),
            "import_role" => self.import_role(&scope, &statement, parent, origin),
            "include_tasks" => {
                let statement = self.include_tasks(entries, &scope, statement, origin)?;
                Some(finished(entries, scope, statement, origin))
            }
            "include_role" => {
                self.include_role(entries, &scope, &statement, origin)?;
                Some(finished(entries, scope, statement, origin))
            }
            "meta" => {
                self.check_meta(&statement, &scope, origin);
                Some(finished(entries, scope, statement, origin))
            }
            _ => Some(finished(entries, scope, statement, origin)),
        }
    }

    /// Turns `with_<lookup>` into `loop` and `loop_with`; returns the other unknown keys.
    fn with_loop<'v>(
        &mut self,
        scope: &mut Scope,
        entries: &'v Map,
        unknown: Vec<(&'v Key, &'v Value)>,
    ) -> Vec<(&'v Key, &'v Value)> {
        let mut rest = Vec::new();
        let mut loop_seen = scope.own("loop").and_then(|_| entries.get_index_of("loop"));
        for (key, value) in unknown {
            let written = key.as_str().and_then(|key| key.strip_prefix("with_"));
            let Some(lookup) = written.filter(|name| is_lookup(name) || self.is_users_lookup(scope, name)) else {
                rest.push((key, value));
                continue;
            };
            let index = entries.get_index_of(key);
            if value.is_null() {
                let error = Diagnostic::error(format!("'{key}' has no value")).at(key_place(key));
                self.error(error.of_kind(ErrorKind::Usage));
            } else if scope.own("loop_with").is_some() || loop_seen.is_some_and(|seen| index > Some(seen)) {
                let error =
                    Diagnostic::error(format!("'{key}' is a second loop in the same task")).of_kind(ErrorKind::Usage);
                self.error(error.at(key_place(key)).hint("nest lists with the product or subelements filter"));
            } else {
                // A `loop` written after it replaces the items and keeps the lookup, as in Ansible.
                if loop_seen.take().is_none() {
                    scope.keywords.insert("loop", value.clone());
                }
                scope.keywords.insert("loop_with", Value::Str(Text::new(lookup)));
            }
        }
        rest
    }

    /// Whether the content brings a lookup of this name, written in Python.
    fn is_users_lookup(&self, scope: &Scope, name: &str) -> bool {
        let roles = self.play_roles.iter().chain(&self.imported_roles).map(|role| role.path.as_path());
        let above = scope.dir.ancestors().take(3);
        let beside = roles.chain(above).chain([self.basedir.as_path()]).map(|dir| dir.join("lookup_plugins"));
        let file = format!("{name}.py");
        beside.chain(self.cx.settings.lookup_plugins.iter().cloned()).any(|dir| dir.join(&file).is_file())
    }

    fn check_meta(&mut self, statement: &Statement, scope: &Scope, origin: &Origin) {
        let wanted = statement.free_form.as_deref().unwrap_or_default();
        let is_template = statement.free_form.as_ref().is_some_and(Text::is_template);
        if wanted == "end_role" && (scope.role().is_none() || scope.in_handlers) {
            let place = if scope.in_handlers { "a handler" } else { "outside of a role" };
            return self.error(Diagnostic::error(format!("Cannot execute 'end_role' from {place}")).at(Some(origin)));
        }
        if META_ACTIONS.contains(&wanted) || is_template {
            return;
        }
        let message = match wanted {
            "" => "'meta' says nothing to do".to_string(),
            wanted => format!("unknown meta action '{wanted}'"),
        };
        let at = statement.free_form.as_ref().and_then(Text::origin).unwrap_or(origin);
        let error = Diagnostic::error(message).at(Some(at)).of_kind(ErrorKind::Usage);
        self.error(match closest(wanted, META_ACTIONS.iter().copied()) {
            Some(near) => error.hint(format!("did you mean '{near}'?")),
            None => error.hint(format!("one of {}", META_ACTIONS.join(", "))),
        });
    }
}

fn is_lookup(name: &str) -> bool {
    LOOKUPS.contains(&name) || name.contains('.')
}

fn finished(entries: &Map, mut scope: Scope, statement: Statement, origin: &Origin) -> Node {
    if statement.local {
        scope.keywords.insert("delegate_to", Value::trusted("localhost"));
    }
    let listen = scope.own("listen").map(texts).unwrap_or_default();
    let is_handler = scope.kind == ScopeKind::Handler;
    Node::Task(Arc::new(Task {
        scope: Arc::new(scope),
        name: name_of(entries),
        action: statement.action,
        args: statement.args,
        free_form: statement.free_form,
        origin: origin.clone(),
        is_handler,
        listen,
        id: next_id(),
        delegate_local: statement.local,
        implicit: false,
    }))
}

fn texts(value: &Value) -> Vec<Text> {
    value.as_list().unwrap_or(std::slice::from_ref(value)).iter().filter_map(Value::as_text).cloned().collect()
}
