//! Options of the shell and of variables beside the inventory.

use super::{PluginOption, Unset, plugin_options};

plugin_options! {
    /// Users that need no other user's rights to own files.
    "shell" "sh" "admin_users" "list" Unset::List(&["root", "toor"]),
        ini ["defaults"."admin_users"], env ["ANSIBLE_ADMIN_USERS"], vars ["ansible_admin_users"];
    /// The directory of asynchronous jobs' results.
    "shell" "sh" "async_dir" "" Unset::Text("~/.ansible_async"),
        ini ["defaults"."async_dir"], env ["ANSIBLE_ASYNC_DIR"], vars ["ansible_async_dir"];
    /// A group that all users share.
    "shell" "sh" "common_remote_group" "" Unset::Nothing,
        ini ["defaults"."common_remote_group"], env ["ANSIBLE_COMMON_REMOTE_GROUP"], vars ["ansible_common_remote_group"];
    /// The directory for temporary files.
    "shell" "sh" "remote_tmp" "" Unset::Text("~/.ansible/tmp"),
        ini ["defaults"."remote_tmp"], env ["ANSIBLE_REMOTE_TEMP" "ANSIBLE_REMOTE_TMP"], vars ["ansible_remote_tmp"];
    /// Directories for temporary files that other users must reach.
    "shell" "sh" "system_tmpdirs" "list" Unset::List(&["/var/tmp", "/tmp"]),
        ini ["defaults"."system_tmpdirs"], env ["ANSIBLE_SYSTEM_TMPDIRS"], vars ["ansible_system_tmpdirs"];
    /// Whether temporary files may be readable for everybody.
    "shell" "sh" "world_readable_temp" "boolean" Unset::Flag(false),
        ini ["defaults"."allow_world_readable_tmpfiles"], env ["ANSIBLE_SHELL_ALLOW_WORLD_READABLE_TEMP"], vars ["ansible_shell_allow_world_readable_temp"];
    /// File name endings of files with variables.
    "vars" "host_group_vars" "_valid_extensions" "list" Unset::List(&[".yml", ".yaml", ".json"]),
        ini ["defaults"."yaml_valid_extensions"], env ["ANSIBLE_YAML_FILENAME_EXT"];
    /// When variables are read.
    "vars" "host_group_vars" "stage" "str" Unset::Nothing,
        ini ["vars_host_group_vars"."stage"], env ["ANSIBLE_VARS_PLUGIN_STAGE"], choices ["all" "task" "inventory"];
}
