//! `community.general.composer`: PHP libraries, by Composer.

use serde_json::Value;

use crate::{Arg, Args, CommandSpec, Constraint, Context, Module, ModuleError, ModuleResult, words};

pub(crate) static MODULE: Module = Module::new("community.general.composer", ARGS, run)
    .constraints(&[Constraint::RequiredIf("global_command", "False", &["working_dir"])]);

const ARGS: &[Arg] = &[
    Arg::str("command").default("install"),
    Arg::str("arguments").default(""),
    Arg::path("executable").alias(&["php_path"]),
    Arg::path("working_dir"),
    Arg::bool("global_command").default("false"),
    Arg::bool("prefer_source").default("false"),
    Arg::bool("prefer_dist").default("false"),
    Arg::bool("no_dev").default("true"),
    Arg::bool("no_scripts").default("false"),
    Arg::bool("no_plugins").default("false"),
    Arg::bool("apcu_autoloader").default("false"),
    Arg::bool("optimize_autoloader").default("true"),
    Arg::bool("classmap_authoritative").default("false"),
    Arg::bool("ignore_platform_reqs").default("false"),
    Arg::path("composer_executable"),
];

/// Options every command gets that knows them.
const ALWAYS: [&str; 3] = ["no-ansi", "no-interaction", "no-progress"];
const CHOSEN: [&str; 8] = [
    "prefer_source",
    "prefer_dist",
    "no_dev",
    "no_scripts",
    "no_plugins",
    "apcu_autoloader",
    "optimize_autoloader",
    "classmap_authoritative",
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let command = args.str("command")?;
    if command.contains(char::is_whitespace) {
        return Err(ModuleError::failed("Use the 'arguments' param for passing arguments with the 'command'"));
    }
    let composer = Composer::new(args, cx)?;
    let known = composer.options_of(command, cx)?;
    let knows = |option: &str| known.iter().any(|one| one == option);
    let chosen = CHOSEN.into_iter().chain(["ignore_platform_reqs"]).filter(|name| args.bool(name));
    let mut options: Vec<String> = ALWAYS.into_iter().map(str::to_owned).collect();
    options.extend(chosen.map(|name| name.replace('_', "-")));
    options.retain(|option| knows(option));
    if cx.check_mode && !knows("dry-run") {
        let msg = format!("command '{command}' does not support check mode, skipping");
        return Ok(ModuleResult::ok().skipped().msg(msg));
    }
    if cx.check_mode {
        options.push("dry-run".to_owned());
    }
    let options: Vec<String> = options.iter().map(|option| format!("--{option}")).collect();
    let arguments = words::split(args.opt_str("arguments").unwrap_or_default()).map_err(ModuleError::failed)?;
    let output = cx.run_read(&composer.command(&[command], &options).args(arguments))?;
    if !output.ok() {
        return Err(ModuleError::failed(in_one_line(&output.stderr())).with("stdout", output.stderr()));
    }
    let text = output.stdout() + &output.stderr();
    let nothing = ["Nothing to install, update or remove", "Nothing to install or update"];
    let changed = !nothing.iter().any(|phrase| text.contains(phrase));
    Ok(ModuleResult::ok().changed(changed).msg(in_one_line(&text)).set("stdout", text))
}

struct Composer<'a> {
    /// PHP and the program it runs.
    words: [String; 2],
    working_dir: Option<&'a str>,
    global: bool,
}

impl<'a> Composer<'a> {
    fn new(args: &'a Args, cx: &Context<'_>) -> Result<Self, ModuleError> {
        let program = |argument: &str, name: &str| match args.opt_str(argument) {
            Some(program) => Ok(program.to_owned()),
            None => cx.require_program(name).map(|path| path.to_string_lossy().into_owned()),
        };
        let words = [program("executable", "php")?, program("composer_executable", "composer")?];
        let global = args.bool("global_command");
        Ok(Self { words, working_dir: args.opt_str("working_dir").filter(|_| !global), global })
    }

    fn command(&self, verb: &[&str], options: &[String]) -> CommandSpec {
        let mut command = CommandSpec::new(self.words.clone());
        if self.global {
            command = command.arg("global");
        }
        command = command.args(verb.iter().copied()).args(options.iter().cloned());
        match self.working_dir {
            Some(dir) => command.args(["--working-dir", dir]),
            None => command,
        }
    }

    /// The options that Composer's own help has for a command.
    fn options_of(&self, command: &str, cx: &mut Context<'_>) -> Result<Vec<String>, ModuleError> {
        let ask = self.command(&["help", command], &[]).args(["--no-interaction", "--format=json"]);
        let output = cx.run_read(&ask)?;
        if !output.ok() {
            return Err(ModuleError::failed(in_one_line(&output.stderr())).with("stdout", output.stderr()));
        }
        let help: Value = serde_json::from_slice(&output.stdout).map_err(|error| {
            ModuleError::failed(format!("`{}` did not describe the command as JSON: {error}", ask.line()))
        })?;
        let options = help.pointer("/definition/options").and_then(Value::as_object);
        Ok(options.map(|options| options.keys().cloned().collect()).unwrap_or_default())
    }
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
