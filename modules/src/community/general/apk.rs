//! `community.general.apk`: packages of Alpine Linux.

use std::sync::LazyLock;

use regex::Regex;

use crate::python_repr::repr;
use crate::{Arg, Args, CommandOutput, CommandSpec, Constraint, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.general.apk", ARGS, run).constraints(&[
    Constraint::MutuallyExclusive(&["name", "upgrade"]),
    Constraint::RequiredOneOf(&["name", "update_cache", "upgrade"]),
]);

const ARGS: &[Arg] = &[
    Arg::str("state").default("present").choices(&["present", "installed", "absent", "removed", "latest"]),
    Arg::list("name"),
    Arg::bool("no_cache").default("false"),
    Arg::list("repository"),
    Arg::bool("update_cache").default("false"),
    Arg::bool("upgrade").default("false"),
    Arg::bool("available").default("false"),
    Arg::str("world").default("/etc/apk/world"),
];

/// What may follow the name of a package.
const QUALIFIERS: [char; 5] = ['@', '=', '<', '>', '~'];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let apk = Apk::new(args, cx)?;
    let names = args.list_of_str("name");
    if names.iter().any(|name| name.trim().is_empty()) {
        return Err(ModuleError::failed("Package name(s) cannot be empty or whitespace-only"));
    }
    if args.bool("update_cache") {
        let output = cx.run_read(&apk.command(&["update"]))?;
        if !output.ok() {
            return Err(failed("could not update package db", &output));
        }
        if names.is_empty() && !args.bool("upgrade") {
            return Ok(told("updated repository indexes", &output));
        }
    }
    if args.bool("upgrade") {
        return apk.upgrade(args.bool("available"), cx);
    }
    if names.is_empty() {
        return Err(ModuleError::failed("one of the following is required: name, update_cache, upgrade"));
    }
    match args.str("state")? {
        "absent" | "removed" => apk.remove(&names, cx),
        state => apk.install(&names, state == "latest", cx),
    }
}

struct Apk<'a> {
    args: &'a Args,
    /// The program with the options every command has.
    words: Vec<String>,
}

impl<'a> Apk<'a> {
    fn new(args: &'a Args, cx: &Context<'_>) -> Result<Self, ModuleError> {
        let mut words = vec![cx.require_program("apk")?.to_string_lossy().into_owned()];
        if args.bool("no_cache") {
            words.push("--no-cache".to_owned());
        }
        for repository in args.list_of_str("repository") {
            words.extend(["--repository", &repository, "--repositories-file", "/dev/null"].map(str::to_owned));
        }
        Ok(Self { args, words })
    }

    fn command(&self, words: &[&str]) -> CommandSpec {
        CommandSpec::new(self.words.iter().cloned()).args(words.iter().copied())
    }

    /// A command that in check mode only says what it would do.
    fn act(&self, words: &[&str], names: &[String], cx: &mut Context<'_>) -> Result<CommandOutput, ModuleError> {
        let mut command = self.command(words);
        if cx.check_mode {
            command = command.arg("--simulate");
        }
        cx.run_read(&command.args(names.iter().cloned()))
    }

    fn upgrade(&self, available: bool, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        let mut command = self.command(&["upgrade"]);
        if cx.check_mode {
            command = command.arg("--simulate");
        }
        if available {
            command = command.arg("--available");
        }
        let output = cx.run_read(&command)?;
        if !output.ok() {
            return Err(failed("failed to upgrade packages", &output).with("packages", packages(&output)));
        }
        let nothing_to_do = output.stdout().lines().next().is_some_and(|line| line.starts_with("OK"));
        let msg = if nothing_to_do { "packages already upgraded" } else { "upgraded packages" };
        Ok(told(msg, &output).changed(!nothing_to_do).set("packages", packages(&output)))
    }

