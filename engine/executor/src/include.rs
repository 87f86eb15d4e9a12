//! Dynamic includes: the requests of all hosts grouped, loaded once per group, put in the place of the include.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

use indexmap::IndexSet;
use kapell_parsing::{Diagnostic, ErrorKind, Key, Map, Value};
use kapell_playbook::{
    Block, Fault, LoadContext, LoadErrors, Node, Role, RoleRequest, Scope, ScopeKind, Task, include_scope, load_role,
    load_task_file, missing_file,
};

use crate::action::{IncludeRequest, Included};
use crate::dispatcher::Dispatcher;
use crate::error_report::ErrorReport;
use crate::handlers::known_handlers;
use crate::play_iterator::AfterFailure;
use crate::static_names::render_static;
use crate::task_executor::TaskOutcome;
use crate::variables::combine;
use crate::{Event, Run, Stopped, TaskInfo, TaskResult, TaskStatus};

/// Includes within includes; whoever has more goes in circles.
const MOST_NESTED: usize = 1000;

/// Hosts that asked for the same thing.
pub struct IncludeGroup {
    pub request: IncludeRequest,
    pub hosts: IndexSet<String>,
}

/// What an include brought.
pub struct Loaded {
    pub block: Arc<Block>,
    pub handlers: Vec<Arc<Task>>,
    /// The roles it stands for or imports; the whole play sees the variables of those that are `public`.
    pub roles: Vec<Arc<Role>>,
}

/// Equal requests of several hosts as one, in the order of the first host that asked.
pub fn group(requests: Vec<(String, Vec<IncludeRequest>)>) -> Vec<IncludeGroup> {
    let mut groups: Vec<IncludeGroup> = Vec::new();
    let mut alike: HashMap<u64, Vec<usize>> = HashMap::new();
    let most = requests.iter().map(|(_, list)| list.len()).max().unwrap_or(0);
    // Item by item, so that the items of a loop keep their order across hosts.
    for index in 0..most {
        for (host, list) in &requests {
            let Some(request) = list.get(index) else { continue };
            let alike = alike.entry(fingerprint(request)).or_default();
            let is_same = |group: &IncludeGroup| group.request == *request && !group.hosts.contains(host);
            if let Some(at) = alike.iter().find(|at| is_same(&groups[**at])) {
                groups[*at].hosts.insert(host.clone());
            } else {
                alike.push(groups.len());
                groups.push(IncludeGroup { request: request.clone(), hosts: IndexSet::from([host.clone()]) });
            }
        }
    }
    groups
}

/// Equal for equal requests. What `ansible_loop` says of the other items need not be looked at for that.
fn fingerprint(request: &IncludeRequest) -> u64 {
    let mut hasher = DefaultHasher::new();
    match &request.what {
        Included::Tasks { path, .. } => path.hash(&mut hasher),
        Included::Role { args } => Value::map(args.clone()).repr().hash(&mut hasher),
    }
    for (key, value) in request.vars.iter().filter(|(key, _)| key.as_str() != Some("ansible_loop")) {
        (key, value.repr()).hash(&mut hasher);
    }
    hasher.finish()
}

/// Loads what `request` of `task` asks for.
pub fn load(run: &Run, task: &Arc<Task>, request: &IncludeRequest, basedir: &Path) -> Result<Loaded, LoadErrors> {
    let depth = task.scope.chain().filter(|scope| scope.kind == ScopeKind::Include).count();
    if depth > MOST_NESTED {
        let message = format!("this include never ends, {depth} includes are open: {}", circle(task));
        let error = Diagnostic::error(message).at(Some(&task.origin));
        let kind = if task.is_include_role() { ErrorKind::Usage } else { ErrorKind::Endless };
        let hint = "an include that includes itself needs a condition that ends it";
        return Err(LoadErrors { errors: vec![error.hint(hint).of_kind(kind)], fault: Fault::Content });
    }
    let warnings = RefCell::new(Vec::new());
    let cx = LoadContext {
        settings: &run.settings,
        vault: &run.vault,
        removed: &|name| run.library.removed_action(name),
        is_module: &|name| run.library.may_be_named(name),
        // Its tasks say so themselves.
        has_action_group: &|_| true,
        content_dir: &|dir| run.library.add_content(dir),
        render: &|value, scope| render_static(&run.templar, value, scope, &run.options.extra_vars),
        warnings: &warnings,
    };
    let loaded = match &request.what {
        Included::Tasks { path, .. } if !path.is_file() => {
            let error = Diagnostic::error(missing_file(path));
            return Err(LoadErrors { errors: vec![error], fault: Fault::Missing });
        }
        Included::Tasks { path, apply, .. } => {
            let scope = scope_for(task, &request.vars, apply, run);
            let loaded = load_task_file(path, &scope, &cx);
            loaded
                .inspect(|loaded| loaded.imported.iter().for_each(|role| run.templar.add_plugin_root(&role.path)))
                .map(|loaded| Loaded {
                    block: block_of(&scope, loaded.tasks),
                    handlers: loaded.handlers,
                    roles: loaded.imported,
                })
        }
        Included::Role { args } => load_included_role(run, task, request, args, basedir, &cx),
    };
    let notices = run.library.take_notices();
    warnings.into_inner().into_iter().chain(notices).for_each(|warning| run.emit(Event::Diagnostic(warning)));
    loaded
}

