//! `community.general.zypper`: packages, patches and patterns of SUSE.

use serde_json::Value;

use crate::{Arg, Args, CommandOutput, CommandSpec, Context, Module, ModuleError, ModuleResult};

mod report;

use report::{Changes, Report};

pub(crate) static MODULE: Module = Module::new("community.general.zypper", ARGS, run).diff();

const ARGS: &[Arg] = &[
    Arg::list("name").required().alias(&["pkg"]),
    Arg::str("state").default("present").choices(&[
        "absent",
        "installed",
        "latest",
        "present",
        "removed",
        "dist-upgrade",
    ]),
    Arg::str("type").default("package").choices(&[
        "package",
        "patch",
        "pattern",
        "product",
        "srcpackage",
        "application",
    ]),
    Arg::str("extra_args_precommand"),
    Arg::bool("disable_gpg_check").default("false"),
    Arg::bool("disable_recommends").default("true"),
    Arg::bool("force").default("false"),
    Arg::bool("force_resolution").default("false"),
    Arg::bool("update_cache").default("false").alias(&["refresh"]),
    Arg::bool("oldpackage").default("false"),
    Arg::str("extra_args"),
    Arg::bool("allow_vendor_change").default("false"),
    Arg::bool("replacefiles").default("false"),
    Arg::bool("clean_deps").default("false"),
    Arg::bool("simple_errors").default("false"),
    Arg::bool("quiet").default("true"),
    Arg::bool("skip_post_errors").default("false"),
    Arg::bool("auto_import_keys").default("false"),
];

/// Exit codes that come with a whole report.
const SUCCESS: i32 = 0;
const REBOOT_NEEDED: i32 = 102;
const RESTART_NEEDED: i32 = 103;
const NOT_FOUND: i32 = 104;
const REPOSITORIES_SKIPPED: i32 = 106;
const POST_SCRIPT_FAILED: i32 = 107;

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let zypper = Zypper::new(args, cx)?;
    let state = args.str("state")?;
    let names: Vec<String> = args.list_of_str("name").into_iter().filter(|name| !name.is_empty()).collect();
    if args.bool("update_cache") && !cx.check_mode {
        zypper.transact(zypper.command("refresh", &[]), cx)?;
    }
    let whole_system = names == ["*"];
    let done = match state {
        "latest" if whole_system => zypper.update_all(cx)?,
        "dist-upgrade" if whole_system => {
            Some(zypper.transact(zypper.command("dist-upgrade", &zypper.install_options("dist-upgrade")), cx)?)
        }
        "dist-upgrade" => return Err(ModuleError::failed("Can not dist-upgrade specific packages.")),
        "absent" | "removed" => zypper.remove(&names, cx)?,
        state => zypper.install(&names, state == "latest", cx)?,
    };
    let result = ModuleResult::ok()
        .set("name", names)
        .set("state", state)
        .set("update_cache", args.bool("update_cache"))
        .set("rc", done.as_ref().map_or(SUCCESS, |done| done.rc));
    finished(result, done, cx.diff_mode)
}

/// What a run of zypper did.
struct Done {
    rc: i32,
    changes: Changes,
    command: CommandSpec,
    output: CommandOutput,
}

fn finished(result: ModuleResult, done: Option<Done>, diff: bool) -> Result<ModuleResult, ModuleError> {
    let prepared = |changes: &str| serde_json::json!({ "prepared": changes });
    let Some(done) = done else {
        return Ok(if diff { result.set("diff", prepared("")) } else { result });
    };
    let result = result.set("cmd", words(&done.command)).changed(!done.changes.is_empty());
    let result = if diff { result.set("diff", prepared(&done.changes.text())) } else { result };
    let result = if done.changes.is_empty() {
        result
    } else {
        result.set("stdout", done.output.stdout()).set("stderr", done.output.stderr())
    };
    if matches!(done.rc, SUCCESS | REBOOT_NEEDED) {
        return Ok(result);
    }
    let known = ["name", "state", "update_cache"].iter().fold(result, |result, key| result.without(key));
    Err(ModuleError::with_result("Zypper run failed.", known.changed(false)))
}

struct Zypper<'a> {
    args: &'a Args,
    /// The program, in a transaction where the system is read-only.
    program: Vec<String>,
    check_mode: bool,
}

impl<'a> Zypper<'a> {
    fn new(args: &'a Args, cx: &Context<'_>) -> Result<Self, ModuleError> {
        let zypper = cx.require_program("zypper")?.to_string_lossy().into_owned();
        let mut program = Vec::new();
        if is_transactional(cx)? {
            let words = ["/sbin/transactional-update", "--continue", "--drop-if-no-change", "--quiet", "run"];
            program.extend(words.map(str::to_owned));
        }
        program.push(zypper);
        Ok(Self { args, program, check_mode: cx.check_mode })
    }

