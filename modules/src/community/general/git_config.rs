//! `community.general.git_config`: settings of git.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::{Arg, Args, CommandOutput, CommandSpec, Constraint, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.general.git_config", ARGS, run)
    .constraints(&[
        Constraint::RequiredIf("scope", "local", &["repo"]),
        Constraint::RequiredIf("scope", "file", &["file"]),
        Constraint::RequiredIf("state", "present", &["value"]),
    ])
    .diff();

const ARGS: &[Arg] = &[
    Arg::str("name").required(),
    Arg::path("repo"),
    Arg::path("file"),
    Arg::str("add_mode").default("replace-all").choices(&["add", "replace-all"]),
    Arg::str("scope").choices(&["file", "local", "global", "system"]),
    Arg::str("state").default("present").choices(&["present", "absent"]),
    Arg::str("value"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let git = Git::new(args, cx)?;
    let name = args.str("name")?;
    let old = git.values(name, cx)?;
    if args.str("state")? == "absent" {
        if old.is_empty() {
            return Ok(ModuleResult::ok().msg("no setting to unset"));
        }
        return git.change(&["--unset-all", name], &old, &[], cx);
    }
    let value = args.str("value")?;
    let adds = args.str("add_mode")? == "add";
    let is_there = if adds { old.iter().any(|current| current == value) } else { old == [value] };
    if is_there {
        return Ok(ModuleResult::ok().msg(""));
    }
    let mut new = if adds { old.clone() } else { Vec::new() };
    new.push(value.to_owned());
    git.change(&[if adds { "--add" } else { "--replace-all" }, name, value], &old, &new, cx)
}

struct Git {
    words: Vec<String>,
    dir: PathBuf,
}

impl Git {
    fn new(args: &Args, cx: &Context<'_>) -> Result<Self, ModuleError> {
        let program = cx.require_program("git")?.to_string_lossy().into_owned();
        let mut words = vec![program, "config".to_owned(), "--includes".to_owned()];
        match args.opt_str("scope") {
            Some("file") => words.extend(["-f".to_owned(), args.str("file")?.to_owned()]),
            scope => words.push(format!("--{}", scope.unwrap_or("system"))),
        }
        let local = args.opt_str("scope") == Some("local");
        let dir = args.opt_path("repo").filter(|_| local).unwrap_or_else(|| PathBuf::from("/"));
        Ok(Self { words, dir })
    }

    fn command(&self, more: &[&str]) -> CommandSpec {
        CommandSpec::new(self.words.iter().cloned()).args(more.iter().copied()).cwd(&self.dir)
    }

    /// All values of a setting; none when it is not set.
    fn values(&self, name: &str, cx: &mut Context<'_>) -> Result<Vec<String>, ModuleError> {
        let command = self.command(&["--get-all", name]);
        let output = cx.run_read(&command)?;
        // 1: not set, or no such file.
        match output.rc {
            0 => Ok(output.stdout().lines().map(str::to_owned).collect()),
            1 => Ok(Vec::new()),
            _ => Err(failure(&command, &output)),
        }
    }

    fn change(
        &self,
        more: &[&str],
        old: &[String],
        new: &[String],
        cx: &mut Context<'_>,
    ) -> Result<ModuleResult, ModuleError> {
        let command = self.command(more);
        let output = cx.run(&command)?;
        if !output.ok() {
            return Err(failure(&command, &output));
        }
        let line = self.words.iter().map(String::as_str).chain(more.iter().copied()).collect::<Vec<_>>().join(" ");
        let diff = json!({"before_header": line, "before": shown(old), "after_header": line, "after": shown(new)});
        Ok(ModuleResult::ok().changed(true).msg("setting changed").set("diff", diff))
    }
}

fn shown(values: &[String]) -> Value {
    match values {
        [] => json!("\n"),
        [one] => json!(format!("{one}\n")),
        more => json!(more),
    }
}

fn failure(command: &CommandSpec, output: &CommandOutput) -> ModuleError {
    let program = command.program.to_string_lossy().into_owned();
    let words: Vec<String> = std::iter::once(program).chain(command.args.iter().cloned()).collect();
    ModuleError::failed(output.stderr()).with("rc", output.rc).with("cmd", words)
}
