//! systemd through `systemctl`: what a unit is now, what to do about it, and doing it.

use serde_json::Value;

use super::init_script;
use crate::{CommandOutput, CommandSpec, Context, Map, ModuleError, ModuleResult};

/// The manager that is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Scope {
    #[default]
    System,
    User,
    Global,
}

/// What a task asks of one unit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub name: Option<String>,
    /// `started`, `stopped`, `restarted` or `reloaded`.
    pub state: Option<String>,
    pub enabled: Option<bool>,
    pub masked: Option<bool>,
    pub daemon_reload: bool,
    pub daemon_reexec: bool,
    pub scope: Scope,
    pub no_block: bool,
    pub force: bool,
}

/// Brings the unit to what is wanted and reports as `systemd_service` does.
pub(crate) fn manage(wanted: &Wanted, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let systemctl = Systemctl::new(wanted, cx)?;
    if let Some(pattern) = wanted.name.as_deref().and_then(|name| name.chars().find(|c| "*?[".contains(*c))) {
        let name = wanted.name.as_deref().unwrap_or_default();
        return Err(ModuleError::failed(format!(
            "This module does not currently support using glob patterns, found '{pattern}' in service name: {name}"
        )));
    }
    systemctl.reload(wanted, cx)?;
    let result = ModuleResult::ok().set("name", wanted.name.clone());
    let Some(name) = &wanted.name else { return Ok(result.set("status", Map::new())) };
    let unit = Unit::observe(name, wanted.scope, &systemctl, cx)?;
    let mut task = Task { name, unit: &unit, systemctl: &systemctl, changed: false };
    task.mask(wanted, cx)?;
    if (wanted.enabled.is_some() || wanted.state.is_some()) && !unit.exists() {
        return Err(ModuleError::failed(format!("Could not find the requested service {name}: host")));
    }
    let mut result = result.set("status", unit.properties.clone());
    if let Some(enabled) = wanted.enabled {
        task.enable(enabled, wanted.scope, cx)?;
        result = result.set("enabled", enabled);
    }
    if let Some(state) = &wanted.state {
        result = result.set("state", task.set_state(state, cx)?);
    }
    Ok(result.changed(task.changed))
}

/// The command line every call starts with.
struct Systemctl {
    base: Vec<String>,
    runtime_dir: Option<String>,
}

impl Systemctl {
    fn new(wanted: &Wanted, cx: &Context<'_>) -> Result<Self, ModuleError> {
        let mut base = vec![cx.require_program("systemctl")?.to_string_lossy().into_owned()];
        match wanted.scope {
            Scope::System => {}
            Scope::User => base.push("--user".to_owned()),
            Scope::Global => base.push("--global".to_owned()),
        }
        if wanted.no_block {
            base.push("--no-block".to_owned());
        }
        if wanted.force {
            base.push("--force".to_owned());
        }
        // Without a login session nobody sets it, and systemctl cannot find the user's manager.
        let user = rustix::process::getuid().as_raw();
        let runtime_dir = cx.env("XDG_RUNTIME_DIR").is_none().then(|| format!("/run/user/{user}"));
        Ok(Self { base, runtime_dir })
    }

    fn command(&self, words: &[&str]) -> CommandSpec {
        let command = CommandSpec::new(self.base.iter().map(String::as_str).chain(words.iter().copied()));
        match &self.runtime_dir {
            Some(dir) => command.env("XDG_RUNTIME_DIR", dir),
            None => command,
        }
    }

    fn reload(&self, wanted: &Wanted, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let verbs = [(wanted.daemon_reload, "daemon-reload"), (wanted.daemon_reexec, "daemon-reexec")];
        for (_, verb) in verbs.into_iter().filter(|(asked, _)| *asked) {
            let output = cx.run(&self.command(&[verb]))?;
            if !output.ok() {
                let msg = format!("failure {} during {verb}: {}", output.rc, output.stderr());
                return Err(ModuleError::failed(msg));
            }
        }
        Ok(())
    }
}

/// What is known of a unit before anything is done.
struct Unit {
    properties: Map,
    has_script: bool,
    /// The state of the unit's file, looked up only where systemd does not run.
    file: Option<String>,
}

