//! Inventory sources in, hosts and groups out; host patterns; the variables of `group_vars` and `host_vars`.

pub mod address;
pub mod constructed;
pub mod group;
mod group_name;
pub mod host;
mod host_range;
mod host_set;
mod host_vars;
pub mod inventory;
mod json_listing;
mod json_text;
pub mod listing;
pub mod load;
pub mod merge;
pub mod mutation;
pub mod pattern;
pub mod policy;
mod refused;
pub mod select;
pub mod source_cache;
mod sources;
mod toml_text;
pub mod variables;
pub mod vars_dir;
mod words;

pub use constructed::Constructed;
pub use group::Group;
pub use host::Host;
pub use inventory::Inventory;
pub use load::{ForeignSources, LoadContext, Plugin, PluginConfig};
pub use pattern::HostPattern;
pub use policy::Policy;
pub use source_cache::SourceCache;
pub use variables::VarsDirs;
pub use vars_dir::VarsDir;
