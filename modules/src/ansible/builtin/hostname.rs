//! `ansible.builtin.hostname`: sets the host's name, now and for the next boot.

use std::path::Path;

use crate::name_resolution::full_name;
use crate::services::systemd_is_running;
use crate::{
    Arg, Args, CommandOutput, CommandSpec, Content, Context, Diff, Module, ModuleError, ModuleResult, WriteOptions,
};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.hostname", ARGS, run).diff();

const ARGS: &[Arg] = &[
    Arg::str("name").required(),
    Arg::str("use").choices(&[
        "alpine", "debian", "freebsd", "generic", "macos", "macosx", "darwin", "openbsd", "openrc", "redhat", "sles",
        "solaris", "systemd",
    ]),
];

/// How this system keeps its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeper {
    /// systemd-hostnamed.
    Hostnamectl,
    /// A file with nothing but the name.
    File(&'static str),
    /// Such a file, from which the running kernel gets its name at once.
    Alpine(&'static str),
    /// A `KEY=value` line of a file.
    Variable(&'static str, &'static str),
    /// Only the running kernel.
    Kernel,
}

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let name = args.str("name")?;
    let keeper = keeper(args.opt_str("use"), cx)?;
    if name.is_empty() {
        return Err(ModuleError::failed("name is empty"));
    }
    if name.len() > 64 && keeper == Keeper::Hostnamectl {
        let msg = "name cannot be longer than 64 characters on systemd servers, try a shorter name";
        return Err(ModuleError::failed(msg));
    }
    let permanent = permanent_name(keeper, cx)?;
    let current = match keeper {
        Keeper::Hostnamectl => asked_of_systemd("--transient", cx)?,
        Keeper::Kernel => kernel_name(cx)?,
        // Without systemd the file says what the name is: in a container only that can be set.
        _ => permanent.clone(),
    };
    let changed = permanent != name || current != name;
    if changed {
        set(keeper, name, permanent != name, current != name, cx)?;
    }
    let result = facts(ModuleResult::ok().changed(changed).set("name", name), name, cx)?;
    let before = if current == name { permanent } else { current };
    Ok(if changed {
        result.diff(Diff::new(format!("hostname = {before}\n"), format!("hostname = {name}\n")))
    } else {
        result
    })
}

fn keeper(wanted: Option<&str>, cx: &Context<'_>) -> Result<Keeper, ModuleError> {
    let redhat = Keeper::Variable("/etc/sysconfig/network", "HOSTNAME");
    match wanted {
        Some("systemd" | "debian") => Ok(Keeper::Hostnamectl),
        Some("alpine") => Ok(Keeper::Alpine("/etc/hostname")),
        Some("sles") => Ok(Keeper::File("/etc/HOSTNAME")),
        Some("redhat") => Ok(redhat),
        Some("openrc") => Ok(Keeper::Variable("/etc/conf.d/hostname", "hostname")),
        Some("generic") => Ok(Keeper::Kernel),
        Some(other) => Err(ModuleError::failed(format!("use: {other} is not a Linux system"))),
        None if systemd_is_running() && cx.which("hostnamectl").is_some() => Ok(Keeper::Hostnamectl),
        None if cx.exists("/etc/conf.d/hostname") => Ok(Keeper::Variable("/etc/conf.d/hostname", "hostname")),
        None if cx.exists("/etc/hostname") || !cx.exists("/etc/sysconfig/network") => Ok(Keeper::File("/etc/hostname")),
        None => Ok(redhat),
    }
}

fn kernel_name(cx: &Context<'_>) -> Result<String, ModuleError> {
    Ok(cx.read_text("/proc/sys/kernel/hostname")?.unwrap_or_default().trim().to_owned())
}

/// Empty where there is none yet.
fn permanent_name(keeper: Keeper, cx: &mut Context<'_>) -> Result<String, ModuleError> {
    match keeper {
        Keeper::Hostnamectl => asked_of_systemd("--static", cx),
        Keeper::File(path) | Keeper::Alpine(path) => Ok(first_line(cx.read_text(path)?).unwrap_or_default()),
        Keeper::Variable(path, "HOSTNAME") => variable(&cx.read_text(path)?.unwrap_or_default(), "HOSTNAME")
            .ok_or_else(|| ModuleError::failed(format!("Unable to locate HOSTNAME entry in {path}"))),
        Keeper::Variable(path, key) => Ok(variable(&cx.read_text(path)?.unwrap_or_default(), key).unwrap_or_default()),
        Keeper::Kernel => kernel_name(cx),
    }
}