/// The files that include each other, up to the one that comes again.
fn circle(task: &Task) -> String {
    let mut files: Vec<String> = vec![task.origin.path().display().to_string()];
    for origin in task.scope.chain().filter(|scope| scope.kind == ScopeKind::Include).filter_map(|s| s.origin.as_ref())
    {
        let file = origin.path().display().to_string();
        let is_again = files.contains(&file);
        files.push(file);
        if is_again {
            break;
        }
    }
    files.reverse();
    files.join(" -> ")
}

fn load_included_role(
    run: &Run,
    task: &Arc<Task>,
    request: &IncludeRequest,
    args: &Map,
    basedir: &Path,
    cx: &LoadContext<'_>,
) -> Result<Loaded, LoadErrors> {
    let text = |name: &str| args.get(name).filter(|value| !value.is_null()).map(Value::to_string);
    let flag = |name: &str, default| args.get(name).and_then(Value::to_bool_loose).unwrap_or(default);
    let apply = args.get("apply").and_then(Value::as_map).cloned().unwrap_or_default();
    let scope = scope_for(task, &request.vars, &apply, run);
    let written = ["name", "role"].iter().find_map(|key| task.args.get(key));
    let role = RoleRequest {
        origin: written.and_then(Value::origin).cloned(),
        name: text("name").or_else(|| text("role")).unwrap_or_default(),
        tasks_from: text("tasks_from"),
        vars_from: text("vars_from"),
        defaults_from: text("defaults_from"),
        handlers_from: text("handlers_from"),
        allow_duplicates: Some(flag("allow_duplicates", true)),
        public: flag("public", shares_role_vars(run)),
        validate: flag("rolespec_validate", true),
        ..RoleRequest::default()
    };
    let loaded = load_role(&role, &scope, basedir, cx)?;
    let roles = loaded.imported.iter().chain([&loaded.role]);
    roles.for_each(|role| run.templar.add_plugin_root(&role.path));
    Ok(Loaded {
        block: block_of(&scope, loaded.tasks),
        handlers: loaded.handlers,
        roles: loaded.imported.into_iter().chain([loaded.role]).collect(),
    })
}

/// What a dynamic include is `public` by default: not at all, unless somebody asked for roles that hide nothing.
fn shares_role_vars(run: &Run) -> bool {
    !run.settings.private_role_vars && run.settings.set.contains(&"DEFAULT_PRIVATE_ROLE_VARS")
}

/// The scope included tasks live in: the include's, with what its loop and `apply` add.
fn scope_for(task: &Arc<Task>, vars: &Map, apply: &Map, run: &Run) -> Arc<Scope> {
    let mut scope = include_scope(task);
    let Some(inner) = Arc::get_mut(&mut scope) else { return scope };
    let mut merged = inner.own("vars").and_then(Value::as_map).cloned().unwrap_or_default();
    for (key, value) in apply {
        match key.as_str().and_then(kapell_playbook::keyword::find) {
            Some(keyword) if keyword.name == "vars" => inner.parent = Some(applied_vars(inner, value)),
            Some(keyword) => drop(inner.keywords.insert(keyword.name, value.clone())),
            None => {}
        }
    }
    combine(&mut merged, vars, run.settings.hash_behaviour);
    inner.keywords.insert("vars", Value::map(merged));
    scope
}

/// Around an include: the `vars` of its `apply`, which are those of a block.
fn applied_vars(include: &Scope, vars: &Value) -> Arc<Scope> {
    let mut scope = Scope::new(ScopeKind::Import, include.parent.as_ref(), include.dir.clone());
    scope.role.clone_from(&include.role);
    scope.in_handlers = include.in_handlers;
    scope.origin.clone_from(&include.origin);
    scope.keywords.insert("vars", Value::map(vars.as_map().cloned().unwrap_or_default()));
    Arc::new(scope)
}

fn block_of(scope: &Arc<Scope>, nodes: Vec<Node>) -> Arc<Block> {
    Arc::new(Block { scope: Arc::clone(scope), name: None, body: nodes, rescue: Vec::new(), always: Vec::new() })
}

/// One block that holds what all hosts asked for, and which of its nodes each host goes through: that way the same node
/// is at the same place for all of them.
fn entered(scope: &Arc<Scope>, groups: &[(IncludeGroup, Loaded)]) -> (Arc<Block>, HashMap<String, Vec<usize>>) {
    let mut own: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, (group, _)) in groups.iter().enumerate() {
        group.hosts.iter().for_each(|host| own.entry(host.clone()).or_default().push(at));
    }
    let nodes = groups.iter().map(|(_, loaded)| Node::Block(Arc::clone(&loaded.block)));
    (block_of(scope, nodes.collect()), own)
}

