//! `ansible.builtin.command` and, with a shell, `ansible.builtin.shell`: run a command and report what it said.

use std::path::Path;

use jiff::Zoned;
use serde_json::Value;

use crate::command::{CommandOutput, CommandSpec};
use crate::conversion::expand;
use crate::error::{os_error_bytes, root_cause};
use crate::glob_paths::glob;
use crate::module::Support;
use crate::{Arg, Args, Constraint, Context, Module, ModuleError, ModuleResult, words};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.command", ARGS, run)
    .constraints(CONSTRAINTS)
    .check_mode(Support::Partial)
    .free_form("_raw_params");

const ARGS: &[Arg] = &args("false");

/// The arguments of both modules; they differ in whether there is a shell.
pub(super) const fn args(uses_shell: &'static str) -> [Arg; 12] {
    [
        Arg::str("_raw_params"),
        Arg::bool("_uses_shell").default(uses_shell),
        Arg::str("cmd"),
        Arg::list("argv"),
        Arg::path("chdir"),
        Arg::str("executable"),
        Arg::bool("expand_argument_vars").default("true"),
        Arg::path("creates"),
        Arg::path("removes"),
        Arg::str("stdin"),
        Arg::bool("stdin_add_newline").default("true"),
        Arg::bool("strip_empty_ends").default("true"),
    ]
}

pub(super) const CONSTRAINTS: &[Constraint] = &[
    Constraint::MutuallyExclusive(&["_raw_params", "cmd", "argv"]),
    Constraint::RequiredOneOf(&["_raw_params", "cmd", "argv"]),
];

/// What is to be run.
#[derive(Debug, Clone)]
enum CommandLine {
    Words(Vec<String>),
    Script(String),
}

impl CommandLine {
    fn from_args(args: &Args) -> Result<Self, ModuleError> {
        let line = args.opt_str("_raw_params").or(args.opt_str("cmd"));
        if let Some(script) = line.filter(|_| args.bool("_uses_shell")) {
            return Ok(Self::Script(script.to_owned()));
        }
        let words = match line {
            Some(line) => words::split(line).map_err(ModuleError::failed)?,
            None => args.list_of_str("argv"),
        };
        if words.is_empty() {
            return Err(ModuleError::failed("no command given").with("rc", 256));
        }
        Ok(Self::Words(words))
    }

    fn shown(&self) -> Value {
        match self {
            Self::Words(words) => words.clone().into(),
            Self::Script(script) => script.clone().into(),
        }
    }

    fn spec(&self, args: &Args, cx: &Context<'_>) -> CommandSpec {
        let spec = match self {
            Self::Script(script) => {
                CommandSpec::new([args.opt_str("executable").unwrap_or("/bin/sh"), "-c", script.as_str()])
            }
            Self::Words(words) if args.bool("expand_argument_vars") && !args.bool("_uses_shell") => {
                CommandSpec::new(words.iter().map(|word| expand(word, cx))).called_as_written()
            }
            Self::Words(words) => CommandSpec::new(words.clone()).called_as_written(),
        };
        spec.user_locale().live()
    }
}

/// The shell expands them itself.
pub(super) fn run_shell(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    if args.given("expand_argument_vars") {
        return Err(ModuleError::failed("Unsupported parameters for (shell) module: expand_argument_vars"));
    }
    run(args, cx)
}

pub(super) fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let line = match nothing_to_run(args, cx.check_mode) {
        Some(outcome) => return outcome,
        None => CommandLine::from_args(args)?,
    };
    let chdir = args.opt_path("chdir");
    let result = started(&line);
    if let Some(dir) = &chdir {
        check_directory(dir, &result)?;
    }
    if let (CommandLine::Words(_), Some(executable)) = (&line, args.opt_str("executable")) {
        cx.warn(format!(
            "As of Ansible 2.4, the parameter 'executable' is no longer supported with the 'command' module. \
             Not using '{executable}'."
        ));
    }
    if let Some(reason) = reason_not_to_run(args, chdir.as_deref()) {
        let verb = if cx.check_mode { "Would not" } else { "Did not" };
        let msg = format!("{verb} run command since {}", reason.long);
        return Ok(result.set("rc", 0).set("stdout", format!("skipped, since {}", reason.short)).msg(msg));
    }
    if cx.check_mode {
        // Without `creates` or `removes` nobody can know whether the command changes anything.
        let bounded = args.has("creates") || args.has("removes");
        let result = result.set("rc", 0).changed(bounded).msg("Command would have run if not in check mode");
        return Ok(if bounded { result } else { result.skipped() });
    }
    let mut spec = line.spec(args, cx);
    spec.cwd = chdir;
    spec.stdin = args.opt_str("stdin").map(|text| input(text, args.bool("stdin_add_newline")));
    let start = crate::local_time::now();
    let shown = match &line {
        CommandLine::Words(words) => words.iter().map(|word| words::quote(word)).collect::<Vec<_>>().join(" "),
        CommandLine::Script(_) => spec.line(),
    };
    let output = cx.run(&spec).map_err(|error| error.with("cmd", shown))?;
    report(&output, result, &start, args.bool("strip_empty_ends"))
}

