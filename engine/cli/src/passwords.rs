//! Passwords: asked for at the terminal, read from files, printed by scripts. Never taken from arguments.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use kapell_config::Settings;
use kapell_parsing::VaultSecrets;

use crate::args::{ConnectionArgs, PrivilegeArgs, VaultArgs};

/// What may be needed to log in and to become.
#[derive(Default)]
pub(crate) struct Passwords {
    pub connection: Option<String>,
    pub become_: Option<String>,
}

impl Passwords {
    pub(crate) fn collect(connection: &ConnectionArgs, privilege: &PrivilegeArgs, settings: &Settings) -> Result<Self> {
        let mut passwords = Self::default();
        if let Some(file) = connection.connection_password_file.as_ref().or(settings.connection_password_file.as_ref())
        {
            passwords.connection = Some(text(from_file(file)?)?);
        } else if connection.ask_pass || settings.ask_pass {
            passwords.connection = Some(ask("SSH password: ")?);
        }
        if let Some(file) = privilege.become_password_file.as_ref().or(settings.become_password_file.as_ref()) {
            passwords.become_ = Some(text(from_file(file)?)?);
        } else if privilege.ask_become_pass || settings.become_ask_pass {
            let or_default = if passwords.connection.is_some() { "[defaults to SSH password]" } else { "" };
            let typed = ask(&format!("BECOME password{or_default}: "))?;
            passwords.become_ = if typed.is_empty() { passwords.connection.clone() } else { Some(typed) };
        }
        Ok(passwords)
    }
}

/// Every vault password of arguments and settings, in the order in which they are tried.
pub(crate) fn vault_secrets(args: &VaultArgs, settings: &Settings) -> Result<VaultSecrets> {
    let mut secrets = VaultSecrets::default();
    let identity = settings.vault_identity.clone();
    for id in settings.vault_identity_list.iter().chain(&args.vault_id) {
        let (label, source) = id.split_once('@').unwrap_or((&identity, id));
        secrets.push(label, vault_password(label, source)?);
    }
    let from_settings = settings.vault_password_file.as_deref().filter(|_| args.vault_password_file.is_empty());
    for file in args.vault_password_file.iter().map(std::path::PathBuf::as_path).chain(from_settings) {
        secrets.push(&identity, from_file(file)?);
    }
    if args.ask_vault_password || settings.ask_vault_pass {
        secrets.push(&identity, ask("Vault password: ")?.into_bytes());
    }
    Ok(secrets)
}

fn vault_password(label: &str, source: &str) -> Result<Vec<u8>> {
    match source {
        "prompt" | "prompt_ask_vault_pass" => Ok(ask(&format!("Vault password ({label}): "))?.into_bytes()),
        file => from_file(Path::new(file)),
    }
}

/// The first line of a file, or what an executable file prints.
fn from_file(path: &Path) -> Result<Vec<u8>> {
    let metadata = fs_err::metadata(path).context("the password file cannot be read")?;
    let content = if metadata.permissions().mode() & 0o111 != 0 {
        let path = fs_err::canonicalize(path)?;
        let output = Command::new(&path).output().with_context(|| format!("cannot run {}", path.display()))?;
        if !output.status.success() {
            bail!("the password script {} ended with {}", path.display(), output.status);
        }
        output.stdout
    } else {
        fs_err::read(path)?
    };
    let trimmed = content.trim_ascii().to_vec();
    if trimmed.is_empty() {
        bail!("the password file {} is empty", path.display());
    }
    Ok(trimmed)
}

fn text(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).context("the password is not valid UTF-8")
}

fn ask(prompt: &str) -> Result<String> {
    let terminal = console::Term::stderr();
    if !terminal.is_term() {
        bail!("cannot ask for a password: there is no terminal");
    }
    terminal.write_str(prompt)?;
    Ok(terminal.read_secure_line()?)
}
