//! `kapell vault`, and `ansible-vault`: files and texts locked with a password.

mod args;
mod editor;
mod keys;
mod strings;
mod vault_file;

use std::process::ExitCode;

use anyhow::anyhow;
use kapell_callback::{Color, Display};
use kapell_parsing::{Diagnostic, vault};

pub(crate) use args::VaultCommand;
use args::{Action, FileArgs};
use keys::Keys;
use vault_file::{Input, Output};

use crate::exit_code::Exit;
use crate::refusal::{Refusal, conclude};
use crate::{foundation, version};

pub(crate) fn main(args: VaultCommand) -> ExitCode {
    conclude(|warnings| run(args, warnings))
}

fn run(args: VaultCommand, warnings: &mut Vec<Diagnostic>) -> Result<Exit, Refusal> {
    let settings = foundation::settings(warnings)?;
    let display = Display::new(settings.nocolor, settings.force_color);
    if args.version {
        display.out(&version::text("ansible-vault", &settings), Color::Plain);
        return Ok(Exit::Ok);
    }
    let Some(action) = args.action else {
        return Err(Refusal::usage("the following arguments are required: action"));
    };
    version::say_config_file(&display, &settings, action.verbose().max(args.verbose).max(settings.verbosity));
    match &action {
        Action::Create(args) => editor::create(args, &settings)?,
        Action::Edit(args) => editor::edit(args, &settings)?,
        Action::View(args) => view(args, &Keys::to_open(&args.vault, &settings)?)?,
        Action::Decrypt(args) => decrypt(args, &Keys::to_open(&args.files.vault, &settings)?)?,
        Action::Encrypt(args) => {
            let keys = Keys::to_lock(&args.files.vault, args.encrypt_vault_id.as_deref(), &settings)?;
            encrypt(args, &keys)?;
        }
        Action::EncryptString(args) => strings::encrypt(args, &settings)?,
        Action::Rekey(args) => rekey(args, &settings)?,
    }
    Ok(Exit::Ok)
}

/// The files named, or standard input.
fn inputs(files: &[String]) -> Vec<Input> {
    if files.is_empty() { vec![Input::Stdin] } else { files.iter().map(|name| Input::of(name)).collect() }
}

/// The files named: without any there is nothing to do.
fn named(files: &[String]) -> impl Iterator<Item = Input> {
    files.iter().map(|name| Input::of(name))
}

fn view(args: &FileArgs, keys: &Keys) -> Result<(), Refusal> {
    for input in named(&args.files) {
        let opened = keys.open(&input, &input.read()?)?;
        editor::page(&opened.plain)?;
    }
    Ok(())
}

fn encrypt(args: &args::EncryptArgs, keys: &Keys) -> Result<(), Refusal> {
    check_single_output(&args.files.files, args.output.as_deref())?;
    for input in inputs(&args.files.files) {
        let plain = input.read()?;
        if vault::is_encrypted(&plain) {
            return Err(anyhow!("input is already encrypted").into());
        }
        Output::of(args.output.as_deref(), &input).write(&keys.lock(&plain)?)?;
    }
    success("Encryption successful");
    Ok(())
}

fn decrypt(args: &args::DecryptArgs, keys: &Keys) -> Result<(), Refusal> {
    check_single_output(&args.files.files, args.output.as_deref())?;
    for input in inputs(&args.files.files) {
        let opened = keys.open(&input, &input.read()?)?;
        Output::of(args.output.as_deref(), &input).write(&opened.plain)?;
    }
    success("Decryption successful");
    Ok(())
}

fn rekey(args: &args::RekeyArgs, settings: &kapell_config::Settings) -> Result<(), Refusal> {
    let keys = Keys::to_open(&args.files.vault, settings)?;
    let new = Keys::to_rekey(args, &keys, settings)?;
    new.locking()?;
    for input in named(&args.files.files) {
        let opened = keys.open(&input, &input.read()?)?;
        let locked = new.lock(&opened.plain)?;
        match &input {
            Input::File(path) => vault_file::replace(path, &locked)?,
            Input::Stdin => Output::Stdout.write(&locked)?,
        }
    }
    Display::new(false, false).err("Rekey successful", Color::Plain);
    Ok(())
}

/// One place cannot hold several results.
fn check_single_output(files: &[String], output: Option<&str>) -> Result<(), Refusal> {
    if files.len() > 1 && output.is_some() {
        return Err(Refusal::options("At most one input file may be used with the --output option"));
    }
    Ok(())
}

/// Said to a person at a terminal only.
fn success(text: &str) {
    if console::Term::stdout().is_term() {
        Display::new(false, false).err(text, Color::Plain);
    }
}
