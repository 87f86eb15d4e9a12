//! `community.general.pacman`: packages of Arch Linux.

use crate::{Arg, Args, CommandOutput, CommandSpec, Constraint, Context, Diff, Module, ModuleError, ModuleResult};

mod inventory;

use inventory::Inventory;

pub(crate) static MODULE: Module = Module::new("community.general.pacman", ARGS, run).diff().constraints(&[
    Constraint::RequiredOneOf(&["name", "update_cache", "upgrade"]),
    Constraint::MutuallyExclusive(&["name", "upgrade"]),
]);

const ARGS: &[Arg] = &[
    Arg::list("name").alias(&["pkg", "package"]),
    Arg::str("state").default("present").choices(&["present", "installed", "latest", "absent", "removed"]),
    Arg::bool("force").default("false"),
    Arg::bool("remove_nosave").default("false"),
    Arg::str("executable").default("pacman"),
    Arg::str("extra_args").default(""),
    Arg::bool("upgrade"),
    Arg::str("upgrade_extra_args").default(""),
    Arg::bool("update_cache"),
    Arg::str("update_cache_extra_args").default(""),
    Arg::str("reason").choices(&["explicit", "dependency"]),
    Arg::str("reason_for").default("new").choices(&["new", "all"]),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let program = cx.require_program(args.str("executable")?)?.to_string_lossy().into_owned();
    let mut pacman = Pacman { args, program, told: Told::default() };
    let names: Vec<String> = args.list_of_str("name").into_iter().filter(|name| !name.is_empty()).collect();
    let mut result = ModuleResult::ok();
    if args.bool("update_cache") {
        result = pacman.refresh(result, cx)?;
    }
    if args.bool("upgrade") {
        result = pacman.upgrade(result, cx)?;
    } else if args.has("name") {
        let inventory = Inventory::read(&pacman.program, cx)?;
        result = match args.str("state")? {
            "absent" | "removed" => pacman.remove(&names, &inventory, result, cx)?,
            state => pacman.install(&names, state == "latest", &inventory, result, cx)?,
        };
    } else if !args.bool("update_cache") {
        pacman.told.say("Nothing to do");
    }
    Ok(pacman.told.into(result))
}

/// What is said at the end: lines of `msg`, and what pacman printed.
#[derive(Default)]
struct Told {
    lines: Vec<String>,
    stdout: Vec<String>,
    stderr: Vec<String>,
}

impl Told {
    fn say(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    fn hear(&mut self, output: &CommandOutput) {
        self.stdout.push(output.stdout());
        self.stderr.push(output.stderr());
    }

    fn into(self, result: ModuleResult) -> ModuleResult {
        let joined = |texts: Vec<String>| {
            let texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
            Some(texts.join("\n")).filter(|text| !text.is_empty())
        };
        result.set_opt("stdout", joined(self.stdout)).set_opt("stderr", joined(self.stderr)).msg(self.lines.join("\n"))
    }
}

struct Pacman<'a> {
    args: &'a Args,
    program: String,
    told: Told,
}

/// A package to install and what pacman is asked for to get it.
struct Target {
    name: String,
    asked: String,
    is_file: bool,
}

