//! Options of plugins that are built in, as the `config` lookup tells them: where they may be set, and their defaults.

use kapell_parsing::Value;

use super::LookupCall;
use crate::evaluate::Fault;
use crate::object::Object;

/// What an option is when nobody sets it.
#[derive(Debug, Clone, Copy)]
enum Default {
    None,
    Text(&'static str),
    Number(i64),
    Flag(bool),
    List,
}

/// One option: its plugin, its name, and its places, the first that is set wins.
struct PluginOption {
    plugin: (&'static str, &'static str),
    name: &'static str,
    variables: &'static [&'static str],
    environment: &'static [&'static str],
    ini: &'static [(&'static str, &'static str)],
    default: Default,
}

const KINDS: [&str; 12] = [
    "become",
    "cache",
    "callback",
    "cliconf",
    "connection",
    "httpapi",
    "inventory",
    "lookup",
    "netconf",
    "shell",
    "vars",
    "strategy",
];

macro_rules! options {
    ($($kind:literal $plugin:literal $name:literal [$($variable:literal)*] [$($environment:literal)*]
        [$($section:literal . $key:literal)*] $default:expr;)*) => {
        &[$(PluginOption {
            plugin: ($kind, $plugin),
            name: $name,
            variables: &[$($variable),*],
            environment: &[$($environment),*],
            ini: &[$(($section, $key)),*],
            default: $default,
        }),*]
    };
}

