//! The way in: loads a playbook, an included task file or an included role.

mod action_name;
mod check;
mod errors;
mod include;
mod keywords;
mod loader;
mod play_entry;
mod playbook_file;
mod role_files;
mod role_load;
mod role_path;
mod role_use;
mod statement;
mod static_vars;
mod task_entry;
mod task_list;
mod validation;
mod vars;

pub use statement::source_of;
pub use vars::is_reserved;

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use kapell_config::Settings;
use kapell_parsing::{Diagnostic, Map, Origin, Text, Value, VaultSecrets};

pub(crate) use action_name::base_name;
pub use errors::{Fault, LoadErrors};
pub use include::{find_task_file, missing_file};
use loader::Loader;
pub use loader::ReadFiles;
use playbook_file::Handed;
use role_use::RoleUse;

use crate::{Node, Playbook, Role, Scope, ScopeKind, Task};

/// Renders what must be known while loading: file names of static imports, role names. The scope has all variables of
/// the place as its `vars`, but extra variables.
pub type Render<'a> = &'a dyn Fn(&Value, &Scope) -> Result<Value, Diagnostic>;

/// What loading needs from the rest of the program.
#[derive(Clone, Copy)]
pub struct LoadContext<'a> {
    pub settings: &'a Settings,
    pub vault: &'a VaultSecrets,
    /// Whether a module or action of this name exists.
    pub is_module: &'a dyn Fn(&str) -> bool,
    /// Whether somebody defines this group of actions.
    pub has_action_group: &'a dyn Fn(&str) -> bool,
    /// Why there is no module or action of this full name any more, where that is known.
    pub removed: &'a dyn Fn(&str) -> Option<String>,
    /// Told each directory that may bring modules and plugins of its own, playbooks' and roles', before it is read.
    pub content_dir: &'a dyn Fn(&Path),
    pub render: Render<'a>,
    pub warnings: &'a RefCell<Vec<Diagnostic>>,
}

/// What `include_role` asks for.
#[derive(Clone, Debug)]
pub struct RoleRequest {
    pub name: String,
    /// Where the name is written.
    pub origin: Option<Origin>,
    pub tasks_from: Option<String>,
    pub vars_from: Option<String>,
    pub defaults_from: Option<String>,
    pub handlers_from: Option<String>,
    pub params: Map,
    /// `None`: yes.
    pub allow_duplicates: Option<bool>,
    pub public: bool,
    /// `rolespec_validate`: whether the argument specification is checked.
    pub validate: bool,
}

impl Default for RoleRequest {
    fn default() -> Self {
        Self {
            name: String::new(),
            origin: None,
            tasks_from: None,
            vars_from: None,
            defaults_from: None,
            handlers_from: None,
            params: Map::new(),
            allow_duplicates: None,
            public: false,
            validate: true,
        }
    }
}

#[derive(Debug)]
pub struct LoadedRole {
    pub role: Arc<Role>,
    /// One block per role instance, dependencies first.
    pub tasks: Vec<Node>,
    /// Its own, and those of roles it depends on or imports.
    pub handlers: Vec<Arc<Task>>,
    /// Roles it imports statically: their variables belong to the play, too, when they are `public`.
    pub imported: Vec<Arc<Role>>,
}

/// An included file.
#[derive(Debug)]
pub struct LoadedTasks {
    pub tasks: Vec<Node>,
    /// Of roles it imports statically; they join the play's.
    pub handlers: Vec<Arc<Task>>,
    /// Roles it imports statically: their variables belong to the play, too, when they are `public`.
    pub imported: Vec<Arc<Role>>,
}

/// Loads a playbook with everything it imports. On errors: all that were found.
pub fn load_playbook(path: &Path, cx: &LoadContext) -> Result<Playbook, LoadErrors> {
    if !path.exists() {
        return Err(LoadErrors { errors: vec![playbook_file::missing(path)], fault: Fault::Missing });
    }
    let mut loader = Loader::new(cx, playbook_file::directory(path));
    let plays = loader.playbook_file(path, &Handed::default());
    loader.finish(plays).map(|plays| Playbook { path: path.to_path_buf(), named: path.to_path_buf(), plays })
}

