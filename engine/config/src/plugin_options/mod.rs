//! The options of plugins that are built in, a file for each kind of plugin: one table for templates that ask for them and
//! for commands that list them. Names, places and defaults are those that `ansible-config list -t KIND` tells.

mod become_methods;
mod caches;
mod callbacks;
mod connections;
mod inventory_sources;
mod lookups;
mod shells;

use crate::plugin_option::{PluginOption, Unset};

macro_rules! flag {
    () => {
        false
    };
    ($flag:literal) => {
        $flag
    };
}
use flag;

macro_rules! plugin_options {
    ($($(#[doc = $doc:literal])+ $kind:literal $plugin:literal $name:literal $type:literal $unset:expr
        $(, ini [$($section:literal . $key:literal)+])? $(, env [$($env:literal)+])? $(, vars [$($var:literal)+])?
        $(, cli [$($cli:literal)+])? $(, keyword [$($keyword:literal)+])? $(, choices [$($choice:literal)+])?
        $(, required $required:literal)?;)*) => {
        pub(super) static OPTIONS: &[PluginOption] = &[$(PluginOption {
            kind: $kind,
            plugin: $plugin,
            name: $name,
            doc: concat!($($doc),+).trim_ascii(),
            value_type: $type,
            unset: $unset,
            ini: &[$($(($section, $key)),+)?],
            env: &[$($($env),+)?],
            variables: &[$($($var),+)?],
            command_line: &[$($($cli),+)?],
            keywords: &[$($($keyword),+)?],
            choices: &[$($($choice),+)?],
            required: $crate::plugin_options::flag!($($required)?),
        }),*];
    };
}
use plugin_options;

static TABLES: [&[PluginOption]; 7] = [
    become_methods::OPTIONS,
    caches::OPTIONS,
    callbacks::OPTIONS,
    connections::OPTIONS,
    inventory_sources::OPTIONS,
    lookups::OPTIONS,
    shells::OPTIONS,
];

/// Plugins that have none.
pub(crate) static WITHOUT_OPTIONS: &[(&str, &str)] = &[
    ("cache", "memory"),
    ("callback", "oneline"),
    ("inventory", "advanced_host_list"),
    ("inventory", "auto"),
    ("inventory", "host_list"),
    ("inventory", "ini"),
    ("inventory", "toml"),
    ("lookup", "dict"),
    ("lookup", "fileglob"),
    ("lookup", "indexed_items"),
    ("lookup", "inventory_hostnames"),
    ("lookup", "items"),
    ("lookup", "lines"),
    ("lookup", "list"),
    ("lookup", "nested"),
    ("lookup", "pipe"),
    ("lookup", "random_choice"),
    ("lookup", "together"),
    ("lookup", "unvault"),
    ("lookup", "varnames"),
];

/// All of them, those of one plugin together.
pub(crate) fn all() -> impl Iterator<Item = &'static PluginOption> {
    TABLES.iter().flat_map(|table| table.iter())
}