static OPTIONS: &[PluginOption] = options! {
    "become" "sudo" "become_exe" ["ansible_become_exe" "ansible_sudo_exe"] ["ANSIBLE_BECOME_EXE" "ANSIBLE_SUDO_EXE"]
        ["privilege_escalation"."become_exe" "sudo_become_plugin"."executable"] Default::Text("sudo");
    "become" "sudo" "become_flags" ["ansible_become_flags" "ansible_sudo_flags"]
        ["ANSIBLE_BECOME_FLAGS" "ANSIBLE_SUDO_FLAGS"]
        ["privilege_escalation"."become_flags" "sudo_become_plugin"."flags"] Default::Text("-H -S -n");
    "become" "sudo" "become_pass" ["ansible_become_password" "ansible_become_pass" "ansible_sudo_pass"]
        ["ANSIBLE_BECOME_PASS" "ANSIBLE_SUDO_PASS"] ["sudo_become_plugin"."password"] Default::None;
    "become" "sudo" "become_user" ["ansible_become_user" "ansible_sudo_user"]
        ["ANSIBLE_BECOME_USER" "ANSIBLE_SUDO_USER"]
        ["privilege_escalation"."become_user" "sudo_become_plugin"."user"] Default::Text("root");
    "become" "sudo" "sudo_chdir" ["ansible_sudo_chdir"] ["ANSIBLE_SUDO_CHDIR"] ["sudo_become_plugin"."chdir"] Default::None;
    "become" "su" "become_exe" ["ansible_become_exe" "ansible_su_exe"] ["ANSIBLE_BECOME_EXE" "ANSIBLE_SU_EXE"]
        ["privilege_escalation"."become_exe" "su_become_plugin"."executable"] Default::Text("su");
    "become" "su" "become_flags" ["ansible_become_flags" "ansible_su_flags"] ["ANSIBLE_BECOME_FLAGS" "ANSIBLE_SU_FLAGS"]
        ["privilege_escalation"."become_flags" "su_become_plugin"."flags"] Default::Text("");
    "become" "su" "become_pass" ["ansible_become_password" "ansible_become_pass" "ansible_su_pass"]
        ["ANSIBLE_BECOME_PASS" "ANSIBLE_SU_PASS"] ["su_become_plugin"."password"] Default::None;
    "become" "su" "become_user" ["ansible_become_user" "ansible_su_user"] ["ANSIBLE_BECOME_USER" "ANSIBLE_SU_USER"]
        ["privilege_escalation"."become_user" "su_become_plugin"."user"] Default::Text("root");
    "become" "su" "prompt_l10n" ["ansible_su_prompt_l10n"] ["ANSIBLE_SU_PROMPT_L10N"]
        ["su_become_plugin"."localized_prompts"] Default::List;
    "connection" "local" "become_strip_preamble" ["ansible_local_become_strip_preamble"] [] [] Default::Flag(true);
    "connection" "local" "become_success_timeout" ["ansible_local_become_success_timeout"] [] [] Default::Number(10);
    "connection" "local" "pipelining" ["ansible_pipelining"] ["ANSIBLE_PIPELINING"]
        ["defaults"."pipelining" "connection"."pipelining"] Default::Flag(false);
    "connection" "ssh" "host_key_checking" ["ansible_host_key_checking" "ansible_ssh_host_key_checking"]
        ["ANSIBLE_HOST_KEY_CHECKING" "ANSIBLE_SSH_HOST_KEY_CHECKING"]
        ["defaults"."host_key_checking" "ssh_connection"."host_key_checking"] Default::Flag(true);
    "connection" "ssh" "port" ["ansible_port" "ansible_ssh_port"] ["ANSIBLE_REMOTE_PORT"] ["defaults"."remote_port"] Default::None;
    "connection" "ssh" "private_key_file" ["ansible_private_key_file" "ansible_ssh_private_key_file"]
        ["ANSIBLE_PRIVATE_KEY_FILE"] ["defaults"."private_key_file"] Default::None;
    "connection" "ssh" "reconnection_retries" ["ansible_ssh_retries"] ["ANSIBLE_SSH_RETRIES"]
        ["connection"."retries" "ssh_connection"."retries"] Default::Number(0);
    "connection" "ssh" "remote_user" ["ansible_user" "ansible_ssh_user"] ["ANSIBLE_REMOTE_USER"]
        ["defaults"."remote_user"] Default::None;
    "connection" "ssh" "ssh_args" ["ansible_ssh_args"] ["ANSIBLE_SSH_ARGS"] ["ssh_connection"."ssh_args"]
        Default::Text("-C -o ControlMaster=auto -o ControlPersist=60s");
    "connection" "ssh" "ssh_common_args" ["ansible_ssh_common_args"] ["ANSIBLE_SSH_COMMON_ARGS"]
        ["ssh_connection"."ssh_common_args"] Default::Text("");
    "connection" "ssh" "ssh_executable" ["ansible_ssh_executable"] ["ANSIBLE_SSH_EXECUTABLE"]
        ["ssh_connection"."ssh_executable"] Default::Text("ssh");
    "connection" "ssh" "ssh_extra_args" ["ansible_ssh_extra_args"] ["ANSIBLE_SSH_EXTRA_ARGS"]
        ["ssh_connection"."ssh_extra_args"] Default::Text("");
    "connection" "ssh" "timeout" ["ansible_ssh_timeout"] ["ANSIBLE_TIMEOUT" "ANSIBLE_SSH_TIMEOUT"]
        ["defaults"."timeout" "ssh_connection"."timeout"] Default::Number(10);
    "lookup" "url" "ca_path" ["ansible_lookup_url_ca_path"] ["ANSIBLE_LOOKUP_URL_CA_PATH"] ["url_lookup"."ca_path"] Default::None;
    "lookup" "url" "ciphers" ["ansible_lookup_url_ciphers"] ["ANSIBLE_LOOKUP_URL_CIPHERS"] ["url_lookup"."ciphers"] Default::None;
    "lookup" "url" "follow_redirects" ["ansible_lookup_url_follow_redirects"] ["ANSIBLE_LOOKUP_URL_FOLLOW_REDIRECTS"] ["url_lookup"."follow_redirects"] Default::Text("urllib2");
    "lookup" "url" "force" ["ansible_lookup_url_force"] ["ANSIBLE_LOOKUP_URL_FORCE"] ["url_lookup"."force"] Default::Flag(false);
    "lookup" "url" "force_basic_auth" ["ansible_lookup_url_force_basic_auth"] ["ANSIBLE_LOOKUP_URL_FORCE_BASIC_AUTH"] ["url_lookup"."force_basic_auth"] Default::Flag(false);
    "lookup" "url" "http_agent" ["ansible_lookup_url_agent"] ["ANSIBLE_LOOKUP_URL_AGENT"] ["url_lookup"."agent"] Default::Text("ansible-httpget");
    "lookup" "url" "timeout" ["ansible_lookup_url_timeout"] ["ANSIBLE_LOOKUP_URL_TIMEOUT"] ["url_lookup"."timeout"] Default::Number(10);
    "lookup" "url" "unix_socket" ["ansible_lookup_url_unix_socket"] ["ANSIBLE_LOOKUP_URL_UNIX_SOCKET"] ["url_lookup"."unix_socket"] Default::None;
    "lookup" "url" "unredirected_headers" ["ansible_lookup_url_unredir_headers"] ["ANSIBLE_LOOKUP_URL_UNREDIR_HEADERS"] ["url_lookup"."unredirected_headers"] Default::None;
    "lookup" "url" "use_gssapi" ["ansible_lookup_url_use_gssapi"] ["ANSIBLE_LOOKUP_URL_USE_GSSAPI"] ["url_lookup"."use_gssapi"] Default::Flag(false);
    "lookup" "url" "use_netrc" ["ansible_lookup_url_use_netrc"] ["ANSIBLE_LOOKUP_URL_USE_NETRC"] ["url_lookup"."use_netrc"] Default::Flag(true);
    "shell" "sh" "remote_tmp" ["ansible_remote_tmp"] ["ANSIBLE_REMOTE_TEMP" "ANSIBLE_REMOTE_TMP"]
        ["defaults"."remote_tmp"] Default::Text("~/.ansible/tmp");
};