impl Unit {
    fn observe(name: &str, scope: Scope, systemctl: &Systemctl, cx: &mut Context<'_>) -> Result<Self, ModuleError> {
        let has_script = scope == Scope::System && init_script::path(name).is_some();
        let output = cx.run_read(&systemctl.command(&["show", name]))?;
        // Without systemd nothing is shown: the request fails or is ignored, said in either stream.
        let offline = !output.ok() || !output.stdout().contains('=');
        if !offline {
            return Ok(Self { properties: parse_properties(&output.stdout()), has_script, file: None });
        }
        let files = cx.run_read(&systemctl.command(&["list-unit-files", "--no-legend", &unit_name(name)]))?;
        let text = files.stdout();
        let state = text.split_whitespace().nth(1).filter(|_| files.ok()).map(str::to_owned);
        if !has_script && state.is_none() && !output.ok() {
            return Err(not_reachable(systemctl, &output));
        }
        Ok(Self { properties: Map::new(), has_script, file: state })
    }

    fn text(&self, property: &str) -> &str {
        self.properties.get(property).and_then(Value::as_str).unwrap_or_default()
    }

    fn exists(&self) -> bool {
        let loaded = !matches!(self.text("LoadState"), "" | "not-found");
        loaded || self.has_script || self.file.is_some()
    }

    fn is_masked(&self) -> bool {
        self.text("LoadState") == "masked" || self.file.as_deref() == Some("masked")
    }

    fn is_running(&self) -> bool {
        matches!(self.text("ActiveState"), "active" | "activating")
    }
}

fn not_reachable(systemctl: &Systemctl, output: &CommandOutput) -> ModuleError {
    let stderr = output.stderr();
    ModuleError::failed(stderr.trim_end())
        .with("cmd", systemctl.base.join(" "))
        .with("rc", output.rc)
        .with("stdout", output.stdout())
        .with("stderr", stderr)
}

/// A name without a suffix is a service.
fn unit_name(name: &str) -> String {
    const SUFFIXES: [&str; 11] =
        ["service", "socket", "device", "mount", "automount", "swap", "target", "path", "timer", "slice", "scope"];
    let has_suffix = name.rsplit_once('.').is_some_and(|(_, suffix)| SUFFIXES.contains(&suffix));
    if has_suffix { name.to_owned() } else { format!("{name}.service") }
}

/// `systemctl show`: `Key=value` lines; values may go on over lines that are no assignment.
fn parse_properties(text: &str) -> Map {
    let mut properties = Map::new();
    let mut last: Option<String> = None;
    for line in text.lines() {
        match line.split_once('=').filter(|(key, _)| is_key(key)) {
            Some((key, value)) => {
                properties.insert(key.to_owned(), value.into());
                last = Some(key.to_owned());
            }
            None => {
                if let Some(Value::String(value)) = last.as_ref().and_then(|key| properties.get_mut(key)) {
                    value.push('\n');
                    value.push_str(line);
                }
            }
        }
    }
    properties
}

fn is_key(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The steps of one task, each after the other.
struct Task<'a> {
    name: &'a str,
    unit: &'a Unit,
    systemctl: &'a Systemctl,
    changed: bool,
}

