//! Locked files in the editor, and plain text in the pager.

use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow};
use kapell_callback::Display;
use kapell_config::Settings;
use kapell_parsing::Diagnostic;

use super::args::EditArgs;
use super::keys::Keys;
use super::vault_file::{Input, replace};
use crate::refusal::{Refusal, tell};

pub(super) fn create(args: &EditArgs, settings: &Settings) -> Result<(), Refusal> {
    let [name] = args.files.files.as_slice() else {
        return Err(Refusal::options("ansible-vault create can take only one filename argument"));
    };
    check_terminal(args)?;
    let keys = Keys::to_lock(&args.files.vault, args.encrypt_vault_id.as_deref(), settings)?;
    let Input::File(path) = Input::of(name) else {
        return Err(Refusal::options("a new file needs a name"));
    };
    if path.exists() {
        return Err(anyhow!("{} exists, please use 'edit' instead", path.display()).into());
    }
    make_directory(&path, settings)?;
    let plain = in_editor(&path, b"", settings)?;
    Ok(replace(&path, &keys.lock(&plain)?)?)
}

/// The new file's directory, for its owner only, where it is not there.
fn make_directory(path: &Path, settings: &Settings) -> Result<()> {
    let Some(directory) = path.parent().filter(|directory| !directory.exists()) else { return Ok(()) };
    let warning = Diagnostic::warning(format!("{} does not exist, creating...", directory.display()));
    tell(&Display::new(settings.nocolor, settings.force_color), &[warning]);
    Ok(std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?)
}

/// What was locked for a vault id stays locked for it, with the password that opened it.
pub(super) fn edit(args: &EditArgs, settings: &Settings) -> Result<(), Refusal> {
    let keys = Keys::to_open(&args.files.vault, settings)?;
    for name in &args.files.files {
        let input = Input::of(name);
        let Input::File(path) = &input else { return Err(Refusal::options("only files can be edited")) };
        let opened = keys.open(&input, &input.read()?)?;
        let plain = in_editor(path, &opened.plain, settings)?;
        if plain == opened.plain && args.encrypt_vault_id.is_none() {
            continue;
        }
        let label = args.encrypt_vault_id.as_deref().or(opened.label.as_deref());
        replace(path, &keys.lock_as(&plain, label, &opened.password))?;
    }
    Ok(())
}

fn check_terminal(args: &EditArgs) -> Result<(), Refusal> {
    if args.skip_tty_check || console::Term::stdout().is_term() {
        return Ok(());
    }
    Err(Refusal::options("not a tty, editor cannot be opened"))
}

/// The editor on a copy that only the user can read, which is overwritten before it goes.
fn in_editor(path: &Path, plain: &[u8], settings: &Settings) -> Result<Vec<u8>> {
    let ending = path.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    let mut copy = tempfile::Builder::new().prefix("kapell-vault").suffix(&ending).tempfile()?;
    copy.write_all(plain)?;
    copy.flush()?;
    let edited = run_editor(copy.path(), settings).and_then(|()| Ok(fs_err::read(copy.path())?));
    wipe(&mut copy)?;
    edited
}

fn run_editor(path: &Path, settings: &Settings) -> Result<()> {
    let words = shell_words::split(&settings.editor).context("the editor's command cannot be read")?;
    let (program, arguments) = words.split_first().ok_or_else(|| anyhow!("no editor is set: see EDITOR"))?;
    let ended = Command::new(program).args(arguments).arg(path).status();
    // However it ends, what it left in the file counts.
    ended.map(drop).with_context(|| format!("Unable to execute the editor '{program}'"))
}

/// Editors that replace the file leave the old one to us; both are overwritten.
fn wipe(copy: &mut tempfile::NamedTempFile) -> Result<()> {
    let overwrite = |file: &mut std::fs::File| -> std::io::Result<()> {
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(0))?;
        std::io::copy(&mut std::io::Read::take(std::io::repeat(0), length), file)?;
        file.sync_all()
    };
    overwrite(copy.as_file_mut())?;
    if let Ok(mut file) = std::fs::OpenOptions::new().write(true).open(copy.path()) {
        overwrite(&mut file)?;
    }
    Ok(())
}

/// At a terminal through the pager, else as it is.
pub(super) fn page(plain: &[u8]) -> Result<()> {
    if console::Term::stdout().is_term() {
        let pager = std::env::var("PAGER").unwrap_or_else(|_| "less".to_owned());
        let words = shell_words::split(&pager).unwrap_or_default();
        if let Some((program, arguments)) = words.split_first()
            && let Ok(mut child) = Command::new(program).args(arguments).stdin(Stdio::piped()).spawn()
        {
            if let Some(mut stdin) = child.stdin.take() {
                let _ = stdin.write_all(plain);
            }
            child.wait()?;
            return Ok(());
        }
    }
    let mut out = std::io::stdout().lock();
    out.write_all(plain)?;
    if !plain.ends_with(b"\n") {
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}
