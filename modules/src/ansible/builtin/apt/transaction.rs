//! Running one apt-get transaction: the lock waited for, services held back, the output turned into a result.

use std::path::Path;
use std::time::{Duration, Instant};

use super::request::Request;
use crate::{CommandOutput, CommandSpec, Content, Context, Map, ModuleError, ModuleResult, WriteOptions};

const POLICY_RC_D: &str = "/usr/sbin/policy-rc.d";
const NOTHING_DONE: [&str; 2] =
    ["0 upgraded, 0 newly installed, 0 to remove", "0 packages upgraded, 0 newly installed, 0 to remove"];

/// How the result and the error of a transaction are worded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wording {
    Install,
    Remove,
    BuildDep,
    Upgrade,
    Autoremove,
    Autoclean,
}

/// Runs the command line (simulated in check mode, then it observes only) and reports.
pub(super) fn run(
    line: Vec<String>,
    wording: Wording,
    request: &Request,
    cx: &mut Context<'_>,
) -> Result<ModuleResult, ModuleError> {
    let spec = command(line);
    let held = request.policy_rc_d.filter(|_| !cx.check_mode).map(|code| HeldServices::hold(code, cx)).transpose()?;
    let output = run_unlocked(&spec, request.options.lock_timeout, cx);
    if let Some(held) = held {
        held.release(cx)?;
    }
    let output = output?;
    if !output.ok() {
        return Err(failure(&spec, wording, &output));
    }
    Ok(report(wording, &output, cx.diff_mode))
}

/// Packages are configured without questions, in a locale in which apt-get's words are known.
fn command(line: Vec<String>) -> CommandSpec {
    CommandSpec::new(line)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("DEBIAN_PRIORITY", "critical")
        .env("LC_ALL", "C.UTF-8")
        .env("LANG", "C.UTF-8")
        .live()
}

/// apt-get before 1.9.11 does not wait for dpkg's lock itself, and no version waits for every lock.
fn run_unlocked(spec: &CommandSpec, lock_timeout: i64, cx: &mut Context<'_>) -> Result<CommandOutput, ModuleError> {
    let started = Instant::now();
    loop {
        let output = cx.run_read(spec)?;
        let waited = i64::try_from(started.elapsed().as_secs()).unwrap_or(i64::MAX);
        if output.ok() || !is_locked(&output.stderr()) || (lock_timeout >= 0 && waited >= lock_timeout) {
            return Ok(output);
        }
        cx.sleep(Duration::from_secs(1))?;
    }
}

/// Whether another package manager holds a lock.
pub(super) fn is_locked(stderr: &str) -> bool {
    ["Could not get lock", "Unable to acquire the dpkg frontend lock", "Unable to lock directory"]
        .iter()
        .any(|text| stderr.contains(text))
}

fn failure(spec: &CommandSpec, wording: Wording, output: &CommandOutput) -> ModuleError {
    let stderr = output.stderr();
    let msg = match wording {
        Wording::Install | Wording::BuildDep => format!("'{} {}' failed: {stderr}", program(spec), shown(&spec.args)),
        Wording::Remove => format!("'apt-get {}' failed: {stderr}", shown(from_operation(&spec.args))),
        Wording::Upgrade => format!("'{} {}' failed: {stderr}", program(spec), operation(&spec.args)),
        Wording::Autoremove | Wording::Autoclean => format!("'apt-get {}' failed: {stderr}", operation(&spec.args)),
    };
    ModuleError::failed(msg).with("stdout", output.stdout()).with("stderr", stderr).with("rc", output.rc)
}

fn operation(args: &[String]) -> &str {
    args.last().map_or("", String::as_str)
}

fn program(spec: &CommandSpec) -> String {
    let name = spec.program.to_string_lossy();
    if name.contains('/') { name.into_owned() } else { format!("/usr/bin/{name}") }
}

const WITH_PACKAGES: [&str; 3] = ["install", "remove", "build-dep"];

fn from_operation(args: &[String]) -> &[String] {
    let at = args.iter().position(|arg| WITH_PACKAGES.contains(&arg.as_str())).unwrap_or(0);
    &args[at..]
}