/// Fails when there is no such kind of plugin or none of that name.
pub(super) fn check_plugin(kind: &str, plugin: &str) -> Result<(), Fault> {
    if !KINDS.contains(&kind) {
        let message = format!("Invalid value '{kind}' for config 'plugin_type' for 'config' lookup plugin.");
        return Err(Fault::error(message));
    }
    match OPTIONS.iter().any(|option| option.plugin == (kind, plugin)) {
        true => Ok(()),
        false => Err(Fault::error(format!("Unable to load {kind} plugin '{plugin}'."))),
    }
}

/// `None`: the plugin has no such option.
pub(super) fn value(call: &LookupCall<'_>, plugin: (&str, &str), name: &str) -> Result<Option<Object>, Fault> {
    let Some(option) = OPTIONS.iter().find(|option| option.plugin == plugin && option.name == name) else {
        return Ok(None);
    };
    for variable in option.variables {
        if let Some(value) = call.rendering.variable(call.scope, variable)? {
            return Ok(Some(value));
        }
    }
    let from_environment = option.environment.iter().find_map(|name| std::env::var(name).ok());
    let surroundings = call.rendering.templar.options().surroundings.as_ref();
    let from_file = || {
        let mut places = option.ini.iter();
        places.find_map(|(section, key)| surroundings.and_then(|surroundings| surroundings.ini(section, key)))
    };
    let written = from_environment.or_else(from_file);
    Ok(Some(Object::finished(&option.default.of(written.as_deref()))))
}

impl Default {
    /// What is written becomes what the default is.
    fn of(self, written: Option<&str>) -> Value {
        match (self, written) {
            (Self::None, None) => Value::Null,
            (Self::Number(number), None) => Value::from(number),
            (Self::Flag(flag), None) => Value::from(flag),
            (Self::List, None) => Value::from(Vec::new()),
            (Self::Text(text), None) | (Self::None | Self::Text(_), Some(text)) => Value::from(text),
            (Self::Number(_), Some(text)) => text.trim().parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
            (Self::Flag(_), Some(text)) => {
                Value::from(matches!(text.to_ascii_lowercase().as_str(), "yes" | "true" | "on" | "1" | "y" | "t"))
            }
            (Self::List, Some(text)) => {
                Value::from(text.split(',').map(|item| Value::from(item.trim())).collect::<Vec<Value>>())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_named_once() {
        for (at, option) in OPTIONS.iter().enumerate() {
            let again =
                OPTIONS[at + 1..].iter().any(|other| other.plugin == option.plugin && other.name == option.name);
            assert!(!again && KINDS.contains(&option.plugin.0), "{:?} {}", option.plugin, option.name);
        }
    }

    #[test]
    fn what_is_written_takes_the_type() {
        assert_eq!(Default::Number(1).of(Some(" 5 ")), Value::from(5));
        assert_eq!(Default::Flag(true).of(Some("False")), Value::from(false));
        assert_eq!(Default::None.of(None), Value::Null);
        assert_eq!(Default::List.of(Some("a, b")), Value::from(vec![Value::from("a"), Value::from("b")]));
    }
}
