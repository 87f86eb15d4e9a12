//! Playbooks as data: YAML -> `Playbook`, `Play`, `Block`, `Task`, `Role`. Static imports and roles are resolved, nothing is templated.

pub mod block;
pub mod keyword;
pub mod listing;
pub mod load;
pub mod play;
pub mod role;
pub mod scope;
pub mod task;

pub use block::{Block, Node, tasks_of};
pub use keyword::{KEYWORDS, Keyword, KeywordKind};
pub use load::{
    Fault, LoadContext, LoadErrors, LoadedRole, LoadedTasks, ReadFiles, RoleRequest, find_task_file, include_scope,
    is_reserved, load_playbook, load_plays, load_role, load_task_file, look_at_playbook, look_at_plays, missing_file,
    source_of,
};
pub use play::{Play, Playbook};
pub use role::Role;
pub use scope::{Scope, ScopeKind};
pub use task::{LoopSource, Task};
