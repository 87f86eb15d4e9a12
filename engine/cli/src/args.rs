//! The command line: `kapell …` and what `ansible-playbook` takes.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser};
use kapell_config::Settings;

use crate::commands::check::CheckArgs;
use crate::commands::completions::CompletionsArgs;
use crate::commands::config::ConfigCommand;
use crate::commands::console::ConsoleArgs;
use crate::commands::doc::DocArgs;
use crate::commands::explain::ExplainArgs;
use crate::commands::galaxy::GalaxyCommand;
use crate::commands::inventory::InventoryArgs;
use crate::commands::man::ManArgs;
use crate::commands::pull::PullArgs;
use crate::commands::run::RunArgs;
use crate::commands::vault::VaultCommand;
use crate::foundation::NO_FORKS;

/// Runs Ansible content over SSH. No Python needed on either side.
#[derive(Debug, Parser)]
#[command(name = "kapell", version, arg_required_else_help = true, max_term_width = 100)]
pub(crate) struct Kapell {
    #[command(subcommand)]
    pub command: Subcommand,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Subcommand {
    /// Run playbooks on the hosts they name.
    Playbook(PlaybookArgs),
    /// Run one task on the hosts of a pattern.
    Run(RunArgs),
    /// Show the inventory as it was understood.
    Inventory(InventoryArgs),
    /// Lock and unlock files and texts with passwords.
    Vault(VaultCommand),
    /// Show settings and where they come from.
    Config(ConfigCommand),
    /// Install, build, list and check roles and collections.
    Galaxy(GalaxyCommand),
    /// Show the arguments of modules.
    Doc(DocArgs),
    /// Run tasks as they are typed.
    Console(ConsoleArgs),
    /// Bring a repository here and run its playbook on this machine.
    Pull(PullArgs),
    /// Look for mistakes in content, before any connection.
    Check(CheckArgs),
    /// Show where the value of a variable comes from.
    Explain(ExplainArgs),
    /// Print a manual page.
    Man(ManArgs),
    /// Print a completion script for a shell.
    Completions(CompletionsArgs),
}

/// Runs playbooks, executing the defined tasks on the targeted hosts.
#[derive(Debug, Default, Parser)]
#[command(name = "ansible-playbook", disable_version_flag = true, max_term_width = 100)]
pub(crate) struct PlaybookArgs {
    /// Playbook(s)
    #[arg(required_unless_present = "version", value_name = "playbook")]
    pub playbooks: Vec<PathBuf>,
    #[command(flatten)]
    pub hosts: HostArgs,
    #[command(flatten)]
    pub connection: ConnectionArgs,
    #[command(flatten)]
    pub privilege: PrivilegeArgs,
    #[command(flatten)]
    pub vault: VaultArgs,
    #[command(flatten)]
    pub run: PlayArgs,
    #[command(flatten)]
    pub listing: ListingArgs,
    /// Say more; up to -vvvv
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
    /// Show the version and where things are
    #[arg(long)]
    pub version: bool,
}

#[derive(Debug, Default, Args)]
pub(crate) struct HostArgs {
    /// Inventory path or comma separated host list; may be given several times
    #[arg(short, long, visible_alias = "inventory-file", value_name = "INVENTORY")]
    pub inventory: Vec<String>,
    /// Further limit selected hosts to an additional pattern
    #[arg(short, long, alias = "subset", value_name = "SUBSET")]
    pub limit: Option<String>,
    /// Additional variables as key=value, YAML or JSON, or @file; may be given several times
    #[arg(short, long, value_name = "EXTRA_VARS", allow_hyphen_values = true)]
    pub extra_vars: Vec<String>,
    /// Clear the fact cache of every host in the inventory
    #[arg(long)]
    pub flush_cache: bool,
}

#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Connection options")]
pub(crate) struct ConnectionArgs {
    /// Connect as this user
    #[arg(short, long, value_name = "REMOTE_USER")]
    pub user: Option<String>,
    /// Use this key to authenticate the connection
    #[arg(long, visible_alias = "key-file", value_name = "PRIVATE_KEY_FILE")]
    pub private_key: Option<PathBuf>,
    /// Connection type to use
    #[arg(short, long, value_name = "CONNECTION")]
    pub connection: Option<String>,
    /// Override the connection timeout in seconds
    #[arg(short = 'T', long, value_name = "TIMEOUT")]
    pub timeout: Option<u64>,
    /// OpenSSH options for every connection
    #[arg(long, value_name = "SSH_COMMON_ARGS", allow_hyphen_values = true)]
    pub ssh_common_args: Option<String>,
    /// OpenSSH options for ssh
    #[arg(long, value_name = "SSH_EXTRA_ARGS", allow_hyphen_values = true)]
    pub ssh_extra_args: Option<String>,
    /// Accepted for compatibility: files do not go through sftp
    #[arg(long, value_name = "SFTP_EXTRA_ARGS", allow_hyphen_values = true, hide = true)]
    pub sftp_extra_args: Option<String>,
    /// Accepted for compatibility: files do not go through scp
    #[arg(long, value_name = "SCP_EXTRA_ARGS", allow_hyphen_values = true, hide = true)]
    pub scp_extra_args: Option<String>,
    /// Ask for the connection password
    #[arg(short = 'k', long, conflicts_with = "connection_password_file")]
    pub ask_pass: bool,
    /// File with the connection password
    #[arg(long, visible_alias = "conn-pass-file")]
    pub connection_password_file: Option<PathBuf>,
}

#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Privilege escalation options")]
pub(crate) struct PrivilegeArgs {
    /// Run operations with become (does not imply password prompting)
    #[arg(short = 'b', long = "become")]
    pub become_: bool,
    /// Privilege escalation method to use
    #[arg(long, value_name = "BECOME_METHOD")]
    pub become_method: Option<String>,
    /// Run operations as this user
    #[arg(long, value_name = "BECOME_USER")]
    pub become_user: Option<String>,
    /// Ask for the privilege escalation password
    #[arg(short = 'K', long, conflicts_with = "become_password_file")]
    pub ask_become_pass: bool,
    /// File with the privilege escalation password
    #[arg(long, visible_alias = "become-pass-file")]
    pub become_password_file: Option<PathBuf>,
}

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Vault options")]
pub(crate) struct VaultArgs {
    /// Vault identity to use: label@file, label@prompt; may be given several times
    #[arg(long, value_name = "VAULT_IDS")]
    pub vault_id: Vec<String>,
    /// File with the vault password; may be given several times
    #[arg(long, visible_alias = "vault-pass-file", value_name = "VAULT_PASSWORD_FILES")]
    pub vault_password_file: Vec<PathBuf>,
    /// Ask for the vault password
    #[arg(short = 'J', long, visible_alias = "ask-vault-pass", conflicts_with = "vault_password_file")]
    pub ask_vault_password: bool,
}

#[derive(Debug, Default, Args)]
pub(crate) struct PlayArgs {
    /// Only run plays and tasks tagged with these values; may be given several times
    #[arg(short, long, value_name = "TAGS")]
    pub tags: Vec<String>,
    /// Only run plays and tasks whose tags do not match these values; may be given several times
    #[arg(long, value_name = "SKIP_TAGS")]
    pub skip_tags: Vec<String>,
    /// Hosts to work on at the same time
    #[arg(short, long, value_name = "FORKS", value_parser = forks)]
    pub forks: Option<usize>,
    /// Do not make any changes; instead, predict them
    #[arg(short = 'C', long)]
    pub check: bool,
    /// Show the differences in files and templates that change
    #[arg(short = 'D', long)]
    pub diff: bool,
    /// Run handlers even if a task fails
    #[arg(long)]
    pub force_handlers: bool,
    /// Start the playbook at the task matching this name
    #[arg(long, value_name = "START_AT_TASK")]
    pub start_at_task: Option<String>,
    /// Show results that read the same once for all their hosts
    #[arg(long)]
    pub fold: bool,
    /// Write a page about the run into this file
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Confirm each task before running it
    #[arg(long)]
    pub step: bool,
    /// Accepted for compatibility: Python modules are not run
    #[arg(short = 'M', long, value_name = "MODULE_PATH", hide = true)]
    pub module_path: Vec<String>,
}

#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Instead of running")]
pub(crate) struct ListingArgs {
    /// Check the playbook's syntax
    #[arg(long)]
    pub syntax_check: bool,
    /// List the matching hosts
    #[arg(long)]
    pub list_hosts: bool,
    /// List the tasks that would be executed
    #[arg(long)]
    pub list_tasks: bool,
    /// List the tags
    #[arg(long)]
    pub list_tags: bool,
}

/// How many hosts to work on at the same time: at least one.
pub(crate) fn forks(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err(NO_FORKS.to_owned()),
        parsed => parsed.map_err(|_| format!("invalid int value: '{text}'")),
    }
}

impl ConnectionArgs {
    /// What the command line says goes over the settings.
    pub(crate) fn apply_to(&self, settings: &mut Settings) {
        if let Some(common) = &self.ssh_common_args {
            settings.ssh_common_args.clone_from(common);
        }
        if let Some(extra) = &self.ssh_extra_args {
            settings.ssh_extra_args.clone_from(extra);
        }
    }
}
