//! What nobody reads: sections of `ansible.cfg` and environment variables that no option has. A run says nothing of them,
//! since they may belong to a plugin of the user's; `config validate` does.

use kapell_parsing::Diagnostic;

use crate::ini::IniEntry;
use crate::known::has_options;
use crate::{Environment, OPTIONS, PluginOption};

/// Ansible's variables that are about what is not here, without their `ANSIBLE_`.
const WITHOUT_MEANING: &[&str] = &[
    "AGNOSTIC_BECOME_PROMPT",
    "BECOME_PLUGINS",
    "CLICONF_PLUGINS",
    "COLLECTIONS_SCAN_SYS_PATH",
    "COLOR_CONSOLE_PROMPT",
    "COLOR_DOC_CONSTANT",
    "COLOR_DOC_DEPRECATED",
    "COLOR_DOC_LINK",
    "COLOR_DOC_MODULE",
    "COLOR_DOC_PLUGIN",
    "COLOR_DOC_REFERENCE",
    "CONNECTION_PATH",
    "COW_ACCEPTLIST",
    "COW_PATH",
    "COW_SELECTION",
    "DEVEL_WARNING",
    "DISPLAY_TRACEBACK",
    "DOC_FRAGMENT_PLUGINS",
    "GALAXY_CACHE_DIR",
    "GALAXY_COLLECTION_IMPORT_POLL_FACTOR",
    "GALAXY_COLLECTION_IMPORT_POLL_INTERVAL",
    "GALAXY_COLLECTION_SKELETON_IGNORE",
    "GALAXY_DISABLE_GPG_VERIFY",
    "GALAXY_DISPLAY_PROGRESS",
    "GALAXY_GPG_KEYRING",
    "GALAXY_IGNORE_SIGNATURE_STATUS_CODES",
    "GALAXY_REQUIRED_VALID_SIGNATURE_COUNT",
    "GALAXY_ROLE_SKELETON_IGNORE",
    "HTTPAPI_PLUGINS",
    "JINJA2_NATIVE",
    "LIBVIRT_LXC_NOSECLABEL",
    "LOG_FILTER",
    "MODULE_IGNORE_EXTS",
    "MODULE_STRICT_UTF8_RESPONSE",
    "NETCONF_PLUGINS",
    "NETCONF_SSH_CONFIG",
    "NETWORK_GROUP_MODULES",
    "NOCOWS",
    "NULL_REPRESENTATION",
    "OLD_PLUGIN_CACHE_CLEAR",
    "PAGER",
    "PERSISTENT_COMMAND_TIMEOUT",
    "PERSISTENT_CONNECT_RETRY_TIMEOUT",
    "PERSISTENT_CONNECT_TIMEOUT",
    "PERSISTENT_CONTROL_PATH_DIR",
    "PYTHON_MODULE_RLIMIT_NOFILE",
    "RUNAS_FLAGS",
    "RUNAS_PASS",
    "RUNAS_USER",
    "SELINUX_SPECIAL_FS",
    "SSH_AGENT",
    "SSH_AGENT_EXECUTABLE",
    "SSH_AGENT_KEY_LIFETIME",
    "STRATEGY_PLUGINS",
    "STRING_TYPE_FILTERS",
    "SU",
    "SYSLOG_FACILITY",
    "TARGET_LOG_INFO",
    "TERMINAL_PLUGINS",
    "VALIDATE_ACTION_GROUP_METADATA",
    "WIN_ASYNC_STARTUP_TIMEOUT",
    "WORKER_SHUTDOWN_POLL_COUNT",
    "WORKER_SHUTDOWN_POLL_DELAY",
];

/// What says where the settings are is no setting itself.
const OUTSIDE: &str = "CONFIG";

/// Sections of servers of galaxy are named by the user, and so are their variables.
const SERVER_SECTION: &str = "galaxy_server.";
const SERVER_VARIABLE: &str = "GALAXY_SERVER_";

/// An error for each section in which nothing is an option, at its first entry.
pub fn sections(entries: &[IniEntry]) -> Vec<Diagnostic> {
    let mut unknown: Vec<&IniEntry> = Vec::new();
    for entry in entries.iter().filter(|entry| !is_section(&entry.section)) {
        if !unknown.iter().any(|known| known.section == entry.section) {
            unknown.push(entry);
        }
    }
    let error = |entry: &IniEntry| Diagnostic::error(format!("unknown section '{}'", entry.section));
    unknown.into_iter().map(|entry| error(entry).at(Some(&entry.origin))).collect()
}

fn is_section(name: &str) -> bool {
    let of_plugins = || PluginOption::all().flat_map(|option| option.ini).any(|(section, _)| *section == name);
    name == "DEFAULT" || name.starts_with(SERVER_SECTION) || has_options(name) || of_plugins()
}

/// An error for each variable that has a name of Ansible's and is none.
pub fn variables(environment: &Environment) -> Vec<Diagnostic> {
    let known: Vec<&str> = OPTIONS
        .iter()
        .flat_map(|row| row.env)
        .chain(PluginOption::all().flat_map(|option| option.env))
        .filter_map(|name| name.strip_prefix("ANSIBLE_"))
        .chain(WITHOUT_MEANING.iter().copied())
        .chain([OUTSIDE])
        .collect();
    let names = environment.iter().filter_map(|(name, _)| name.strip_prefix("ANSIBLE_"));
    let unknown = names.filter(|name| !known.contains(name) && !name.starts_with(SERVER_VARIABLE));
    let error = |name: &str| Diagnostic::error(format!("unknown environment variable 'ANSIBLE_{name}'"));
    unknown.map(error).collect()
}

#[cfg(test)]
mod tests {
    use kapell_parsing::SourceFile;

    use super::*;
    use crate::ini;

    fn messages(errors: &[Diagnostic]) -> Vec<&str> {
        errors.iter().map(|error| &*error.message).collect()
    }

    #[test]
    fn sections_of_nobody_are_told_once() {
        let text = "[Defaults]\nforks = 5\ntimeout = 1\n[defaults]\nforks = 5\n[galaxy_server.my]\nurl = x\n\
                    [url_lookup]\ntimeout = 3\n[diff]\nalways = 1\n";
        let entries = ini::parse(&SourceFile::new("ansible.cfg", text)).unwrap();
        assert_eq!(messages(&sections(&entries)), ["unknown section 'Defaults'"]);
    }

    #[test]
    fn variables_of_nobody_are_told() {
        let names =
            ["ANSIBLE_FORK", "ANSIBLE_FORKS", "ANSIBLE_CONFIG", "ANSIBLE_SSH_PIPELINING", "ANSIBLE_NOCOWS", "HOME"];
        let environment = names.iter().map(|name| (*name, "1")).collect();
        assert_eq!(messages(&variables(&environment)), ["unknown environment variable 'ANSIBLE_FORK'"]);
    }
}
