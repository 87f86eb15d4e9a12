//! Facts that never become variables: what a host says must not change how it, or another, is reached and commanded.
//! They stay in results and in `ansible_facts`, where nothing but content looks, as in ansible-core.

/// Behind `ansible_`.
const NAMES: &[&str] = &[
    "async_dir",
    "collections",
    "connection",
    "executable",
    "host",
    "host_key_checking",
    "module_compression",
    "network_os",
    "password",
    "pipelining",
    "port",
    "private_key_file",
    "remote_tmp",
    "timeout",
    "user",
];

/// Settings of connections, shells and become methods begin with their names.
const BEGINNINGS: &[&str] = &[
    "become",
    "buildah_",
    "chroot_",
    "containers_",
    "doas_",
    "docker_",
    "enable_",
    "httpapi_",
    "incus_",
    "jail_",
    "kubectl_",
    "local_",
    "lxc_",
    "lxd_",
    "machinectl_",
    "netconf_",
    "nspawn_",
    "openssh_",
    "paramiko_",
    "pbrun_",
    "pfexec_",
    "podman_",
    "private_key_",
    "psrp_",
    "run0_",
    "runas_",
    "shell_",
    "ssh_",
    "su_",
    "sudo_",
    "winrm_",
    "zone_",
];

const ENDINGS: &[&str] = &["_interpreter", "_pass", "_password"];

pub(crate) fn is_refused(fact: &str) -> bool {
    let Some(name) = fact.strip_prefix("ansible_") else { return false };
    if name.starts_with("ssh_host_key") {
        return false;
    }
    NAMES.contains(&name)
        || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
        || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::is_refused;

    #[test]
    fn how_a_host_is_reached_is_no_fact() {
        let refused = [
            "ansible_connection",
            "ansible_host",
            "ansible_become_exe",
            "ansible_sudo_exe",
            "ansible_ssh_executable",
            "ansible_ssh_common_args",
            "ansible_python_interpreter",
            "ansible_docker_extra_args",
            "ansible_local_become_success_timeout",
        ];
        let facts = [
            "ansible_local",
            "ansible_ssh_host_key_rsa_public",
            "ansible_hostname",
            "ansible_user_id",
            "ansible_distribution",
            "ansible_env",
            "ansible_system_vendor",
            "services",
            "connection",
        ];
        assert!(refused.into_iter().all(is_refused));
        assert!(!facts.into_iter().any(is_refused));
    }
}
