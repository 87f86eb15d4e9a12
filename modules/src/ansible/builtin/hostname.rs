//! `ansible.builtin.hostname`: sets the host's name, now and for the next boot.

use std::path::Path;

use crate::name_resolution::full_name;
use crate::services::systemd_is_running;
use crate::{Arg, Args, CommandSpec, Content, Context, Diff, Module, ModuleError, ModuleResult, WriteOptions};

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
    /// A `KEY=value` line of a file.
    Variable(&'static str, &'static str),
    /// Only the running kernel.
    Kernel,
}

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let name = args.str("name")?;
    if name.is_empty() || name.len() > 64 {
        return Err(ModuleError::failed("name must have between 1 and 64 characters"));
    }
    let keeper = keeper(args.opt_str("use"), cx)?;
    let current = kernel_name(cx)?;
    let permanent = permanent_name(keeper, cx)?.unwrap_or_else(|| current.clone());
    let files_only = !systemd_is_running();
    let changed = permanent != name || (current != name && !files_only);
    if changed {
        set(keeper, name, permanent != name, current != name, cx)?;
    }
    let result = ModuleResult::ok().changed(changed).set("name", name);
    let result = facts(result, name, cx);
    let before = if permanent == name { current } else { permanent };
    Ok(if changed {
        result.diff(Diff::new(format!("hostname = {before}\n"), format!("hostname = {name}\n")))
    } else {
        result
    })
}

fn keeper(wanted: Option<&str>, cx: &Context<'_>) -> Result<Keeper, ModuleError> {
    let redhat = Keeper::Variable("/etc/sysconfig/network", "HOSTNAME");
    match wanted {
        Some("systemd") => Ok(Keeper::Hostnamectl),
        Some("debian" | "alpine") => Ok(Keeper::File("/etc/hostname")),
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

fn permanent_name(keeper: Keeper, cx: &Context<'_>) -> Result<Option<String>, ModuleError> {
    match keeper {
        Keeper::Hostnamectl => Ok(first_line(cx.read_text("/etc/hostname")?)),
        Keeper::File(path) => Ok(first_line(cx.read_text(path)?)),
        Keeper::Variable(path, key) => Ok(variable(&cx.read_text(path)?.unwrap_or_default(), key)),
        Keeper::Kernel => Ok(None),
    }
}

fn first_line(text: Option<String>) -> Option<String> {
    text?.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned)
}

fn variable(text: &str, key: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='))?;
    Some(value.trim_matches(['"', '\'', ' ']).to_owned())
}

fn with_variable(text: &str, key: &str, value: &str) -> String {
    let is_it = |line: &str| line.trim().strip_prefix(key).is_some_and(|rest| rest.starts_with('='));
    let quoted = if key == "hostname" { format!("{key}=\"{value}\"") } else { format!("{key}={value}") };
    let mut lines: Vec<String> = text.lines().filter(|line| !is_it(line)).map(str::to_owned).collect();
    lines.push(quoted);
    lines.join("\n") + "\n"
}

fn set(keeper: Keeper, name: &str, permanent: bool, current: bool, cx: &mut Context<'_>) -> Result<(), ModuleError> {
    match keeper {
        Keeper::Hostnamectl => {
            let output = cx.run(&CommandSpec::new(["hostnamectl", "set-hostname", name]))?;
            if output.ok() {
                return Ok(());
            }
            let (rc, out, err) = (output.rc, output.stdout(), output.stderr());
            return Err(ModuleError::failed(format!("Command failed rc={rc}, out={out}, err={err}")));
        }
        Keeper::File(path) if permanent => write(path, &format!("{name}\n"), cx)?,
        Keeper::Variable(path, key) if permanent => {
            let text = cx.read_text(path)?.unwrap_or_default();
            write(path, &with_variable(&text, key, name), cx)?;
        }
        _ => {}
    }
    if current {
        // Where it is not allowed (containers) the name holds from the next boot.
        let output = cx.run(&CommandSpec::new(["hostname", name]))?;
        if !output.ok() && keeper == Keeper::Kernel {
            return Err(ModuleError::failed(output.stderr().trim()).with("rc", output.rc));
        }
    }
    Ok(())
}

fn write(path: &str, text: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
    let options = WriteOptions { new_mode: Some(0o644), unsafe_writes: true, ..WriteOptions::default() };
    cx.write_file(Path::new(path), Content::Bytes(text.as_bytes()), &options).map(drop)
}

fn facts(result: ModuleResult, name: &str, cx: &mut Context<'_>) -> ModuleResult {
    let fqdn = full_name(name, cx);
    let domain = fqdn.split_once('.').map_or("", |(_, domain)| domain).to_owned();
    result
        .fact("ansible_hostname", name.split('.').next().unwrap_or_default())
        .fact("ansible_nodename", name)
        .fact("ansible_fqdn", fqdn)
        .fact("ansible_domain", domain)
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
