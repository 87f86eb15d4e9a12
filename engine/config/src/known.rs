//! Options of `ansible.cfg` that are not in the table of settings: those without a meaning here, those without an effect
//! yet, those Ansible has dropped. Whatever else stands in a known section is a slip, and worth a warning.

use kapell_parsing::Diagnostic;

use crate::OPTIONS;
use crate::ini::IniEntry;

/// A section and its options.
type Section = (&'static str, &'static [&'static str]);

/// Accepted in silence: they are about Python, programs that are not called, or commands that are not there.
const WITHOUT_MEANING: &[Section] = &[
    (
        "defaults",
        &[
            "cliconf_plugins",
            "collections_scan_sys_path",
            "cow_selection",
            "cowpath",
            "cowsay_enabled_stencils",
            "devel_warning",
            "display_traceback",
            "doc_fragment_plugins",
            "docsite_root_url",
            "httpapi_plugins",
            "internal_poll_interval",
            "jinja2_native",
            "module_compression",
            "module_ignore_exts",
            "module_strict_utf8_response",
            "netconf_plugins",
            "network_group_modules",
            "nocows",
            "old_plugin_cache_clear",
            "pager",
            "plugin_filters_cfg",
            "python_module_rlimit_nofile",
            "su",
            "syslog_facility",
            "target_log_info",
            "terminal_plugins",
            "use_persistent_connections",
            "validate_action_group_metadata",
            "win_async_startup_timeout",
        ],
    ),
    ("privilege_escalation", &["agnostic_become_prompt"]),
    (
        "ssh_connection",
        &[
            "control_path",
            "control_path_dir",
            "password_mechanism",
            "scp_executable",
            "scp_extra_args",
            "sftp_batch_mode",
            "sftp_executable",
            "sftp_extra_args",
            "sshpass_prompt",
            "transfer_method",
            "usetty",
            "verbosity",
        ],
    ),
    (
        "colors",
        &["console_prompt", "doc_constant", "doc_deprecated", "doc_link", "doc_module", "doc_plugin", "doc_reference"],
    ),
    (
        "galaxy",
        &[
            "cache_dir",
            "collection_import_poll_factor",
            "collection_import_poll_interval",
            "collection_skeleton_ignore",
            "disable_gpg_verify",
            "display_progress",
            "gpg_keyring",
            "ignore_signature_status_codes",
            "import_poll_factor",
            "import_poll_interval",
            "required_valid_signature_count",
            "role_skeleton_ignore",
        ],
    ),
    ("jinja2", &["dont_type_filters"]),
    ("netconf_connection", &["ssh_config"]),
    (
        "persistent_connection",
        &["ansible_connection_path", "command_timeout", "connect_retry_timeout", "connect_timeout", "control_path_dir"],
    ),
    ("selinux", &["libvirt_lxc_noseclabel", "special_context_filesystems"]),
];

/// Ansible knows them; here they have no effect yet.
const NOT_BUILT: &[Section] = &[
    ("defaults", &["allow_unsafe_lookups", "become_plugins", "log_filter", "null_representation", "strategy_plugins"]),
    ("connection", &["ssh_agent", "ssh_agent_executable", "ssh_agent_key_lifetime"]),
    ("ssh_connection", &["pkcs11_provider"]),
    ("paramiko_connection", &["host_key_auto_add", "look_for_keys"]),
    ("sudo_become_plugin", &["chdir", "executable", "flags", "password", "user"]),
    ("su_become_plugin", &["executable", "flags", "localized_prompts", "password", "user"]),
];

/// Dropped by Ansible before 2.19, with what takes their place.
const DROPPED: &[(&str, &str, &str)] = &[
    ("defaults", "ask_sudo_pass", "use `become_ask_pass` in `[privilege_escalation]`"),
    ("defaults", "callback_whitelist", "use `callbacks_enabled`"),
    ("defaults", "collections_paths", "use `collections_path`"),
    ("defaults", "command_warnings", "remove it"),
    ("defaults", "fact_path", "use `fact_path` of the play"),
    ("defaults", "gather_subset", "use `gather_subset` of the play"),
    ("defaults", "gather_timeout", "use `gather_timeout` of the play"),
    ("defaults", "hostfile", "use `inventory`"),
    ("defaults", "squash_actions", "remove it"),
    ("defaults", "sudo", "use `become` in `[privilege_escalation]`"),
    ("defaults", "sudo_user", "use `become_user` in `[privilege_escalation]`"),
    ("ssh_connection", "scp_if_ssh", "remove it"),
];

/// A warning for each entry that has no effect although its author expects one.
pub(crate) fn check(entries: &[IniEntry], warnings: &mut Vec<Diagnostic>) {
    warnings.extend(entries.iter().filter_map(warning));
}

fn warning(entry: &IniEntry) -> Option<Diagnostic> {
    let IniEntry { section, key, origin, .. } = entry;
    if has_effect(section, key) || is_in(WITHOUT_MEANING, section, key) {
        return None;
    }
    if is_in(NOT_BUILT, section, key) {
        let message = format!("option '{key}' in section '{section}' has no effect yet");
        return Some(Diagnostic::warning(message).at(Some(origin)));
    }
    if let Some((.., instead)) = DROPPED.iter().find(|(old_section, old, _)| old_section == section && old == key) {
        let message = format!("Ansible has dropped option '{key}' of section '{section}': it has no effect");
        return Some(Diagnostic::warning(message).at(Some(origin)).hint(*instead));
    }
    let known: Vec<&str> = options_of(section).collect();
    if known.is_empty() {
        return None;
    }
    let message = format!("unknown option '{key}' in section '{section}'");
    Some(Diagnostic::warning(message).at(Some(origin)).did_you_mean(key, known))
}

fn has_effect(section: &str, key: &str) -> bool {
    let section = if section == "DEFAULT" { None } else { Some(section) };
    let fits = |(own, name): &(&str, &str)| section.is_none_or(|section| section == *own) && *name == key;
    OPTIONS.iter().any(|row| row.ini.iter().any(fits))
}

fn is_in(sections: &[Section], section: &str, key: &str) -> bool {
    sections.iter().any(|(name, keys)| *name == section && keys.contains(&key))
}

/// Whether options of Ansible itself stand in a section.
pub(crate) fn has_options(section: &str) -> bool {
    options_of(section).next().is_some()
}

/// All options of a section. None for a section that nobody knows: it belongs to some plugin.
fn options_of(section: &str) -> impl Iterator<Item = &'static str> {
    let in_table = OPTIONS.iter().flat_map(|row| row.ini).filter(move |(own, _)| *own == section).map(|(_, key)| *key);
    let others = WITHOUT_MEANING.iter().chain(NOT_BUILT).filter(move |(own, _)| *own == section);
    in_table.chain(others.flat_map(|(_, keys)| keys.iter().copied()))
}

#[cfg(test)]
mod tests {
    use kapell_parsing::SourceFile;

    use super::*;
    use crate::ini;

    #[test]
    fn what_has_no_effect_is_told_once_each() {
        let text = "[defaults]\nfroks = 5\nforks = 5\nnocows = 1\nstrategy_plugins = x\nhostfile = y\n\
                    [somebody_elses]\nx = 1\n[DEFAULT]\ntimeout = 3\n[tags]\nrn = x\n";
        let mut warnings = Vec::new();
        check(&ini::parse(&SourceFile::new("ansible.cfg", text)).unwrap(), &mut warnings);
        let told: Vec<String> = warnings
            .iter()
            .map(|w| format!("{}: {} ({})", w.origin.as_ref().unwrap(), w.message, w.hint.as_deref().unwrap_or("-")))
            .collect();
        assert_eq!(
            told,
            [
                "ansible.cfg:2:1: unknown option 'froks' in section 'defaults' (did you mean 'forks'?)",
                "ansible.cfg:5:1: option 'strategy_plugins' in section 'defaults' has no effect yet (-)",
                "ansible.cfg:6:1: Ansible has dropped option 'hostfile' of section 'defaults': it has no effect (use `inventory`)",
                "ansible.cfg:12:1: unknown option 'rn' in section 'tags' (did you mean 'run'?)",
            ]
        );
    }

    #[test]
    fn an_option_is_listed_once() {
        for (section, keys) in WITHOUT_MEANING.iter().chain(NOT_BUILT) {
            for key in *keys {
                let times = options_of(section).filter(|known| known == key).count();
                assert_eq!(times, 1, "{section}.{key}");
            }
        }
    }
}
