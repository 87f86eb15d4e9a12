//! Inventory sources: the kinds there are, in the order in which they are tried.

mod auto;
mod constructed;
mod directory;
mod generator;
mod host_line;
mod host_list;
mod ini;
mod script;
mod toml;
mod variables;
mod yaml;

use std::path::Path;

use kapell_parsing::Diagnostic;

use crate::Inventory;
use crate::load::LoadContext;

pub(crate) use directory::{files_of, ignore_patterns};
pub(crate) use script::read_groups;
pub(crate) use yaml::is_for_plugin;

/// One kind of source. `accepts` looks at the name and the file's attributes only; `read` may still refuse.
pub(crate) struct SourceKind {
    /// As in `enable_plugins`.
    pub(crate) name: &'static str,
    pub(crate) accepts: fn(&Source, &LoadContext) -> bool,
    pub(crate) read: fn(&mut Inventory, &Source, &LoadContext, &mut Vec<Diagnostic>) -> Result<(), Diagnostic>,
}

/// What is to be read: a name as it was given, and the file of that name where there is one.
pub(crate) struct Source<'a> {
    pub(crate) name: &'a str,
    pub(crate) path: Option<&'a Path>,
}

/// The setting `enable_plugins` says which are tried, and in which order; by default all but `advanced_host_list`, in
/// this order.
pub(crate) static KINDS: &[SourceKind] = &[
    SourceKind { name: "host_list", accepts: host_list::accepts, read: host_list::read },
    SourceKind { name: "advanced_host_list", accepts: host_list::accepts, read: host_list::read_ranges },
    SourceKind { name: "script", accepts: script::accepts, read: script::read },
    SourceKind { name: "auto", accepts: auto::accepts, read: auto::read },
    SourceKind { name: "yaml", accepts: yaml::accepts, read: yaml::read },
    SourceKind { name: "ini", accepts: ini::accepts, read: ini::read },
    SourceKind { name: "toml", accepts: toml::accepts, read: toml::read },
    SourceKind { name: "constructed", accepts: auto::accepts_any_yaml, read: auto::read_constructed },
    SourceKind { name: "generator", accepts: auto::accepts_any_yaml, read: auto::read_generator },
];

pub(crate) fn find(name: &str) -> Option<&'static SourceKind> {
    let name = name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy.")).unwrap_or(name);
    KINDS.iter().find(|kind| kind.name == name)
}
