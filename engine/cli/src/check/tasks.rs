//! The tasks of a play, those of literal includes too: each looked at with what is known where it stands.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kapell_executor::ModuleLibrary;
use kapell_parsing::{Diagnostic, ErrorKind, Map, Value};
use kapell_playbook::{
    LoadContext, Node, Play, RoleRequest, Scope, Task, find_task_file, include_scope, load_role, load_task_file,
    source_of, tasks_of,
};
use kapell_template::{Mentions, TemplateKind};

use super::arguments;
use super::finding::{Certainty, Findings, Rule};
use super::known_names::KnownNames;

/// Includes may include themselves with other variables; that deep is not followed.
const DEEPEST: usize = 24;

pub(crate) struct PlayCheck<'a> {
    pub library: &'a ModuleLibrary,
    pub cx: &'a LoadContext<'a>,
    pub mentions: &'a Mentions,
    pub findings: &'a RefCell<Findings>,
    /// What the inventory and the command line set; without an inventory nobody can be sure.
    pub given: &'a KnownNames,
    pub has_inventory: bool,
}

/// A task, and whether a run gets to it for certain.
struct Reached {
    task: Arc<Task>,
    certainty: Certainty,
    /// It is read before the play starts: what it is called must be known then.
    is_static: bool,
}

#[derive(Default)]
struct Gathered {
    tasks: Vec<Reached>,
    handlers: HashSet<String>,
    /// Handlers or tasks there may be more of than can be seen.
    open: bool,
    names: KnownNames,
    seen: HashMap<PathBuf, usize>,
}

