//! `community.general.pipx`: Python applications, each in an environment of its own.

use serde_json::{Value, json};

use crate::url_login::{PIP, through_environment};
use crate::{Arg, Args, CommandOutput, CommandSpec, Constraint, Context, Map, Module, ModuleError, ModuleResult};

mod specifier;

use specifier::Specifier;

pub(crate) static MODULE: Module = Module::new("community.general.pipx", ARGS, run).diff().constraints(&[
    Constraint::RequiredIf("state", "present", &["name"]),
    Constraint::RequiredIf("state", "install", &["name"]),
    Constraint::RequiredIf("state", "install_all", &["spec_metadata"]),
    Constraint::RequiredIf("state", "absent", &["name"]),
    Constraint::RequiredIf("state", "uninstall", &["name"]),
    Constraint::RequiredIf("state", "upgrade", &["name"]),
    Constraint::RequiredIf("state", "reinstall", &["name"]),
    Constraint::RequiredIf("state", "latest", &["name"]),
    Constraint::RequiredIf("state", "inject", &["name", "inject_packages"]),
    Constraint::RequiredIf("state", "uninject", &["name", "inject_packages"]),
    Constraint::RequiredIf("state", "pin", &["name"]),
    Constraint::RequiredIf("state", "unpin", &["name"]),
]);

const STATES: &[&str] = &[
    "present",
    "absent",
    "install",
    "install_all",
    "uninstall",
    "uninstall_all",
    "inject",
    "uninject",
    "upgrade",
    "upgrade_shared",
    "upgrade_all",
    "reinstall",
    "reinstall_all",
    "latest",
    "pin",
    "unpin",
];

const ARGS: &[Arg] = &[
    Arg::str("state").default("install").choices(STATES),
    Arg::str("name"),
    Arg::str("source"),
    Arg::bool("install_apps").default("false"),
    Arg::bool("install_deps").default("false"),
    Arg::list("inject_packages"),
    Arg::bool("force").default("false"),
    Arg::bool("include_injected").default("false"),
    Arg::str("index_url"),
    Arg::str("python"),
    Arg::bool("system_site_packages").default("false"),
    Arg::path("executable"),
    Arg::bool("editable").default("false"),
    Arg::str("pip_args"),
    Arg::str("suffix"),
    Arg::path("spec_metadata"),
    Arg::bool("global").default("false"),
];

const OLDEST: [u64; 3] = [1, 7, 0];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let pipx = Pipx::new(args, cx)?;
    let before = pipx.applications(cx)?;
    let version = pipx.version(cx)?;
    if let Some(reason) = pipx.refuse(&before, &version) {
        let result = pipx.result(&version, before, None, cx.diff_mode);
        return Err(ModuleError::with_result(reason, result.without("changed").without("failed")));
    }
    let done = pipx.work(&before, cx)?;
    let after = if cx.check_mode { before.clone() } else { pipx.applications(cx)? };
    let changed = done.changed || before != after;
    let result = pipx.result(&version, after, Some(before), cx.diff_mode).changed(changed);
    let Some((command, output)) = done.last else { return Ok(result) };
    let words: Vec<String> =
        std::iter::once(command.program.to_string_lossy().into_owned()).chain(command.args).collect();
    Ok(match output {
        Some(output) => result.set("stdout", output.stdout()).set("stderr", output.stderr()),
        None => result.set("stdout", Value::Null).set("stderr", Value::Null),
    }
    .set("cmd", words))
}

/// What was done: whether it surely changed something, and the last command with what it printed.
#[derive(Default)]
struct Done {
    changed: bool,
    last: Option<(CommandSpec, Option<CommandOutput>)>,
}

struct Pipx<'a> {
    args: &'a Args,
    /// `pipx`, or `python3 -m pipx`.
    program: Vec<String>,
    /// The name without a specifier of versions.
    name: Option<String>,
    specifier: Result<Option<Specifier>, String>,
}

impl<'a> Pipx<'a> {
    fn new(args: &'a Args, cx: &Context<'_>) -> Result<Self, ModuleError> {
        let program = match (args.opt_str("executable"), cx.which("pipx")) {
            (Some(given), _) => vec![given.to_owned()],
            (None, Some(found)) => vec![found.to_string_lossy().into_owned()],
            (None, None) => {
                let python = cx.require_program("python3")?.to_string_lossy().into_owned();
                vec![python, "-m".to_owned(), "pipx".to_owned()]
            }
        };
        let parsed = args.opt_str("name").map(Specifier::parse).transpose();
        let name = match &parsed {
            Ok(Some(specifier)) => Some(specifier.name.clone()),
            _ => args.opt_str("name").map(str::to_owned),
        };
        Ok(Self { args, program, name, specifier: parsed })
    }

