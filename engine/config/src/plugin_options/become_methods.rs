//! Options of become methods.

use super::{PluginOption, Unset, plugin_options};

plugin_options! {
    /// The program that becomes the other user.
    "become" "su" "become_exe" "" Unset::Text("su"),
        ini ["privilege_escalation"."become_exe" "su_become_plugin"."executable"], env ["ANSIBLE_BECOME_EXE" "ANSIBLE_SU_EXE"], vars ["ansible_become_exe" "ansible_su_exe"], keyword ["become_exe"];
    /// Flags for the program.
    "become" "su" "become_flags" "" Unset::Text(""),
        ini ["privilege_escalation"."become_flags" "su_become_plugin"."flags"], env ["ANSIBLE_BECOME_FLAGS" "ANSIBLE_SU_FLAGS"], vars ["ansible_become_flags" "ansible_su_flags"], keyword ["become_flags"];
    /// The password it asks for.
    "become" "su" "become_pass" "" Unset::Nothing,
        ini ["su_become_plugin"."password"], env ["ANSIBLE_BECOME_PASS" "ANSIBLE_SU_PASS"], vars ["ansible_become_password" "ansible_become_pass" "ansible_su_pass"];
    /// The user to become.
    "become" "su" "become_user" "" Unset::Text("root"),
        ini ["privilege_escalation"."become_user" "su_become_plugin"."user"], env ["ANSIBLE_BECOME_USER" "ANSIBLE_SU_USER"], vars ["ansible_become_user" "ansible_su_user"], keyword ["become_user"];
    /// How the program asks for a password in other languages.
    "become" "su" "prompt_l10n" "list" Unset::List(&[]),
        ini ["su_become_plugin"."localized_prompts"], env ["ANSIBLE_SU_PROMPT_L10N"], vars ["ansible_su_prompt_l10n"];
    /// The program that becomes the other user.
    "become" "sudo" "become_exe" "" Unset::Text("sudo"),
        ini ["privilege_escalation"."become_exe" "sudo_become_plugin"."executable"], env ["ANSIBLE_BECOME_EXE" "ANSIBLE_SUDO_EXE"], vars ["ansible_become_exe" "ansible_sudo_exe"], keyword ["become_exe"];
    /// Flags for the program.
    "become" "sudo" "become_flags" "" Unset::Text("-H -S -n"),
        ini ["privilege_escalation"."become_flags" "sudo_become_plugin"."flags"], env ["ANSIBLE_BECOME_FLAGS" "ANSIBLE_SUDO_FLAGS"], vars ["ansible_become_flags" "ansible_sudo_flags"], keyword ["become_flags"];
    /// The password it asks for.
    "become" "sudo" "become_pass" "" Unset::Nothing,
        ini ["sudo_become_plugin"."password"], env ["ANSIBLE_BECOME_PASS" "ANSIBLE_SUDO_PASS"], vars ["ansible_become_password" "ansible_become_pass" "ansible_sudo_pass"];
    /// The user to become.
    "become" "sudo" "become_user" "" Unset::Text("root"),
        ini ["privilege_escalation"."become_user" "sudo_become_plugin"."user"], env ["ANSIBLE_BECOME_USER" "ANSIBLE_SUDO_USER"], vars ["ansible_become_user" "ansible_sudo_user"], keyword ["become_user"];
    /// The directory to run in.
    "become" "sudo" "sudo_chdir" "string" Unset::Nothing,
        ini ["sudo_become_plugin"."chdir"], env ["ANSIBLE_SUDO_CHDIR"], vars ["ansible_sudo_chdir"];
    /// The program that becomes the other user.
    "become" "community.general.doas" "become_exe" "string" Unset::Text("doas"),
        ini ["privilege_escalation"."become_exe" "doas_become_plugin"."executable"], env ["ANSIBLE_BECOME_EXE" "ANSIBLE_DOAS_EXE"], vars ["ansible_become_exe" "ansible_doas_exe"];
    /// Flags for the program.
    "become" "community.general.doas" "become_flags" "string" Unset::Text(""),
        ini ["privilege_escalation"."become_flags" "doas_become_plugin"."flags"], env ["ANSIBLE_BECOME_FLAGS" "ANSIBLE_DOAS_FLAGS"], vars ["ansible_become_flags" "ansible_doas_flags"];
    /// The password it asks for.
    "become" "community.general.doas" "become_pass" "string" Unset::Nothing,
        ini ["doas_become_plugin"."password"], env ["ANSIBLE_BECOME_PASS" "ANSIBLE_DOAS_PASS"], vars ["ansible_become_password" "ansible_become_pass" "ansible_doas_pass"];
    /// The user to become.
    "become" "community.general.doas" "become_user" "string" Unset::Nothing,
        ini ["privilege_escalation"."become_user" "doas_become_plugin"."user"], env ["ANSIBLE_BECOME_USER" "ANSIBLE_DOAS_USER"], vars ["ansible_become_user" "ansible_doas_user"];
    /// How the program asks for a password in other languages.
    "become" "community.general.doas" "prompt_l10n" "list" Unset::List(&[]),
        ini ["doas_become_plugin"."localized_prompts"], env ["ANSIBLE_DOAS_PROMPT_L10N"], vars ["ansible_doas_prompt_l10n"];
    /// The program that becomes the other user.
    "become" "community.general.dzdo" "become_exe" "string" Unset::Text("dzdo"),
        ini ["privilege_escalation"."become_exe" "dzdo_become_plugin"."executable"], env ["ANSIBLE_BECOME_EXE" "ANSIBLE_DZDO_EXE"], vars ["ansible_become_exe" "ansible_dzdo_exe"];
    /// Flags for the program.
    "become" "community.general.dzdo" "become_flags" "string" Unset::Text("-H -S -n"),
        ini ["privilege_escalation"."become_flags" "dzdo_become_plugin"."flags"], env ["ANSIBLE_BECOME_FLAGS" "ANSIBLE_DZDO_FLAGS"], vars ["ansible_become_flags" "ansible_dzdo_flags"];
    /// The password it asks for.
    "become" "community.general.dzdo" "become_pass" "string" Unset::Nothing,
        ini ["dzdo_become_plugin"."password"], env ["ANSIBLE_BECOME_PASS" "ANSIBLE_DZDO_PASS"], vars ["ansible_become_password" "ansible_become_pass" "ansible_dzdo_pass"];
    /// The user to become.
    "become" "community.general.dzdo" "become_user" "string" Unset::Nothing,
        ini ["privilege_escalation"."become_user" "dzdo_become_plugin"."user"], env ["ANSIBLE_BECOME_USER" "ANSIBLE_DZDO_USER"], vars ["ansible_become_user" "ansible_dzdo_user"];
    /// The program that becomes the other user.
    "become" "community.general.ksu" "become_exe" "string" Unset::Text("ksu"),
        ini ["privilege_escalation"."become_exe" "ksu_become_plugin"."executable"], env ["ANSIBLE_BECOME_EXE" "ANSIBLE_KSU_EXE"], vars ["ansible_become_exe" "ansible_ksu_exe"];
    /// Flags for the program.
    "become" "community.general.ksu" "become_flags" "string" Unset::Text(""),
        ini ["privilege_escalation"."become_flags" "ksu_become_plugin"."flags"], env ["ANSIBLE_BECOME_FLAGS" "ANSIBLE_KSU_FLAGS"], vars ["ansible_become_flags" "ansible_ksu_flags"];
    /// The password it asks for.
    "become" "community.general.ksu" "become_pass" "string" Unset::Nothing,
        ini ["ksu_become_plugin"."password"], env ["ANSIBLE_BECOME_PASS" "ANSIBLE_KSU_PASS"], vars ["ansible_ksu_pass" "ansible_become_pass" "ansible_become_password"];
    /// The user to become.
    "become" "community.general.ksu" "become_user" "string" Unset::Nothing,
        ini ["privilege_escalation"."become_user" "ksu_become_plugin"."user"], env ["ANSIBLE_BECOME_USER" "ANSIBLE_KSU_USER"], vars ["ansible_become_user" "ansible_ksu_user"], required true;
    /// How the program asks for a password in other languages.
    "become" "community.general.ksu" "prompt_l10n" "list" Unset::List(&[]),
        ini ["ksu_become_plugin"."localized_prompts"], env ["ANSIBLE_KSU_PROMPT_L10N"], vars ["ansible_ksu_prompt_l10n"];
    /// The program that becomes the other user.
    "become" "community.general.machinectl" "become_exe" "string" Unset::Text("machinectl"),
        ini ["privilege_escalation"."become_exe" "machinectl_become_plugin"."executable"], env ["ANSIBLE_BECOME_EXE" "ANSIBLE_MACHINECTL_EXE"], vars ["ansible_become_exe" "ansible_machinectl_exe"];
    /// Flags for the program.
    "become" "community.general.machinectl" "become_flags" "string" Unset::Text(""),
        ini ["privilege_escalation"."become_flags" "machinectl_become_plugin"."flags"], env ["ANSIBLE_BECOME_FLAGS" "ANSIBLE_MACHINECTL_FLAGS"], vars ["ansible_become_flags" "ansible_machinectl_flags"];
    /// The password it asks for.
    "become" "community.general.machinectl" "become_pass" "string" Unset::Nothing,
        ini ["machinectl_become_plugin"."password"], env ["ANSIBLE_BECOME_PASS" "ANSIBLE_MACHINECTL_PASS"], vars ["ansible_become_password" "ansible_become_pass" "ansible_machinectl_pass"];
    /// The user to become.
    "become" "community.general.machinectl" "become_user" "string" Unset::Text(""),
        ini ["privilege_escalation"."become_user" "machinectl_become_plugin"."user"], env ["ANSIBLE_BECOME_USER" "ANSIBLE_MACHINECTL_USER"], vars ["ansible_become_user" "ansible_machinectl_user"];
    /// The program that becomes the other user.
    "become" "community.general.pbrun" "become_exe" "string" Unset::Text("pbrun"),
        ini ["privilege_escalation"."become_exe" "pbrun_become_plugin"."executable"], env ["ANSIBLE_BECOME_EXE" "ANSIBLE_PBRUN_EXE"], vars ["ansible_become_exe" "ansible_pbrun_exe"];
    /// Flags for the program.
    "become" "community.general.pbrun" "become_flags" "string" Unset::Text(""),
        ini ["privilege_escalation"."become_flags" "pbrun_become_plugin"."flags"], env ["ANSIBLE_BECOME_FLAGS" "ANSIBLE_PBRUN_FLAGS"], vars ["ansible_become_flags" "ansible_pbrun_flags"];
    /// The password it asks for.
    "become" "community.general.pbrun" "become_pass" "string" Unset::Nothing,
        ini ["pbrun_become_plugin"."password"], env ["ANSIBLE_BECOME_PASS" "ANSIBLE_PBRUN_PASS"], vars ["ansible_become_password" "ansible_become_pass" "ansible_pbrun_pass"];
    /// The user to become.
    "become" "community.general.pbrun" "become_user" "string" Unset::Text(""),
        ini ["privilege_escalation"."become_user" "pbrun_become_plugin"."user"], env ["ANSIBLE_BECOME_USER" "ANSIBLE_PBRUN_USER"], vars ["ansible_become_user" "ansible_pbrun_user"];
    /// Whether the command is one word to the program.
    "become" "community.general.pbrun" "wrap_exe" "bool" Unset::Flag(false),
        ini ["pbrun_become_plugin"."wrap_execution"], env ["ANSIBLE_PBRUN_WRAP_EXECUTION"], vars ["ansible_pbrun_wrap_execution"];
    /// The program that becomes the other user.
    "become" "community.general.pfexec" "become_exe" "string" Unset::Text("pfexec"),
        ini ["privilege_escalation"."become_exe" "pfexec_become_plugin"."executable"], env ["ANSIBLE_BECOME_EXE" "ANSIBLE_PFEXEC_EXE"], vars ["ansible_become_exe" "ansible_pfexec_exe"];
    /// Flags for the program.
    "become" "community.general.pfexec" "become_flags" "string" Unset::Text("-H -S -n"),
        ini ["privilege_escalation"."become_flags" "pfexec_become_plugin"."flags"], env ["ANSIBLE_BECOME_FLAGS" "ANSIBLE_PFEXEC_FLAGS"], vars ["ansible_become_flags" "ansible_pfexec_flags"];
    /// The password it asks for.
    "become" "community.general.pfexec" "become_pass" "string" Unset::Nothing,
        ini ["pfexec_become_plugin"."password"], env ["ANSIBLE_BECOME_PASS" "ANSIBLE_PFEXEC_PASS"], vars ["ansible_become_password" "ansible_become_pass" "ansible_pfexec_pass"];
    /// The user to become.
    "become" "community.general.pfexec" "become_user" "string" Unset::Text("root"),
        ini ["privilege_escalation"."become_user" "pfexec_become_plugin"."user"], env ["ANSIBLE_BECOME_USER" "ANSIBLE_PFEXEC_USER"], vars ["ansible_become_user" "ansible_pfexec_user"];
    /// Whether the command is one word to the program.
    "become" "community.general.pfexec" "wrap_exe" "bool" Unset::Flag(false),
        ini ["pfexec_become_plugin"."wrap_execution"], env ["ANSIBLE_PFEXEC_WRAP_EXECUTION"], vars ["ansible_pfexec_wrap_execution"];
    /// The program that becomes the other user.
    "become" "community.general.pmrun" "become_exe" "string" Unset::Text("pmrun"),
        ini ["privilege_escalation"."become_exe" "pmrun_become_plugin"."executable"], env ["ANSIBLE_BECOME_EXE" "ANSIBLE_PMRUN_EXE"], vars ["ansible_become_exe" "ansible_pmrun_exe"];
    /// Flags for the program.
    "become" "community.general.pmrun" "become_flags" "string" Unset::Text(""),
        ini ["privilege_escalation"."become_flags" "pmrun_become_plugin"."flags"], env ["ANSIBLE_BECOME_FLAGS" "ANSIBLE_PMRUN_FLAGS"], vars ["ansible_become_flags" "ansible_pmrun_flags"];
    /// The password it asks for.
    "become" "community.general.pmrun" "become_pass" "string" Unset::Nothing,
        ini ["pmrun_become_plugin"."password"], env ["ANSIBLE_BECOME_PASS" "ANSIBLE_PMRUN_PASS"], vars ["ansible_become_password" "ansible_become_pass" "ansible_pmrun_pass"];
    /// The program that becomes the other user.
    "become" "community.general.run0" "become_exe" "string" Unset::Text("run0"),
        ini ["privilege_escalation"."become_exe" "run0_become_plugin"."executable"], env ["ANSIBLE_BECOME_EXE" "ANSIBLE_RUN0_EXE"], vars ["ansible_become_exe" "ansible_run0_exe"];
    /// Flags for the program.
    "become" "community.general.run0" "become_flags" "string" Unset::Text(""),
        ini ["privilege_escalation"."become_flags" "run0_become_plugin"."flags"], env ["ANSIBLE_BECOME_FLAGS" "ANSIBLE_RUN0_FLAGS"], vars ["ansible_become_flags" "ansible_run0_flags"];
    /// The user to become.
    "become" "community.general.run0" "become_user" "string" Unset::Text("root"),
        ini ["privilege_escalation"."become_user" "run0_become_plugin"."user"], env ["ANSIBLE_BECOME_USER" "ANSIBLE_RUN0_USER"], vars ["ansible_become_user" "ansible_run0_user"];
    /// The program that becomes the other user.
    "become" "community.general.sesu" "become_exe" "string" Unset::Text("sesu"),
        ini ["privilege_escalation"."become_exe" "sesu_become_plugin"."executable"], env ["ANSIBLE_BECOME_EXE" "ANSIBLE_SESU_EXE"], vars ["ansible_become_exe" "ansible_sesu_exe"];
    /// Flags for the program.
    "become" "community.general.sesu" "become_flags" "string" Unset::Text("-H -S -n"),
        ini ["privilege_escalation"."become_flags" "sesu_become_plugin"."flags"], env ["ANSIBLE_BECOME_FLAGS" "ANSIBLE_SESU_FLAGS"], vars ["ansible_become_flags" "ansible_sesu_flags"];
    /// The password it asks for.
    "become" "community.general.sesu" "become_pass" "string" Unset::Nothing,
        ini ["sesu_become_plugin"."password"], env ["ANSIBLE_BECOME_PASS" "ANSIBLE_SESU_PASS"], vars ["ansible_become_password" "ansible_become_pass" "ansible_sesu_pass"];
    /// The user to become.
    "become" "community.general.sesu" "become_user" "string" Unset::Text(""),
        ini ["privilege_escalation"."become_user" "sesu_become_plugin"."user"], env ["ANSIBLE_BECOME_USER" "ANSIBLE_SESU_USER"], vars ["ansible_become_user" "ansible_sesu_user"];
    /// Whether the login shell is left out.
    "become" "community.general.sudosu" "alt_method" "boolean" Unset::Nothing,
        ini ["community.general.sudosu"."alternative_method"], env ["ANSIBLE_SUDOSU_ALT_METHOD"], vars ["ansible_sudosu_alt_method"];
    /// Flags for the program.
    "become" "community.general.sudosu" "become_flags" "string" Unset::Text("-H -S -n"),
        ini ["privilege_escalation"."become_flags" "sudo_become_plugin"."flags"], env ["ANSIBLE_BECOME_FLAGS" "ANSIBLE_SUDO_FLAGS"], vars ["ansible_become_flags" "ansible_sudo_flags"];
    /// The password it asks for.
    "become" "community.general.sudosu" "become_pass" "string" Unset::Nothing,
        ini ["sudo_become_plugin"."password"], env ["ANSIBLE_BECOME_PASS" "ANSIBLE_SUDO_PASS"], vars ["ansible_become_password" "ansible_become_pass" "ansible_sudo_pass"];
    /// The user to become.
    "become" "community.general.sudosu" "become_user" "string" Unset::Text("root"),
        ini ["privilege_escalation"."become_user" "sudo_become_plugin"."user"], env ["ANSIBLE_BECOME_USER" "ANSIBLE_SUDO_USER"], vars ["ansible_become_user" "ansible_sudo_user"];
}