impl PlayCheck<'_> {
    /// `whole`: nothing of the playbook had to be left out. `lasting`: what the plays before it left with hosts.
    pub(crate) fn run(&self, play: &Play, whole: bool, lasting: &mut KnownNames) {
        let mut gathered = Gathered { names: self.given.clone(), open: !whole, ..Gathered::default() };
        gathered.names.extend(lasting);
        gathered.names.play(play);
        for nodes in [&play.pre_tasks, &play.role_tasks, &play.tasks, &play.post_tasks] {
            self.gather(nodes, play, Certainty::Certain, &mut gathered, 0);
        }
        for handler in &play.handlers {
            add_handler(handler, &mut gathered);
            // They run when they are notified.
            self.gather_task(handler, play, Certainty::Possible, &mut gathered, 0);
        }
        for reached in &gathered.tasks {
            gathered.names.task(&reached.task);
            lasting.lasting(&reached.task);
        }
        for reached in &gathered.tasks {
            self.task(reached, &gathered);
        }
    }

    fn gather(&self, nodes: &[Node], play: &Play, certainty: Certainty, gathered: &mut Gathered, depth: usize) {
        for task in tasks_of(nodes) {
            self.gather_task(task, play, certainty, gathered, depth);
        }
    }

    fn gather_task(&self, task: &Arc<Task>, play: &Play, certainty: Certainty, gathered: &mut Gathered, depth: usize) {
        let certainty = if is_conditional(task) { Certainty::Possible } else { certainty };
        gathered.tasks.push(Reached { task: Arc::clone(task), certainty, is_static: depth == 0 });
        if let Some(role) = task.scope.role() {
            gathered.names.role(role);
        }
        if depth >= DEEPEST {
            gathered.open = true;
            return;
        }
        match task.action.rsplit('.').next().unwrap_or_default() {
            "include_tasks" => self.included_tasks(task, play, certainty, gathered, depth),
            "include_role" => self.included_role(task, play, certainty, gathered, depth),
            _ => {}
        }
    }

    fn included_tasks(&self, task: &Task, play: &Play, certainty: Certainty, gathered: &mut Gathered, depth: usize) {
        let Some(file) = task.free_form.as_ref().filter(|file| !file.is_template()) else {
            gathered.open = true;
            gathered.names.open = true;
            return;
        };
        let scope = include_scope(task);
        let path = match find_task_file(file.as_str(), &scope, &play.basedir) {
            Ok(path) => path,
            Err(error) => {
                let error = first_line(error.at(file.origin().or(Some(&task.origin))));
                return self.findings.borrow_mut().add(Rule::MissingFile, certainty, error);
            }
        };
        let times = gathered.seen.entry(path.clone()).or_default();
        *times += 1;
        if *times > 1 {
            return;
        }
        match load_task_file(&path, &scope, self.cx) {
            Ok(loaded) => {
                loaded.handlers.iter().for_each(|handler| add_handler(handler, gathered));
                self.gather(&loaded.tasks, play, certainty, gathered, depth + 1);
            }
            Err(errors) => {
                gathered.open = true;
                gathered.names.open = true;
                self.load_errors(&errors.errors, certainty);
            }
        }
    }

    fn included_role(&self, task: &Task, play: &Play, certainty: Certainty, gathered: &mut Gathered, depth: usize) {
        let text = |name: &str| task.args.get(name).and_then(Value::as_text);
        let name = text("name").or_else(|| text("role"));
        let files = ["tasks_from", "vars_from", "defaults_from", "handlers_from"].map(text);
        let Some(name) =
            name.filter(|name| !name.is_template() && !files.iter().flatten().any(|file| file.is_template()))
        else {
            gathered.open = true;
            gathered.names.open = true;
            return;
        };
        let [tasks_from, vars_from, defaults_from, handlers_from] = files.map(|file| file.map(ToString::to_string));
        let origin = name.origin().cloned();
        let name = name.to_string();
        let request =
            RoleRequest { name, origin, tasks_from, vars_from, defaults_from, handlers_from, ..RoleRequest::default() };
        match load_role(&request, &include_scope(task), &play.basedir, self.cx) {
            Ok(loaded) => {
                gathered.names.role(&loaded.role);
                let times = gathered
                    .seen
                    .entry(loaded.role.path.join(request.tasks_from.as_deref().unwrap_or("main")))
                    .or_default();
                *times += 1;
                if *times > 1 {
                    return;
                }
                loaded.handlers.iter().for_each(|handler| add_handler(handler, gathered));
                self.gather(&loaded.tasks, play, certainty, gathered, depth + 1);
                for handler in &loaded.handlers {
                    self.gather_task(handler, play, Certainty::Possible, gathered, depth + 1);
                }
            }
            Err(errors) => {
                gathered.open = true;
                gathered.names.open = true;
                self.load_errors(&errors.errors, certainty);
            }
        }
    }

    pub(crate) fn load_errors(&self, errors: &[Diagnostic], certainty: Certainty) {
        for error in errors {
            if error.message.contains("vault data cannot be decrypted") || error.message.contains("vault secrets") {
                continue;
            }
            let (rule, certainty) = judge(error, certainty);
            self.findings.borrow_mut().add(rule, certainty, first_line(error.clone()));
        }
    }

    fn task(&self, reached: &Reached, gathered: &Gathered) {
        let Reached { task, certainty, is_static } = reached;
        let mut findings = self.findings.borrow_mut();
        let name = task.action.as_str();
        let collections = task.scope.collections();
        let is_known = self.library.exists(name)
            || collections.iter().any(|collection| self.library.exists(&format!("{collection}.{name}")));
        if !is_known && !is_statement(name) {
            let error = Diagnostic::error(format!("there is no module or action '{name}'")).at(Some(&task.origin));
            let error = match source_of(name) {
                Some(source) => error.hint(source),
                None => error,
            };
            // A module that exists elsewhere is no mistake where its task is never run.
            let certainty = match self.library.home_of(name) {
                Some(_) => Certainty::Possible,
                None if *is_static => Certainty::Certain,
                None => *certainty,
            };
            findings.add(Rule::UnknownModule, certainty, error);
        }
        arguments::check(task, self.library, *certainty, &mut findings);
        notified(task, *certainty, gathered, &mut findings);
        missing_files(task, &mut findings);
        self.templates(task, *certainty, gathered, &mut findings);
    }

    fn templates(&self, task: &Task, certainty: Certainty, gathered: &Gathered, findings: &mut Findings) {
        for scope in task.scope.chain().take(1) {
            for (keyword, value) in &scope.keywords {
                match *keyword {
                    "when" | "until" | "changed_when" | "failed_when" => {
                        self.expression(value, task, Certainty::Possible, gathered, findings);
                    }
                    "vars" | "tags" | "name" | "notify" | "listen" | "register" => {}
                    _ => self.value(value, task, certainty, gathered, findings),
                }
            }
        }
        match task.action.rsplit('.').next().unwrap_or_default() {
            "assert" | "debug" => {
                if let Some(that) = task.args.get("that") {
                    self.expression(that, task, Certainty::Possible, gathered, findings);
                }
                let message = task.args.get("msg").into_iter();
                message.for_each(|value| self.value(value, task, Certainty::Possible, gathered, findings));
            }
            _ => self.value(&task.args, task, certainty, gathered, findings),
        }
        if let Some(text) = &task.free_form {
            self.value(&Value::Str(text.clone()), task, certainty, gathered, findings);
        }
    }

    fn value(&self, value: &Value, task: &Task, certainty: Certainty, gathered: &Gathered, findings: &mut Findings) {
        match value {
            Value::Str(text) if text.is_template() => {
                self.mentioned(Template { text, kind: TemplateKind::Text }, task, certainty, gathered, findings);
            }
            Value::List(items) => items.iter().for_each(|item| self.value(item, task, certainty, gathered, findings)),
            Value::Map(map) => map.values().for_each(|item| self.value(item, task, certainty, gathered, findings)),
            _ => {}
        }
    }

    fn expression(
        &self,
        value: &Value,
        task: &Task,
        certainty: Certainty,
        gathered: &Gathered,
        findings: &mut Findings,
    ) {
        for item in value.as_list().unwrap_or(std::slice::from_ref(value)) {
            let Value::Str(text) = item else { continue };
            let kind = if text.contains("{{") { TemplateKind::Text } else { TemplateKind::Expression };
            self.mentioned(Template { text, kind }, task, certainty, gathered, findings);
        }
    }

    fn mentioned(
        &self,
        template: Template<'_>,
        task: &Task,
        certainty: Certainty,
        gathered: &Gathered,
        findings: &mut Findings,
    ) {
        let Template { text, kind } = template;
        let origin = text.origin().or(Some(&task.origin));
        let mentions = match self.mentions.of(text, kind, origin) {
            Ok(mentions) => mentions,
            Err(error) => {
                let error = Diagnostic::error(error.to_string()).at(error.origin().or(origin));
                return findings.add(Rule::TemplateSyntax, certainty, error);
            }
        };
        for mention in mentions.iter().filter(|mention| !gathered.names.knows(&mention.name) && !mention.guarded) {
            let sure = self.has_inventory && !gathered.names.open && !gathered.open && certainty == Certainty::Certain;
            let certainty = if sure && !is_forgiving(task) { Certainty::Certain } else { Certainty::Possible };
            let error = Diagnostic::error(format!("nothing sets the variable '{}'", mention.name)).at(origin);
            findings.add(Rule::UndefinedVariable, certainty, error);
        }
    }
}