impl Pacman<'_> {
    fn command(&self, words: &[&str]) -> CommandSpec {
        CommandSpec::new([self.program.as_str()]).args(words.iter().copied())
    }

    fn extra(&self, name: &str) -> Result<Vec<String>, ModuleError> {
        let text = self.args.opt_str(name).unwrap_or_default();
        shell_words::split(text).map_err(|_| ModuleError::failed(format!("cannot split {name}: {text}")))
    }

    /// Runs what changes something, and fails with everything that is known when it fails.
    fn act(
        &mut self,
        command: &CommandSpec,
        msg: &str,
        known: &ModuleResult,
        cx: &mut Context<'_>,
    ) -> Result<(), ModuleError> {
        let output = cx.run(command)?;
        if output.ok() {
            self.told.hear(&output);
            return Ok(());
        }
        let known = known.clone().without("changed");
        Err(failed(ModuleError::with_result(msg, known), command, &output))
    }

    fn refresh(&mut self, result: ModuleResult, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        if cx.check_mode {
            self.told.say("Would have updated the package db");
            return Ok(result.changed(true).set("cache_updated", true));
        }
        let force = self.args.bool("force");
        let listing = self.command(&["--sync", "--list"]);
        let before = if force { Vec::new() } else { cx.run_read(&listing)?.stdout };
        let mut command = self.command(&["--sync", "--refresh"]);
        command = if force { command.arg("--refresh") } else { command };
        command = command.args(self.extra("update_cache_extra_args")?);
        let known = ModuleResult::default().set("cache_updated", false);
        self.act(&command, "could not update package db", &known, cx)?;
        let changed = force || cx.run_read(&listing)?.stdout != before;
        self.told.say("Updated package db");
        Ok(result.changed(changed).set("cache_updated", changed))
    }

    fn upgrade(&mut self, result: ModuleResult, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
        let upgrades = inventory::upgrades(&self.program, cx)?;
        if upgrades.is_empty() {
            self.told.say("Nothing to upgrade");
            return Ok(result);
        }
        let lines = |version: fn(&inventory::Upgrade) -> &str| {
            upgrades.iter().map(|one| format!("{}-{}\n", one.name, version(one))).collect::<String>()
        };
        let diff = Diff::new(lines(|one| &one.from), lines(|one| &one.to));
        let names: Vec<String> = upgrades.iter().map(|one| one.name.clone()).collect();
        let result = with_diff(result.changed(true), diff, cx).set("packages", names);
        if cx.check_mode {
            self.told.say(format!("{} packages would have been upgraded", upgrades.len()));
            return Ok(result);
        }
        let command = self.command(&["--sync", "--sysupgrade", "--quiet", "--noconfirm"]);
        let command = command.args(self.extra("upgrade_extra_args")?);
        self.act(&command, "Could not upgrade", &result, cx)?;
        self.told.say("System upgraded");
        Ok(result)
    }

    fn remove(
        &mut self,
        names: &[String],
        inventory: &Inventory,
        result: ModuleResult,
        cx: &mut Context<'_>,
    ) -> Result<ModuleResult, ModuleError> {
        let named = names.iter().flat_map(|name| inventory.installed_members(name));
        let there: Vec<String> = named.filter(|name| inventory.version(name).is_some()).collect();
        if there.is_empty() {
            self.told.say("package(s) already absent");
            return Ok(result.set("packages", Vec::<String>::new()));
        }
        let mut command = self.command(&["--remove", "--noconfirm", "--noprogressbar"]);
        command = command.args(self.extra("extra_args")?);
        if self.args.bool("force") {
            command = command.args(["--nodeps", "--nodeps"]);
        }
        let listing = command.clone().args(["--print-format", "%n-%v"]).args(there.clone());
        let removed = lines_of(&listing, "failed to list package(s) to remove", cx)?;
        let before: String = removed.iter().map(|line| format!("{line}\n")).collect();
        let count = removed.len();
        let result = with_diff(result.changed(true).set("packages", removed), Diff::new(before, ""), cx);
        if cx.check_mode {
            self.told.say(format!("Would have removed {count} packages"));
            return Ok(result);
        }
        if self.args.bool("remove_nosave") {
            command = command.arg("--nosave");
        }
        self.act(&command.args(there), "failed to remove package(s)", &result, cx)?;
        self.told.say(format!("Removed {count} package(s)"));
        Ok(result)
    }

    fn install(
        &mut self,
        names: &[String],
        latest: bool,
        inventory: &Inventory,
        result: ModuleResult,
        cx: &mut Context<'_>,
    ) -> Result<ModuleResult, ModuleError> {
        let targets = self.targets(names, inventory, cx)?;
        let wanted: Vec<&Target> = targets.iter().filter(|one| inventory.wants(one, latest)).collect();
        let marked = self.to_mark(&targets, inventory);
        if wanted.is_empty() && marked.is_empty() {
            self.told.say("package(s) already installed");
            return Ok(result.set("packages", Vec::<String>::new()));
        }
        let mut base = self.command(&["--noconfirm", "--noprogressbar", "--needed"]);
        base = base.args(self.extra("extra_args")?);
        let mut commands = Vec::new();
        for (is_file, verb) in [(false, "--sync"), (true, "--upgrade")] {
            let asked: Vec<&str> =
                wanted.iter().filter(|one| one.is_file == is_file).map(|one| one.asked.as_str()).collect();
            if !asked.is_empty() {
                commands.push((base.clone().arg(verb), asked));
            }
        }
        let mut installs = Vec::new();
        for (command, asked) in &commands {
            let listing = command.clone().args(["--print-format", "%n %v"]).args(asked.iter().copied());
            installs.extend(lines_of(&listing, "Failed to list package(s) to install", cx)?);
        }
        let (diff, packages) = self.plan(&installs, &marked, inventory);
        let count = packages.len();
        let result = with_diff(result.changed(true), diff, cx);
        if cx.check_mode {
            self.told.say(format!("Would have installed {count} packages"));
            return Ok(result.set("packages", packages));
        }
        for (command, asked) in commands {
            self.act(&command.args(asked), "Failed to install package(s)", &result, cx)?;
        }
        if let (Some(flag), false) = (self.reason_flag(), marked.is_empty()) {
            let command = self.command(&["--noconfirm", "--database", flag]).args(marked);
            self.act(&command, "Failed to install package(s)", &result, cx)?;
        }
        self.told.say(format!("Installed {count} package(s)"));
        Ok(result.set("packages", packages))
    }

    /// Names as packages: groups as their members, files by what is in them.
    fn targets(
        &self,
        names: &[String],
        inventory: &Inventory,
        cx: &mut Context<'_>,
    ) -> Result<Vec<Target>, ModuleError> {
        let mut targets = Vec::new();
        for asked in names {
            if let Some(members) = inventory.available_members(asked) {
                let member = |name: &String| Target { name: name.clone(), asked: name.clone(), is_file: false };
                targets.extend(members.iter().map(member));
                continue;
            }
            if inventory.is_available(asked) {
                targets.push(Target { name: asked.clone(), asked: asked.clone(), is_file: false });
                continue;
            }
            targets.push(self.named_by_pacman(asked, cx)?);
        }
        Ok(targets)
    }

    /// What a name stands for that no list has: a package with its repository, what others provide, a file, an address.
    fn named_by_pacman(&self, asked: &str, cx: &mut Context<'_>) -> Result<Target, ModuleError> {
        let target = |output: &CommandOutput, is_file| Target {
            name: output.stdout().trim().to_owned(),
            asked: asked.to_owned(),
            is_file,
        };
        let output = cx.run_read(&self.command(&["--sync", "--print-format", "%n", asked]))?;
        if output.ok() {
            return Ok(target(&output, false));
        }
        let command = self.command(&["--upgrade", "--print-format", "%n", asked]);
        let output = cx.run_read(&command)?;
        if !output.ok() {
            let error = ModuleError::failed(format!("Failed to list package {asked}")).with("rc", output.rc);
            return Err(failed(error, &command, &output));
        }
        Ok(target(&output, true))
    }

    fn reason_flag(&self) -> Option<&'static str> {
        match self.args.opt_str("reason")? {
            "dependency" => Some("--asdeps"),
            _ => Some("--asexplicit"),
        }
    }

    /// The packages that get a reason: new ones, or all whose reason is another one.
    fn to_mark(&self, targets: &[Target], inventory: &Inventory) -> Vec<String> {
        let Some(reason) = self.args.opt_str("reason") else { return Vec::new() };
        let all = self.args.opt_str("reason_for") == Some("all");
        let gets_it = |one: &&Target| match inventory.reason(&one.name) {
            None => true,
            Some(current) => all && current != reason,
        };
        targets.iter().filter(gets_it).map(|one| one.name.clone()).collect()
    }

    /// The diff, and the names of all packages that change.
    fn plan(&self, installs: &[String], marked: &[String], inventory: &Inventory) -> (Diff, Vec<String>) {
        let (mut before, mut after, mut packages) = (Vec::new(), Vec::new(), Vec::new());
        for line in installs {
            let (name, version) = line.split_once(' ').unwrap_or((line, ""));
            packages.push(name.to_owned());
            let reason = inventory.reason(name).map(|reason| format!("-{reason}")).unwrap_or_default();
            if let Some(old) = inventory.version(name) {
                before.push(format!("{name}-{old}{reason}\n"));
            }
            let new_reason = match self.args.opt_str("reason") {
                Some(wanted) if marked.iter().any(|one| one == name) => format!("-{wanted}"),
                _ => reason,
            };
            after.push(format!("{name}-{version}{new_reason}\n"));
        }
        packages.extend(marked.iter().filter(|name| !packages.contains(name)).cloned().collect::<Vec<_>>());
        packages.sort();
        before.sort();
        after.sort();
        (Diff::new(before.concat(), after.concat()), packages)
    }
}

fn with_diff(result: ModuleResult, diff: Diff, cx: &Context<'_>) -> ModuleResult {
    if cx.diff_mode { result.diff(diff) } else { result }
}

/// The lines a command prints that changes nothing.
fn lines_of(command: &CommandSpec, msg: &str, cx: &mut Context<'_>) -> Result<Vec<String>, ModuleError> {
    let output = cx.run_read(command)?;
    if !output.ok() {
        return Err(failed(ModuleError::failed(msg), command, &output));
    }
    Ok(output.stdout().lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

fn failed(error: ModuleError, command: &CommandSpec, output: &CommandOutput) -> ModuleError {
    let program = command.program.to_string_lossy().into_owned();
    let words: Vec<String> = std::iter::once(program).chain(command.args.iter().cloned()).collect();
    let error = error.with("stderr", output.stderr()).with("cmd", words);
    if output.stdout.is_empty() { error } else { error.with("stdout", output.stdout()) }
}
