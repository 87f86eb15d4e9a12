//! `import_tasks` and `import_role` are followed while loading; `include_tasks` and `include_role` are checked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kapell_parsing::diagnostic::closest;
use kapell_parsing::{Diagnostic, ErrorKind, Map, Origin, Text, Value};

use crate::load::Fault;
use crate::load::action_name::base_name;
use crate::load::check::shown;
use crate::load::keywords::{inheritable, scope_at, unknown_keyword};
use crate::load::loader::{Loader, key_place, normal};
use crate::load::role_use::RoleUse;
use crate::load::statement::Statement;
use crate::{Block, Node, RoleRequest, Scope, ScopeKind, keyword};

const ROLE_OPTIONS: &[&str] = &[
    "allow_duplicates",
    "apply",
    "defaults_from",
    "handlers_from",
    "name",
    "public",
    "role",
    "rolespec_validate",
    "tasks_from",
    "vars_from",
];

/// What a dynamic include may carry; other keywords go under `apply`.
const INCLUDE_KEYWORDS: &[&str] = &[
    "action",
    "args",
    "collections",
    "debugger",
    "ignore_errors",
    "listen",
    "local_action",
    "loop",
    "loop_control",
    "name",
    "no_log",
    "register",
    "run_once",
    "tags",
    "timeout",
    "vars",
    "when",
];

