//! Options of inventory sources.

use super::{PluginOption, Unset, plugin_options};

plugin_options! {
    /// Variables made of expressions.
    "inventory" "constructed" "compose" "dict" Unset::Map;
    /// Groups made of conditions.
    "inventory" "constructed" "groups" "dict" Unset::Map;
    /// Groups made of values.
    "inventory" "constructed" "keyed_groups" "list" Unset::List(&[]);
    /// Whether names of keyed groups without a prefix start with the separator.
    "inventory" "constructed" "leading_separator" "boolean" Unset::Flag(true);
    /// The name of the plugin.
    "inventory" "constructed" "plugin" "" Unset::Nothing,
        choices ["ansible.builtin.constructed" "constructed"], required true;
    /// Whether an expression that fails is an error.
    "inventory" "constructed" "strict" "bool" Unset::Flag(false);
    /// Whether variables of the command line are seen.
    "inventory" "constructed" "use_extra_vars" "bool" Unset::Flag(false),
        ini ["inventory_plugins"."use_extra_vars"], env ["ANSIBLE_INVENTORY_USE_EXTRA_VARS"];
    /// Whether variables beside the inventory are seen.
    "inventory" "constructed" "use_vars_plugins" "boolean" Unset::Flag(false);
    /// The names of the hosts.
    "inventory" "generator" "hosts" "" Unset::Nothing;
    /// The layers that names are made of.
    "inventory" "generator" "layers" "" Unset::Nothing;
    /// The name of the plugin.
    "inventory" "generator" "plugin" "" Unset::Nothing,
        choices ["ansible.builtin.generator" "generator"], required true;
    /// Whether what programs write to standard error is shown although they did well.
    "inventory" "script" "always_show_stderr" "boolean" Unset::Flag(true),
        ini ["inventory_plugin_script"."always_show_stderr"], env ["ANSIBLE_INVENTORY_PLUGIN_SCRIPT_STDERR"];
    /// File name endings of inventories in YAML.
    "inventory" "yaml" "yaml_extensions" "list" Unset::List(&[".yaml", ".yml", ".json"]),
        ini ["defaults"."yaml_valid_extensions" "inventory_plugin_yaml"."yaml_valid_extensions"], env ["ANSIBLE_YAML_FILENAME_EXT" "ANSIBLE_INVENTORY_PLUGIN_EXTS"];
}