    fn command(&self, verb: &str, options: &[String]) -> CommandSpec {
        let mut words = vec!["--non-interactive".to_owned(), "--xmlout".to_owned()];
        let mut flag = |given: bool, flag: &str| words.extend(given.then(|| flag.to_owned()));
        flag(self.args.bool("quiet"), "--quiet");
        let installs = matches!(verb, "install" | "update" | "patch" | "dist-upgrade");
        words.extend(self.extra("extra_args_precommand"));
        let mut flag = |given: bool, flag: &str| words.extend(given.then(|| flag.to_owned()));
        flag(verb == "search", "--disable-repositories");
        flag(self.args.bool("disable_gpg_check") && (installs || verb == "refresh"), "--no-gpg-checks");
        flag(self.args.bool("auto_import_keys") && installs, "--gpg-auto-import-keys");
        words.push(verb.to_owned());
        if matches!(verb, "install" | "update" | "remove" | "search") {
            words.extend(["--type".to_owned(), self.kind().to_owned()]);
        }
        let acts = installs || verb == "remove";
        words.extend((acts && self.check_mode).then(|| "--dry-run".to_owned()));
        CommandSpec::new(self.program.iter().cloned()).args(words).args(options.iter().cloned())
    }

    fn kind(&self) -> &str {
        self.args.opt_str("type").unwrap_or("package")
    }

    /// Words as they are given, separated by blanks: quotes mean nothing.
    fn extra(&self, name: &str) -> Vec<String> {
        self.args
            .opt_str(name)
            .unwrap_or_default()
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    }

    fn install_options(&self, verb: &str) -> Vec<String> {
        let flags = [
            (self.args.bool("disable_recommends"), "--no-recommends"),
            (self.args.bool("force"), "--force"),
            (self.args.bool("force_resolution"), "--force-resolution"),
            (self.args.bool("oldpackage"), "--oldpackage"),
            (self.args.bool("replacefiles"), "--replacefiles"),
            (self.args.bool("allow_vendor_change") && verb == "dist-upgrade", "--allow-vendor-change"),
        ];
        let mut options = vec!["--auto-agree-with-licenses".to_owned()];
        options.extend(flags.iter().filter(|(given, _)| *given).map(|(_, flag)| (*flag).to_owned()));
        options.extend(self.extra("extra_args"));
        options
    }

    fn update_all(&self, cx: &mut Context<'_>) -> Result<Option<Done>, ModuleError> {
        let verb = if self.kind() == "patch" { "patch" } else { "update" };
        self.transact(self.command(verb, &self.install_options(verb)), cx).map(Some)
    }

    fn install(&self, names: &[String], latest: bool, cx: &mut Context<'_>) -> Result<Option<Done>, ModuleError> {
        let wanted: Vec<Wanted> = names.iter().map(|name| Wanted::parse(name, false)).collect();
        let installed = self.installed(&wanted, cx)?;
        let is_there = |one: &Wanted| installed.contains(&one.name);
        let (mut words, mut versions) = (Vec::new(), false);
        for one in wanted.iter().filter(|one| one.removed && is_there(one)) {
            words.push(format!("-{}{}", one.name, one.version));
        }
        for one in wanted.iter().filter(|one| !one.removed) {
            let satisfied = !latest && !one.is_file() && one.version.is_empty() && is_there(one);
            if satisfied {
                continue;
            }
            versions |= !one.version.is_empty();
            words.push(if one.is_file() { one.name.clone() } else { format!("+{}{}", one.name, one.version) });
        }
        if words.is_empty() {
            return Ok(None);
        }
        let mut options = self.install_options("install");
        if versions && !self.args.bool("oldpackage") {
            // Where it would stand if it were given.
            let at = options.iter().position(|word| word == "--replacefiles").unwrap_or(options.len());
            let at = at.min(options.len() - self.extra("extra_args").len());
            options.insert(at, "--oldpackage".to_owned());
        }
        options.push("--".to_owned());
        options.extend(words);
        self.transact(self.command("install", &options), cx).map(Some)
    }