impl Loader<'_> {
    pub(crate) fn import_tasks(
        &mut self,
        task: &Scope,
        statement: &Statement,
        parent: &Arc<Scope>,
        origin: &Origin,
    ) -> Option<Node> {
        self.no_loop(task, statement, origin)?;
        self.known_options(statement, &["file"], origin)?;
        let scope = Arc::new(import_scope(task, parent));
        let name = self.file_option(statement, origin)?;
        let name = self.render_text(&name, &scope, "the file to import", Fault::Content)?;
        let path = match find_task_file(&name, &scope, &self.basedir) {
            Ok(path) => path,
            Err(error) => {
                self.error_missing(error.at(name.origin().or(Some(origin))));
                return None;
            }
        };
        let what = path.display().to_string();
        let hint = "use include_tasks for what must happen again while the play runs";
        let body =
            self.nested(what, (ErrorKind::Endless, hint), Some(origin), |loader| loader.included_file(&path, &scope))?;
        Some(Node::Block(Arc::new(Block { scope, name: None, body, rescue: Vec::new(), always: Vec::new() })))
    }

    pub(crate) fn import_role(
        &mut self,
        task: &Scope,
        statement: &Statement,
        parent: &Arc<Scope>,
        origin: &Origin,
    ) -> Option<Node> {
        self.no_role_handler(task, statement, origin)?;
        self.no_loop(task, statement, origin)?;
        let options: Vec<&str> = ROLE_OPTIONS.iter().copied().filter(|option| *option != "apply").collect();
        self.known_options(statement, &options, origin)?;
        let scope = Arc::new(import_scope(task, parent));
        let name = self.role_option(statement, origin)?;
        let name = self.render_text(&name, &scope, "the role to import", Fault::Missing)?;
        let mut request = self.role_request(statement, &name, origin)?;
        request.allow_duplicates = self.static_flag(statement, "allow_duplicates", &scope)?;
        request.public = self.static_flag(statement, "public", &scope)?.unwrap_or(!self.cx.settings.private_role_vars);
        request.validate = self.static_flag(statement, "rolespec_validate", &scope)?.unwrap_or(true);
        for from in
            [&mut request.tasks_from, &mut request.vars_from, &mut request.defaults_from, &mut request.handlers_from]
        {
            if let Some(file) = from {
                let text = Text::trusted(file.as_str(), Some(origin.clone()));
                *from = Some(self.render_text(&text, &scope, "the file to import", Fault::Content)?.to_string());
            }
        }
        let loaded = self.role(RoleUse::included(request, &scope, &name), &scope)?;
        self.imported_roles.extend(loaded.roles);
        self.imported_handlers.extend(loaded.handlers);
        let body = loaded.tasks;
        Some(Node::Block(Arc::new(Block { scope, name: None, body, rescue: Vec::new(), always: Vec::new() })))
    }

    /// Yes or no, which may be a template that needs no host.
    #[expect(clippy::option_option, reason = "the outer one is an error that has been reported")]
    fn static_flag(&mut self, statement: &Statement, option: &str, scope: &Scope) -> Option<Option<bool>> {
        match statement.args.get(option) {
            Some(Value::Str(text)) if text.is_template() => {
                let rendered = self.render_text(text, scope, option, Fault::Content)?;
                Some(Value::Str(rendered).to_bool_loose())
            }
            given => Some(given.and_then(Value::to_bool_loose)),
        }
    }

    /// Checks the statement and moves `file` to its free form.
    pub(crate) fn include_tasks(
        &mut self,
        entries: &Map,
        task: &Scope,
        statement: Statement,
        origin: &Origin,
    ) -> Option<Statement> {
        self.include_keywords(entries, task, &statement);
        self.known_options(&statement, &["file", "apply"], origin)?;
        self.check_apply(&statement, origin)?;
        let file = self.file_option(&statement, origin)?;
        let mut args = statement.args.as_map().cloned().unwrap_or_default();
        args.shift_remove("file");
        Some(Statement { free_form: Some(file), args: Value::map(args), ..statement })
    }

    pub(crate) fn include_role(
        &mut self,
        entries: &Map,
        task: &Scope,
        statement: &Statement,
        origin: &Origin,
    ) -> Option<()> {
        self.no_role_handler(task, statement, origin)?;
        self.include_keywords(entries, task, statement);
        self.known_options(statement, ROLE_OPTIONS, origin)?;
        self.check_apply(statement, origin)?;
        let name = self.role_option(statement, origin)?;
        self.role_request(statement, &name, origin).map(|_| ())
    }

    fn include_keywords(&mut self, entries: &Map, task: &Scope, statement: &Statement) {
        for key in entries.keys() {
            let Some(keyword) = key.as_str().and_then(keyword::find).filter(|keyword| keyword.is_on(task.kind)) else {
                continue;
            };
            if !INCLUDE_KEYWORDS.contains(&keyword.name) {
                let class = if base_name(&statement.action) == "include_role" { "IncludeRole" } else { "TaskInclude" };
                let message = format!("'{key}' is not a valid attribute for a {class}");
                let error = Diagnostic::error(message).at(key_place(key));
                self.error(if keyword.inherited {
                    error.hint("put it under 'apply' to hand it to what is included")
                } else {
                    error
                });
            }
        }
    }

    fn check_apply(&mut self, statement: &Statement, origin: &Origin) -> Option<()> {
        match statement.args.get("apply") {
            None | Some(Value::Null) => Some(()),
            Some(Value::Map(apply)) => {
                for key in apply.keys() {
                    let known = key.as_str().and_then(keyword::find).is_some_and(|row| row.is_on(ScopeKind::Block));
                    if !known {
                        self.error(unknown_keyword(key, ScopeKind::Block));
                    }
                }
                Some(())
            }
            Some(other) => {
                let message = format!("'apply' must be a mapping, not {}", shown(other));
                self.error(Diagnostic::error(message).at(other.origin().or(Some(origin))));
                None
            }
        }
    }

    fn no_loop(&mut self, task: &Scope, statement: &Statement, origin: &Origin) -> Option<()> {
        if task.own("loop").is_none() {
            return Some(());
        }
        let name = base_name(&statement.action);
        let error = Diagnostic::error(format!("'{name}' cannot loop: it is resolved before the play runs"));
        self.error(error.at(Some(origin)).hint(format!("use {}", name.replace("import", "include"))));
        None
    }

    fn no_role_handler(&mut self, task: &Scope, statement: &Statement, origin: &Origin) -> Option<()> {
        if task.kind != ScopeKind::Handler {
            return Some(());
        }
        let error =
            Diagnostic::error(format!("Using '{}' as a handler is not supported.", statement.action)).at(Some(origin));
        self.error(error.hint("include_tasks can"));
        None
    }

    fn known_options(&mut self, statement: &Statement, known: &[&str], origin: &Origin) -> Option<()> {
        let Some(args) = statement.args.as_map() else {
            let message = format!("the options of {} cannot be a template as a whole", statement.action);
            self.error(Diagnostic::error(message).at(Some(origin)));
            return None;
        };
        let mut all_known = Some(());
        for key in args.keys().filter(|key| !key.as_str().is_some_and(|key| known.contains(&key))) {
            let message = format!("Invalid options for {}: {key}", statement.action);
            let error = Diagnostic::error(message).at(key_place(key).or(Some(origin)));
            self.error(error.did_you_mean(&key.to_string(), known.iter().copied()));
            all_known = None;
        }
        all_known
    }

    fn file_option(&mut self, statement: &Statement, origin: &Origin) -> Option<Text> {
        let file = match statement.args.get("file") {
            Some(Value::Str(file)) => Some(file),
            _ => statement.free_form.as_ref(),
        };
        if file.is_none_or(|file| file.trim().is_empty()) {
            self.error(Diagnostic::error(format!("No file specified for {}", statement.action)).at(Some(origin)));
            return None;
        }
        file.cloned()
    }

    fn role_option(&mut self, statement: &Statement, origin: &Origin) -> Option<Text> {
        if let Some(Value::Str(name)) = statement.args.get("name").or_else(|| statement.args.get("role")) {
            return Some(name.clone());
        }
        let error = Diagnostic::error(format!("{} names no role", statement.action)).at(Some(origin));
        self.error(error.hint("set its option 'name'"));
        None
    }

    /// The options of `import_role` and `include_role`; on the latter, files may still be templates.
    fn role_request(&mut self, statement: &Statement, name: &Text, origin: &Origin) -> Option<RoleRequest> {
        let mut request = RoleRequest { name: name.to_string(), ..RoleRequest::default() };
        for (option, file) in [
            ("tasks_from", &mut request.tasks_from),
            ("vars_from", &mut request.vars_from),
            ("defaults_from", &mut request.defaults_from),
            ("handlers_from", &mut request.handlers_from),
        ] {
            match statement.args.get(option) {
                None | Some(Value::Null) => {}
                Some(Value::Str(name)) => *file = Some(name.to_string()),
                Some(other) => {
                    let message = format!("Expected a string for {option} but got {} instead", shown(other));
                    self.error(Diagnostic::error(message).at(other.origin().or(Some(origin))));
                    return None;
                }
            }
        }
        let flag = |option: &str| statement.args.get(option).and_then(Value::to_bool_loose);
        request.allow_duplicates = flag("allow_duplicates");
        request.public = flag("public").unwrap_or(!self.cx.settings.private_role_vars);
        request.validate = flag("rolespec_validate").unwrap_or(true);
        Some(request)
    }
}

