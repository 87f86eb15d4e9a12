//! `Settings`: every option of a run. One row of the table is one option: its field, default, `ansible.cfg` entries and
//! environment variables. The struct, the defaults and the loader come from the table.

use std::path::{Path, PathBuf};

use kapell_parsing::{Diagnostic, Value};

use crate::choices::{DuplicateKeys, Gathering, GroupNames, HashBehaviour, PatternMismatch, ResultFormat, VarsRoot};
use crate::config_file::ConfigFile;
use crate::setting::{PathList, Setting};
use crate::setting_value::SettingValue;
use crate::sources::Sources;
use crate::{Environment, paths};

/// What is known of one option.
#[derive(Clone, Copy, Debug)]
pub struct OptionRow {
    /// The name `ansible-config` gives it.
    pub name: &'static str,
    pub doc: &'static str,
    /// `an integer`, `one of implicit explicit smart`, …
    pub kind: &'static str,
    /// As it would be written in `ansible.cfg`.
    pub default: &'static str,
    /// Section and key; the last one found counts.
    pub ini: &'static [(&'static str, &'static str)],
    /// For each `ANSIBLE_X` there is a `KAPELL_X`, which comes first.
    pub env: &'static [&'static str],
}

macro_rules! read_as {
    ($type:ty) => {
        $type
    };
    ($type:ty, $as:ty) => {
        $as
    };
}

macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $name:ident $field:ident: $type:ty $(as $as:ty)? = $default:literal
        [$($section:ident.$key:ident)*] [$($env:ident)*];)*) => {
        #[derive(Clone, Debug)]
        pub struct Settings {
            /// The `ansible.cfg` that was read.
            pub config_file: Option<PathBuf>,
            /// Names of the options that somebody set, if only to their defaults.
            pub set: Vec<&'static str>,
            $($(#[doc = $doc])+ pub $field: $type,)*
        }

        /// All options, in the order of the fields.
        pub static OPTIONS: &[OptionRow] = &[$(rows::$name),*];

        #[expect(non_upper_case_globals, reason = "some of ansible-config's names are lower case")]
        mod rows {
            use super::*;
            $(pub(super) const $name: OptionRow = OptionRow {
                name: stringify!($name),
                doc: concat!($($doc),+).trim_ascii(),
                kind: <read_as!($type $(, $as)?) as Setting>::KIND,
                default: $default,
                ini: &[$((stringify!($section), stringify!($key))),*],
                env: &[$(stringify!($env)),*],
            };)*
        }

        impl Settings {
            /// The value of the option that `ansible-config` calls `name`.
            pub fn value(&self, name: &str) -> Option<Value> {
                match name {
                    $(stringify!($name) => Some(self.$field.value()),)*
                    "CONFIG_FILE" => Some(self.config_file.value()),
                    _ => None,
                }
            }

            fn read(sources: &Sources) -> Result<Self, Diagnostic> {
                Ok(Self {
                    config_file: sources.file.map(|file| file.path.clone()),
                    set: sources.set(OPTIONS),
                    $($field: sources.read::<read_as!($type $(, $as)?)>(&rows::$name)?.into(),)*
                })
            }
        }
    };
}

settings! {
    // Where things are.
    /// The directory of the user's own files: collections, roles, temporary files.
    ANSIBLE_HOME home: PathBuf = "~/.ansible" [defaults.home] [ANSIBLE_HOME];
    /// Inventory sources.
    DEFAULT_HOST_LIST inventory: Vec<String> as PathList = "/etc/ansible/hosts" [defaults.inventory] [ANSIBLE_INVENTORY];
    /// Where roles are searched for.
    DEFAULT_ROLES_PATH roles_path: Vec<PathBuf> = "{{ ANSIBLE_HOME }}/roles:/usr/share/ansible/roles:/etc/ansible/roles" [defaults.roles_path] [ANSIBLE_ROLES_PATH];
    /// Where collections are searched for.
    COLLECTIONS_PATHS collections_paths: Vec<PathBuf> = "{{ ANSIBLE_HOME }}/collections:/usr/share/ansible/collections" [defaults.collections_path] [ANSIBLE_COLLECTIONS_PATH];
    /// What a collection is that is for other versions of Ansible: `warning`, `error` or `ignore`.
    COLLECTIONS_ON_ANSIBLE_VERSION_MISMATCH collections_mismatch: String = "warning" [defaults.collections_on_ansible_version_mismatch] [ANSIBLE_COLLECTIONS_ON_ANSIBLE_VERSION_MISMATCH];
    /// Where modules are searched for.
    DEFAULT_MODULE_PATH library: Vec<PathBuf> = "{{ ANSIBLE_HOME }}/plugins/modules:/usr/share/ansible/plugins/modules" [defaults.library] [ANSIBLE_LIBRARY];
    /// Where Python code that modules share is searched for.
    DEFAULT_MODULE_UTILS_PATH module_utils: Vec<PathBuf> = "{{ ANSIBLE_HOME }}/plugins/module_utils:/usr/share/ansible/plugins/module_utils" [defaults.module_utils] [ANSIBLE_MODULE_UTILS];
    /// Where actions are searched for.
    DEFAULT_ACTION_PLUGIN_PATH action_plugins: Vec<PathBuf> = "{{ ANSIBLE_HOME }}/plugins/action:/usr/share/ansible/plugins/action" [defaults.action_plugins] [ANSIBLE_ACTION_PLUGINS];
    /// Where kinds of connections are searched for.
    DEFAULT_CONNECTION_PLUGIN_PATH connection_plugins: Vec<PathBuf> = "{{ ANSIBLE_HOME }}/plugins/connection:/usr/share/ansible/plugins/connection" [defaults.connection_plugins] [ANSIBLE_CONNECTION_PLUGINS];
    /// Where callbacks are searched for.
    DEFAULT_CALLBACK_PLUGIN_PATH callback_plugins: Vec<PathBuf> = "{{ ANSIBLE_HOME }}/plugins/callback:/usr/share/ansible/plugins/callback" [defaults.callback_plugins] [ANSIBLE_CALLBACK_PLUGINS];
    /// Where caches are searched for.
    DEFAULT_CACHE_PLUGIN_PATH cache_plugins: Vec<PathBuf> = "{{ ANSIBLE_HOME }}/plugins/cache:/usr/share/ansible/plugins/cache" [defaults.cache_plugins] [ANSIBLE_CACHE_PLUGINS];
    /// Where inventory sources are searched for.
    DEFAULT_INVENTORY_PLUGIN_PATH inventory_plugins: Vec<PathBuf> = "{{ ANSIBLE_HOME }}/plugins/inventory:/usr/share/ansible/plugins/inventory" [defaults.inventory_plugins] [ANSIBLE_INVENTORY_PLUGINS];
    /// Where filters are searched for.
    DEFAULT_FILTER_PLUGIN_PATH filter_plugins: Vec<PathBuf> = "{{ ANSIBLE_HOME }}/plugins/filter:/usr/share/ansible/plugins/filter" [defaults.filter_plugins] [ANSIBLE_FILTER_PLUGINS];
    /// Where lookups are searched for.
    DEFAULT_LOOKUP_PLUGIN_PATH lookup_plugins: Vec<PathBuf> = "{{ ANSIBLE_HOME }}/plugins/lookup:/usr/share/ansible/plugins/lookup" [defaults.lookup_plugins] [ANSIBLE_LOOKUP_PLUGINS];
    /// Where tests for templates are searched for.
    DEFAULT_TEST_PLUGIN_PATH test_plugins: Vec<PathBuf> = "{{ ANSIBLE_HOME }}/plugins/test:/usr/share/ansible/plugins/test" [defaults.test_plugins] [ANSIBLE_TEST_PLUGINS];
    /// The directory for temporary files on the control node.
    DEFAULT_LOCAL_TMP local_tmp: PathBuf = "{{ ANSIBLE_HOME }}/tmp" [defaults.local_tmp] [ANSIBLE_LOCAL_TEMP];
    /// The directory for temporary files on managed nodes, expanded there.
    remote_tmp remote_tmp: String = "~/.ansible/tmp" [defaults.remote_tmp] [ANSIBLE_REMOTE_TEMP ANSIBLE_REMOTE_TMP];
    /// Directories on managed nodes for temporary files that other users must reach.
    system_tmpdirs system_tmpdirs: Vec<String> = "/var/tmp, /tmp" [defaults.system_tmpdirs] [ANSIBLE_SYSTEM_TMPDIRS];
    /// The directory of asynchronous jobs' results on managed nodes.
    async_dir async_dir: String = "~/.ansible_async" [defaults.async_dir] [ANSIBLE_ASYNC_DIR];
    /// The directory taken as the playbook's by commands that have none.
    PLAYBOOK_DIR playbook_dir: Option<PathBuf> = "" [defaults.playbook_dir] [ANSIBLE_PLAYBOOK_DIR];
    /// Which directories of imported playbooks are searched for variables.
    PLAYBOOK_VARS_ROOT playbook_vars_root: VarsRoot = "top" [defaults.playbook_vars_root] [ANSIBLE_PLAYBOOK_VARS_ROOT];

    // How a run goes.
    /// How many hosts are worked on at the same time. (Ansible's default is 5: there a host costs a process.)
    DEFAULT_FORKS forks: usize = "64" [defaults.forks] [ANSIBLE_FORKS];
    /// In which order hosts get their tasks.
    DEFAULT_STRATEGY strategy: String = "linear" [defaults.strategy] [ANSIBLE_STRATEGY];
    /// Whether one failed host ends the play for all.
    ANY_ERRORS_FATAL any_errors_fatal: bool = "False" [defaults.any_errors_fatal] [ANSIBLE_ANY_ERRORS_FATAL];
    /// Whether the engine's own steps are told.
    DEFAULT_DEBUG debug: bool = "False" [defaults.debug] [ANSIBLE_DEBUG];
    /// Whether notified handlers run on hosts that failed.
    DEFAULT_FORCE_HANDLERS force_handlers: bool = "False" [defaults.force_handlers] [ANSIBLE_FORCE_HANDLERS];
    /// Whether notifying a handler that does not exist is an error.
    ERROR_ON_MISSING_HANDLER error_on_missing_handler: bool = "True" [defaults.error_on_missing_handler] [ANSIBLE_ERROR_ON_MISSING_HANDLER];
    /// Whether an unknown keyword of a task is an error.
    INVALID_TASK_ATTRIBUTE_FAILED invalid_task_attribute_failed: bool = "True" [defaults.invalid_task_attribute_failed] [ANSIBLE_INVALID_TASK_ATTRIBUTE_FAILED];
    /// When facts are gathered without being asked for.
    DEFAULT_GATHERING gathering: Gathering = "implicit" [defaults.gathering] [ANSIBLE_GATHERING];
    /// The modules that gather facts.
    FACTS_MODULES facts_modules: Vec<String> = "smart" [defaults.facts_modules] [ANSIBLE_FACTS_MODULES];
    /// Seconds between two looks at an asynchronous job.
    DEFAULT_POLL_INTERVAL poll_interval: u64 = "15" [defaults.poll_interval] [ANSIBLE_POLL_INTERVAL];
    /// Seconds a task may take; 0 for no limit.
    TASK_TIMEOUT task_timeout: u64 = "0" [defaults.task_timeout] [ANSIBLE_TASK_TIMEOUT];
    /// Whether failed tasks are debugged although their errors are ignored.
    TASK_DEBUGGER_IGNORE_ERRORS task_debugger_ignore_errors: bool = "True" [defaults.task_debugger_ignore_errors] [ANSIBLE_TASK_DEBUGGER_IGNORE_ERRORS];
    /// Whether a failed task starts the debugger.
    ENABLE_TASK_DEBUGGER enable_task_debugger: bool = "False" [defaults.enable_task_debugger] [ANSIBLE_ENABLE_TASK_DEBUGGER];
    /// Tags to run.
    TAGS_RUN tags_run: Vec<String> = "" [tags.run] [ANSIBLE_RUN_TAGS];
    /// Tags to skip.
    TAGS_SKIP tags_skip: Vec<String> = "" [tags.skip] [ANSIBLE_SKIP_TAGS];
    /// Whether a file with the failed hosts is written.
    RETRY_FILES_ENABLED retry_files_enabled: bool = "False" [defaults.retry_files_enabled] [ANSIBLE_RETRY_FILES_ENABLED];
    /// Where that file is written.
    RETRY_FILES_SAVE_PATH retry_files_save_path: Option<PathBuf> = "" [defaults.retry_files_save_path] [ANSIBLE_RETRY_FILES_SAVE_PATH];
    /// The Python of managed nodes that runs modules written in Python: a path, or `auto` or `auto_silent` to look for it.
    INTERPRETER_PYTHON interpreter_python: String = "auto" [defaults.interpreter_python] [ANSIBLE_PYTHON_INTERPRETER];
    /// The module that ad-hoc commands run.
    DEFAULT_MODULE_NAME module_name: String = "command" [defaults.module_name] [];
    /// Arguments of the module that ad-hoc commands run.
    DEFAULT_MODULE_ARGS module_args: Option<String> = "" [defaults.module_args] [ANSIBLE_MODULE_ARGS];
    /// Whether files pushed to hosts are kept there.
    DEFAULT_KEEP_REMOTE_FILES keep_remote_files: bool = "False" [defaults.keep_remote_files] [ANSIBLE_KEEP_REMOTE_FILES];

    // Roles and collections of others.
    /// The Galaxy server asked when no list is configured.
    GALAXY_SERVER galaxy_server: String = "https://galaxy.ansible.com" [galaxy.server] [ANSIBLE_GALAXY_SERVER];
    /// The names of the configured Galaxy servers, in the order in which they are asked.
    GALAXY_SERVER_LIST galaxy_server_list: Vec<String> = "" [galaxy.server_list] [ANSIBLE_GALAXY_SERVER_LIST];
    /// Seconds to wait for a Galaxy server.
    GALAXY_SERVER_TIMEOUT galaxy_timeout: u64 = "60" [galaxy.server_timeout] [ANSIBLE_GALAXY_SERVER_TIMEOUT];
    /// Whether certificates of Galaxy servers go unchecked.
    GALAXY_IGNORE_CERTS galaxy_ignore_certs: bool = "False" [galaxy.ignore_certs] [ANSIBLE_GALAXY_IGNORE];
    /// The file with the token for Galaxy servers.
    GALAXY_TOKEN_PATH galaxy_token_path: PathBuf = "{{ ANSIBLE_HOME }}/galaxy_token" [galaxy.token_path] [ANSIBLE_GALAXY_TOKEN_PATH];
    /// The skeleton of new roles.
    GALAXY_ROLE_SKELETON galaxy_role_skeleton: Option<PathBuf> = "" [galaxy.role_skeleton] [ANSIBLE_GALAXY_ROLE_SKELETON];
    /// The skeleton of new collections.
    GALAXY_COLLECTION_SKELETON galaxy_collection_skeleton: Option<PathBuf> = "" [galaxy.collection_skeleton] [ANSIBLE_GALAXY_COLLECTION_SKELETON];
    /// Whether installing where no run looks is worth a warning.
    GALAXY_COLLECTIONS_PATH_WARNING galaxy_collections_path_warning: bool = "True" [galaxy.collections_path_warning] [ANSIBLE_GALAXY_COLLECTIONS_PATH_WARNING];

    // Variables and templates.
    /// What a mapping does to one of lower precedence under the same name.
    DEFAULT_HASH_BEHAVIOUR hash_behaviour: HashBehaviour = "replace" [defaults.hash_behaviour] [ANSIBLE_HASH_BEHAVIOUR];
    /// What a key that is written twice is.
    DUPLICATE_YAML_DICT_KEY duplicate_dict_key: DuplicateKeys = "warn" [defaults.duplicate_dict_key] [ANSIBLE_DUPLICATE_YAML_DICT_KEY];
    /// Whether facts are variables too, under `ansible_…`.
    INJECT_FACTS_AS_VARS inject_facts_as_vars: bool = "True" [defaults.inject_facts_as_vars] [ANSIBLE_INJECT_FACT_VARS];
    /// Whether a role's variables are hidden from other roles.
    DEFAULT_PRIVATE_ROLE_VARS private_role_vars: bool = "False" [defaults.private_role_vars] [ANSIBLE_PRIVATE_ROLE_VARS];
    /// Which kinds of `group_vars` and `host_vars` there are, weakest first.
    VARIABLE_PRECEDENCE precedence: Vec<String> = "all_inventory, groups_inventory, all_plugins_inventory, all_plugins_play, groups_plugins_inventory, groups_plugins_play" [defaults.precedence] [ANSIBLE_PRECEDENCE];
    /// The sources of variables beside the inventory.
    VARIABLE_PLUGINS_ENABLED vars_plugins_enabled: Vec<String> = "host_group_vars" [defaults.vars_plugins_enabled] [ANSIBLE_VARS_ENABLED];
    /// When the variables beside inventories are read: `demand` (when a task needs them) or `start`, which passes over those
    /// beside playbooks.
    RUN_VARS_PLUGINS run_vars_plugins: String = "demand" [defaults.run_vars_plugins] [ANSIBLE_RUN_VARS_PLUGINS];
    /// When those of files are read: `inventory`, `task` or `all`, which goes before `run_vars_plugins`.
    stage vars_stage: Option<String> = "" [vars_host_group_vars.stage] [ANSIBLE_VARS_PLUGIN_STAGE];
    /// Where sources of variables are searched for.
    DEFAULT_VARS_PLUGIN_PATH vars_plugins: Vec<PathBuf> = "{{ ANSIBLE_HOME }}/plugins/vars:/usr/share/ansible/plugins/vars" [defaults.vars_plugins] [ANSIBLE_VARS_PLUGINS];
    /// File name endings of YAML files with variables.
    YAML_FILENAME_EXTENSIONS yaml_valid_extensions: Vec<String> = ".yml, .yaml, .json" [defaults.yaml_valid_extensions] [ANSIBLE_YAML_FILENAME_EXT];
    /// Whether a variable that is not defined is an error.
    DEFAULT_UNDEFINED_VAR_BEHAVIOR error_on_undefined_vars: bool = "True" [defaults.error_on_undefined_vars] [ANSIBLE_ERROR_ON_UNDEFINED_VARS];
    /// Whether conditions may give something else than a boolean.
    ALLOW_BROKEN_CONDITIONALS allow_broken_conditionals: bool = "False" [defaults.allow_broken_conditionals] [ANSIBLE_ALLOW_BROKEN_CONDITIONALS];
    /// Whether templates may stand inside templates.
    ALLOW_EMBEDDED_TEMPLATES allow_embedded_templates: bool = "True" [defaults.allow_embedded_templates] [ANSIBLE_ALLOW_EMBEDDED_TEMPLATES];
    /// Extensions of Jinja.
    DEFAULT_JINJA2_EXTENSIONS jinja2_extensions: Vec<String> = "" [defaults.jinja2_extensions] [ANSIBLE_JINJA2_EXTENSIONS];
    /// The text of `{{ ansible_managed }}`.
    DEFAULT_MANAGED_STR ansible_managed: String = "Ansible managed" [defaults.ansible_managed] [];
    /// Where facts are kept between runs.
    CACHE_PLUGIN fact_caching: String = "memory" [defaults.fact_caching] [ANSIBLE_CACHE_PLUGIN];
    /// The directory or address of the fact cache.
    CACHE_PLUGIN_CONNECTION fact_caching_connection: Option<String> = "" [defaults.fact_caching_connection] [ANSIBLE_CACHE_PLUGIN_CONNECTION];
    /// What the names of cached facts start with.
    CACHE_PLUGIN_PREFIX fact_caching_prefix: String = "ansible_facts" [defaults.fact_caching_prefix] [ANSIBLE_CACHE_PLUGIN_PREFIX];
    /// Seconds after which cached facts are forgotten; 0 for never.
    CACHE_PLUGIN_TIMEOUT fact_caching_timeout: u64 = "86400" [defaults.fact_caching_timeout] [ANSIBLE_CACHE_PLUGIN_TIMEOUT];

    // Inventory.
    /// The kinds of inventory sources, in the order in which they are tried.
    INVENTORY_ENABLED inventory_enabled: Vec<String> = "host_list, script, auto, yaml, ini, toml" [inventory.enable_plugins] [ANSIBLE_INVENTORY_ENABLED];
    /// File name endings of inventories in YAML.
    yaml_extensions inventory_yaml_extensions: Vec<String> = ".yaml, .yml, .json" [defaults.yaml_valid_extensions inventory_plugin_yaml.yaml_valid_extensions] [ANSIBLE_YAML_FILENAME_EXT ANSIBLE_INVENTORY_PLUGIN_EXTS];
    /// File name endings that are skipped in an inventory directory.
    INVENTORY_IGNORE_EXTS inventory_ignore_exts: Vec<String> = ".pyc, .pyo, .swp, .bak, ~, .rpm, .md, .txt, .rst, .orig, .cfg, .retry" [defaults.inventory_ignore_extensions inventory.ignore_extensions] [ANSIBLE_INVENTORY_IGNORE];
    /// Patterns of file names that are skipped in an inventory directory.
    INVENTORY_IGNORE_PATTERNS inventory_ignore_patterns: Vec<String> = "" [defaults.inventory_ignore_patterns inventory.ignore_patterns] [ANSIBLE_INVENTORY_IGNORE_REGEX];
    /// Whether an inventory without hosts is worth a warning.
    INVENTORY_UNPARSED_WARNING inventory_unparsed_warning: bool = "True" [inventory.inventory_unparsed_warning] [ANSIBLE_INVENTORY_UNPARSED_WARNING];
    /// Whether it is an error when no source can be read.
    INVENTORY_UNPARSED_IS_FAILED inventory_unparsed_is_failed: bool = "False" [inventory.unparsed_is_failed] [ANSIBLE_INVENTORY_UNPARSED_FAILED];
    /// Whether it is an error when one source cannot be read.
    INVENTORY_ANY_UNPARSED_IS_FAILED inventory_any_unparsed_is_failed: bool = "False" [inventory.any_unparsed_is_failed] [ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED];
    /// Whether `ansible-inventory` prints its result for export.
    INVENTORY_EXPORT inventory_export: bool = "False" [inventory.export] [ANSIBLE_INVENTORY_EXPORT];
    /// Whether inventory plugins that build on variables see those of the command line.
    INVENTORY_USE_EXTRA_VARS inventory_use_extra_vars: bool = "False" [inventory_plugins.use_extra_vars] [ANSIBLE_INVENTORY_USE_EXTRA_VARS];
    /// Whether what inventory programs write to standard error is shown although they did well.
    always_show_stderr inventory_script_stderr: bool = "True" [inventory_plugin_script.always_show_stderr] [ANSIBLE_INVENTORY_PLUGIN_SCRIPT_STDERR];
    /// Whether inventory plugins keep what they find.
    cache inventory_cache: bool = "False" [inventory.cache] [ANSIBLE_INVENTORY_CACHE];
    /// Where inventory plugins keep it.
    cache_plugin inventory_cache_plugin: String = "memory" [defaults.fact_caching inventory.cache_plugin] [ANSIBLE_CACHE_PLUGIN ANSIBLE_INVENTORY_CACHE_PLUGIN];
    /// The directory of what inventory plugins keep.
    cache_connection inventory_cache_connection: Option<String> = "" [defaults.fact_caching_connection inventory.cache_connection] [ANSIBLE_CACHE_PLUGIN_CONNECTION ANSIBLE_INVENTORY_CACHE_CONNECTION];
    /// What the names of files with cached inventories start with.
    cache_prefix inventory_cache_prefix: String = "ansible_inventory_" [inventory.cache_prefix] [ANSIBLE_INVENTORY_CACHE_PLUGIN_PREFIX];
    /// Seconds after which cached inventories are forgotten; 0 for never.
    cache_timeout inventory_cache_timeout: u64 = "3600" [defaults.fact_caching_timeout inventory.cache_timeout] [ANSIBLE_CACHE_PLUGIN_TIMEOUT ANSIBLE_INVENTORY_CACHE_TIMEOUT];
    /// What happens to group names that are no variable names.
    TRANSFORM_INVALID_GROUP_CHARS transform_invalid_group_chars: GroupNames = "never" [defaults.force_valid_group_names] [ANSIBLE_TRANSFORM_INVALID_GROUP_CHARS];
    /// What a host pattern that matches nothing is.
    HOST_PATTERN_MISMATCH host_pattern_mismatch: PatternMismatch = "warning" [inventory.host_pattern_mismatch] [ANSIBLE_HOST_PATTERN_MISMATCH];
    /// Whether working on the implicit localhost is worth a warning.
    LOCALHOST_WARNING localhost_warning: bool = "True" [defaults.localhost_warning] [ANSIBLE_LOCALHOST_WARNING];

    // Connections.
    /// The kind of connection.
    DEFAULT_TRANSPORT transport: String = "ssh" [defaults.transport] [ANSIBLE_TRANSPORT];
    /// The user to log in as.
    DEFAULT_REMOTE_USER remote_user: Option<String> = "" [defaults.remote_user] [ANSIBLE_REMOTE_USER];
    /// The port to connect to.
    DEFAULT_REMOTE_PORT remote_port: Option<u16> = "" [defaults.remote_port] [ANSIBLE_REMOTE_PORT];
    /// The private key to log in with.
    DEFAULT_PRIVATE_KEY_FILE private_key_file: Option<PathBuf> = "" [defaults.private_key_file] [ANSIBLE_PRIVATE_KEY_FILE];
    /// Whether the keys of hosts must be known.
    HOST_KEY_CHECKING host_key_checking: bool = "True" [defaults.host_key_checking ssh_connection.host_key_checking] [ANSIBLE_HOST_KEY_CHECKING ANSIBLE_SSH_HOST_KEY_CHECKING];
    /// Seconds to wait for a connection.
    DEFAULT_TIMEOUT timeout: u64 = "10" [defaults.timeout ssh_connection.timeout] [ANSIBLE_TIMEOUT ANSIBLE_SSH_TIMEOUT];
    /// How often a lost connection is tried again.
    reconnection_retries ssh_retries: u64 = "0" [connection.retries ssh_connection.retries] [ANSIBLE_SSH_RETRIES];
    /// Arguments for ssh.
    ssh_args ssh_args: String = "-C -o ControlMaster=auto -o ControlPersist=60s" [ssh_connection.ssh_args] [ANSIBLE_SSH_ARGS];
    /// Arguments for ssh, scp and sftp.
    ssh_common_args ssh_common_args: String = "" [ssh_connection.ssh_common_args] [ANSIBLE_SSH_COMMON_ARGS];
    /// The ssh client to use instead of the SSH built in.
    ssh_executable ssh_executable: String = "ssh" [ssh_connection.ssh_executable] [ANSIBLE_SSH_EXECUTABLE];
    /// More arguments for ssh.
    ssh_extra_args ssh_extra_args: String = "" [ssh_connection.ssh_extra_args] [ANSIBLE_SSH_EXTRA_ARGS];
    /// The shell that commands are run with on managed nodes.
    DEFAULT_EXECUTABLE executable: String = "/bin/sh" [defaults.executable] [ANSIBLE_EXECUTABLE];
    /// Has no effect: a task always costs one round trip.
    ANSIBLE_PIPELINING pipelining: bool = "False" [defaults.pipelining connection.pipelining ssh_connection.pipelining] [ANSIBLE_PIPELINING ANSIBLE_SSH_PIPELINING];
    /// Whether the password to log in with is asked for.
    DEFAULT_ASK_PASS ask_pass: bool = "False" [defaults.ask_pass] [ANSIBLE_ASK_PASS];
    /// A file with the password to log in with.
    CONNECTION_PASSWORD_FILE connection_password_file: Option<PathBuf> = "" [defaults.connection_password_file] [ANSIBLE_CONNECTION_PASSWORD_FILE];

    /// Whether a run has its inventory to itself: `off`, `fail` where another has it, or `wait`.
    RUN_LOCK run_lock: String = "off" [defaults.run_lock] [ANSIBLE_RUN_LOCK];

    // Becoming another user.
    /// Whether tasks are run as another user.
    DEFAULT_BECOME become_: bool = "False" [privilege_escalation.become] [ANSIBLE_BECOME];
    /// How.
    DEFAULT_BECOME_METHOD become_method: String = "sudo" [privilege_escalation.become_method] [ANSIBLE_BECOME_METHOD];
    /// As whom.
    DEFAULT_BECOME_USER become_user: Option<String> = "root" [privilege_escalation.become_user] [ANSIBLE_BECOME_USER];
    /// The program to do it with, if not the method's own.
    DEFAULT_BECOME_EXE become_exe: Option<String> = "" [privilege_escalation.become_exe] [ANSIBLE_BECOME_EXE];
    /// The program's flags, if not the method's own.
    DEFAULT_BECOME_FLAGS become_flags: Option<String> = "" [privilege_escalation.become_flags] [ANSIBLE_BECOME_FLAGS];
    /// Whether the password for it is asked for.
    DEFAULT_BECOME_ASK_PASS become_ask_pass: bool = "False" [privilege_escalation.become_ask_pass] [ANSIBLE_BECOME_ASK_PASS];
    /// A file with the password for it.
    BECOME_PASSWORD_FILE become_password_file: Option<PathBuf> = "" [defaults.become_password_file] [ANSIBLE_BECOME_PASSWORD_FILE];
    /// Whether it is done although the user is the same.
    BECOME_ALLOW_SAME_USER become_allow_same_user: bool = "False" [privilege_escalation.become_allow_same_user] [ANSIBLE_BECOME_ALLOW_SAME_USER];
    /// Users that need no other user's rights to own files.
    admin_users admin_users: Vec<String> = "root, toor" [defaults.admin_users] [ANSIBLE_ADMIN_USERS];
    /// A group that all users on a managed node share.
    common_remote_group common_remote_group: Option<String> = "" [defaults.common_remote_group] [ANSIBLE_COMMON_REMOTE_GROUP];
    /// Whether temporary files may be readable for everybody.
    allow_world_readable_tmpfiles allow_world_readable_tmpfiles: bool = "False" [defaults.allow_world_readable_tmpfiles] [ANSIBLE_SHELL_ALLOW_WORLD_READABLE_TEMP];

    // Vault.
    /// A file with the vault password, or a program that prints it.
    DEFAULT_VAULT_PASSWORD_FILE vault_password_file: Option<PathBuf> = "" [defaults.vault_password_file] [ANSIBLE_VAULT_PASSWORD_FILE];
    /// Vault ids with the files of their passwords: `dev@file`.
    DEFAULT_VAULT_IDENTITY_LIST vault_identity_list: Vec<String> = "" [defaults.vault_identity_list] [ANSIBLE_VAULT_IDENTITY_LIST];
    /// The vault id of passwords given without one.
    DEFAULT_VAULT_IDENTITY vault_identity: String = "default" [defaults.vault_identity] [ANSIBLE_VAULT_IDENTITY];
    /// The vault id to encrypt with.
    DEFAULT_VAULT_ENCRYPT_IDENTITY vault_encrypt_identity: Option<String> = "" [defaults.vault_encrypt_identity] [ANSIBLE_VAULT_ENCRYPT_IDENTITY];
    /// The salt to lock with, in place of a random one.
    VAULT_ENCRYPT_SALT vault_encrypt_salt: Option<String> = "" [defaults.vault_encrypt_salt] [ANSIBLE_VAULT_ENCRYPT_SALT];
    /// Whether only the password of the same vault id is tried.
    DEFAULT_VAULT_ID_MATCH vault_id_match: bool = "False" [defaults.vault_id_match] [ANSIBLE_VAULT_ID_MATCH];
    /// Whether the vault password is asked for.
    DEFAULT_ASK_VAULT_PASS ask_vault_pass: bool = "False" [defaults.ask_vault_pass] [ANSIBLE_ASK_VAULT_PASS];

    /// The editor of vault files.
    EDITOR editor: String = "vi" [defaults.editor] [ANSIBLE_EDITOR EDITOR];

    // What is shown.
    /// How results are shown.
    DEFAULT_STDOUT_CALLBACK stdout_callback: String = "default" [defaults.stdout_callback] [ANSIBLE_STDOUT_CALLBACK];
    /// Whether ad-hoc commands show results by the same callbacks as playbooks.
    DEFAULT_LOAD_CALLBACK_PLUGINS bin_ansible_callbacks: bool = "False" [defaults.bin_ansible_callbacks] [ANSIBLE_LOAD_CALLBACK_PLUGINS];
    /// What else receives the events of a run.
    CALLBACKS_ENABLED callbacks_enabled: Vec<String> = "" [defaults.callbacks_enabled] [ANSIBLE_CALLBACKS_ENABLED];
    /// How results are printed.
    result_format callback_result_format: ResultFormat = "json" [defaults.callback_result_format] [ANSIBLE_CALLBACK_RESULT_FORMAT];
    /// Whether results are printed on several lines; by default only those that need it.
    pretty_results callback_format_pretty: Option<bool> = "" [defaults.callback_format_pretty] [ANSIBLE_CALLBACK_FORMAT_PRETTY];
    /// Whether skipped hosts are shown.
    DISPLAY_SKIPPED_HOSTS display_skipped_hosts: bool = "True" [defaults.display_skipped_hosts] [ANSIBLE_DISPLAY_SKIPPED_HOSTS];
    /// Whether hosts without a change are shown.
    display_ok_hosts display_ok_hosts: bool = "True" [defaults.display_ok_hosts] [ANSIBLE_DISPLAY_OK_HOSTS];
    /// Whether failures go to standard error.
    display_failed_stderr display_failed_stderr: bool = "False" [defaults.display_failed_stderr] [ANSIBLE_DISPLAY_FAILED_STDERR];
    /// Whether check mode is marked in the output.
    check_mode_markers check_mode_markers: bool = "False" [defaults.check_mode_markers] [ANSIBLE_CHECK_MODE_MARKERS];
    /// Whether the start of a task is shown for each host.
    show_per_host_start show_per_host_start: bool = "False" [defaults.show_per_host_start] [ANSIBLE_SHOW_PER_HOST_START];
    /// Whether the place of a failed task is shown.
    show_task_path_on_failure show_task_path_on_failure: bool = "False" [defaults.show_task_path_on_failure] [ANSIBLE_SHOW_TASK_PATH_ON_FAILURE];
    /// Whether the arguments of a task are shown in its header.
    DISPLAY_ARGS_TO_STDOUT display_args_to_stdout: bool = "False" [defaults.display_args_to_stdout] [ANSIBLE_DISPLAY_ARGS_TO_STDOUT];
    /// Whether results that read the same are shown once for all their hosts.
    FOLD fold: bool = "False" [defaults.fold] [ANSIBLE_FOLD];
    /// Whether custom statistics are shown in the recap.
    SHOW_CUSTOM_STATS show_custom_stats: bool = "False" [defaults.show_custom_stats] [ANSIBLE_SHOW_CUSTOM_STATS];
    /// Whether differences are always shown.
    DIFF_ALWAYS diff_always: bool = "False" [diff.always] [ANSIBLE_DIFF_ALWAYS];
    /// Lines around a difference.
    DIFF_CONTEXT diff_context: usize = "3" [diff.context] [ANSIBLE_DIFF_CONTEXT];
    /// Bytes of a file beyond which no difference is shown.
    MAX_FILE_SIZE_FOR_DIFF max_diff_size: u64 = "104448" [defaults.max_diff_size] [ANSIBLE_MAX_DIFF_SIZE];
    /// How much is shown, as `-v` does.
    DEFAULT_VERBOSITY verbosity: u8 = "0" [defaults.verbosity] [ANSIBLE_VERBOSITY];
    /// Whether `-v` lines go to standard error.
    VERBOSE_TO_STDERR verbose_to_stderr: bool = "False" [defaults.verbose_to_stderr] [ANSIBLE_VERBOSE_TO_STDERR];
    /// No colours.
    ANSIBLE_NOCOLOR nocolor: bool = "False" [defaults.nocolor] [ANSIBLE_NOCOLOR NO_COLOR];
    /// Colours even where there is no terminal.
    ANSIBLE_FORCE_COLOR force_color: bool = "False" [defaults.force_color] [ANSIBLE_FORCE_COLOR];
    /// Whether tasks hide their arguments and results.
    DEFAULT_NO_LOG no_log: bool = "False" [defaults.no_log] [ANSIBLE_NO_LOG];
    /// Whether managed nodes log nothing.
    DEFAULT_NO_TARGET_SYSLOG no_target_syslog: bool = "False" [defaults.no_target_syslog] [ANSIBLE_NO_TARGET_SYSLOG];
    /// A file that everything shown is written to as well.
    DEFAULT_LOG_PATH log_path: Option<PathBuf> = "" [defaults.log_path] [ANSIBLE_LOG_PATH];
    /// How much is written there, if not the same.
    LOG_VERBOSITY log_verbosity: Option<u8> = "" [defaults.log_verbosity] [ANSIBLE_LOG_VERBOSITY];
    /// Whether modules' warnings are shown.
    ACTION_WARNINGS action_warnings: bool = "True" [defaults.action_warnings] [ANSIBLE_ACTION_WARNINGS];
    /// Whether warnings about the system are shown.
    SYSTEM_WARNINGS system_warnings: bool = "True" [defaults.system_warnings] [ANSIBLE_SYSTEM_WARNINGS];
    /// Whether warnings about what will go away are shown.
    DEPRECATION_WARNINGS deprecation_warnings: bool = "True" [defaults.deprecation_warnings] [ANSIBLE_DEPRECATION_WARNINGS];

    // Colours.
    /// Changed hosts.
    COLOR_CHANGED color_changed: String = "yellow" [colors.changed] [ANSIBLE_COLOR_CHANGED];
    /// Hosts without a change.
    COLOR_OK color_ok: String = "green" [colors.ok] [ANSIBLE_COLOR_OK];
    /// Skipped hosts.
    COLOR_SKIP color_skip: String = "cyan" [colors.skip] [ANSIBLE_COLOR_SKIP];
    /// Errors and failed hosts.
    COLOR_ERROR color_error: String = "red" [colors.error] [ANSIBLE_COLOR_ERROR];
    /// Unreachable hosts.
    COLOR_UNREACHABLE color_unreachable: String = "bright red" [colors.unreachable] [ANSIBLE_COLOR_UNREACHABLE];
    /// Warnings.
    COLOR_WARN color_warn: String = "bright purple" [colors.warn] [ANSIBLE_COLOR_WARN];
    /// What will go away.
    COLOR_DEPRECATE color_deprecate: String = "purple" [colors.deprecate] [ANSIBLE_COLOR_DEPRECATE];
    /// `-v` lines.
    COLOR_VERBOSE color_verbose: String = "blue" [colors.verbose] [ANSIBLE_COLOR_VERBOSE];
    /// Debugging lines.
    COLOR_DEBUG color_debug: String = "dark gray" [colors.debug] [ANSIBLE_COLOR_DEBUG];
    /// What stands out.
    COLOR_HIGHLIGHT color_highlight: String = "white" [colors.highlight] [ANSIBLE_COLOR_HIGHLIGHT];
    /// Included files.
    COLOR_INCLUDED color_included: String = "cyan" [colors.included] [ANSIBLE_COLOR_INCLUDED];
    /// Added lines.
    COLOR_DIFF_ADD color_diff_add: String = "green" [colors.diff_add] [ANSIBLE_COLOR_DIFF_ADD];
    /// Removed lines.
    COLOR_DIFF_REMOVE color_diff_remove: String = "red" [colors.diff_remove] [ANSIBLE_COLOR_DIFF_REMOVE];
    /// The headers of differences.
    COLOR_DIFF_LINES color_diff_lines: String = "cyan" [colors.diff_lines] [ANSIBLE_COLOR_DIFF_LINES];
}

impl Settings {
    /// Whether variables beside playbooks count.
    pub fn reads_vars_of_playbooks(&self) -> bool {
        match self.vars_stage.as_deref() {
            Some("inventory") => false,
            Some(_) => true,
            None => self.run_vars_plugins != "start",
        }
    }

    /// `ansible.cfg` found as Ansible finds it, then the environment.
    pub fn load(environment: &Environment, cwd: &Path, warnings: &mut Vec<Diagnostic>) -> Result<Self, Diagnostic> {
        let file = ConfigFile::find(environment, cwd, warnings)?;
        let mut sources = Sources { environment, cwd, file: file.as_ref(), home: PathBuf::new() };
        sources.home = sources.read(&rows::ANSIBLE_HOME)?;
        Self::read(&sources)
    }
}

/// Where the value of an option comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueOrigin {
    Default,
    /// The variable.
    Environment(String),
    File(PathBuf),
}

impl Settings {
    /// Where the value of each of `OPTIONS` comes from, in their order.
    pub fn origins(environment: &Environment, cwd: &Path) -> Result<Vec<ValueOrigin>, Diagnostic> {
        let file = ConfigFile::find(environment, cwd, &mut Vec::new())?;
        let sources = Sources { environment, cwd, file: file.as_ref(), home: PathBuf::new() };
        Ok(OPTIONS.iter().map(|row| sources.origin(row)).collect())
    }
}

/// The defaults, with no `ansible.cfg` and an empty environment.
impl Default for Settings {
    #[expect(clippy::expect_used, reason = "a test reads every default of the table")]
    fn default() -> Self {
        let environment = Environment::default();
        let cwd = Path::new("/");
        let home = paths::resolve(rows::ANSIBLE_HOME.default, cwd, cwd, &environment);
        Self::read(&Sources { environment: &environment, cwd, file: None, home }).expect("defaults have their type")
    }
}

#[cfg(test)]
mod tests;