/// A text that names variables.
struct Template<'a> {
    text: &'a kapell_parsing::Text,
    kind: TemplateKind,
}

fn add_handler(handler: &Task, gathered: &mut Gathered) {
    let mut add = |name: &str| {
        gathered.open |= name.contains("{{");
        gathered.handlers.insert(name.to_owned());
    };
    if let Some(name) = &handler.name {
        add(name);
        if let Some(role) = handler.scope.role() {
            add(&format!("{} : {name}", role.name));
            add(&format!("{} : {name}", role.short_name()));
        }
    }
    handler.listen.iter().for_each(|topic| add(topic));
    gathered.open |= handler.action.contains("include");
}

fn notified(task: &Task, certainty: Certainty, gathered: &Gathered, findings: &mut Findings) {
    let Some(notify) = task.scope.own("notify") else { return };
    for name in notify.as_list().unwrap_or(std::slice::from_ref(notify)) {
        let Some(text) = name.as_text().filter(|text| !text.is_template()) else { continue };
        if gathered.handlers.contains(text.as_str()) {
            continue;
        }
        let known = gathered.handlers.iter().map(String::as_str);
        let error = Diagnostic::error(format!("there is no handler '{text}'")).at(text.origin().or(Some(&task.origin)));
        let certainty = if gathered.open { Certainty::Possible } else { certainty };
        findings.add(Rule::MissingHandler, certainty, error.did_you_mean(text, known));
    }
}

