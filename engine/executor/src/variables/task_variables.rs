//! `TaskVariables`: the levels that come from where a task is written, worked out once for all hosts.

use std::sync::Arc;

use kapell_config::HashBehaviour;
use kapell_parsing::Map;
use kapell_playbook::{Role, Scope, ScopeKind};

use super::combine;

/// Variables a task has from its role, blocks, includes and itself.
pub struct TaskVariables {
    pub scope: Arc<Scope>,
    pub role_defaults: Map,
    pub role_vars: Map,
    /// Blocks, includes and the task, outermost first.
    pub task_vars: Map,
    /// Role parameters and the `vars` of dynamic includes: above registered variables.
    pub params: Map,
}

impl TaskVariables {
    pub fn new(scope: &Arc<Scope>, behaviour: HashBehaviour) -> Self {
        let mut variables = Self {
            scope: Arc::clone(scope),
            role_defaults: Map::new(),
            role_vars: Map::new(),
            task_vars: Map::new(),
            params: Map::new(),
        };
        if let Some(role) = scope.role() {
            variables.add_role(role, behaviour);
        }
        for (kind, vars) in scope.vars_chain() {
            if !matches!(kind, ScopeKind::Play | ScopeKind::Role) {
                combine(&mut variables.task_vars, vars, behaviour);
            }
            if kind == ScopeKind::Include {
                combine(&mut variables.params, vars, behaviour);
            }
        }
        variables
    }

    /// The roles a role was reached through come first, then its own dependencies, then the role itself. What `vars` says
    /// where a role is listed is above the role's own files, but below them for its dependencies.
    fn add_role(&mut self, role: &Arc<Role>, behaviour: HashBehaviour) {
        for parent in role.parents().iter().rev() {
            combine(&mut self.role_defaults, &parent.defaults, behaviour);
            combine(&mut self.role_vars, &listed_vars(&self.scope, parent), behaviour);
            combine(&mut self.role_vars, &parent.vars, behaviour);
            combine(&mut self.params, &parent.params, behaviour);
        }
        for part in role.all_dependencies().iter().chain([role]) {
            combine(&mut self.role_defaults, &part.defaults, behaviour);
            combine(&mut self.role_vars, &part.vars, behaviour);
        }
        combine(&mut self.role_vars, &listed_vars(&self.scope, role), behaviour);
        combine(&mut self.params, &role.params, behaviour);
    }
}

/// The `vars` of the entry in `roles` or `dependencies` that brought in `role`.
fn listed_vars(scope: &Scope, role: &Role) -> Map {
    let is_entry = |scope: &&Scope| scope.kind == ScopeKind::Role && scope.role().is_some_and(|of| of.id == role.id);
    let entry = scope.chain().find(is_entry).and_then(|entry| entry.own("vars")?.as_map());
    entry.cloned().unwrap_or_default()
}