/// The arguments as messages show them: packages in single quotes, dpkg's options in double ones.
fn shown(args: &[String]) -> String {
    let mut packages = false;
    let quoted = args.iter().map(|arg| {
        if packages {
            return format!("'{arg}'");
        }
        packages = WITH_PACKAGES.contains(&arg.as_str());
        if arg.starts_with("Dpkg::Options") { format!("\"{arg}\"") } else { arg.clone() }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

fn report(wording: Wording, output: &CommandOutput, with_diff: bool) -> ModuleResult {
    let stdout = output.stdout();
    let did_something = !NOTHING_DONE.iter().any(|text| stdout.contains(text));
    let changed = match wording {
        Wording::Autoclean => stdout.lines().any(|line| line.starts_with("Del ")),
        _ => did_something,
    };
    let result = ModuleResult::ok().changed(changed);
    let result = if wording == Wording::Upgrade { result.msg(stdout.clone()) } else { result };
    let result = result.set("stdout", stdout.clone()).set("stderr", output.stderr());
    if wording == Wording::Upgrade && !(with_diff && changed) {
        return result;
    }
    let mut diff = Map::new();
    if with_diff {
        diff.insert("prepared".to_owned(), announced(&stdout).into());
    }
    result.set("diff", diff)
}

/// The lines in which apt-get says what it is going to do.
fn announced(stdout: &str) -> String {
    let lines: Vec<&str> = stdout.lines().collect();
    let from = lines.iter().position(|line| *line == "Reading state information...").map_or(0, |at| at + 1);
    let to = lines.iter().position(|line| line.contains(" newly installed, ")).map_or(lines.len(), |at| at + 1);
    lines.get(from..to).unwrap_or_default().join("\n")
}

/// While it lasts, `policy-rc.d` tells packages not to start services.
struct HeldServices {
    backup: Option<std::path::PathBuf>,
}

impl HeldServices {
    fn hold(code: i64, cx: &mut Context<'_>) -> Result<Self, ModuleError> {
        let path = Path::new(POLICY_RC_D);
        let backup = path.with_file_name("policy-rc.d.kapell");
        let existed = cx.lstat(path)?.is_some();
        if existed {
            cx.rename(path, &backup)?;
        }
        let script = format!("#!/bin/sh\nexit {code}\n");
        let options = WriteOptions { new_mode: Some(0o755), ..WriteOptions::default() };
        cx.write_file(path, Content::Bytes(script.as_bytes()), &options)?;
        Ok(Self { backup: existed.then_some(backup) })
    }

    fn release(self, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let path = Path::new(POLICY_RC_D);
        match self.backup {
            Some(backup) => cx.rename(&backup, path),
            None => cx.remove_file(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announcements_are_cut_out() {
        let plan =
            "The following NEW packages will be installed:\n  hello\n0 upgraded, 1 newly installed, 0 to remove.";
        let stdout = format!("Reading package lists...\nReading state information...\n{plan}\nInst hello\n");
        assert_eq!(announced(&stdout), plan);
        assert_eq!(announced("x\n"), "x");
    }

    #[test]
    fn messages_show_the_command_line() {
        let words = ["-y", "-o", "Dpkg::Options::=--force-confold", "install", "a", "b=1"].map(str::to_owned);
        assert_eq!(shown(&words), "-y -o \"Dpkg::Options::=--force-confold\" install 'a' 'b=1'");
        assert_eq!(shown(from_operation(&words)), "install 'a' 'b=1'");
    }

    #[test]
    fn change_is_what_was_done() {
        let changed = |wording, stdout: &str| {
            let output = CommandOutput { stdout: stdout.into(), ..CommandOutput::default() };
            report(wording, &output, false).is_changed()
        };
        assert!(!changed(Wording::Upgrade, "0 upgraded, 0 newly installed, 0 to remove and 3 not upgraded.\n"));
        assert!(changed(Wording::Install, "0 upgraded, 1 newly installed, 0 to remove and 0 not upgraded.\n"));
        assert!(!changed(Wording::Autoclean, "Reading package lists...\n"));
        assert!(changed(Wording::Autoclean, "Del hello 2.10\n"));
    }
}
