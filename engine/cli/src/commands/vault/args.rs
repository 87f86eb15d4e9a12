//! What `ansible-vault` and its actions take.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::args::VaultArgs;

/// Locks and unlocks files and texts with passwords.
#[derive(Debug, Parser)]
#[command(name = "ansible-vault", disable_version_flag = true, max_term_width = 100)]
pub(crate) struct VaultCommand {
    #[command(subcommand)]
    pub action: Option<Action>,
    /// Say more
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
    /// Show the version and where things are
    #[arg(long)]
    pub version: bool,
}

#[derive(Debug, Subcommand)]
#[command(rename_all = "snake_case")]
pub(crate) enum Action {
    /// Write a new file in the editor and lock it.
    Create(EditArgs),
    /// Unlock files in place.
    Decrypt(DecryptArgs),
    /// Change a locked file in the editor.
    Edit(EditArgs),
    /// Show a locked file.
    View(FileArgs),
    /// Lock files in place.
    Encrypt(EncryptArgs),
    /// Lock texts, as values for YAML files.
    EncryptString(StringArgs),
    /// Lock files with another password.
    Rekey(RekeyArgs),
}

impl Action {
    pub(crate) fn verbose(&self) -> u8 {
        match self {
            Self::Create(args) | Self::Edit(args) => args.files.verbose,
            Self::View(args) => args.verbose,
            Self::Decrypt(args) => args.files.verbose,
            Self::Encrypt(args) => args.files.verbose,
            Self::Rekey(args) => args.files.verbose,
            Self::EncryptString(args) => args.verbose,
        }
    }
}

#[derive(Debug, Default, Args)]
pub(crate) struct FileArgs {
    /// Files; without any, or for `-`, standard input
    #[arg(value_name = "file_name")]
    pub files: Vec<String>,
    #[command(flatten)]
    pub vault: VaultArgs,
    /// Say more
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
}

#[derive(Debug, Default, Args)]
pub(crate) struct EditArgs {
    #[command(flatten)]
    pub files: FileArgs,
    /// The vault id to lock with
    #[arg(long, value_name = "ENCRYPT_VAULT_ID")]
    pub encrypt_vault_id: Option<String>,
    /// Open the editor although there is no terminal
    #[arg(long)]
    pub skip_tty_check: bool,
}

#[derive(Debug, Default, Args)]
pub(crate) struct EncryptArgs {
    #[command(flatten)]
    pub files: FileArgs,
    /// The file to write to; `-` for standard output
    #[arg(long, value_name = "OUTPUT_FILE")]
    pub output: Option<String>,
    /// The vault id to lock with
    #[arg(long, value_name = "ENCRYPT_VAULT_ID")]
    pub encrypt_vault_id: Option<String>,
}

#[derive(Debug, Default, Args)]
pub(crate) struct DecryptArgs {
    #[command(flatten)]
    pub files: FileArgs,
    /// The file to write to; `-` for standard output
    #[arg(long, value_name = "OUTPUT_FILE")]
    pub output: Option<String>,
}

#[derive(Debug, Default, Args)]
pub(crate) struct RekeyArgs {
    #[command(flatten)]
    pub files: FileArgs,
    /// The vault id to lock with
    #[arg(long, value_name = "ENCRYPT_VAULT_ID")]
    pub encrypt_vault_id: Option<String>,
    /// File with the new password
    #[arg(long, value_name = "NEW_VAULT_PASSWORD_FILE", conflicts_with = "new_vault_id")]
    pub new_vault_password_file: Option<PathBuf>,
    /// The new vault id: label@file, label@prompt
    #[arg(long, value_name = "NEW_VAULT_ID")]
    pub new_vault_id: Option<String>,
}

#[derive(Debug, Default, Args)]
pub(crate) struct StringArgs {
    /// Texts to lock; without any, or for `-`, standard input
    #[arg(value_name = "string_to_encrypt")]
    pub texts: Vec<String>,
    #[command(flatten)]
    pub vault: VaultArgs,
    /// The file to write to; `-` for standard output
    #[arg(long, value_name = "OUTPUT_FILE")]
    pub output: Option<String>,
    /// The vault id to lock with
    #[arg(long, value_name = "ENCRYPT_VAULT_ID")]
    pub encrypt_vault_id: Option<String>,
    /// Ask for the text
    #[arg(short, long)]
    pub prompt: bool,
    /// Show what is typed
    #[arg(long)]
    pub show_input: bool,
    /// The name of the variable; may be given several times
    #[arg(short, long, value_name = "ENCRYPT_STRING_NAMES")]
    pub name: Vec<String>,
    /// The name of the variable that standard input is for
    #[arg(long, value_name = "ENCRYPT_STRING_STDIN_NAME")]
    pub stdin_name: Option<String>,
    /// Say more
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
}
