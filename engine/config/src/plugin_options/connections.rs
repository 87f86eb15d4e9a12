//! Options of connections.

use super::{PluginOption, Unset, plugin_options};

plugin_options! {
    /// Whether what becoming another user printed is left out.
    "connection" "local" "become_strip_preamble" "bool" Unset::Flag(true),
        vars ["ansible_local_become_strip_preamble"];
    /// Seconds to wait until the other user is become.
    "connection" "local" "become_success_timeout" "int" Unset::Number(10),
        vars ["ansible_local_become_success_timeout"];
    /// Whether modules go over their interpreter's standard input.
    "connection" "local" "pipelining" "boolean" Unset::Flag(false),
        ini ["defaults"."pipelining" "connection"."pipelining"], env ["ANSIBLE_PIPELINING"], vars ["ansible_pipelining"];
    /// Seconds to wait for the banner of the server.
    "connection" "paramiko_ssh" "banner_timeout" "float" Unset::Number(30),
        ini ["paramiko_connection"."banner_timeout"], env ["ANSIBLE_PARAMIKO_BANNER_TIMEOUT"];
    /// Whether keys of unknown hosts are added without asking.
    "connection" "paramiko_ssh" "host_key_auto_add" "boolean" Unset::Nothing,
        ini ["paramiko_connection"."host_key_auto_add"], env ["ANSIBLE_PARAMIKO_HOST_KEY_AUTO_ADD"];
    /// Whether the keys of hosts must be known.
    "connection" "paramiko_ssh" "host_key_checking" "boolean" Unset::Flag(true),
        ini ["defaults"."host_key_checking" "paramiko_connection"."host_key_checking"], env ["ANSIBLE_HOST_KEY_CHECKING" "ANSIBLE_SSH_HOST_KEY_CHECKING" "ANSIBLE_PARAMIKO_HOST_KEY_CHECKING"], vars ["ansible_host_key_checking" "ansible_ssh_host_key_checking" "ansible_paramiko_host_key_checking"];
    /// Whether keys are searched for in the usual places.
    "connection" "paramiko_ssh" "look_for_keys" "boolean" Unset::Flag(true),
        ini ["paramiko_connection"."look_for_keys"], env ["ANSIBLE_PARAMIKO_LOOK_FOR_KEYS"];
    /// The password to log in with.
    "connection" "paramiko_ssh" "password" "string" Unset::Nothing,
        vars ["ansible_password" "ansible_ssh_pass" "ansible_ssh_password" "ansible_paramiko_pass" "ansible_paramiko_password"];
    /// The port to connect to.
    "connection" "paramiko_ssh" "port" "int" Unset::Number(22),
        ini ["defaults"."remote_port" "paramiko_connection"."remote_port"], env ["ANSIBLE_REMOTE_PORT" "ANSIBLE_REMOTE_PARAMIKO_PORT"], vars ["ansible_port" "ansible_ssh_port" "ansible_paramiko_port"], keyword ["port"];
    /// The file of the private key to log in with.
    "connection" "paramiko_ssh" "private_key_file" "string" Unset::Nothing,
        ini ["defaults"."private_key_file" "paramiko_connection"."private_key_file"], env ["ANSIBLE_PRIVATE_KEY_FILE" "ANSIBLE_PARAMIKO_PRIVATE_KEY_FILE"], vars ["ansible_private_key_file" "ansible_ssh_private_key_file" "ansible_paramiko_private_key_file"], cli ["private_key_file"];
    /// A command that leads to the host.
    "connection" "paramiko_ssh" "proxy_command" "string" Unset::Text(""),
        ini ["paramiko_connection"."proxy_command"], env ["ANSIBLE_PARAMIKO_PROXY_COMMAND"], vars ["ansible_paramiko_proxy_command"];
    /// Whether commands get a terminal.
    "connection" "paramiko_ssh" "pty" "boolean" Unset::Flag(true),
        ini ["paramiko_connection"."pty"], env ["ANSIBLE_PARAMIKO_PTY"];
    /// Whether keys of new hosts are kept.
    "connection" "paramiko_ssh" "record_host_keys" "boolean" Unset::Flag(true),
        ini ["paramiko_connection"."record_host_keys"], env ["ANSIBLE_PARAMIKO_RECORD_HOST_KEYS"];
    /// The address of the host.
    "connection" "paramiko_ssh" "remote_addr" "string" Unset::Text("inventory_hostname"),
        vars ["inventory_hostname" "ansible_host" "ansible_ssh_host" "ansible_paramiko_host"];
    /// The user to log in as.
    "connection" "paramiko_ssh" "remote_user" "string" Unset::Nothing,
        ini ["defaults"."remote_user" "paramiko_connection"."remote_user"], env ["ANSIBLE_REMOTE_USER" "ANSIBLE_PARAMIKO_REMOTE_USER"], vars ["ansible_user" "ansible_ssh_user" "ansible_paramiko_user"], keyword ["remote_user"];
    /// Seconds to wait for an answer.
    "connection" "paramiko_ssh" "timeout" "int" Unset::Number(10),
        ini ["defaults"."timeout" "ssh_connection"."timeout" "paramiko_connection"."timeout"], env ["ANSIBLE_TIMEOUT" "ANSIBLE_SSH_TIMEOUT" "ANSIBLE_PARAMIKO_TIMEOUT"], vars ["ansible_ssh_timeout" "ansible_paramiko_timeout"], cli ["timeout"];
    /// Whether connections outlive their tasks.
    "connection" "paramiko_ssh" "use_persistent_connections" "boolean" Unset::Flag(false),
        ini ["defaults"."use_persistent_connections"], env ["ANSIBLE_USE_PERSISTENT_CONNECTIONS"];
    /// Whether RSA signatures with SHA-2 are used.
    "connection" "paramiko_ssh" "use_rsa_sha2_algorithms" "boolean" Unset::Flag(true),
        ini ["paramiko_connection"."use_rsa_sha2_algorithms"], env ["ANSIBLE_PARAMIKO_USE_RSA_SHA2_ALGORITHMS"], vars ["ansible_paramiko_use_rsa_sha2_algorithms"];
    /// The socket of a shared connection.
    "connection" "ssh" "control_path" "string" Unset::Nothing,
        ini ["ssh_connection"."control_path"], env ["ANSIBLE_SSH_CONTROL_PATH"], vars ["ansible_control_path"];
    /// The directory of sockets of shared connections.
    "connection" "ssh" "control_path_dir" "string" Unset::Text("~/.ansible/cp"),
        ini ["ssh_connection"."control_path_dir"], env ["ANSIBLE_SSH_CONTROL_PATH_DIR"], vars ["ansible_control_path_dir"];
    /// The address of the host.
    "connection" "ssh" "host" "string" Unset::Text("inventory_hostname"),
        vars ["inventory_hostname" "ansible_host" "ansible_ssh_host" "delegated_vars['ansible_host']" "delegated_vars['ansible_ssh_host']"];
    /// Whether the keys of hosts must be known.
    "connection" "ssh" "host_key_checking" "boolean" Unset::Flag(true),
        ini ["defaults"."host_key_checking" "ssh_connection"."host_key_checking"], env ["ANSIBLE_HOST_KEY_CHECKING" "ANSIBLE_SSH_HOST_KEY_CHECKING"], vars ["ansible_host_key_checking" "ansible_ssh_host_key_checking"];
    /// The password to log in with.
    "connection" "ssh" "password" "string" Unset::Nothing,
        vars ["ansible_password" "ansible_ssh_pass" "ansible_ssh_password"];
    /// How the password reaches ssh.
    "connection" "ssh" "password_mechanism" "string" Unset::Text("ssh_askpass"),
        ini ["ssh_connection"."password_mechanism"], env ["ANSIBLE_SSH_PASSWORD_MECHANISM"], vars ["ansible_ssh_password_mechanism"], choices ["ssh_askpass" "sshpass" "disable"];
    /// Whether modules go over their interpreter's standard input.
    "connection" "ssh" "pipelining" "boolean" Unset::Flag(false),
        ini ["defaults"."pipelining" "connection"."pipelining" "ssh_connection"."pipelining"], env ["ANSIBLE_PIPELINING" "ANSIBLE_SSH_PIPELINING"], vars ["ansible_pipelining" "ansible_ssh_pipelining"];
    /// The library of a smart card.
    "connection" "ssh" "pkcs11_provider" "string" Unset::Text(""),
        ini ["ssh_connection"."pkcs11_provider"], env ["ANSIBLE_PKCS11_PROVIDER"], vars ["ansible_ssh_pkcs11_provider"];
    /// The port to connect to.
    "connection" "ssh" "port" "int" Unset::Nothing,
        ini ["defaults"."remote_port"], env ["ANSIBLE_REMOTE_PORT"], vars ["ansible_port" "ansible_ssh_port"], keyword ["port"];
    /// The private key to log in with.
    "connection" "ssh" "private_key" "string" Unset::Nothing,
        env ["ANSIBLE_PRIVATE_KEY"], vars ["ansible_private_key" "ansible_ssh_private_key"];
    /// The file of the private key to log in with.
    "connection" "ssh" "private_key_file" "string" Unset::Nothing,
        ini ["defaults"."private_key_file"], env ["ANSIBLE_PRIVATE_KEY_FILE"], vars ["ansible_private_key_file" "ansible_ssh_private_key_file"], cli ["private_key_file"];
    /// What the private key is locked with.
    "connection" "ssh" "private_key_passphrase" "string" Unset::Nothing,
        env ["ANSIBLE_PRIVATE_KEY_PASSPHRASE"], vars ["ansible_private_key_passphrase" "ansible_ssh_private_key_passphrase"];
    /// How often a lost connection is tried again.
    "connection" "ssh" "reconnection_retries" "integer" Unset::Number(0),
        ini ["connection"."retries" "ssh_connection"."retries"], env ["ANSIBLE_SSH_RETRIES"], vars ["ansible_ssh_retries"];
    /// The user to log in as.
    "connection" "ssh" "remote_user" "string" Unset::Nothing,
        ini ["defaults"."remote_user"], env ["ANSIBLE_REMOTE_USER"], vars ["ansible_user" "ansible_ssh_user"], cli ["user"], keyword ["remote_user"];
    /// The scp to use.
    "connection" "ssh" "scp_executable" "string" Unset::Text("scp"),
        ini ["ssh_connection"."scp_executable"], env ["ANSIBLE_SCP_EXECUTABLE"], vars ["ansible_scp_executable"];
    /// More arguments for scp.
    "connection" "ssh" "scp_extra_args" "string" Unset::Text(""),
        ini ["ssh_connection"."scp_extra_args"], env ["ANSIBLE_SCP_EXTRA_ARGS"], vars ["ansible_scp_extra_args"], cli ["scp_extra_args"];
    /// Whether sftp never asks.
    "connection" "ssh" "sftp_batch_mode" "bool" Unset::Flag(true),
        ini ["ssh_connection"."sftp_batch_mode"], env ["ANSIBLE_SFTP_BATCH_MODE"], vars ["ansible_sftp_batch_mode"];
    /// The sftp to use.
    "connection" "ssh" "sftp_executable" "string" Unset::Text("sftp"),
        ini ["ssh_connection"."sftp_executable"], env ["ANSIBLE_SFTP_EXECUTABLE"], vars ["ansible_sftp_executable"];
    /// More arguments for sftp.
    "connection" "ssh" "sftp_extra_args" "string" Unset::Text(""),
        ini ["ssh_connection"."sftp_extra_args"], env ["ANSIBLE_SFTP_EXTRA_ARGS"], vars ["ansible_sftp_extra_args"], cli ["sftp_extra_args"];
    /// Arguments for ssh.
    "connection" "ssh" "ssh_args" "string" Unset::Text("-C -o ControlMaster=auto -o ControlPersist=60s"),
        ini ["ssh_connection"."ssh_args"], env ["ANSIBLE_SSH_ARGS"], vars ["ansible_ssh_args"];
    /// Arguments for ssh, scp and sftp.
    "connection" "ssh" "ssh_common_args" "string" Unset::Text(""),
        ini ["ssh_connection"."ssh_common_args"], env ["ANSIBLE_SSH_COMMON_ARGS"], vars ["ansible_ssh_common_args"], cli ["ssh_common_args"];
    /// The ssh to use.
    "connection" "ssh" "ssh_executable" "string" Unset::Text("ssh"),
        ini ["ssh_connection"."ssh_executable"], env ["ANSIBLE_SSH_EXECUTABLE"], vars ["ansible_ssh_executable"];
    /// More arguments for ssh.
    "connection" "ssh" "ssh_extra_args" "string" Unset::Text(""),
        ini ["ssh_connection"."ssh_extra_args"], env ["ANSIBLE_SSH_EXTRA_ARGS"], vars ["ansible_ssh_extra_args"], cli ["ssh_extra_args"];
    /// How files are transferred.
    "connection" "ssh" "ssh_transfer_method" "string" Unset::Text("smart"),
        ini ["ssh_connection"."transfer_method"], env ["ANSIBLE_SSH_TRANSFER_METHOD"], vars ["ansible_ssh_transfer_method"], choices ["piped" "scp" "sftp" "smart"];
    /// How the password is asked for.
    "connection" "ssh" "sshpass_prompt" "string" Unset::Text(""),
        ini ["ssh_connection"."sshpass_prompt"], env ["ANSIBLE_SSHPASS_PROMPT"], vars ["ansible_sshpass_prompt"];
    /// Seconds to wait for an answer.
    "connection" "ssh" "timeout" "integer" Unset::Number(10),
        ini ["defaults"."timeout" "ssh_connection"."timeout"], env ["ANSIBLE_TIMEOUT" "ANSIBLE_SSH_TIMEOUT"], vars ["ansible_ssh_timeout"], cli ["timeout"];
    /// Whether ssh gets a terminal.
    "connection" "ssh" "use_tty" "bool" Unset::Flag(true),
        ini ["ssh_connection"."usetty"], env ["ANSIBLE_SSH_USETTY"], vars ["ansible_ssh_use_tty"];
    /// How much ssh tells.
    "connection" "ssh" "verbosity" "int" Unset::Number(0),
        ini ["ssh_connection"."verbosity"], env ["ANSIBLE_SSH_VERBOSITY"], vars ["ansible_ssh_verbosity"];
    /// The chroot to use.
    "connection" "community.general.chroot" "chroot_exe" "string" Unset::Text("chroot"),
        ini ["chroot_connection"."exe"], env ["ANSIBLE_CHROOT_EXE"], vars ["ansible_chroot_exe"];
    /// Whether others than root may use it.
    "connection" "community.general.chroot" "disable_root_check" "bool" Unset::Flag(false),
        ini ["chroot_connection"."disable_root_check"], env ["ANSIBLE_CHROOT_DISABLE_ROOT_CHECK"], vars ["ansible_chroot_disable_root_check"];
    /// The shell inside.
    "connection" "community.general.chroot" "executable" "string" Unset::Text("/bin/sh"),
        ini ["defaults"."executable"], env ["ANSIBLE_EXECUTABLE"], vars ["ansible_executable"];
    /// The address of the host.
    "connection" "community.general.chroot" "remote_addr" "string" Unset::Text("inventory_hostname"),
        vars ["inventory_hostname" "ansible_host"];
    /// The shell inside.
    "connection" "community.general.incus" "executable" "string" Unset::Text("/bin/sh"),
        vars ["ansible_executable" "ansible_incus_executable"];
    /// How another user is become inside.
    "connection" "community.general.incus" "incus_become_method" "str" Unset::Text("/bin/su"),
        vars ["incus_become_method"];
    /// The project of the instance.
    "connection" "community.general.incus" "project" "string" Unset::Text("default"),
        vars ["ansible_incus_project"];
    /// The server of the instance.
    "connection" "community.general.incus" "remote" "string" Unset::Text("local"),
        vars ["ansible_incus_remote"];
    /// The address of the host.
    "connection" "community.general.incus" "remote_addr" "string" Unset::Text("inventory_hostname"),
        vars ["inventory_hostname" "ansible_host" "ansible_incus_host"];
    /// The user to log in as.
    "connection" "community.general.incus" "remote_user" "string" Unset::Text("root"),
        ini ["defaults"."remote_user"], env ["ANSIBLE_REMOTE_USER"], vars ["ansible_user"], keyword ["remote_user"];
    /// The shell inside.
    "connection" "community.general.lxc" "executable" "string" Unset::Text("/bin/sh"),
        vars ["ansible_executable" "ansible_lxc_executable"];
    /// The address of the host.
    "connection" "community.general.lxc" "remote_addr" "string" Unset::Text("inventory_hostname"),
        vars ["inventory_hostname" "ansible_host" "ansible_lxc_host"];
    /// The shell inside.
    "connection" "community.general.lxd" "executable" "string" Unset::Text("/bin/sh"),
        vars ["ansible_executable" "ansible_lxd_executable"];
    /// How another user is become inside.
    "connection" "community.general.lxd" "lxd_become_method" "str" Unset::Text("/bin/su"),
        vars ["lxd_become_method"];
    /// The project of the instance.
    "connection" "community.general.lxd" "project" "string" Unset::Nothing,
        vars ["ansible_lxd_project"];
    /// The server of the instance.
    "connection" "community.general.lxd" "remote" "string" Unset::Text("local"),
        vars ["ansible_lxd_remote"];
    /// The address of the host.
    "connection" "community.general.lxd" "remote_addr" "string" Unset::Text("inventory_hostname"),
        vars ["inventory_hostname" "ansible_host" "ansible_lxd_host"];
    /// The user to log in as.
    "connection" "community.general.lxd" "remote_user" "string" Unset::Text("root"),
        ini ["defaults"."remote_user"], env ["ANSIBLE_REMOTE_USER"], vars ["ansible_user"], keyword ["remote_user"];
}