    fn state(&self) -> &str {
        match self.args.opt_str("state").unwrap_or("install") {
            "present" => "install",
            "absent" => "uninstall",
            state => state,
        }
    }

    fn command(&self, verb: &str) -> CommandSpec {
        let command = CommandSpec::new(self.program.iter().cloned()).arg(verb);
        command.env("USE_EMOJI", "0").env("PIPX_USE_EMOJI", "0")
    }

    /// What to install when it is not just the name.
    fn source(&self) -> Option<&str> {
        let specific = self.args.opt_str("name").filter(|name| Some(*name) != self.name.as_deref());
        self.args.opt_str("source").or(specific.filter(|_| self.state() == "install"))
    }

    /// Options in the order in which pipx is given them.
    fn options(&self, command: CommandSpec, wanted: &[&str]) -> CommandSpec {
        let flag = |command: CommandSpec, name: &str, option: &str| {
            if wanted.contains(&name) && self.args.bool(name) { command.arg(option) } else { command }
        };
        let value = |command: CommandSpec, name: &str, option: &str| match self.args.opt_str(name) {
            Some(value) if wanted.contains(&name) => command.args([option, value]),
            _ => command,
        };
        let command = flag(command, "global", "--global");
        let command = flag(command, "include_injected", "--include-injected");
        let command = value(command, "index_url", "--index-url");
        let command = flag(command, "install_apps", "--include-apps");
        let command = flag(command, "install_deps", "--include-deps");
        let command = flag(command, "force", "--force");
        let command = value(command, "python", "--python");
        let command = flag(command, "system_site_packages", "--system-site-packages");
        let command = flag(command, "editable", "--editable");
        let command = match self.args.opt_str("pip_args") {
            Some(given) if wanted.contains(&"pip_args") => command.arg(format!("--pip-args={given}")),
            _ => command,
        };
        through_environment(value(command, "suffix", "--suffix"), PIP)
    }

    /// The applications that matter, by the names of their environments.
    fn applications(&self, cx: &mut Context<'_>) -> Result<Map, ModuleError> {
        let command = self.command("list").args(["--include-injected", "--json"]);
        let output = succeeds(&self.options(command, &["global"]), cx)?;
        let listing: Value = serde_json::from_slice(&output.stdout)
            .map_err(|error| ModuleError::failed(format!("pipx list printed no JSON: {error}")))?;
        let wanted =
            self.name.as_ref().map(|name| format!("{name}{}", self.args.opt_str("suffix").unwrap_or_default()));
        let environments = listing["venvs"].as_object().into_iter().flatten();
        let known = environments.filter(|(name, _)| wanted.as_ref().is_none_or(|wanted| wanted == *name));
        Ok(known.map(|(name, venv)| (name.clone(), application(name, venv))).collect())
    }

    fn version(&self, cx: &mut Context<'_>) -> Result<String, ModuleError> {
        let output = succeeds(&self.command("--version"), cx)?;
        Ok(output.stdout().trim().to_owned())
    }

    /// Why nothing can be done.
    fn refuse(&self, there: &Map, version: &str) -> Option<String> {
        if let Err(reason) = &self.specifier {
            let given = self.args.opt_str("name").unwrap_or_default();
            return Some(format!("Invalid package specification for '{given}': {reason}"));
        }
        let numbers = version.split('.').map(|part| part.parse::<u64>().unwrap_or_default());
        if numbers.lt(OLDEST) {
            return Some(format!(
                "The pipx tool must be at least at version {}",
                OLDEST.map(|n| n.to_string()).join(".")
            ));
        }
        let doing = match self.state() {
            "upgrade" => "upgrade",
            "reinstall" => "reinstall",
            "inject" => "inject packages into",
            "uninject" => "uninject packages into",
            _ => return None,
        };
        let name = self.args.opt_str("name").unwrap_or_default();
        there.is_empty().then(|| format!("Trying to {doing} a non-existent application: {name}"))
    }