impl Task<'_> {
    fn mask(&mut self, wanted: &Wanted, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let Some(masked) = wanted.masked.filter(|masked| *masked != self.unit.is_masked()) else { return Ok(()) };
        let verb = if masked { "mask" } else { "unmask" };
        self.changed = true;
        let output = cx.run(&self.systemctl.command(&[verb, self.name]))?;
        if output.ok() {
            return Ok(());
        }
        let reason = output.stderr();
        Err(ModuleError::failed(format!("Failed to {verb} the service ({}): {}", self.name, reason.trim())))
    }

    fn enable(&mut self, wanted: bool, scope: Scope, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let output = cx.run_read(&self.systemctl.command(&["is-enabled", self.name, "-l"]))?;
        let script_enabled = || scope == Scope::System && self.unit.has_script && init_script::is_enabled(self.name);
        let enabled = is_enabled(&output) || (is_undecided(&output) && script_enabled());
        if enabled == wanted {
            return Ok(());
        }
        let verb = if wanted { "enable" } else { "disable" };
        self.changed = true;
        let output = cx.run(&self.systemctl.command(&[verb, self.name]))?;
        if output.ok() {
            return Ok(());
        }
        let text = if output.stderr.is_empty() { output.stdout() } else { output.stderr() };
        Err(ModuleError::failed(format!("Unable to {verb} service {}: {text}", self.name)))
    }

    /// Returns the state to report.
    fn set_state(&mut self, wanted: &str, cx: &mut Context<'_>) -> Result<&'static str, ModuleError> {
        let reported = if wanted == "stopped" { "stopped" } else { "started" };
        if self.unit.text("ActiveState").is_empty() {
            if !is_chroot(cx) {
                return Err(ModuleError::failed("Service is in unknown state").with("status", Map::new()));
            }
            cx.warn(
                "Target is a chroot or systemd is offline. This can lead to false positives or \
                 prevent the init system tools from working.",
            );
            return Ok(reported);
        }
        let Some(verb) = action(wanted, self.unit.is_running(), self.unit.text("ActiveState")) else {
            return Ok(reported);
        };
        self.changed = true;
        let output = cx.run(&self.systemctl.command(&[verb, self.name]))?;
        if output.ok() {
            return Ok(reported);
        }
        Err(ModuleError::failed(format!("Unable to {verb} service {}: {}", self.name, output.stderr())))
    }
}

fn is_enabled(output: &CommandOutput) -> bool {
    let stdout = output.stdout();
    // With more lines than the word, an indirect unit's other units are enabled.
    output.ok() && stdout.trim() != "indirect" && stdout.lines().next() != Some("enabled-runtime")
}

/// For an init script systemd may not know the answer.
fn is_undecided(output: &CommandOutput) -> bool {
    output.rc == 1 && !output.stdout().trim().ends_with("disabled")
}

/// What to do to a unit to bring it to a state; `None` when it is there.
fn action(wanted: &str, running: bool, active_state: &str) -> Option<&'static str> {
    match (wanted, running) {
        ("started", true) => None,
        ("stopped", running) => (running || active_state == "deactivating").then_some("stop"),
        ("restarted", true) => Some("restart"),
        ("reloaded", true) => Some("reload"),
        _ => Some("start"),
    }
}

/// Whether this process' root is another one than init's.
fn is_chroot(cx: &Context<'_>) -> bool {
    use std::os::unix::fs::MetadataExt;
    if cx.env("SYSTEMD_OFFLINE").is_some_and(|value| value == "1") {
        return true;
    }
    match (std::fs::metadata("/"), std::fs::metadata("/proc/1/root/.")) {
        (Ok(own), Ok(init)) => (own.dev(), own.ino()) != (init.dev(), init.ino()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_may_span_lines() {
        let text =
            "Type=simple\nExecStart={ path=/bin/sh ; argv[]=/bin/sh -c a\nb=c ; status=0/0 }\nResult=success\nX=a=b\n";
        let properties = parse_properties(text);
        assert_eq!(properties["ExecStart"], "{ path=/bin/sh ; argv[]=/bin/sh -c a\nb=c ; status=0/0 }");
        assert_eq!(properties["Result"], "success");
        assert_eq!(properties["X"], "a=b");
        assert_eq!(properties.len(), 4);
    }

    #[test]
    fn actions_lead_to_states() {
        let cases = [
            ("started", true, "active", None),
            ("started", false, "inactive", Some("start")),
            ("started", false, "failed", Some("start")),
            ("stopped", true, "active", Some("stop")),
            ("stopped", false, "deactivating", Some("stop")),
            ("stopped", false, "failed", None),
            ("restarted", true, "active", Some("restart")),
            ("restarted", false, "inactive", Some("start")),
            ("reloaded", true, "active", Some("reload")),
            ("reloaded", false, "inactive", Some("start")),
        ];
        for (wanted, running, active_state, verb) in cases {
            assert_eq!(action(wanted, running, active_state), verb, "{wanted} {active_state}");
        }
    }

    #[test]
    fn names_without_suffix_are_services() {
        assert_eq!(unit_name("nginx"), "nginx.service");
        assert_eq!(unit_name("a.timer"), "a.timer");
        assert_eq!(unit_name("php8.2-fpm"), "php8.2-fpm.service");
    }
}
