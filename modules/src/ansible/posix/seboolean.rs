//! `ansible.posix.seboolean`: switches of the SELinux policy.

use crate::{Arg, Args, CommandSpec, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.posix.seboolean", ARGS, run);

const ARGS: &[Arg] = &[
    Arg::bool("ignore_selinux_state").default("false"),
    Arg::str("name").required(),
    Arg::bool("persistent").default("false"),
    Arg::bool("state").required(),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let (name, state, persistent) = (args.str("name")?, args.bool("state"), args.bool("persistent"));
    let enabled = cx.exists("/sys/fs/selinux/enforce");
    if !enabled && !args.bool("ignore_selinux_state") {
        return Err(ModuleError::failed("SELinux is disabled on this host."));
    }
    let result = ModuleResult::ok().set("name", name).set("persistent", persistent).set("state", state);
    let active = if enabled { Some(active(name, cx)?) } else { None };
    let stored = if persistent || !enabled { Some(stored(name, cx)?) } else { None };
    let changed = active.is_some_and(|now| now != state) || stored.is_some_and(|now| now != state);
    if changed {
        let value = if state { "1" } else { "0" };
        let command = match (enabled, persistent) {
            (true, false) => CommandSpec::new(["setsebool", name, value]),
            (true, true) => CommandSpec::new(["setsebool", "-P", name, value]),
            (false, _) => {
                CommandSpec::new(["semanage", "boolean", "-N", "-m", if state { "--on" } else { "--off" }, name])
            }
        };
        let output = cx.run(&command)?;
        if !output.ok() {
            return Err(
                ModuleError::failed(format!("Failed to set boolean {name} to {value}")).with("stderr", output.stderr())
            );
        }
    }
    Ok(result.changed(changed))
}

/// What the kernel has: `name --> on`.
fn active(name: &str, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
    cx.require_program("getsebool")?;
    let output = cx.run_read(&CommandSpec::new(["getsebool", name]))?;
    match output.stdout().trim().rsplit(' ').next() {
        Some("on") if output.ok() => Ok(true),
        Some("off") if output.ok() => Ok(false),
        _ => Err(ModuleError::failed(format!("SELinux boolean {name} does not exist."))),
    }
}

/// What survives a restart: `name (on , off) description`; the second one counts.
fn stored(name: &str, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
    cx.require_program("semanage")?;
    let output = cx.run_read(&CommandSpec::new(["semanage", "boolean", "-l", "-n"]))?;
    let text = output.stdout();
    let line = text.lines().find(|line| line.split_whitespace().next() == Some(name));
    line.and_then(default_of).ok_or_else(|| ModuleError::failed(format!("SELinux boolean {name} does not exist.")))
}

fn default_of(line: &str) -> Option<bool> {
    let (_, rest) = line.split_once('(')?;
    let (states, _) = rest.split_once(')')?;
    Some(states.split_once(',')?.1.trim() == "on")
}

#[cfg(test)]
mod tests {
    use super::default_of;

    #[test]
    fn the_stored_state_comes_second() {
        assert_eq!(default_of("httpd_can_network_connect      (off  ,   on)  Allow httpd to"), Some(true));
        assert_eq!(default_of("x (on   ,  off)  y"), Some(false));
        assert_eq!(default_of("x"), None);
    }
}
