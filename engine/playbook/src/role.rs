//! `Role`: one use of a role directory: its variables, what it was called with, and its place among other roles.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock, Weak};

use kapell_parsing::Map;

#[derive(Debug)]
pub struct Role {
    /// As it was asked for: `web`, `ns.coll.web`.
    pub name: String,
    pub path: PathBuf,
    pub defaults: Map,
    pub vars: Map,
    /// Entries at the place of use that are no keywords.
    pub params: Map,
    /// The roles this one was reached through by dependencies, nearest first. They live as long as this role's scopes.
    pub parents: Vec<Weak<Role>>,
    pub(crate) dependencies: OnceLock<Vec<Arc<Role>>>,
    /// `allow_duplicates` of its meta file, or of the statement that brought it in.
    pub allow_duplicates: bool,
    /// Unique in this process, one per instance.
    pub id: u64,
    /// The same for instances that count as the same role (path, parameters, tags, conditions, variables, files): a
    /// host that has completed one does not run another, unless `allow_duplicates`.
    pub identity: String,
    /// `argument_specs`: entry point -> specification.
    pub argument_specs: Map,
    /// `ns.coll`, for a role found in a collection.
    pub collection: Option<String>,
    /// `collections` of its meta file: where short module names are looked for.
    pub collections: Vec<String>,
    /// Whether the whole play sees its variables.
    pub public: bool,
    /// Named in another role's `dependencies`, not in the play or by a task.
    pub is_dependency: bool,
}

impl Role {
    /// The name without the collection's.
    pub fn short_name(&self) -> &str {
        let prefix = self.collection.as_deref().unwrap_or_default();
        self.name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.')).unwrap_or(&self.name)
    }

    /// Roles named in `meta/main.yml`, in order; each may have dependencies of its own.
    pub fn dependencies(&self) -> &[Arc<Role>] {
        self.dependencies.get().map_or(&[], Vec::as_slice)
    }

    /// Direct and indirect dependencies, in the order they run.
    pub fn all_dependencies(&self) -> Vec<Arc<Role>> {
        let mut all = Vec::new();
        for dependency in self.dependencies() {
            all.extend(dependency.all_dependencies());
            all.push(Arc::clone(dependency));
        }
        all
    }

    /// The roles that depend on this one, nearest first.
    pub fn parents(&self) -> Vec<Arc<Role>> {
        self.parents.iter().filter_map(Weak::upgrade).collect()
    }
}