    fn remove(&self, names: &[String], cx: &mut Context<'_>) -> Result<Option<Done>, ModuleError> {
        let wanted: Vec<Wanted> = names.iter().map(|name| Wanted::parse(name, true)).collect();
        if wanted.iter().any(|one| !one.removed) {
            return Err(ModuleError::failed("Can not combine '+' prefix with state=remove/absent."));
        }
        if wanted.iter().any(Wanted::is_file) {
            return Err(ModuleError::failed("Can not remove via URL."));
        }
        if self.kind() == "patch" {
            return Err(ModuleError::failed("Can not remove patches."));
        }
        let installed = self.installed(&wanted, cx)?;
        let there = wanted.iter().filter(|one| installed.contains(&one.name));
        let there: Vec<String> = there.map(|one| format!("{}{}", one.name, one.version)).collect();
        if there.is_empty() {
            return Ok(None);
        }
        let mut options = Vec::new();
        options.extend(self.args.bool("clean_deps").then(|| "--clean-deps".to_owned()));
        options.extend(self.extra("extra_args"));
        options.extend(there);
        self.transact(self.command("remove", &options), cx).map(Some)
    }

    /// Which of these the system has.
    fn installed(&self, wanted: &[Wanted], cx: &mut Context<'_>) -> Result<Vec<String>, ModuleError> {
        let names = wanted.iter().filter(|one| !one.is_file()).map(|one| one.name.clone());
        let names: Vec<String> = names.collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut options = self.extra("extra_args");
        options.extend(["--match-exact", "--details", "--installed-only"].map(str::to_owned));
        options.extend(names);
        let command = self.command("search", &options);
        let output = cx.run_read(&command)?;
        let report = self.report(&command, &output)?;
        Ok(report.found())
    }

    /// Runs what changes packages (or in check mode says what would). Where zypper updated itself first, or scripts of
    /// packages failed and that may be, the same again does the rest.
    fn transact(&self, command: CommandSpec, cx: &mut Context<'_>) -> Result<Done, ModuleError> {
        let mut changes = Changes::default();
        let mut again = false;
        loop {
            let output = cx.run_read(&command)?;
            changes.add(self.report(&command, &output)?.changes());
            let half_done =
                output.rc == RESTART_NEEDED || (output.rc == POST_SCRIPT_FAILED && self.args.bool("skip_post_errors"));
            if again || !half_done {
                return Ok(Done { rc: output.rc, changes, command, output });
            }
            again = true;
        }
    }

    fn report(&self, command: &CommandSpec, output: &CommandOutput) -> Result<Report, ModuleError> {
        let text = output.stdout();
        let failed = |msg: String| {
            let shown = if self.args.bool("simple_errors") { report::messages(&text) } else { None };
            ModuleError::failed(msg)
                .with("rc", output.rc)
                .with("stdout", shown.unwrap_or_else(|| text.clone()))
                .with("stderr", output.stderr())
                .with("cmd", words(command))
        };
        let known = [SUCCESS, REBOOT_NEEDED, RESTART_NEEDED, NOT_FOUND, REPOSITORIES_SKIPPED, POST_SCRIPT_FAILED];
        if !known.contains(&output.rc) {
            return Err(failed(format!("Zypper run command failed with return code {}.", output.rc)));
        }
        Report::parse(&text).map_err(|reason| failed(format!("Failed to parse zypper xml output: {reason}")))
    }
}

fn words(command: &CommandSpec) -> Vec<Value> {
    let program = command.program.to_string_lossy().into_owned();
    std::iter::once(program).chain(command.args.iter().cloned()).map(Value::from).collect()
}

/// Whether the system is changed by snapshots only: its root is read-only and the program for that is there.
fn is_transactional(cx: &Context<'_>) -> Result<bool, ModuleError> {
    if !cx.exists("/sbin/transactional-update") {
        return Ok(false);
    }
    let mounts = cx.read_text("/proc/mounts")?.unwrap_or_default();
    let mut root = mounts.lines().rev().filter_map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        (words.get(1) == Some(&"/")).then(|| words.get(3).copied().unwrap_or_default().to_owned())
    });
    Ok(root.next().is_some_and(|options| options.split(',').any(|option| option == "ro")))
}

/// One entry of `name`: `vim`, `vim>=9`, `-vim`, `+vim`, a file or an address.
struct Wanted {
    name: String,
    /// Operator and version, or nothing.
    version: String,
    removed: bool,
}

impl Wanted {
    fn parse(text: &str, removed_by_default: bool) -> Self {
        if text.contains("://") || text.ends_with(".rpm") {
            return Self { name: text.to_owned(), version: String::new(), removed: removed_by_default };
        }
        let (removed, text) = match text.chars().next() {
            Some('-' | '~' | '!') => (true, &text[1..]),
            Some('+') => (false, &text[1..]),
            _ => (removed_by_default, text),
        };
        let at = text.find(['<', '>', '=']).unwrap_or(text.len());
        Self { name: text[..at].to_owned(), version: text[at..].to_owned(), removed }
    }

    fn is_file(&self) -> bool {
        self.name.contains("://") || self.name.ends_with(".rpm")
    }
}
