//! `ansible.builtin.cron`: jobs and variables of crontabs.

mod table;

use std::path::{Path, PathBuf};

use table::{Place, Table, without_head};

use crate::byte_text::{escaped, legible, unescaped};
use crate::{Arg, Args, CommandSpec, Content, Context, Diff, Module, ModuleError, ModuleResult, WriteOptions};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.cron", ARGS, run)
    .constraints(&[crate::Constraint::MutuallyExclusive(&["insertafter", "insertbefore"])])
    .diff();

const ARGS: &[Arg] = &[
    Arg::str("name").required(),
    Arg::str("user"),
    Arg::str("job").alias(&["value"]),
    Arg::path("cron_file"),
    Arg::str("state").default("present").choices(&["present", "absent"]),
    Arg::bool("backup").default("false"),
    Arg::str("minute").default("*"),
    Arg::str("hour").default("*"),
    Arg::str("day").default("*").alias(&["dom"]),
    Arg::str("month").default("*"),
    Arg::str("weekday").default("*").alias(&["dow"]),
    Arg::str("special_time").choices(&["reboot", "yearly", "annually", "monthly", "weekly", "daily", "hourly"]),
    Arg::bool("disabled").default("false"),
    Arg::bool("env").default("false"),
    Arg::str("insertafter"),
    Arg::str("insertbefore"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    check(args, cx)?;
    let crontab = Crontab::of(args);
    let before = crontab.read(cx)?;
    let mut table = Table::parse(&before);
    plan(args, &mut table)?;
    let after = table.text();
    let changed = before != after;
    let backup = if args.bool("backup") && !cx.check_mode { Some(back_up(&before)?) } else { None };
    if changed && after.trim().is_empty() && crontab.remove(cx)? {
        // A file of its own goes with its last job.
        let result = ModuleResult::ok().changed(true).set("state", "absent");
        let result = result.set_opt("cron_file", args.opt_str("cron_file")).set_opt("backup_file", backup);
        let diff = || Diff::new(legible(&before), String::new()).headers(crontab.header(), "/dev/null".to_owned());
        return Ok(if cx.diff_mode { result.diff(diff()) } else { result });
    }
    if changed {
        crontab.write(&after, cx)?;
    }
    let result = ModuleResult::ok()
        .changed(changed)
        .set("jobs", table.job_names())
        .set("envs", table.variable_names())
        .set_opt("cron_file", args.opt_str("cron_file"))
        .set_opt("backup_file", backup);
    if changed && cx.diff_mode {
        let header = crontab.header();
        return Ok(result.diff(Diff::new(legible(&before), legible(&after)).headers(header.clone(), header)));
    }
    Ok(result)
}

fn check(args: &Args, cx: &mut Context<'_>) -> Result<(), ModuleError> {
    let fail = |msg: &str| Err(ModuleError::failed(msg));
    let env = args.bool("env");
    if args.opt_path("cron_file").is_some_and(|file| Path::new("/etc/cron.d").join(file) == Path::new("/etc/crontab")) {
        return fail("Will not manage /etc/crontab via cron_file, see documentation.");
    }
    let times = ["minute", "hour", "day", "month", "weekday"];
    if args.has("special_time") && times.iter().any(|name| args.opt_str(name) != Some("*")) {
        return fail("You cannot combine special_time with any of the time or day/date parameters.");
    }
    if env && args.str("name")?.contains(' ') {
        return fail("Invalid name for environment variable");
    }
    if args.str("state")? == "absent" {
        return Ok(());
    }
    if args.has("cron_file") && args.opt_str("user").is_none_or(str::is_empty) {
        return fail("To use cron_file=... parameter you must specify user=... as well");
    }
    let Some(job) = args.opt_str("job") else {
        return fail("You must specify 'job' to install a new cron job or variable");
    };
    if (args.has("insertafter") || args.has("insertbefore")) && !env {
        return fail("Insertafter and insertbefore parameters are valid only with env=yes");
    }
    if job.trim_matches(['\r', '\n']).contains(['\r', '\n']) {
        cx.warn("Job should not contain line breaks");
    }
    Ok(())
}

fn plan(args: &Args, table: &mut Table) -> Result<(), ModuleError> {
    let name = args.str("name")?;
    let present = args.str("state")? == "present";
    let job = args.opt_str("job").unwrap_or_default();
    match (args.bool("env"), present) {
        (true, true) => {
            let after = args.opt_str("insertafter").map(Place::After);
            let place = after.or_else(|| args.opt_str("insertbefore").map(Place::Before)).unwrap_or(Place::Top);
            let missing = |other| ModuleError::failed(format!("Variable named '{other}' not found."));
            table.set_variable(name, job, place).map_err(missing)?;
        }
        (true, false) => table.remove_variable(name),
        (false, true) => table.set_job(name, &job_line(args, job)?),
        (false, false) => table.remove_job(name),
    }
    Ok(())
}

fn job_line(args: &Args, job: &str) -> Result<String, ModuleError> {
    let time = match args.opt_str("special_time") {
        Some(special) => format!("@{special}"),
        None => {
            let fields = ["minute", "hour", "day", "month", "weekday"].map(|name| args.str(name));
            fields.into_iter().collect::<Result<Vec<_>, _>>()?.join(" ")
        }
    };
    let disabled = if args.bool("disabled") { "#" } else { "" };
    // Only system-wide tables name the user.
    let user = args.opt_str("user").filter(|_| args.has("cron_file")).map(|user| format!("{user} "));
    Ok(format!("{disabled}{time} {}{}", user.unwrap_or_default(), job.trim_matches(['\r', '\n'])))
}

/// Where the table is kept.
enum Crontab {
    File(PathBuf),
    /// A user's own, through `crontab`; `None` is the user we are.
    Of(Option<String>),
}

impl Crontab {
    fn of(args: &Args) -> Self {
        match args.opt_path("cron_file") {
            Some(file) => Self::File(Path::new("/etc/cron.d").join(file)),
            None => Self::Of(args.opt_str("user").map(str::to_owned)),
        }
    }

    fn header(&self) -> String {
        match self {
            Self::File(path) => path.to_string_lossy().into_owned(),
            Self::Of(Some(user)) => format!("crontab for user \"{user}\""),
            Self::Of(None) => "crontab".to_owned(),
        }
    }

    fn command(user: Option<&String>, cx: &Context<'_>) -> Result<CommandSpec, ModuleError> {
        let program = cx.require_program("crontab")?;
        let command = CommandSpec::new([program.to_string_lossy()]);
        Ok(match user {
            Some(user) => command.args(["-u", user]),
            None => command,
        })
    }

    /// Tables are edited in whatever encoding they are.
    fn read(&self, cx: &mut Context<'_>) -> Result<String, ModuleError> {
        match self {
            Self::File(path) => Ok(cx.read(path)?.map(|table| escaped(&table)).unwrap_or_default()),
            Self::Of(user) => {
                let output = cx.run_read(&Self::command(user.as_ref(), cx)?.arg("-l"))?;
                // 1: there is no crontab yet.
                if !matches!(output.rc, 0 | 1) {
                    return Err(ModuleError::failed("Unable to read crontab").with("stderr", output.stderr()));
                }
                Ok(if output.ok() { without_head(&escaped(&output.stdout)) } else { String::new() })
            }
        }
    }

    /// Removes a table that is a file of its own; false when it is not.
    fn remove(&self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        match self {
            Self::File(path) => cx.remove_file(path).map(|()| true),
            Self::Of(_) => Ok(false),
        }
    }

    fn write(&self, text: &str, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        match self {
            Self::File(path) => {
                let options = WriteOptions { new_mode: Some(0o644), ..WriteOptions::default() };
                cx.write_file(path, Content::Bytes(&unescaped(text)), &options).map(drop)
            }
            Self::Of(user) => {
                let output = cx.run(&Self::command(user.as_ref(), cx)?.arg("-").stdin(unescaped(text)))?;
                if output.ok() {
                    return Ok(());
                }
                Err(ModuleError::failed("Failed to install new cronfile: -")
                    .with("rc", output.rc)
                    .with("stdout", output.stdout())
                    .with("stderr", output.stderr()))
            }
        }
    }
}

fn back_up(text: &str) -> Result<String, ModuleError> {
    let file = tempfile::Builder::new().prefix("crontab").tempfile()?;
    fs_err::write(file.path(), unescaped(text))?;
    let (_, path) = file.keep().map_err(|error| ModuleError::failed(error.to_string()))?;
    Ok(path.to_string_lossy().into_owned())
}