    fn work(&self, there: &Map, cx: &mut Context<'_>) -> Result<Done, ModuleError> {
        let force = self.args.bool("force");
        let name = || self.args.opt_str("name").unwrap_or_default().to_owned();
        let packages = || self.args.list_of_str("inject_packages");
        let common = |command: CommandSpec, more: &[&str]| {
            let wanted: Vec<&str> = ["global"].iter().chain(more).copied().collect();
            self.options(command, &wanted)
        };
        let upgrade = || {
            let wanted = ["include_injected", "index_url", "force", "editable", "pip_args"];
            common(self.command("upgrade"), &wanted).arg(name())
        };
        match self.state() {
            "install" => self.install(there, cx),
            "latest" => self.install(there, cx).and_then(|installed| {
                let changed = installed.changed || force;
                Ok(Done { changed, ..act(upgrade(), false, cx)? })
            }),
            "upgrade" => act(upgrade(), force, cx),
            "install_all" => {
                let spec = self.args.opt_str("spec_metadata").unwrap_or_default();
                let wanted = ["index_url", "force", "python", "system_site_packages", "editable", "pip_args"];
                act(common(self.command("install-all"), &wanted).arg(spec), true, cx)
            }
            "upgrade_all" => act(common(self.command("upgrade-all"), &["include_injected", "force"]), force, cx),
            "upgrade_shared" => act(common(self.command("upgrade-shared"), &["pip_args"]), false, cx),
            "uninstall" if there.is_empty() => Ok(Done::default()),
            "uninstall" => act(common(self.command("uninstall"), &[]).arg(name()), false, cx),
            "uninstall_all" => act(common(self.command("uninstall-all"), &[]), false, cx),
            "inject" => {
                let wanted = ["index_url", "install_apps", "install_deps", "force", "editable", "pip_args"];
                act(common(self.command("inject"), &wanted).arg(name()).args(packages()), force, cx)
            }
            "uninject" => act(common(self.command("uninject"), &[]).arg(name()).args(packages()), false, cx),
            "reinstall" => {
                let command = common(self.command("reinstall"), &[]).arg(name());
                act(self.options(command, &["python"]), true, cx)
            }
            "reinstall_all" => act(common(self.command("reinstall-all"), &["python"]), force, cx),
            verb => act(common(self.command(verb), &[]).arg(name()), false, cx),
        }
    }

    fn install(&self, there: &Map, cx: &mut Context<'_>) -> Result<Done, ModuleError> {
        let version = there.values().next().and_then(|one| one["version"].as_str());
        let specifier = self.specifier.as_ref().ok().and_then(Option::as_ref);
        let unmet = match (version, specifier) {
            (Some(version), Some(specifier)) => !specifier.allows(version),
            _ => false,
        };
        if version.is_some() && !unmet && !self.args.bool("force") {
            return Ok(Done::default());
        }
        let mut wanted = vec!["index_url", "install_deps", "force", "python", "system_site_packages", "editable"];
        wanted.extend(["pip_args", "suffix", "global"]);
        let source = self.source().or(self.args.opt_str("name")).unwrap_or_default();
        let base = self.command("install");
        let base = if unmet && !self.args.bool("force") { base.arg("--force") } else { base };
        act(self.options(base, &wanted).arg(source), true, cx)
    }

    fn result(&self, version: &str, now: Map, before: Option<Map>, diff: bool) -> ModuleResult {
        let given = |name: &str| self.args.raw(name).cloned().unwrap_or(Value::Null);
        let changes = match before {
            Some(before) if before != now => {
                json!({ "before": { "application": before }, "after": { "application": now } })
            }
            _ => json!({}),
        };
        let result = ModuleResult::ok()
            .set("version", version)
            .set("name", given("name"))
            .set("force", given("force"))
            .set("source", self.source().map_or(Value::Null, Value::from))
            .set("index_url", given("index_url"))
            .set("application", now)
            .set("failed", false);
        if diff { result.set("diff", changes) } else { result }
    }
}

fn application(name: &str, venv: &Value) -> Value {
    let metadata = &venv["metadata"];
    let injected = metadata["injected_packages"].as_object().into_iter().flatten();
    let injected: Map = injected.map(|(name, one)| (name.clone(), one["package_version"].clone())).collect();
    let main = &metadata["main_package"];
    json!({ "name": name, "version": main["package_version"], "pinned": main["pinned"], "injected": injected })
}

fn succeeds(command: &CommandSpec, cx: &mut Context<'_>) -> Result<CommandOutput, ModuleError> {
    let output = cx.run_read(command)?;
    if output.ok() {
        return Ok(output);
    }
    let msg = output.stderr().trim_end().to_owned();
    Err(crate::context::command_failure(msg, command, &output))
}

fn act(command: CommandSpec, changed: bool, cx: &mut Context<'_>) -> Result<Done, ModuleError> {
    let output = if cx.check_mode { None } else { Some(succeeds(&command, cx)?) };
    Ok(Done { changed, last: Some((command, output)) })
}