/// Without any words there is nothing to look at before it fails.
fn nothing_to_run(args: &Args, check_mode: bool) -> Option<Result<ModuleResult, ModuleError>> {
    let argv = args.opt_list_of_str("argv");
    let is_line = |name: &&str| args.opt_str(name).is_some_and(|line| !line.is_empty());
    let is_given = ["_raw_params", "cmd"].iter().any(is_line);
    if is_given || argv.as_ref().is_some_and(|words| !words.is_empty()) {
        return None;
    }
    let result = ModuleResult::ok().set("cmd", argv.clone().map_or(Value::Null, Value::from));
    if check_mode {
        let result = result.set("stdout", "").set("stderr", "").set("rc", 0).skipped();
        return Some(Ok(result.msg("Command would have run if not in check mode")));
    }
    let result = result.set("rc", 257);
    Some(Err(match argv {
        Some(_) => ModuleError::with_result(
            "Error executing command.",
            result.set("cmd", "").set("stdout", "").set("stderr", ""),
        ),
        None => ModuleError::with_result("Argument 'args' to run_command must be list or string", result),
    }))
}

/// The keys every result of these modules has.
fn started(line: &CommandLine) -> ModuleResult {
    ModuleResult::ok()
        .set("stdout", "")
        .set("stderr", "")
        .set("rc", Value::Null)
        .set("cmd", line.shown())
        .set("start", Value::Null)
        .set("end", Value::Null)
        .set("delta", Value::Null)
        .msg("")
}

fn check_directory(dir: &Path, result: &ModuleResult) -> Result<(), ModuleError> {
    let error = match fs_err::metadata(dir) {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => rustix::io::Errno::NOTDIR.into(),
        Err(error) => root_cause(&error),
    };
    let failure = ModuleError::with_result("Unable to change directory before execution.", result.clone());
    Err(failure.with("exception", os_error_bytes(&error, &dir.to_string_lossy())))
}

struct Reason {
    short: String,
    long: String,
}

fn reason_not_to_run(args: &Args, chdir: Option<&Path>) -> Option<Reason> {
    let found = |pattern: &str| {
        let path = chdir.unwrap_or(Path::new("")).join(pattern);
        !glob(&path.to_string_lossy()).is_empty()
    };
    if let Some(pattern) = args.opt_str("creates").filter(|pattern| found(pattern)) {
        return Some(Reason { short: format!("{pattern} exists"), long: format!("'{pattern}' exists") });
    }
    let pattern = args.opt_str("removes").filter(|pattern| !found(pattern))?;
    Some(Reason { short: format!("{pattern} does not exist"), long: format!("'{pattern}' does not exist") })
}

fn input(text: &str, add_newline: bool) -> Vec<u8> {
    let mut input = text.as_bytes().to_vec();
    if add_newline {
        input.push(b'\n');
    }
    input
}

fn report(
    output: &CommandOutput,
    result: ModuleResult,
    start: &Zoned,
    strip: bool,
) -> Result<ModuleResult, ModuleError> {
    let end = crate::local_time::now();
    let text = |text: String| if strip { text.trim_end_matches(['\r', '\n']).to_owned() } else { text };
    let result = result
        .changed(true)
        .set("rc", output.rc)
        .set("stdout", text(output.stdout()))
        .set("stderr", text(output.stderr()))
        .set("start", moment(start))
        .set("end", moment(&end))
        .set("delta", duration(end.duration_since(start).as_micros()));
    if output.rc == 0 { Ok(result) } else { Err(ModuleError::with_result("non-zero return code", result)) }
}

/// `2026-11-21 03:21:05.363695`
pub(super) fn moment(time: &Zoned) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S.%6f").to_string()
}

/// `0:00:00.003144`, `1 day, 0:00:01.000000`
pub(super) fn duration(micros: i128) -> String {
    let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
    let (days, seconds) = (seconds / 86_400, seconds % 86_400);
    let prefix = match days {
        0 => String::new(),
        1 => "1 day, ".to_owned(),
        days => format!("{days} days, "),
    };
    format!("{prefix}{}:{:02}:{:02}.{micros:06}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_clocks() {
        assert_eq!(duration(3_144), "0:00:00.003144");
        assert_eq!(duration(90_061_000_001), "1 day, 1:01:01.000001");
    }
}
