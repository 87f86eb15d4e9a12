//! `VarsPlugins`: variables of groups and hosts that plugins of users bring, beside those of `group_vars` and `host_vars`.

use std::path::Path;

use kapell_parsing::{Diagnostic, Map};

/// Whose variables are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VarsOwner<'a> {
    Group(&'a str),
    Host(&'a str),
}

pub trait VarsPlugins: Send + Sync {
    /// Those of an owner that belong to a directory: one with an inventory source, or a playbook's.
    fn vars(&self, directory: &Path, owner: VarsOwner<'_>) -> Result<Map, Diagnostic>;
}