/// An earlier task may bring a file that is not there yet: nothing of it is certain.
fn missing_files(task: &Task, findings: &mut Findings) {
    let (key, folder) = match task.action.rsplit('.').next().unwrap_or_default() {
        "template" => ("src", "templates"),
        "copy" if task.args.get("remote_src").is_none_or(|value| value.to_bool_loose() == Some(false)) => {
            ("src", "files")
        }
        _ => return,
    };
    let Some(name) = task.args.get(key).and_then(Value::as_text).filter(|text| !text.is_template()) else { return };
    if find_file(task, name.trim_end_matches('/'), folder).is_none() {
        let error = Diagnostic::error(format!(
            "there is no file '{name}' to {}",
            if folder == "files" { "copy" } else { "render" }
        ));
        let error = error.at(name.origin().or(Some(&task.origin)));
        findings.add(
            Rule::MissingFile,
            Certainty::Possible,
            error.hint(format!("it is searched for in {folder} of the role and beside the playbook")),
        );
    }
}

/// Of another kind than a slip in what is written.
fn judge(error: &Diagnostic, certainty: Certainty) -> (Rule, Certainty) {
    let message = error.message.as_str();
    if message.contains("was not found in") || message.contains("Could not find") || message.contains("could not find")
    {
        (Rule::MissingFile, certainty)
    } else if message.contains("couldn't resolve module/action") {
        (Rule::UnknownModule, certainty)
    } else if message.starts_with("cannot tell ") {
        // A name that extra variables may give.
        (Rule::UndefinedVariable, Certainty::Possible)
    } else if error.kind == Some(ErrorKind::Endless) {
        (Rule::Syntax, Certainty::Possible)
    } else {
        (Rule::Syntax, certainty)
    }
}

fn first_line(mut error: Diagnostic) -> Diagnostic {
    if let Some((first, _)) = error.message.split_once('\n') {
        error.message = first.to_owned();
    }
    error
}

/// Loops may be empty, conditions false, tags not asked for.
fn is_conditional(task: &Task) -> bool {
    let scopes = || task.scope.chain();
    !task.scope.conditions().is_empty()
        || scopes().any(|scope| scope.own("loop").is_some())
        || task.scope.tags().iter().any(|tag| tag.as_str() == "never")
}

/// A failure there is not the end.
fn is_forgiving(task: &Task) -> bool {
    task.scope
        .chain()
        .any(|scope| scope.own("ignore_errors").is_some() || scope.kind == kapell_playbook::ScopeKind::Block)
}

fn is_statement(name: &str) -> bool {
    let base = name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy.")).unwrap_or(name);
    ["meta", "import_role", "import_tasks", "include_role", "include_tasks", "validate_argument_spec"].contains(&base)
}

/// As tasks search: in the role, beside the file of the task, beside the playbook, each in `folder` first.
fn find_file(task: &Task, name: &str, folder: &str) -> Option<PathBuf> {
    let roles = task.scope.roles_upwards().into_iter().map(|role| role.path.clone());
    let dirs = task.scope.chain().map(|scope: &Scope| scope.dir.clone());
    let all: Vec<PathBuf> = roles.chain(dirs).collect();
    let places = all.iter().flat_map(|dir: &PathBuf| {
        let above = dir.parent().map(Path::to_owned).unwrap_or_default();
        [dir.join(folder).join(name), dir.join(name), above.join(folder).join(name), above.join(name)]
    });
    places.into_iter().find(|path| path.exists())
}

/// The names an inventory sets for any of its hosts.
pub(crate) fn names_of(maps: impl IntoIterator<Item = Map>) -> KnownNames {
    let mut names = KnownNames::default();
    maps.into_iter().for_each(|map| names.add_keys(&map));
    names
}
