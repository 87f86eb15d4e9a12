//! Passwords: asked for at the terminal, read from files, printed by scripts. Never taken from arguments.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail};
use kapell_callback::Display;
use kapell_config::Settings;
use kapell_parsing::{Diagnostic, VaultSecrets};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcgetpgrp, tcsetattr};

use crate::args::{ConnectionArgs, PrivilegeArgs, VaultArgs};
use crate::refusal::tell;

/// What may be needed to log in and to become.
#[derive(Clone, Default)]
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

/// Every vault password of arguments and settings, in the order in which they are tried. One that cannot be had is a
/// warning as long as there is another.
pub(crate) fn vault_secrets(args: &VaultArgs, settings: &Settings) -> Result<VaultSecrets> {
    collect(args, settings, vault_password)
}

/// How the password of a vault id is had from its source; the secrets may have locked its file.
type Ask = fn(&str, &PasswordSource, &VaultSecrets) -> Result<Vec<u8>>;

pub(crate) fn collect(args: &VaultArgs, settings: &Settings, ask: Ask) -> Result<VaultSecrets> {
    let mut secrets = VaultSecrets::default();
    secrets.set_only_matching(settings.vault_id_match);
    let mut failed = Vec::new();
    for (label, source) in vault_sources(args, settings) {
        match ask(&label, &source, &secrets) {
            Ok(password) => secrets.push(&label, password),
            Err(error) => failed.push((label, source, error)),
        }
    }
    let warning = |(label, source, error): &(String, PasswordSource, anyhow::Error)| {
        let what = match source {
            PasswordSource::File(file) if !expand_home(file).exists() => "Error getting vault password file",
            PasswordSource::File(_) => "Error in vault password file loading",
            PasswordSource::Prompt | PasswordSource::PlainPrompt => "Error in vault password prompt",
        };
        Diagnostic::warning(format!("{what} ({label}): {error:#}"))
    };
    let warnings: Vec<Diagnostic> = failed.iter().map(warning).collect();
    tell(&Display::new(settings.nocolor, settings.force_color), &warnings);
    match failed.pop() {
        Some((.., error)) if secrets.is_empty() => Err(error),
        _ => Ok(secrets),
    }
}

/// Where a vault password comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PasswordSource {
    File(PathBuf),
    /// Asked for under its id.
    Prompt,
    /// `--ask-vault-password`.
    PlainPrompt,
}

/// Vault ids with their sources: those of settings and arguments, then files, then the question.
pub(crate) fn vault_sources(args: &VaultArgs, settings: &Settings) -> Vec<(String, PasswordSource)> {
    let identity = &settings.vault_identity;
    let ids = settings.vault_identity_list.iter().chain(&args.vault_id).map(|id| labelled(id, identity));
    let files = args.vault_password_file.iter().chain(&settings.vault_password_file);
    let files = files.map(|file| (identity.clone(), PasswordSource::File(file.clone())));
    let asked =
        (args.ask_vault_password || settings.ask_vault_pass).then(|| (identity.clone(), PasswordSource::PlainPrompt));
    ids.chain(files).chain(asked).collect()
}

/// `label@source`, or a source for the usual label.
pub(crate) fn labelled(id: &str, identity: &str) -> (String, PasswordSource) {
    let (label, source) = match id.split_once('@') {
        Some((label, source)) => (if label.is_empty() { identity } else { label }, source),
        None => (identity, id),
    };
    let source = match source {
        "prompt" => PasswordSource::Prompt,
        "prompt_ask_vault_pass" => PasswordSource::PlainPrompt,
        file => PasswordSource::File(PathBuf::from(file)),
    };
    (label.to_owned(), source)
}

/// The password of a vault id; `known` are those that may have locked its file.
pub(crate) fn vault_password(label: &str, source: &PasswordSource, known: &VaultSecrets) -> Result<Vec<u8>> {
    let typed = match source {
        PasswordSource::File(file) => return password_of_file(file, Some(label), known),
        PasswordSource::Prompt => ask(&format!("Vault password ({label}): "))?,
        PasswordSource::PlainPrompt => ask("Vault password: ")?,
    };
    if typed.trim().is_empty() {
        bail!("Invalid vault password was provided: it is empty");
    }
    Ok(typed.trim().as_bytes().to_vec())
}

/// A password nobody knows yet, so it is asked for twice.
pub(crate) fn new_vault_password(label: &str, source: &PasswordSource, known: &VaultSecrets) -> Result<Vec<u8>> {
    let name = match source {
        PasswordSource::File(_) => return vault_password(label, source, known),
        PasswordSource::Prompt => format!("ew vault password ({label}): "),
        PasswordSource::PlainPrompt => "ew Vault password: ".to_owned(),
    };
    let (first, second) = (ask(&format!("N{name}"))?, ask(&format!("Confirm n{name}"))?);
    if first != second {
        bail!("Passwords do not match");
    }
    if first.trim().is_empty() {
        bail!("Invalid vault password was provided: it is empty");
    }
    Ok(first.trim().as_bytes().to_vec())
}