fn asked_of_systemd(which: &str, cx: &mut Context<'_>) -> Result<String, ModuleError> {
    cx.require_program("hostnamectl")?;
    let output = cx.run_read(&CommandSpec::new(["hostnamectl", which, "status"]))?;
    succeeded(&output)?;
    Ok(output.stdout().trim().to_owned())
}

fn succeeded(output: &CommandOutput) -> Result<(), ModuleError> {
    if output.ok() {
        return Ok(());
    }
    let (rc, out, err) = (output.rc, output.stdout(), output.stderr());
    Err(ModuleError::failed(format!("Command failed rc={rc}, out={out}, err={err}")))
}

fn first_line(text: Option<String>) -> Option<String> {
    text?.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned)
}

fn variable(text: &str, key: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='))?;
    Some(value.trim_matches(['"', '\'', ' ']).to_owned())
}

/// The line in its place; at the end where there is none.
fn with_variable(text: &str, key: &str, value: &str) -> String {
    let is_it = |line: &str| line.trim().strip_prefix(key).is_some_and(|rest| rest.starts_with('='));
    let quoted = if key == "hostname" { format!("{key}=\"{value}\"") } else { format!("{key}={value}") };
    let line = |line: &str| if is_it(line) { quoted.clone() } else { line.to_owned() };
    let mut lines: Vec<String> = text.lines().map(line).collect();
    if !text.lines().any(is_it) {
        lines.push(quoted);
    }
    lines.join("\n") + "\n"
}

fn set(keeper: Keeper, name: &str, permanent: bool, current: bool, cx: &mut Context<'_>) -> Result<(), ModuleError> {
    match keeper {
        Keeper::Hostnamectl => {
            if current {
                succeeded(&cx.run(&CommandSpec::new(["hostnamectl", "--transient", "set-hostname", name]))?)?;
            }
            if permanent {
                succeeded(&cx.run(&CommandSpec::new([
                    "hostnamectl",
                    "--pretty",
                    "--static",
                    "set-hostname",
                    name,
                ]))?)?;
            }
        }
        Keeper::File(path) => write(path, &format!("{name}\n"), cx)?,
        Keeper::Alpine(path) => {
            write(path, &format!("{name}\n"), cx)?;
            succeeded(&cx.run(&CommandSpec::new(["hostname", "-F", path]))?)?;
        }
        Keeper::Variable(path, key) => {
            let there = cx.read_text(path)?;
            if there.is_none() && !cx.check_mode {
                let missing = format!("[Errno 2] No such file or directory: '{path}'");
                return Err(ModuleError::failed(format!("failed to update hostname: {missing}")));
            }
            write(path, &with_variable(&there.unwrap_or_default(), key, name), cx)?;
        }
        Keeper::Kernel => succeeded(&cx.run(&CommandSpec::new(["hostname", name]))?)?,
    }
    Ok(())
}

fn write(path: &str, text: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
    let options = WriteOptions { new_mode: Some(0o644), unsafe_writes: true, ..WriteOptions::default() };
    cx.write_file(Path::new(path), Content::Bytes(text.as_bytes()), &options).map(drop)
}

/// The full name is that of the running kernel, whatever was asked for.
fn facts(result: ModuleResult, name: &str, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let fqdn = full_name(&kernel_name(cx)?, cx);
    let domain = fqdn.split_once('.').map_or("", |(_, domain)| domain).to_owned();
    Ok(result
        .fact("ansible_hostname", name.split('.').next().unwrap_or_default())
        .fact("ansible_nodename", name)
        .fact("ansible_fqdn", fqdn)
        .fact("ansible_domain", domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_set_in_files() {
        assert_eq!(first_line(Some("# c\n\nweb1\n".to_owned())).as_deref(), Some("web1"));
        let text = "NETWORKING=yes\nHOSTNAME=\"old\"\n";
        assert_eq!(variable(text, "HOSTNAME").as_deref(), Some("old"));
        assert_eq!(with_variable(text, "HOSTNAME", "new"), "NETWORKING=yes\nHOSTNAME=new\n");
        assert_eq!(with_variable("", "hostname", "new"), "hostname=\"new\"\n");
    }
}
