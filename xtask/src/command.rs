//! Running the system's tools: every command line the lab uses goes through here, and a failure shows it.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};

/// A command from its words.
pub(crate) fn command<I, S>(words: I) -> Command
where
    I: IntoIterator<Item = S>,
    S: AsRef<std::ffi::OsStr>,
{
    let mut words = words.into_iter();
    let program = words.next().map_or_else(|| "false".into(), |word| word.as_ref().to_os_string());
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::null());
    command
}

/// Cargo in this repository, without what the cargo around this program says about its own package: that would make
/// build scripts of dependencies run again.
pub(crate) fn cargo(repository: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(repository).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Runs it quietly; a failure carries the command line and the end of what it printed.
pub(crate) fn run(command: &mut Command) -> Result<Output> {
    let output = command.output().with_context(|| format!("cannot start: {}", line(command)))?;
    if !output.status.success() {
        bail!("{} ({})\n{}", line(command), output.status, tail(&output));
    }
    Ok(output)
}

/// What it printed on stdout, trimmed.
pub(crate) fn stdout(command: &mut Command) -> Result<String> {
    Ok(String::from_utf8_lossy(&run(command)?.stdout).trim().to_owned())
}

/// Runs it with stdout and stderr appended to `log`.
pub(crate) fn run_logged(command: &mut Command, log: &Path) -> Result<()> {
    let file = fs_err::OpenOptions::new().create(true).append(true).open(log)?.into_file();
    let status = command
        .stdout(file.try_clone()?)
        .stderr(file)
        .status()
        .with_context(|| format!("cannot start: {}", line(command)))?;
    if !status.success() {
        bail!("{} ({status}); see {}", line(command), log.display());
    }
    Ok(())
}

/// Whether a program of this name is on PATH.
pub(crate) fn is_installed(program: &str) -> bool {
    command(["sh", "-c", "command -v \"$0\"", program]).output().is_ok_and(|output| output.status.success())
}

/// The command as one line, for messages.
pub(crate) fn line(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        let _ = write!(line, " {}", argument.to_string_lossy());
    }
    line
}

fn tail(output: &Output) -> String {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}
