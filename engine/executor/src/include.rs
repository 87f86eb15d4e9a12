//! Dynamic includes: the requests of all hosts grouped, loaded once per group, put in the place of the include.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use kapell_parsing::{Diagnostic, Key, Map, Value};
use kapell_playbook::{Block, LoadContext, Node, RoleRequest, Scope, Task, include_scope, load_role, load_task_file};

use crate::action::{IncludeRequest, Included};
use crate::static_names::render_static;
use crate::variables::combine;
use crate::{Event, Run};

/// Hosts that asked for the same thing.
pub struct IncludeGroup {
    pub request: IncludeRequest,
    pub hosts: Vec<String>,
}

/// What an include brought.
pub struct Loaded {
    pub block: Arc<Block>,
    pub handlers: Vec<Arc<Task>>,
    /// Role variables the whole play may see (`public`).
    pub public_roles: Vec<Arc<kapell_playbook::Role>>,
}

/// Equal requests of several hosts as one, in the order of the first host that asked.
pub fn group(requests: Vec<(String, Vec<IncludeRequest>)>) -> Vec<IncludeGroup> {
    let mut groups: Vec<IncludeGroup> = Vec::new();
    let most = requests.iter().map(|(_, list)| list.len()).max().unwrap_or(0);
    // Item by item, so that the items of a loop keep their order across hosts.
    for index in 0..most {
        for (host, list) in &requests {
            let Some(request) = list.get(index) else { continue };
            let known = groups.iter_mut().find(|group| group.request == *request && !group.hosts.contains(host));
            match known {
                Some(group) => group.hosts.push(host.clone()),
                None => groups.push(IncludeGroup { request: request.clone(), hosts: vec![host.clone()] }),
            }
        }
    }
    groups
}

/// Loads what `request` of `task` asks for.
pub fn load(run: &Run, task: &Arc<Task>, request: &IncludeRequest, basedir: &Path) -> Result<Loaded, Vec<Diagnostic>> {
    let warnings = RefCell::new(Vec::new());
    let cx = LoadContext {
        settings: &run.settings,
        vault: &run.vault,
        is_module: &|name| run.library.exists(name),
        content_dir: &|dir| run.library.add_content(dir),
        render: &|value, scope| render_static(&run.templar, value, scope, &run.options.extra_vars),
        warnings: &warnings,
    };
    let loaded = match &request.what {
        Included::Tasks { path, apply, .. } => {
            let scope = scope_for(task, &request.vars, apply, run);
            let loaded = load_task_file(path, &scope, &cx);
            loaded
                .inspect(|loaded| loaded.imported.iter().for_each(|role| run.templar.add_plugin_root(&role.path)))
                .map(|loaded| Loaded {
                    block: block_of(&scope, loaded.tasks),
                    handlers: loaded.handlers,
                    public_roles: loaded.imported.into_iter().filter(|role| role.public).collect(),
                })
        }
        Included::Role { args } => load_included_role(run, task, request, args, basedir, &cx),
    };
    warnings.into_inner().into_iter().for_each(|warning| run.emit(Event::Diagnostic(warning)));
    loaded
}

fn load_included_role(
    run: &Run,
    task: &Arc<Task>,
    request: &IncludeRequest,
    args: &Map,
    basedir: &Path,
    cx: &LoadContext<'_>,
) -> Result<Loaded, Vec<Diagnostic>> {
    let text = |name: &str| args.get(name).filter(|value| !value.is_null()).map(Value::to_string);
    let flag = |name: &str, default| args.get(name).and_then(Value::to_bool_loose).unwrap_or(default);
    let apply = args.get("apply").and_then(Value::as_map).cloned().unwrap_or_default();
    let scope = scope_for(task, &request.vars, &apply, run);
    let role = RoleRequest {
        name: text("name").or_else(|| text("role")).unwrap_or_default(),
        tasks_from: text("tasks_from"),
        vars_from: text("vars_from"),
        defaults_from: text("defaults_from"),
        handlers_from: text("handlers_from"),
        allow_duplicates: Some(flag("allow_duplicates", true)),
        public: flag("public", false),
        validate: flag("rolespec_validate", true),
        ..RoleRequest::default()
    };
    let loaded = load_role(&role, &scope, basedir, cx)?;
    let roles = loaded.imported.iter().chain([&loaded.role]);
    roles.for_each(|role| run.templar.add_plugin_root(&role.path));
    Ok(Loaded {
        block: block_of(&scope, loaded.tasks),
        handlers: loaded.handlers,
        public_roles: loaded.imported.into_iter().chain([loaded.role]).filter(|role| role.public).collect(),
    })
}

/// The scope included tasks live in: the include's, with what its loop and `apply` add.
fn scope_for(task: &Arc<Task>, vars: &Map, apply: &Map, run: &Run) -> Arc<Scope> {
    let mut scope = include_scope(task);
    let Some(inner) = Arc::get_mut(&mut scope) else { return scope };
    let mut merged = inner.own("vars").and_then(Value::as_map).cloned().unwrap_or_default();
    for (key, value) in apply {
        if let Some(keyword) = key.as_str().and_then(kapell_playbook::keyword::find) {
            if keyword.name == "vars" {
                combine(&mut merged, value.as_map().unwrap_or(&Map::new()), run.settings.hash_behaviour);
            } else {
                inner.keywords.insert(keyword.name, value.clone());
            }
        }
    }
    combine(&mut merged, vars, run.settings.hash_behaviour);
    inner.keywords.insert("vars", Value::map(merged));
    scope
}

fn block_of(scope: &Arc<Scope>, nodes: Vec<Node>) -> Arc<Block> {
    Arc::new(Block { scope: Arc::clone(scope), name: None, body: nodes, rescue: Vec::new(), always: Vec::new() })
}

/// One block that holds, for one host, the blocks it asked for; the others stay empty so that places agree.
pub fn for_host(host: &str, scope: &Arc<Scope>, groups: &[(IncludeGroup, Loaded)]) -> Arc<Block> {
    let nodes = groups.iter().map(|(group, loaded)| {
        if group.hosts.iter().any(|asked| asked == host) {
            Node::Block(Arc::clone(&loaded.block))
        } else {
            Node::Block(block_of(scope, Vec::new()))
        }
    });
    block_of(scope, nodes.collect())
}

/// Text of a request's item for the `included:` line.
pub fn item_label(request: &IncludeRequest) -> Option<String> {
    if let Some(label) = &request.item_label {
        return Some(label.clone());
    }
    let variable = request.vars.get("ansible_loop_var").map(Value::to_string)?;
    request.vars.get(&Key::from(variable)).map(Value::to_string)
}
