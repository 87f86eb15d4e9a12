//! The way in: loads a playbook, an included task file or an included role.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use kapell_config::Settings;
use kapell_parsing::{Diagnostic, Map, Value, VaultSecrets};

use crate::{Node, Playbook, Role, Scope, Task};

/// Renders what must be known while loading: file names of static imports, role names.
/// `Ok` of the value itself when there is nothing to render with.
pub type Render<'a> = &'a dyn Fn(&Value, &Scope) -> Result<Value, Diagnostic>;

/// What loading needs from the rest of the program.
#[derive(Clone, Copy)]
pub struct LoadContext<'a> {
    pub settings: &'a Settings,
    pub vault: &'a VaultSecrets,
    /// Whether a module or action of this name exists.
    pub is_module: &'a dyn Fn(&str) -> bool,
    /// With extra variables and the variables of the scope given.
    pub render: Render<'a>,
    pub warnings: &'a RefCell<Vec<Diagnostic>>,
}

/// What `include_role` asks for.
#[derive(Clone, Debug, Default)]
pub struct RoleRequest {
    pub name: String,
    pub tasks_from: Option<String>,
    pub vars_from: Option<String>,
    pub defaults_from: Option<String>,
    pub handlers_from: Option<String>,
    pub params: Map,
    pub allow_duplicates: Option<bool>,
    pub public: bool,
    /// `rolespec_validate`: whether the argument specification is checked.
    pub validate: bool,
}

#[derive(Debug)]
pub struct LoadedRole {
    pub role: Arc<Role>,
    /// One block per role instance, dependencies first.
    pub tasks: Vec<Node>,
    pub handlers: Vec<Arc<Task>>,
}

/// Loads a playbook with everything it imports. On errors: all that were found.
pub fn load_playbook(path: &Path, _cx: &LoadContext) -> Result<Playbook, Vec<Diagnostic>> {
    Err(vec![Diagnostic::error(format!("cannot load {}", path.display()))])
}

/// Loads the file of `include_tasks`. `parent` is what [`include_scope`] made of the include task.
pub fn load_task_file(path: &Path, _parent: &Arc<Scope>, _cx: &LoadContext) -> Result<Vec<Node>, Vec<Diagnostic>> {
    Err(vec![Diagnostic::error(format!("cannot load {}", path.display()))])
}

/// Loads the role of `include_role`. `parent` is what [`include_scope`] made of the include task.
pub fn load_role(
    request: &RoleRequest,
    _parent: &Arc<Scope>,
    _play_basedir: &Path,
    _cx: &LoadContext,
) -> Result<LoadedRole, Vec<Diagnostic>> {
    Err(vec![Diagnostic::error(format!("cannot load the role {}", request.name))])
}

/// What an include task hands down to the tasks it brings in: its `vars` and what its `apply` says, but not its own
/// tags and conditions; beyond that, what its own parents hand down.
pub fn include_scope(task: &Task) -> Arc<Scope> {
    let mut scope = Scope::new(crate::ScopeKind::Include, task.scope.parent.as_ref(), task.scope.dir.clone());
    scope.role.clone_from(&task.scope.role);
    scope.origin = Some(task.origin.clone());
    if let Some(vars) = task.scope.own("vars") {
        scope.keywords.insert("vars", vars.clone());
    }
    Arc::new(scope)
}
