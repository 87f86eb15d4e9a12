//! `ansible.builtin.service`: a service, whatever init system runs it.

use std::time::Duration;

use super::sysvinit;
use crate::services::init_script::{self, Control};
use crate::services::{systemd, systemd_is_running};
use crate::{Arg, Args, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.service", ARGS, run);

const ARGS: &[Arg] = &[
    Arg::str("name").required(),
    Arg::str("state").choices(&["started", "stopped", "reloaded", "restarted"]),
    Arg::bool("enabled"),
    Arg::int("sleep"),
    Arg::str("pattern"),
    Arg::str("runlevel").default("default"),
    Arg::str("arguments").default("").alias(&["args"]),
    Arg::str("use").default("auto"),
    Arg::bool("masked"),
    Arg::bool("force"),
    Arg::bool("daemon_reload").alias(&["daemon-reload"]),
    Arg::bool("daemon_reexec").alias(&["daemon-reexec"]),
    Arg::str("scope").choices(&["system", "user", "global"]),
    Arg::bool("no_block"),
];

/// Arguments that are handed on to systemd and mean nothing elsewhere.
const SYSTEMD_ONLY: [&str; 6] = ["daemon_reexec", "daemon_reload", "force", "masked", "no_block", "scope"];

/// Arguments that systemd has no use for.
const SCRIPT_ONLY: [&str; 4] = ["pattern", "sleep", "arguments", "runlevel"];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    match args.str("use")?.rsplit('.').next().unwrap_or_default() {
        "auto" if systemd_is_running() => with_systemd(args, cx),
        "systemd" | "systemd_service" => with_systemd(args, cx),
        "sysvinit" => sysvinit::manage(&sysvinit::Wanted::of_service(args)?, cx),
        "auto" | "service" | "openrc" => with_scripts(args, cx),
        other => Err(ModuleError::failed(format!("use: the service manager {other} is not supported"))),
    }
}

fn with_systemd(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    for name in SCRIPT_ONLY.into_iter().filter(|name| args.given(name)) {
        cx.warn(format!("Ignoring \"{name}\" as it is not used in \"systemd\""));
    }
    let wanted = systemd::Wanted {
        name: args.opt_str("name").map(str::to_owned),
        state: args.opt_str("state").map(str::to_owned),
        enabled: args.opt_bool("enabled"),
        masked: args.opt_bool("masked"),
        daemon_reload: args.bool("daemon_reload"),
        daemon_reexec: args.bool("daemon_reexec"),
        scope: match args.opt_str("scope") {
            Some("user") => systemd::Scope::User,
            Some("global") => systemd::Scope::Global,
            _ => systemd::Scope::System,
        },
        no_block: args.bool("no_block"),
        force: args.bool("force"),
    };
    systemd::manage(&wanted, cx)
}

fn with_scripts(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let name = args.str("name")?;
    let foreign: Vec<&str> = SYSTEMD_ONLY.into_iter().filter(|name| args.given(name)).collect();
    if !foreign.is_empty() {
        return Err(ModuleError::failed(format!(
            "Unsupported parameters for (ansible.legacy.service) module: {}. Supported parameters include: arguments, \
             enabled, name, pattern, runlevel, sleep, state, use (args).",
            foreign.join(", ")
        )));
    }
    if !args.has("state") && !args.has("enabled") {
        return Err(ModuleError::failed("one of the following is required: state, enabled"));
    }
    if init_script::path(name).is_none() {
        return Err(ModuleError::failed(format!("Could not find the requested service {name}: host")));
    }
    let service = ScriptedService {
        name,
        control: Control::found(cx),
        arguments: args.str("arguments")?,
        level: args.opt_str("runlevel").filter(|level| *level != "default").unwrap_or_default(),
        pattern: args.opt_str("pattern"),
        pause: Duration::from_secs(args.opt_int("sleep").unwrap_or(0).max(0) as u64),
    };
    let mut changed = false;
    let mut result = ModuleResult::ok().set("name", name);
    if let Some(enabled) = args.opt_bool("enabled") {
        changed |= service.enable(enabled, cx)?;
        result = result.set("enabled", enabled);
    }
    if let Some(state) = args.opt_str("state") {
        let acted = service.set_state(state, cx)?;
        if acted && cx.check_mode {
            return Ok(ModuleResult::ok().changed(true).msg("service state changed"));
        }
        changed |= acted;
        result = result.set("state", if state == "stopped" { "stopped" } else { "started" });
    }
    Ok(result.changed(changed))
}

/// A service run by a script.
struct ScriptedService<'a> {
    name: &'a str,
    control: Control,
    arguments: &'a str,
    level: &'a str,
    pattern: Option<&'a str>,
    pause: Duration,
}

impl ScriptedService<'_> {
    fn enable(&self, enable: bool, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        if self.control.is_enabled(self.name, self.level, cx)? == enable {
            return Ok(false);
        }
        for command in self.control.enable_commands(self.name, enable, self.level, cx) {
            let output = cx.run(&command)?;
            if !output.ok() {
                let verb = if enable { "enable" } else { "disable" };
                let text = if output.stderr.is_empty() { output.stdout() } else { output.stderr() };
                return Err(ModuleError::failed(format!("Unable to {verb} service {}: {}", self.name, text.trim())));
            }
        }
        Ok(true)
    }

    /// True when something had to be done.
    fn set_state(&self, state: &str, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let running = match self.pattern {
            Some(pattern) => init_script::process_matches(pattern),
            None => self.control.is_running(self.name, self.arguments, cx)?,
        };
        let Some(action) = action(state, running) else { return Ok(false) };
        let output = self.control.act(self.name, action, self.arguments, self.pause, cx)?;
        if output.ok() {
            return Ok(true);
        }
        let text = if output.stderr.is_empty() { output.stdout() } else { output.stderr() };
        Err(ModuleError::failed(text.trim()).with("name", self.name))
    }
}

/// What the script is to do; `None` when the service is as wanted.
pub(super) fn action(state: &str, running: bool) -> Option<&'static str> {
    match (state, running) {
        ("started", true) | ("stopped", false) => None,
        ("stopped", true) => Some("stop"),
        ("restarted", true) => Some("restart"),
        ("reloaded", true) => Some("reload"),
        _ => Some("start"),
    }
}
