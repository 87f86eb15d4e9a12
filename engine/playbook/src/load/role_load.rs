//! Loads one use of a role: its meta data, variables, dependencies, tasks and handlers.

use std::sync::{Arc, OnceLock};

use kapell_parsing::{Diagnostic, ErrorKind, Map, Origin, Value};

use crate::load::check::shown;
use crate::load::loader::{Loader, key_place};
use crate::load::role_path::RolePlace;
use crate::load::role_use::RoleUse;
use crate::load::task_list::handlers_scope;
use crate::load::validation::validation;
use crate::scope::next_id;
use crate::{Block, Node, Role, RoleRequest, Scope, ScopeKind, Task, keyword};

/// What a role brings into a play.
pub(crate) struct RoleParts {
    pub(crate) role: Arc<Role>,
    /// Itself last, its dependencies before it.
    pub(crate) roles: Vec<Arc<Role>>,
    pub(crate) tasks: Vec<Node>,
    pub(crate) handlers: Vec<Arc<Task>>,
}

/// `meta/main.yml` and `meta/argument_specs.yml`.
#[derive(Default)]
struct Meta {
    allow_duplicates: bool,
    collections: Vec<String>,
    /// The list and where it is.
    dependencies: Option<(Value, Option<Origin>)>,
    argument_specs: Map,
}

