//! `ansible.builtin.sysvinit`: services run by init scripts.

use std::time::Duration;

use serde_json::{Value, json};

use super::service::action;
use crate::services::init_script::{self, Control};
use crate::{Arg, Args, CommandOutput, CommandSpec, Constraint, Context, Map, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module =
    Module::new("ansible.builtin.sysvinit", ARGS, run).constraints(&[Constraint::RequiredOneOf(&["state", "enabled"])]);

const ARGS: &[Arg] = &[
    Arg::str("name").required().alias(&["service"]),
    Arg::str("state").choices(&["started", "stopped", "restarted", "reloaded"]),
    Arg::bool("enabled"),
    Arg::int("sleep").default("1"),
    Arg::str("pattern"),
    Arg::str("arguments").alias(&["args"]),
    Arg::list("runlevels"),
    Arg::bool("daemonize").default("false"),
];

/// What a task asks of one service.
pub(super) struct Wanted {
    name: String,
    state: Option<String>,
    enabled: Option<bool>,
    pause: Duration,
    pattern: Option<String>,
    arguments: String,
    runlevels: Vec<String>,
}

impl Wanted {
    fn new(args: &Args) -> Result<Self, ModuleError> {
        let text = |name: &str| args.opt_str(name).map(str::to_owned);
        Ok(Self {
            name: args.str("name")?.to_owned(),
            state: text("state"),
            enabled: args.opt_bool("enabled"),
            pause: Duration::from_secs(args.opt_int("sleep").unwrap_or(1).max(0) as u64),
            pattern: text("pattern"),
            arguments: text("arguments").unwrap_or_default(),
            runlevels: args.list_of_str("runlevels"),
        })
    }

    /// From the arguments of `service`, which names one run level at most.
    pub(super) fn of_service(args: &Args) -> Result<Self, ModuleError> {
        let level = args.opt_str("runlevel").filter(|level| *level != "default").map(str::to_owned);
        Ok(Self { runlevels: level.into_iter().collect(), ..Self::new(args)? })
    }
}

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    manage(&Wanted::new(args)?, cx)
}

pub(super) fn manage(wanted: &Wanted, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let name = wanted.name.as_str();
    if init_script::path(name).is_none() {
        return Err(ModuleError::failed(format!("Could not find the requested service {name}: ")));
    }
    let enabling = enable(wanted, cx)?;
    let acting = set_state(wanted, cx)?;
    let mut status = Map::new();
    let changed = enabling.changed || acting.changed;
    status.insert("enabled".to_owned(), enabling.report(&wanted.runlevels));
    status.insert(wanted.state.clone().unwrap_or_else(|| "null".to_owned()), acting.report(&[]));
    Ok(ModuleResult::ok().changed(changed).set("name", name).set("status", status))
}

/// What one half of the task did.
#[derive(Default)]
struct Step {
    changed: bool,
    output: Option<CommandOutput>,
}

impl Step {
    fn report(&self, runlevels: &[String]) -> Value {
        let output = self.output.as_ref();
        let mut report = json!({
            "changed": self.changed,
            "rc": output.map(|output| output.rc),
            "stdout": output.map(CommandOutput::stdout),
            "stderr": output.map(CommandOutput::stderr),
        });
        if !runlevels.is_empty() {
            report["runlevels"] = json!(runlevels);
        }
        report
    }
}

fn enable(wanted: &Wanted, cx: &mut Context<'_>) -> Result<Step, ModuleError> {
    let Some(enable) = wanted.enabled else { return Ok(Step::default()) };
    let name = wanted.name.as_str();
    let is_enabled = if wanted.runlevels.is_empty() {
        init_script::is_enabled(name)
    } else {
        let levels = &wanted.runlevels;
        if enable {
            levels.iter().all(|level| init_script::is_enabled_in(name, level))
        } else {
            levels.iter().any(|level| init_script::is_enabled_in(name, level))
        }
    };
    if is_enabled == enable {
        return Ok(Step::default());
    }
    let mut step = Step { changed: true, output: None };
    for command in enable_commands(wanted, enable, cx) {
        let output = cx.run(&command)?;
        if !output.ok() {
            let verb = if enable { "enable" } else { "disable" };
            return Err(failed(name, verb, &output));
        }
        step.output = Some(output).filter(|_| !cx.check_mode);
    }
    Ok(step)
}

fn enable_commands(wanted: &Wanted, enable: bool, cx: &Context<'_>) -> Vec<CommandSpec> {
    let name = wanted.name.as_str();
    if wanted.runlevels.is_empty() {
        return Control::Script.enable_commands(name, enable, "", cx);
    }
    let levels = wanted.runlevels.iter();
    if cx.which("update-rc.d").is_some() {
        let verb = if enable { "enable" } else { "disable" };
        return vec![CommandSpec::new(["update-rc.d", name, verb]).args(levels.cloned())];
    }
    let verb = if enable { "on" } else { "off" };
    levels.map(|level| CommandSpec::new(["chkconfig", "--level", level, name, verb])).collect()
}

fn set_state(wanted: &Wanted, cx: &mut Context<'_>) -> Result<Step, ModuleError> {
    let Some(state) = &wanted.state else { return Ok(Step::default()) };
    let (name, control) = (wanted.name.as_str(), Control::Script);
    let running = match &wanted.pattern {
        Some(pattern) => init_script::process_matches(pattern),
        None => control.is_running(name, &wanted.arguments, cx)?,
    };
    let Some(action) = action(state, running) else { return Ok(Step::default()) };
    let output = control.act(name, action, &wanted.arguments, wanted.pause, cx)?;
    if !output.ok() {
        return Err(failed(name, action, &output));
    }
    Ok(Step { changed: true, output: Some(output).filter(|_| !cx.check_mode) })
}

fn failed(name: &str, what: &str, output: &CommandOutput) -> ModuleError {
    ModuleError::failed(format!("Failed to {what} service: {name}"))
        .with("rc", output.rc)
        .with("stdout", output.stdout())
        .with("stderr", output.stderr())
}
