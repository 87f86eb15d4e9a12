//! `ansible.posix.at`: commands that `at` runs once, later.

use std::io::Write as _;

use crate::context::command_failure;
use crate::error::os_error;
use crate::module::Support;
use crate::{Arg, Args, CommandOutput, CommandSpec, Constraint, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.posix.at", ARGS, run)
    .constraints(&[
        Constraint::MutuallyExclusive(&["command", "script_file"]),
        Constraint::RequiredOneOf(&["command", "script_file"]),
    ])
    .check_mode(Support::None);

const ARGS: &[Arg] = &[
    Arg::str("command"),
    Arg::str("script_file"),
    Arg::int("count"),
    Arg::str("units").choices(&["minutes", "hours", "days", "weeks"]),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::bool("unique").default("false"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let program = cx.require_program("at")?.to_string_lossy().into_owned();
    let state = args.str("state")?;
    let result = ModuleResult::ok().set("state", state);
    if state == "absent" {
        let jobs = matching_jobs(&program, &script(args)?, cx)?;
        for job in &jobs {
            cx.run(&CommandSpec::new([program.as_str(), "-r", job]))?;
        }
        return Ok(result.changed(!jobs.is_empty()));
    }
    let (Some(count), Some(units)) = (args.opt_int("count"), args.opt_str("units")) else {
        return Err(ModuleError::failed("present state requires count and units"));
    };
    if args.bool("unique") && !matching_jobs(&program, &script(args)?, cx)?.is_empty() {
        return Ok(result);
    }
    // `at` reads the file now, so it may go afterwards.
    let dir = cx.temp_dir()?;
    let file = match args.opt_str("command") {
        Some(command) => {
            let mut file = tempfile::Builder::new().prefix("at").tempfile_in(dir.path())?;
            file.write_all(format!("{command}\n").as_bytes())?;
            let (_, path) = file.keep().map_err(|error| error.error)?;
            path.to_string_lossy().into_owned()
        }
        None => args.str("script_file")?.to_owned(),
    };
    let command = CommandSpec::new([program.as_str(), "-f", &file, "now", "+", &count.to_string(), units]);
    succeeded(&command, cx)?;
    Ok(result.set("script_file", file).set("count", count).set("units", units).changed(true))
}

/// What the job runs.
fn script(args: &Args) -> Result<String, ModuleError> {
    match (args.opt_str("command"), args.opt_str("script_file")) {
        (Some(command), _) => Ok(command.to_owned()),
        (None, path) => {
            let path = path.unwrap_or_default();
            let content = fs_err::read(path).map_err(|error| ModuleError::failed(os_error(&error, path)))?;
            Ok(String::from_utf8_lossy(&content).into_owned())
        }
    }
}

/// The numbers of the jobs whose script contains this one.
fn matching_jobs(program: &str, script: &str, cx: &mut Context<'_>) -> Result<Vec<String>, ModuleError> {
    let list = CommandSpec::new([cx.require_program("atq")?.to_string_lossy()]);
    let listing = succeeded(&list, cx)?.stdout();
    let mut jobs = Vec::new();
    for number in listing.lines().filter_map(|line| line.split_whitespace().next()) {
        if succeeded(&CommandSpec::new([program, "-c", number]), cx)?.stdout().contains(script) {
            jobs.push(number.to_owned());
        }
    }
    Ok(jobs)
}

fn succeeded(command: &CommandSpec, cx: &mut Context<'_>) -> Result<CommandOutput, ModuleError> {
    let output = cx.run_read(command)?;
    if output.ok() { Ok(output) } else { Err(command_failure(output.stderr().trim_end(), command, &output)) }
}