/// What an import hands down: all of its keywords that are inherited.
fn import_scope(task: &Scope, parent: &Arc<Scope>) -> Scope {
    let mut scope = scope_at(ScopeKind::Import, parent, &task.dir, task.origin.as_ref());
    scope.keywords = inheritable(&task.keywords);
    scope
}

/// The file a task statement in `scope` names: beside the file it is written in, then beside those that brought that
/// one in, then in the role's task directory, then in the playbook's directory.
pub fn find_task_file(name: &str, scope: &Scope, basedir: &Path) -> Result<PathBuf, Diagnostic> {
    let mut dirs: Vec<PathBuf> = Vec::new();
    let mut add = |dir: PathBuf| {
        if !dirs.contains(&dir) {
            dirs.push(dir);
        }
    };
    let in_same_role = |level: &&Scope| level.role().map(|role| role.id) == scope.role().map(|role| role.id);
    for level in scope.chain().take_while(in_same_role) {
        add(level.dir.clone());
    }
    if let Some(role) = scope.role() {
        let own = if scope.in_handlers { "handlers" } else { "tasks" };
        add(role.path.join(own));
        add(role.path.join("tasks"));
        add(role.path.clone());
    }
    add(basedir.to_path_buf());
    if let Some(found) = dirs.iter().map(|dir| normal(&dir.join(name))).find(|path| path.is_file()) {
        return Ok(found);
    }
    let message = missing_file(&dirs.last().map_or_else(|| PathBuf::from(name), |dir| normal(&dir.join(name))));
    Err(near_file(&dirs, name).map_or_else(
        || Diagnostic::error(message.clone()),
        |near| Diagnostic::error(message.clone()).hint(format!("did you mean '{near}'?")),
    ))
}

/// What is said of a task file that is not there.
pub fn missing_file(path: &Path) -> String {
    let shown = path.display();
    format!(
        "Could not find or access '{shown}' on the Ansible Controller: Unable to retrieve file contents.\nCould not find \
         or access '{shown}' on the Ansible Controller.\nIf you are using a module and expect the file to exist on the \
         remote, see the remote_src option: [Errno 2] No such file or directory: '{shown}'"
    )
}

/// A file with nearly that name, with or without its ending, in one of the directories.
pub(crate) fn near_file(dirs: &[PathBuf], name: &str) -> Option<String> {
    let (folder, wanted) = name.rsplit_once('/').map_or(("", name), |(folder, file)| (folder, file));
    for dir in dirs {
        let Ok(entries) = fs_err::read_dir(dir.join(folder)) else { continue };
        let mut names: Vec<String> =
            entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned())).collect();
        names.sort();
        let stems = names.iter().filter_map(|name| Some(name.rsplit_once('.')?.0));
        if let Some(near) = closest(wanted, names.iter().map(String::as_str).chain(stems)) {
            return Some(if folder.is_empty() { near.to_string() } else { format!("{folder}/{near}") });
        }
    }
    None
}
