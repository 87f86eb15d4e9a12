//! Lists of tasks and blocks, in files and in place.

use std::path::Path;
use std::sync::Arc;

use kapell_parsing::{Diagnostic, Map, Origin, SourceFile, Value};

use crate::load::Fault;
use crate::load::action_name::action_names;
use crate::load::check::shown;
use crate::load::keywords::{name_of, scope_at};
use crate::load::loader::{Loader, key_place, place};
use crate::{Block, Node, Scope, ScopeKind, Task};

/// Blocks nest as deep as the user likes: the stack grows with them.
const RED_ZONE: usize = 128 * 1024;
const STACK_PIECE: usize = 2 * 1024 * 1024;

impl Loader<'_> {
    /// The nodes of a list written in a file of the directory `dir`. `what` names the list in messages: `'tasks'`.
    pub(crate) fn nodes(
        &mut self,
        value: &Value,
        parent: &Arc<Scope>,
        dir: &Path,
        what: &str,
        origin: Option<&Origin>,
    ) -> Vec<Node> {
        match value {
            Value::Null => Vec::new(),
            Value::List(entries) => stacker::maybe_grow(RED_ZONE, STACK_PIECE, || {
                entries.iter().filter_map(|entry| self.node(entry, parent, dir, origin)).collect()
            }),
            other => {
                let message = format!("{what} must be a list of tasks, not {}", shown(other));
                let error = Diagnostic::error(message).at(origin.or(value.origin()));
                self.error(error.hint("start each task with a dash"));
                Vec::new()
            }
        }
    }

    /// The content of a file that tasks are included from.
    pub(crate) fn included_file(&mut self, path: &Path, parent: &Arc<Scope>) -> Option<Vec<Node>> {
        let content = self.read(path)?;
        if !matches!(content, Value::Null | Value::List(_)) {
            let start = Origin::new(SourceFile::new(path, ""), 1, 1);
            let error = Diagnostic::error("included task files must contain a list of tasks")
                .at(content.origin().or(Some(&start)))
                .hint("start each task with a dash");
            self.error_of(Fault::NoTasks, error);
            return None;
        }
        self.task_file(path, parent)
    }

    /// The content of a task file: a list of tasks, or nothing.
    pub(crate) fn task_file(&mut self, path: &Path, parent: &Arc<Scope>) -> Option<Vec<Node>> {
        let content = self.read(path)?;
        let dir = path.parent().unwrap_or(Path::new(""));
        let start = Origin::new(SourceFile::new(path, ""), 1, 1);
        let origin = content.origin().unwrap_or(&start).clone();
        let what = path.file_name().map_or("a task file".into(), |name| name.to_string_lossy());
        Some(self.nodes(&content, parent, dir, &what, Some(&origin)))
    }

    fn node(&mut self, entry: &Value, parent: &Arc<Scope>, dir: &Path, origin: Option<&Origin>) -> Option<Node> {
        match entry {
            Value::Null => None,
            Value::Map(entries) => {
                let place = entry.origin().or(origin).cloned().unwrap_or_else(nowhere).at_brace();
                if is_block(entries) {
                    self.block(entries, parent, dir, &place).map(|block| Node::Block(Arc::new(block)))
                } else {
                    self.task(entries, parent, dir, &place)
                }
            }
            other => {
                let message = format!("a task must be a mapping, not {}", shown(other));
                let hint = "write the module's name and its arguments: `- debug: msg=hello`";
                self.error(Diagnostic::error(message).at(other.origin().or(origin)).hint(hint));
                None
            }
        }
    }

    fn block(&mut self, entries: &Map, parent: &Arc<Scope>, dir: &Path, origin: &Origin) -> Option<Block> {
        if parent.in_handlers && !is_handlers_scope(parent) {
            let error = Diagnostic::error("Using a block as a handler is not supported.").at(Some(origin));
            self.error(error.hint("blocks stand in the list of handlers itself, and lend their keywords only"));
            return None;
        }
        let mut scope = scope_at(ScopeKind::Block, parent, dir, Some(origin));
        for (key, _) in self.keywords(&mut scope, entries, &["always", "block", "rescue"]) {
            let names = action_names(&scope, self.cx.is_module);
            if key.as_str().is_some_and(|key| names.known(key)) {
                let error = Diagnostic::error(format!("a block cannot have an action of its own: '{key}'"));
                self.error(error.at(key_place(key)).hint("put it into the list under 'block'"));
            } else {
                self.unknown_keyword(key, ScopeKind::Block);
            }
        }
        let scope = Arc::new(scope);
        let [body, rescue, always] =
            ["block", "rescue", "always"].map(|part| self.block_part(entries, part, &scope, dir));
        let nothing_to_try = entries.get("block").is_none_or(|block| block.as_list().is_some_and(<[Value]>::is_empty));
        let stray = |nodes: &[Node]| !nodes.is_empty() && nothing_to_try;
        for (part, nodes) in [("rescue", &rescue), ("always", &always)] {
            if stray(nodes) {
                let message = format!("'{part}' without 'block'");
                self.error(Diagnostic::error(message).at(entries.get_key_value(part).and_then(|(k, _)| key_place(k))));
                return None;
            }
        }
        Some(Block { scope, name: name_of(entries), body, rescue, always })
    }

    fn block_part(&mut self, entries: &Map, part: &str, scope: &Arc<Scope>, dir: &Path) -> Vec<Node> {
        let Some((key, value)) = entries.get_key_value(part) else { return Vec::new() };
        if value.is_null() {
            let error = Diagnostic::error(format!("'{part}' must be a list of tasks, not nothing"));
            self.error(error.at(key_place(key)).hint("remove it, or write []"));
            return Vec::new();
        }
        self.nodes(value, scope, dir, &format!("'{part}'"), place(key, value))
    }

    /// The handlers of a list: blocks in it only lend their keywords.
    pub(crate) fn handlers(
        &mut self,
        value: &Value,
        parent: &Arc<Scope>,
        dir: &Path,
        origin: Option<&Origin>,
    ) -> Vec<Arc<Task>> {
        let scope = handlers_scope(parent);
        let nodes = self.nodes(value, &scope, dir, "'handlers'", origin);
        self.flat_handlers(&nodes)
    }

    pub(crate) fn flat_handlers(&mut self, nodes: &[Node]) -> Vec<Arc<Task>> {
        let mut handlers = Vec::new();
        for node in nodes {
            match node {
                Node::Task(task) => handlers.push(Arc::clone(task)),
                Node::Block(block) => {
                    if !block.rescue.is_empty() || !block.always.is_empty() {
                        let message = "'rescue' and 'always' of a block of handlers never run";
                        self.warn(Diagnostic::warning(message).at(block.scope.origin.as_ref()));
                    }
                    handlers.extend(self.flat_handlers(&block.body));
                }
            }
        }
        handlers
    }
}

/// Tells what is inside that it is a handler.
pub(crate) fn handlers_scope(parent: &Arc<Scope>) -> Arc<Scope> {
    let mut scope = scope_at(ScopeKind::Include, parent, &parent.dir, parent.origin.as_ref());
    scope.in_handlers = true;
    Arc::new(scope)
}

/// Whether this is where a list of handlers starts, not something inside it.
fn is_handlers_scope(scope: &Scope) -> bool {
    scope.in_handlers && scope.parent.as_ref().is_none_or(|parent| !parent.in_handlers)
}

fn is_block(entries: &Map) -> bool {
    ["block", "rescue", "always"].iter().any(|part| entries.contains_key(*part))
}

/// For content without any place in it.
fn nowhere() -> Origin {
    Origin::new(SourceFile::new("<unknown>", ""), 1, 1)
}