    fn remove(&self, names: &[String], cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        let mut there = Vec::new();
        for name in names {
            if self.is_installed(name, cx)? {
                there.push(name.clone());
            }
        }
        if there.is_empty() {
            return Ok(ModuleResult::ok().msg("package(s) already removed"));
        }
        let output = self.act(&["del", "--purge"], &there, cx)?;
        let shown = repr(&there.clone().into());
        // What others depend on stays, and apk calls that a success.
        let mut stays = false;
        if !cx.check_mode {
            for name in &there {
                stays |= self.is_installed(name, cx)?;
            }
        }
        if !output.ok() || stays {
            let msg = format!("failed to remove {shown} package(s)");
            return Err(failed(&msg, &output).with("packages", packages(&output)));
        }
        Ok(told(&format!("removed {shown} package(s)"), &output).set("packages", packages(&output)))
    }

    fn install(&self, names: &[String], latest: bool, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        let world = cx.read_text(self.args.str("world")?)?.unwrap_or_default();
        let (mut wanted, mut outdated) = (Vec::new(), Vec::new());
        for name in self.without_virtual(names, cx)? {
            if !is_in_world(&name, &world) {
                wanted.push(name);
            } else if latest && !self.is_latest(&name, cx)? {
                outdated.push(name);
            }
        }
        let upgrades = !outdated.is_empty();
        wanted.extend(outdated);
        if wanted.is_empty() {
            return Ok(ModuleResult::ok().msg("package(s) already installed"));
        }
        let verb: &[&str] = if upgrades { &["add", "--upgrade"] } else { &["add"] };
        let output = self.act(verb, &wanted, cx)?;
        let shown = repr(&wanted.into());
        if !output.ok() {
            let msg = format!("failed to install {shown}");
            return Err(failed(&msg, &output).with("packages", packages(&output)));
        }
        Ok(told(&format!("installed {shown} package(s)"), &output).set("packages", packages(&output)))
    }

    fn is_installed(&self, name: &str, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        Ok(cx.run_read(&self.command(&["-v", "info", "--installed", name]))?.ok())
    }

    fn is_latest(&self, name: &str, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let name = name.split(QUALIFIERS).next().unwrap_or(name);
        let listing = cx.run_read(&self.command(&["version", name]))?.stdout();
        let line = listing.lines().find(|line| line.starts_with(&format!("{name}-")));
        // Nothing newer is known of what is not listed.
        Ok(line.is_none_or(|line| line.split_whitespace().nth(1) != Some("<")))
    }

    /// A virtual package stands for those it depends on.
    fn without_virtual(&self, names: &[String], cx: &mut Context<'_>) -> Result<Vec<String>, ModuleError> {
        let mut plain = Vec::new();
        for name in names {
            let description = cx.run_read(&self.command(&["-v", "info", "--description", name]))?.stdout();
            if !description.contains("virtual meta package") {
                plain.push(name.clone());
                continue;
            }
            let depends = cx.run_read(&self.command(&["-v", "info", "--depends", name]))?.stdout();
            plain.extend(depends.lines().skip(1).filter(|line| !line.trim().is_empty()).map(str::to_owned));
        }
        Ok(plain)
    }
}

/// Whether somebody asked for the package, whatever version or repository of it.
fn is_in_world(name: &str, world: &str) -> bool {
    let rest = |entry: &str| entry.strip_prefix(name).map(|rest| rest.is_empty() || rest.starts_with(QUALIFIERS));
    world.split_whitespace().any(|entry| rest(entry).unwrap_or(false))
}

/// The packages of lines such as `(1/2) Installing foo (1.0-r0)`.
fn packages(output: &CommandOutput) -> Vec<String> {
    static LINE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?m)^\(\d+/\d+\) \S+ (\S+)").ok());
    let text = output.stdout();
    LINE.as_ref().map_or_else(Vec::new, |line| line.captures_iter(&text).map(|found| found[1].to_owned()).collect())
}

fn told(msg: &str, output: &CommandOutput) -> ModuleResult {
    ModuleResult::ok().changed(true).msg(msg).set("stdout", output.stdout()).set("stderr", output.stderr())
}

fn failed(msg: &str, output: &CommandOutput) -> ModuleError {
    ModuleError::failed(msg).with("stdout", output.stdout()).with("stderr", output.stderr())
}
