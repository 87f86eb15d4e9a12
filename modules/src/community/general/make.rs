//! `community.general.make`: targets of a makefile.

use serde_json::{Value, json};

use crate::python_repr::str_of;
use crate::{Arg, Args, CommandOutput, CommandSpec, Constraint, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.general.make", ARGS, run)
    .constraints(&[Constraint::MutuallyExclusive(&["target", "targets"])]);

const ARGS: &[Arg] = &[
    Arg::str("target"),
    Arg::list("targets"),
    Arg::dict("params"),
    Arg::path("chdir").required(),
    Arg::path("file"),
    Arg::path("make"),
    Arg::int("jobs"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let program = match args.opt_str("make") {
        Some(program) => program.to_owned(),
        None => cx.which("gmake").map_or_else(|| cx.require_program("make"), Ok)?.to_string_lossy().into_owned(),
    };
    let words = words(&program, args);
    let command = CommandSpec::new(words.clone()).cwd(args.path("chdir")?);
    // `-q` tells by its exit code whether there is anything to do.
    let question = CommandSpec::new([program]).arg("-q").args(words[1..].to_vec()).cwd(args.path("chdir")?);
    let mut output = cx.run_read(&question)?;
    let changed = !output.ok();
    if changed && !cx.check_mode {
        output = cx.run(&command)?;
        if !output.ok() {
            return Err(failure(&words, &output));
        }
    }
    Ok(report(args, &words, &output).changed(changed))
}

fn words(program: &str, args: &Args) -> Vec<String> {
    let mut words = vec![program.to_owned()];
    if let Some(jobs) = args.opt_int("jobs") {
        words.extend(["-j".to_owned(), jobs.to_string()]);
    }
    if let Some(file) = args.opt_str("file") {
        words.extend(["-f".to_owned(), file.to_owned()]);
    }
    words.extend(args.opt_str("target").map(str::to_owned));
    words.extend(args.list_of_str("targets"));
    for (name, value) in args.dict("params").into_iter().flatten() {
        words.push(if value.is_null() { name.clone() } else { format!("{name}={}", str_of(value)) });
    }
    words
}

fn report(args: &Args, words: &[String], output: &CommandOutput) -> ModuleResult {
    let value = |name: &str| args.raw(name).cloned().unwrap_or(Value::Null);
    let mut result = ModuleResult::ok().set("failed", false);
    result = result.set("stdout", trimmed(&output.stdout())).set("stderr", trimmed(&output.stderr()));
    for name in ["target", "targets", "params", "chdir", "file", "jobs"] {
        result = result.set(name, value(name));
    }
    result.set("command", joined(words))
}

/// As a shell takes it, quoted where that is needed only.
fn joined(words: &[String]) -> String {
    let is_plain =
        |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c));
    let quoted =
        |word: &String| if is_plain(word) { word.clone() } else { format!("'{}'", word.replace('\'', "'\"'\"'")) };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

fn trimmed(text: &str) -> Value {
    json!(text.trim_end_matches(['\r', '\n']))
}

fn failure(words: &[String], output: &CommandOutput) -> ModuleError {
    ModuleError::failed(output.stderr().trim_end())
        .with("cmd", joined(words))
        .with("rc", output.rc)
        .with("stdout", output.stdout())
        .with("stderr", output.stderr())
}