/// The playbook as far as it can be read, for whoever looks for mistakes, and all that is wrong with it. Files that
/// were `read` for another playbook are not read again, nor is it said again that one cannot be; plays that were looked
/// at are left out.
pub fn look_at_playbook(path: &Path, cx: &LoadContext, read: &Arc<ReadFiles>) -> (Option<Playbook>, Vec<Diagnostic>) {
    if !path.exists() {
        return (None, vec![playbook_file::missing(path)]);
    }
    let mut loader = Loader::having(cx, playbook_file::directory(path), read);
    loader.looks = true;
    look(loader, path)
}

/// The same for plays that are in no file.
pub fn look_at_plays(
    path: &Path,
    plays: Value,
    cx: &LoadContext,
    read: &Arc<ReadFiles>,
) -> (Option<Playbook>, Vec<Diagnostic>) {
    let mut loader = Loader::having(cx, playbook_file::directory(path), read);
    loader.assume(path, plays);
    look(loader, path)
}

fn look(mut loader: Loader<'_>, path: &Path) -> (Option<Playbook>, Vec<Diagnostic>) {
    let plays = loader.playbook_file(path, &Handed::default());
    (plays.map(|plays| Playbook { path: path.to_path_buf(), named: path.to_path_buf(), plays }), loader.into_errors())
}

/// Loads plays that are in no file: ad-hoc commands. `path` names a file that could be in their directory.
pub fn load_plays(path: &Path, plays: Value, cx: &LoadContext) -> Result<Playbook, LoadErrors> {
    let mut loader = Loader::new(cx, playbook_file::directory(path));
    loader.assume(path, plays);
    let plays = loader.playbook_file(path, &Handed::default());
    loader.finish(plays).map(|plays| Playbook { path: path.to_path_buf(), named: path.to_path_buf(), plays })
}

/// Loads the file of `include_tasks`. `parent` is what [`include_scope`] made of the include task.
pub fn load_task_file(path: &Path, parent: &Arc<Scope>, cx: &LoadContext) -> Result<LoadedTasks, LoadErrors> {
    let mut loader = Loader::new(cx, playbook_dir(parent));
    let tasks = loader.included_file(path, parent);
    let handlers = std::mem::take(&mut loader.imported_handlers);
    let imported = std::mem::take(&mut loader.imported_roles);
    loader.finish(tasks).map(|tasks| LoadedTasks { tasks, handlers, imported })
}

/// Loads the role of `include_role`. `parent` is what [`include_scope`] made of the include task.
pub fn load_role(
    request: &RoleRequest,
    parent: &Arc<Scope>,
    play_basedir: &Path,
    cx: &LoadContext,
) -> Result<LoadedRole, LoadErrors> {
    let mut loader = Loader::new(cx, play_basedir.to_path_buf());
    let name = Text::trusted(request.name.as_str(), request.origin.clone().or_else(|| parent.origin.clone()));
    let parts = loader.role(RoleUse::included(request.clone(), parent, &name), parent);
    let mut handlers = std::mem::take(&mut loader.imported_handlers);
    let imported = std::mem::take(&mut loader.imported_roles);
    let loaded = parts.map(|mut parts| {
        parts.handlers.append(&mut handlers);
        LoadedRole { role: parts.role, tasks: parts.tasks, handlers: parts.handlers, imported }
    });
    loader.finish(loaded)
}

/// What an include task hands down to the tasks it brings in: its `vars`, but not its own tags and conditions; beyond
/// that, what its own parents hand down. The caller adds what `apply` says, rendered, and the variables of a loop.
pub fn include_scope(task: &Task) -> Arc<Scope> {
    let mut scope = Scope::new(ScopeKind::Include, task.scope.parent.as_ref(), task.scope.dir.clone());
    scope.role.clone_from(&task.scope.role);
    scope.in_handlers = task.is_handler;
    scope.origin = Some(task.origin.clone());
    if let Some(vars) = task.scope.own("vars") {
        scope.keywords.insert("vars", vars.clone());
    }
    Arc::new(scope)
}

/// The directory of the playbook the scope's play is written in.
fn playbook_dir(scope: &Scope) -> std::path::PathBuf {
    scope.chain().last().map_or_else(|| scope.dir.clone(), |play| play.dir.clone())
}