/// Text of a request's item for the `included:` line.
pub fn item_label(request: &IncludeRequest) -> Option<String> {
    if let Some(label) = &request.item_label {
        return Some(label.clone());
    }
    let variable = request.vars.get("ansible_loop_var").map(Value::to_string)?;
    request.vars.get(&Key::from(variable)).map(Value::to_string)
}

impl Dispatcher<'_> {
    /// True when something could not be included.
    pub(crate) fn include(
        &mut self,
        task: &Arc<Task>,
        info: &Arc<TaskInfo>,
        requests: Vec<(String, Vec<IncludeRequest>)>,
    ) -> Result<bool, Stopped> {
        // In the order of the batch, whoever answered first.
        let mut requests = requests;
        let places: HashMap<&str, usize> =
            self.batch.iter().enumerate().map(|(at, host)| (host.as_str(), at)).collect();
        requests.sort_by_cached_key(|(host, _)| places.get(host.as_str()).copied());
        let hosts: Vec<String> = requests.iter().map(|(host, _)| host.clone()).collect();
        let mut loaded: Vec<(IncludeGroup, Loaded)> = Vec::new();
        let mut broken: HashSet<String> = HashSet::new();
        for group in group(requests) {
            match load(self.run, task, &group.request, &self.play.basedir) {
                Ok(content) => {
                    self.run.turn_to(info);
                    self.welcome(info, &group, &content);
                    loaded.push((group, content));
                }
                Err(failed) if failed.is_of_hosts() => {
                    self.fail_include(&group, info, failed.errors);
                    broken.extend(group.hosts);
                }
                Err(failed) => return Err(failed.into()),
            }
        }
        let (block, mut own) = entered(&task.scope, &loaded);
        for host in hosts {
            if !broken.contains(&host) {
                let own = own.remove(&host).unwrap_or_default();
                self.iterator.enter_block(&host, &block, own);
            } else if self.iterator.fail(&host) == AfterFailure::Failed {
                self.state.failed.insert(host.clone());
                self.hosts_left = true;
            }
            self.release(&host);
        }
        self.refresh_hosts();
        Ok(!broken.is_empty())
    }

    /// Tells of an include and takes in the handlers and variables it brings.
    fn welcome(&mut self, info: &Arc<TaskInfo>, group: &IncludeGroup, content: &Loaded) {
        let (file, is_role) = match &group.request.what {
            Included::Tasks { path, .. } => (path.clone(), false),
            Included::Role { args } => {
                let name = args.get("name").or_else(|| args.get("role")).map(Value::to_string).unwrap_or_default();
                (name.into(), true)
            }
        };
        let item_label = item_label(&group.request);
        let hosts = group.hosts.iter().cloned().collect();
        let (vars, args) = (group.request.vars.clone(), group.request.what.further_args());
        self.run.emit(Event::Included { task: Arc::clone(info), file, hosts, item_label, args, vars, is_role });
        group.hosts.iter().for_each(|host| self.state.stats.record(host, TaskStatus::Ok, false));
        if !content.handlers.is_empty() {
            self.iterator.add_handlers(content.handlers.clone());
            self.handlers = known_handlers(self.run, &self.state.world, self.iterator.handlers());
        }
        for role in &content.roles {
            let Some(play) = self.state.world.play.clone() else { break };
            let mut changed = play.as_ref().clone();
            Arc::make_mut(&mut changed.included_roles).push(Arc::clone(role));
            if !role.public {
                self.state.world.play = Some(Arc::new(changed));
                continue;
            }
            let behaviour = self.run.settings.hash_behaviour;
            combine(Arc::make_mut(&mut changed.role_defaults), &role.defaults, behaviour);
            combine(Arc::make_mut(&mut changed.role_vars), &role.vars, behaviour);
            self.state.world.play = Some(Arc::new(changed));
        }
    }

    /// What is missing fails the include, whatever it says about errors; there is no result to look at in a rescue.
    fn fail_include(&mut self, group: &IncludeGroup, info: &Arc<TaskInfo>, errors: Vec<Diagnostic>) {
        let report = ErrorReport { causes: errors };
        let of_loop = group.request.vars.contains_key("ansible_loop_var");
        report.causes.iter().for_each(|error| self.run.emit(Event::Diagnostic(error.clone())));
        for host in &group.hosts {
            self.state.stats.record(host, TaskStatus::Failed, false);
            if of_loop {
                continue;
            }
            let mut result = TaskResult::new(Map::new());
            result.set("changed", false);
            result.set("failed", true);
            if let Included::Tasks { written, .. } = &group.request.what {
                result.set("include", written.as_str());
            }
            result.set("reason", report.message());
            result.error = Some(report.clone());
            self.tell_result(info, &TaskOutcome::failed(host, result), TaskStatus::Failed);
        }
    }
}
