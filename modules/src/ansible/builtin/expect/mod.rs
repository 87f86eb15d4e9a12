//! `ansible.builtin.expect`: a command on a terminal whose questions are answered.

mod responses;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::command::{duration, moment};
use crate::command::CommandSpec;
use crate::error::os_error;
use crate::module::Support;
use crate::python_repr::{quoted, type_name};
use crate::terminal::{Seen, Terminal, exit_code};
use crate::{Arg, ArgKind, Args, Context, Module, ModuleError, ModuleResult, convert_value};

use responses::{Answer, Responses};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.expect", ARGS, run).check_mode(Support::None);

const ARGS: &[Arg] = &[
    Arg::str("command").required(),
    Arg::path("chdir"),
    Arg::path("creates"),
    Arg::path("removes"),
    Arg::dict("responses").required(),
    Arg::raw("timeout").default("30"),
    Arg::bool("echo").default("false"),
];

/// A program that asks gets this long to be ready for the answer.
const BEFORE_ANSWER: Duration = Duration::from_millis(50);

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let limit = limit(args)?;
    let command = args.str("command")?;
    let mut responses = Responses::from_args(args)?;
    if command.trim().is_empty() {
        return Err(ModuleError::failed("no command given").with("rc", 256));
    }
    let chdir = args.opt_path("chdir");
    if let Some(error) = chdir.as_ref().and_then(|dir| fs_err::read_dir(dir).err()) {
        return Err(ModuleError::failed(os_error(&error, args.str("chdir")?)));
    }
    if let Some(reason) = reason_not_to_run(args, chdir.as_deref()) {
        let stdout = format!("skipped, since {reason}");
        return Ok(ModuleResult::ok().set("cmd", command).set("stdout", stdout).set("rc", 0));
    }
    let spec = spec(command, chdir, cx)?;
    let start = crate::local_time::now();
    let mut terminal = Terminal::start(&spec, &cx.environment, args.bool("echo"))?;
    let conversation = converse(&mut terminal, &mut responses, limit, cx);
    let status = if matches!(&conversation, Ok((_, true))) { terminal.finish() } else { terminal.close() }?;
    let (output, ended) = conversation?;
    let end = crate::local_time::now();
    let rc = if ended { exit_code(status) } else { None };
    let result = ModuleResult::ok()
        .set("cmd", command)
        .set("stdout", String::from_utf8_lossy(&output).trim_end_matches(['\r', '\n']))
        .set("rc", rc)
        .set("start", moment(&start))
        .set("end", moment(&end))
        .set("delta", duration(end.duration_since(&start).as_micros()))
        .changed(true);
    match rc {
        Some(0) => Ok(result),
        Some(_) => Err(ModuleError::with_result("non-zero return code", result)),
        None => Err(ModuleError::with_result("command exceeded timeout", result)),
    }
}

/// How long every prompt is awaited; none is a limit that never comes.
fn limit(args: &Args) -> Result<Option<Duration>, ModuleError> {
    let Some(value) = args.raw("timeout") else { return Ok(None) };
    let seconds = convert_value(value, ArgKind::Int).ok().and_then(|value| value.as_i64()).ok_or_else(|| {
        ModuleError::failed(format!(
            "argument 'timeout' is of type <class '{}'> and we were unable to convert to int: {} cannot be converted \
             to an int",
            type_name(value),
            quoted(&crate::python_repr::repr(value))
        ))
    })?;
    Ok(Some(Duration::from_secs(seconds.max(0).unsigned_abs())))
}

fn reason_not_to_run(args: &Args, chdir: Option<&Path>) -> Option<String> {
    let found = |path: &str| chdir.unwrap_or(Path::new("")).join(path).exists();
    if let Some(path) = args.opt_str("creates").filter(|path| found(path)) {
        return Some(format!("{path} exists"));
    }
    let path = args.opt_str("removes").filter(|path| !found(path))?;
    Some(format!("{path} does not exist"))
}

fn spec(command: &str, chdir: Option<PathBuf>, cx: &Context<'_>) -> Result<CommandSpec, ModuleError> {
    let mut spec = CommandSpec::new(words(command)).user_locale();
    let name = spec.program.to_string_lossy().into_owned();
    spec.program = cx
        .which(&name)
        .ok_or_else(|| ModuleError::failed(format!("The command was not found or was not executable: {name}.")))?;
    spec.cwd = chdir;
    Ok(spec)
}

/// Words as pexpect splits them: nothing is special within quotes but the quote that ends them.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => word.get_or_insert_default().extend(characters.next()),
            quote @ ('\'' | '"') => {
                let word = word.get_or_insert_default();
                word.extend(characters.by_ref().take_while(|&c| c != quote));
            }
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word.filter(|word| !word.is_empty()));
    words
}

/// Answers until the program ends: what it said, and whether it ended before the time was over.
fn converse(
    terminal: &mut Terminal,
    responses: &mut Responses,
    limit: Option<Duration>,
    cx: &Context<'_>,
) -> Result<(Vec<u8>, bool), ModuleError> {
    let mut output = Vec::new();
    // Where the text begins that no prompt was found in yet.
    let mut fresh = 0;
    let mut since = Instant::now();
    loop {
        if cx.is_cancelled() {
            return Err(ModuleError::Cancelled);
        }
        if cx.time_left().is_some_and(|left| left.is_zero()) {
            return Err(ModuleError::failed("Timed out"));
        }
        let seen = terminal.read(Duration::from_millis(100), &mut output)?;
        if seen == Seen::Output {
            let answered = answer(terminal, responses, &output[fresh..])?;
            if answered > 0 {
                fresh += answered;
                since = Instant::now();
            }
        }
        if seen == Seen::End {
            return Ok((output, true));
        }
        if limit.is_some_and(|limit| since.elapsed() >= limit) {
            return Ok((output, false));
        }
    }
}

/// Answers every prompt of the text; returns where the last one ends.
fn answer(terminal: &mut Terminal, responses: &mut Responses, text: &[u8]) -> Result<usize, ModuleError> {
    let mut answered = 0;
    loop {
        match responses.answer(&text[answered..])? {
            Answer::None => return Ok(answered),
            Answer::Exhausted(message) => return Err(ModuleError::failed(message)),
            Answer::Text { text, end } => {
                std::thread::sleep(BEFORE_ANSWER);
                terminal.write(&text)?;
                answered += end;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_are_split_as_pexpect_does() {
        let cases: &[(&str, &[&str])] = &[
            ("sh -c \"echo 'a' \\\"\" x", &["sh", "-c", "echo 'a' \\ x"]),
            ("a\\ b 'c \"d' ''", &["a b", "c \"d"]),
            ("a '' b", &["a", "", "b"]),
        ];
        for (line, expected) in cases {
            assert_eq!(words(line), *expected, "{line}");
        }
    }
}