impl Loader<'_> {
    pub(crate) fn role(&mut self, role_use: RoleUse, parent: &Arc<Scope>) -> Option<RoleParts> {
        let place = self.find_role(&role_use.name, &role_use.scope)?;
        let entry = role_use.request.tasks_from.as_deref().unwrap_or("main");
        let what = format!("role {} ({entry})", place.name);
        let origin = role_use.name.origin().cloned();
        let hint = "a role cannot depend on, or import, a role that does the same with it";
        self.nested(what, (ErrorKind::Usage, hint), origin.as_ref(), |loader| {
            stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || Some(loader.role_at(&place, role_use, parent)))
        })
    }

    fn role_at(&mut self, place: &RolePlace, role_use: RoleUse, parent: &Arc<Scope>) -> RoleParts {
        let origin = role_use.name.origin().cloned();
        (self.cx.content_dir)(&place.path);
        let meta = self.meta(place);
        let role = Arc::new(self.role_data(place, &role_use, &meta, parent));
        let RoleUse { scope, request, .. } = role_use;
        let scope = Arc::new(role_scope(scope, &role, parent));

        let mut parts =
            RoleParts { role: Arc::clone(&role), roles: Vec::new(), tasks: Vec::new(), handlers: Vec::new() };
        self.dependencies(&meta, &role, &scope, &mut parts);
        let body = self.role_tasks(&role, &scope, &request, origin.as_ref());
        let handlers = self.role_handlers(&role, &scope, &request, origin.as_ref());
        let block = Block { scope, name: None, body, rescue: Vec::new(), always: Vec::new() };
        parts.tasks.push(Node::Block(Arc::new(block)));
        parts.handlers.extend(handlers);
        parts.roles.push(role);
        parts
    }

    fn role_data(&mut self, place: &RolePlace, role_use: &RoleUse, meta: &Meta, parent: &Arc<Scope>) -> Role {
        let (request, origin) = (&role_use.request, role_use.name.origin());
        let defaults = self.role_vars(&place.path, "defaults", request.defaults_from.as_deref(), origin);
        let vars = self.role_vars(&place.path, "vars", request.vars_from.as_deref(), origin);
        Role {
            name: place.name.clone(),
            path: place.path.clone(),
            defaults,
            vars,
            params: request.params.clone(),
            parents: parent.roles_upwards().into_iter().map(Arc::downgrade).collect(),
            dependencies: OnceLock::new(),
            // An import or include runs its role again unless told otherwise.
            allow_duplicates: if role_use.included {
                request.allow_duplicates.unwrap_or(true)
            } else {
                meta.allow_duplicates
            },
            id: next_id(),
            identity: role_use.identity(&place.path),
            argument_specs: meta.argument_specs.clone(),
            collection: place.collection.clone(),
            collections: meta.collections.clone(),
            public: request.public,
            is_dependency: parent.kind == ScopeKind::Role,
        }
    }

    fn dependencies(&mut self, meta: &Meta, role: &Arc<Role>, scope: &Arc<Scope>, parts: &mut RoleParts) {
        let mut direct = Vec::new();
        if let Some((list, origin)) = &meta.dependencies {
            let dir = role.path.join("meta");
            for dependency in self.role_list(list, scope, &dir, "dependencies", origin.as_ref()) {
                let Some(loaded) = self.role(dependency, scope) else { continue };
                direct.push(loaded.role);
                parts.roles.extend(loaded.roles);
                parts.tasks.extend(loaded.tasks);
                parts.handlers.extend(loaded.handlers);
            }
        }
        // Set once, right here, before anybody else can see the role.
        let _ = role.dependencies.set(direct);
    }

    fn role_tasks(
        &mut self,
        role: &Arc<Role>,
        scope: &Arc<Scope>,
        request: &RoleRequest,
        origin: Option<&Origin>,
    ) -> Vec<Node> {
        let mut nodes: Vec<Node> = Vec::new();
        if request.validate {
            nodes.extend(validation(role, scope, request, origin));
        }
        if let Some(path) = self.role_file(&role.path, "tasks", request.tasks_from.as_deref(), origin) {
            nodes.extend(self.task_file(&path, scope).unwrap_or_default());
        }
        nodes
    }

    fn role_handlers(
        &mut self,
        role: &Arc<Role>,
        scope: &Arc<Scope>,
        request: &RoleRequest,
        origin: Option<&Origin>,
    ) -> Vec<Arc<Task>> {
        let Some(path) = self.role_file(&role.path, "handlers", request.handlers_from.as_deref(), origin) else {
            return Vec::new();
        };
        let nodes = self.task_file(&path, &handlers_scope(scope)).unwrap_or_default();
        self.flat_handlers(&nodes)
    }

    fn meta(&mut self, place: &RolePlace) -> Meta {
        let mut meta = Meta::default();
        if let Some(content) = self.meta_file(place, "main") {
            self.read_meta(&content, &mut meta);
        }
        if let Some(content) = self.meta_file(place, "argument_specs")
            && let Some(Value::Map(specs)) = content.get("argument_specs")
        {
            meta.argument_specs.clone_from(specs);
        }
        // A role of a collection looks for short names in its own collection first.
        if let Some(own) = &place.collection
            && !meta.collections.contains(own)
        {
            meta.collections.insert(0, own.clone());
        }
        meta
    }

    fn meta_file(&mut self, place: &RolePlace, name: &str) -> Option<Map> {
        let wanted = (name != "main").then_some(name);
        let dir = place.path.join("meta");
        let path = super::role_files::existing(&dir, wanted)?;
        match self.read(&path)? {
            Value::Null => None,
            Value::Map(map) => Some(Map::clone(&map)),
            other => {
                let message = format!("{} must hold a mapping, not {}", path.display(), shown(&other));
                self.error(Diagnostic::error(message).at(other.origin()));
                None
            }
        }
    }

    fn read_meta(&mut self, content: &Map, meta: &mut Meta) {
        for (key, value) in content {
            let at = key_place(key);
            match key.as_str().unwrap_or_default() {
                "dependencies" => meta.dependencies = Some((value.clone(), at.cloned())),
                "allow_duplicates" => {
                    meta.allow_duplicates = value.to_bool_loose().unwrap_or_else(|| {
                        let message = format!("'allow_duplicates' must be yes or no, not {}", shown(value));
                        self.error(Diagnostic::error(message).at(at));
                        false
                    });
                }
                "argument_specs" => meta.argument_specs = value.as_map().cloned().unwrap_or_default(),
                "collections" => {
                    let items = value.as_list().unwrap_or(std::slice::from_ref(value));
                    meta.collections = items.iter().filter_map(Value::as_str).map(str::to_string).collect();
                }
                "galaxy_info" => {}
                other if is_meta_keyword(other) => {}
                other => {
                    const KNOWN: &[&str] =
                        &["allow_duplicates", "argument_specs", "collections", "dependencies", "galaxy_info"];
                    let error =
                        Diagnostic::error(format!("'{key}' is not a valid attribute for a RoleMetadata")).at(at);
                    self.error(error.did_you_mean(other, KNOWN.iter().copied()));
                }
            }
        }
    }
}

/// Ansible takes what is common to all levels here, and makes nothing of it.
fn is_meta_keyword(name: &str) -> bool {
    keyword::find(name).is_some_and(|row| row.is_on(ScopeKind::Include) && row.is_on(ScopeKind::Play))
}

fn role_scope(mut scope: Scope, role: &Arc<Role>, parent: &Arc<Scope>) -> Scope {
    scope.role = Some(Arc::clone(role));
    scope.parent = Some(Arc::clone(parent));
    // Roles do not inherit the play's collections.
    let collections = role.collections.iter().map(|name| Value::from(name.as_str())).collect();
    scope.keywords.insert("collections", Value::list(collections));
    scope
}