/// The content of a file, or what an executable file prints. Without a vault id it is no vault's password.
fn password_of_file(path: &Path, vault_id: Option<&str>, known: &VaultSecrets) -> Result<Vec<u8>> {
    let path = expand_home(path);
    let Ok(metadata) = fs_err::metadata(&path) else {
        let what = if vault_id.is_some() { "vault password file" } else { "password file" };
        bail!("The {what} {} was not found", absolute(&path).display());
    };
    if metadata.is_dir() {
        bail!("The password file {} is a directory", absolute(&path).display());
    }
    let is_program = metadata.permissions().mode() & 0o111 != 0;
    let content = if is_program { printed_by(&path, vault_id)? } else { fs_err::read(&path)? };
    let content = if kapell_parsing::vault::is_encrypted(&content) && !is_program {
        kapell_parsing::vault::decrypt(&content, known)
            .map_err(|error| anyhow!("the password file {} is encrypted itself: {error}", path.display()))?
    } else {
        content
    };
    let trimmed = content.trim_ascii().to_vec();
    if trimmed.is_empty() {
        bail!("Invalid vault password was provided from file ({}): it is empty", absolute(&path).display());
    }
    Ok(trimmed)
}

/// `NAME-client` programs are told for which vault id.
fn printed_by(path: &Path, vault_id: Option<&str>) -> Result<Vec<u8>> {
    let absolute = absolute(path);
    let mut command = Command::new(&absolute);
    let is_client = path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("-client"));
    if let Some(vault_id) = vault_id.filter(|_| is_client) {
        command.args(["--vault-id", vault_id]);
    }
    let output = command
        .stdin(std::process::Stdio::inherit())
        .stderr(std::process::Stdio::inherit())
        .output()
        .with_context(|| format!("Problem running vault password script {}", absolute.display()))?;
    match output.status.code() {
        Some(0) => Ok(output.stdout),
        Some(2) if is_client => {
            let id = vault_id.unwrap_or_default();
            bail!("Vault password client script {} did not find a secret for vault-id={id}", absolute.display());
        }
        code => {
            let code = code.map_or_else(|| "a signal".to_owned(), |code| code.to_string());
            bail!("Vault password script {} returned non-zero ({code})", absolute.display());
        }
    }
}

fn from_file(path: &Path) -> Result<Vec<u8>> {
    password_of_file(path, None, &VaultSecrets::default())
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// `~/…` is below the user's home directory.
fn expand_home(path: &Path) -> PathBuf {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty());
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => path.to_owned(),
    }
}

fn text(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).context("the password is not valid UTF-8")
}

/// Asks at the terminal without showing what is typed, wherever the standard streams lead (`sshpass` answers there);
/// without a terminal, the next line of standard input.
pub(crate) fn ask(prompt: &str) -> Result<String> {
    let terminal = fs_err::OpenOptions::new().read(true).write(true).open("/dev/tty");
    if let Some(answer) = terminal.ok().and_then(|terminal| ask_at(terminal, prompt).ok()) {
        return Ok(answer);
    }
    console::Term::stderr().write_str(prompt)?;
    let mut line = String::new();
    if std::io::stdin().read_line(&mut line)? == 0 {
        bail!("EOFError (ctrl-d) on prompt: there is no terminal and nothing to read");
    }
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

/// Asks only where somebody sits: at a terminal that this process has to itself.
pub(crate) fn ask_somebody(prompt: &str) -> Option<String> {
    let terminal = fs_err::OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
    let is_ours = tcgetpgrp(&terminal).ok()? == rustix::process::getpgrp();
    if is_ours { ask_at(terminal, prompt).ok() } else { None }
}

/// A line typed without echo; the terminal is as it was afterwards.
fn ask_at(mut terminal: fs_err::File, prompt: &str) -> Result<String> {
    let before = tcgetattr(&terminal)?;
    let mut silent = before.clone();
    silent.local_modes &= !LocalModes::ECHO;
    tcsetattr(&terminal, OptionalActions::Flush, &silent)?;
    let mut line = String::new();
    let read = terminal.write_all(prompt.as_bytes()).and_then(|()| BufReader::new(&terminal).read_line(&mut line));
    tcsetattr(&terminal, OptionalActions::Flush, &before)?;
    terminal.write_all(b"\n")?;
    if read? == 0 {
        bail!("EOFError (ctrl-d) on prompt");
    }
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}
