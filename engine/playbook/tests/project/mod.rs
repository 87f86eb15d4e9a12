//! A project in a temporary directory, loaded and shown as text.

#![allow(dead_code, reason = "each test binary uses its part")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::RefCell;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use kapell_config::Settings;
use kapell_parsing::{Diagnostic, Value, VaultSecrets};
use kapell_playbook::{Block, LoadContext, LoadErrors, Node, Play, Playbook, Role, Scope, Task, load_playbook};

const MODULES: &[&str] =
    &["add_host", "apt", "command", "copy", "debug", "file", "ping", "raw", "script", "service", "set_fact", "shell"];

pub(crate) struct Project {
    dir: tempfile::TempDir,
    pub(crate) settings: Settings,
    pub(crate) warnings: RefCell<Vec<Diagnostic>>,
}

impl Project {
    /// Files of one text: each after a line `### path`. Lines before the first one are `site.yml`.
    pub(crate) fn new(files: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let files = files.trim_start_matches('\n');
        let site = if files.starts_with("### ") { "" } else { "### site.yml\n" };
        for file in format!("\n{site}{files}").split("\n### ").skip(1) {
            let (name, text) = file.split_once('\n').unwrap_or((file, ""));
            let path = dir.path().join(name.trim());
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }
        let settings = Settings {
            roles_path: vec![dir.path().join("shared_roles")],
            collections_paths: vec![dir.path().join("collections_path")],
            ..Settings::default()
        };
        Self { dir, settings, warnings: RefCell::default() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn with_context<T>(&self, use_it: impl FnOnce(&LoadContext) -> T) -> T {
        use_it(&LoadContext {
            settings: &self.settings,
            vault: &VaultSecrets::default(),
            removed: &|_| None,
            has_action_group: &|name| name != "nosuch",
            is_module: &|name| {
                MODULES.contains(&name.strip_prefix("ansible.builtin.").unwrap_or(name)) || name == "ns.coll.thing"
            },
            content_dir: &|_| {},
            render: &render,
            warnings: &self.warnings,
        })
    }

    pub(crate) fn load(&self) -> Result<Playbook, LoadErrors> {
        self.with_context(|cx| load_playbook(&self.path().join("site.yml"), cx))
    }

    pub(crate) fn loaded(&self) -> Playbook {
        self.load().unwrap_or_else(|errors| panic!("{}", self.show(&errors)))
    }

    /// The tree, or the errors; then the warnings.
    pub(crate) fn shown(&self) -> String {
        let mut shown = match self.load() {
            Ok(playbook) => tree(&playbook),
            Err(errors) => self.show(&errors),
        };
        for warning in self.warnings.borrow().iter() {
            write!(shown, "\n[{:?}] {}", warning.severity, self.without_dir(&warning.to_string())).unwrap();
        }
        shown
    }

    pub(crate) fn errors(&self) -> String {
        match self.load() {
            Ok(playbook) => format!("loaded:\n{}", tree(&playbook)),
            Err(errors) => self.show(&errors),
        }
    }

    fn show(&self, errors: &[Diagnostic]) -> String {
        self.without_dir(&errors.iter().map(Diagnostic::to_string).collect::<Vec<_>>().join("\n\n"))
    }

    fn without_dir(&self, text: &str) -> String {
        text.replace(&self.path().display().to_string(), "")
    }
}

/// `{{ name }}` by the scope's variables.
fn render(value: &Value, scope: &Scope) -> Result<Value, Diagnostic> {
    let Value::Str(text) = value else { return Ok(value.clone()) };
    let mut rendered = text.to_string();
    while let Some((before, rest)) = rendered.clone().split_once("{{") {
        let (name, after) = rest.split_once("}}").unwrap();
        let found = scope.vars_chain().iter().rev().find_map(|(_, vars)| vars.get(name.trim()).cloned());
        let Some(found) = found else { return Err(Diagnostic::error(format!("'{}' is undefined", name.trim()))) };
        rendered = format!("{before}{found}{after}");
    }
    Ok(Value::trusted(rendered))
}

pub(crate) fn tree(playbook: &Playbook) -> String {
    playbook.plays.iter().map(play_tree).collect::<Vec<_>>().join("\n")
}

fn play_tree(play: &Arc<Play>) -> String {
    let mut out = format!("play {} on {}{}\n", play.title(), play.hosts, keywords(&play.scope));
    for role in &play.roles {
        writeln!(out, "  role {}", role_line(role)).unwrap();
    }
    for (section, nodes) in [
        ("pre_tasks", &play.pre_tasks),
        ("role_tasks", &play.role_tasks),
        ("tasks", &play.tasks),
        ("post_tasks", &play.post_tasks),
    ] {
        if !nodes.is_empty() {
            writeln!(out, "  {section}").unwrap();
            nodes_tree(nodes, 2, &mut out);
        }
    }
    if !play.handlers.is_empty() {
        out.push_str("  handlers\n");
        for handler in &play.handlers {
            task_line(handler, 2, &mut out);
        }
    }
    out
}

pub(crate) fn role_line(role: &Arc<Role>) -> String {
    let mut line = role.name.clone();
    for (name, map) in [("defaults", &role.defaults), ("vars", &role.vars), ("params", &role.params)] {
        if !map.is_empty() {
            write!(line, " {name}={}", Value::map(map.clone())).unwrap();
        }
    }
    let names = |roles: &[Arc<Role>]| roles.iter().map(|role| role.name.clone()).collect::<Vec<_>>().join(",");
    if !role.dependencies().is_empty() {
        write!(line, " needs {}", names(role.dependencies())).unwrap();
    }
    if !role.parents().is_empty() {
        write!(line, " for {}", names(&role.parents())).unwrap();
    }
    if role.allow_duplicates {
        line.push_str(" again");
    }
    line
}

pub(crate) fn nodes_tree(nodes: &[Node], depth: usize, out: &mut String) {
    for node in nodes {
        match node {
            Node::Task(task) => task_line(task, depth, out),
            Node::Block(block) => block_tree(block, depth, out),
        }
    }
}

fn block_tree(block: &Arc<Block>, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    let name = block.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
    let role = match block.scope.kind {
        kapell_playbook::ScopeKind::Role => format!(" {}", block.scope.role().unwrap().name),
        _ => String::new(),
    };
    let kind = format!("{:?}", block.scope.kind).to_lowercase();
    writeln!(out, "{indent}[{kind}{role}]{name}{}", keywords(&block.scope)).unwrap();
    nodes_tree(&block.body, depth + 1, out);
    for (part, nodes) in [("rescue", &block.rescue), ("always", &block.always)] {
        if !nodes.is_empty() {
            writeln!(out, "{indent}{part}").unwrap();
            nodes_tree(nodes, depth + 1, out);
        }
    }
}

fn task_line(task: &Arc<Task>, depth: usize, out: &mut String) {
    write!(out, "{}{}", "  ".repeat(depth), task.action).unwrap();
    if let Some(free_form) = &task.free_form {
        write!(out, " `{free_form}`").unwrap();
    }
    let has_args = task.args.as_map().is_none_or(|args| !args.is_empty());
    if has_args && !task.action.ends_with("validate_argument_spec") {
        write!(out, " {}", task.args.repr()).unwrap();
    }
    if let Some(name) = &task.name {
        write!(out, " '{name}'").unwrap();
    }
    if !task.listen.is_empty() {
        write!(out, " listen={:?}", task.listen).unwrap();
    }
    writeln!(out, "{}", keywords(&task.scope)).unwrap();
}

/// Own keywords that are not shown elsewhere; tags and conditions with what comes from above.
fn keywords(scope: &Scope) -> String {
    let mut out = String::new();
    for (name, value) in &scope.keywords {
        let is_elsewhere = matches!(*name, "name" | "listen" | "hosts" | "tags" | "when");
        let is_empty_list = value.as_list().is_some_and(<[Value]>::is_empty);
        if !is_elsewhere && !is_empty_list {
            write!(out, " {name}={}", value.repr()).unwrap();
        }
    }
    if !scope.tags().is_empty() {
        write!(out, " tags={:?}", scope.tags()).unwrap();
    }
    let conditions: Vec<String> = scope.conditions().iter().map(ToString::to_string).collect();
    if !conditions.is_empty() {
        write!(out, " when={conditions:?}").unwrap();
    }
    out
}
