//! `community.general.supervisorctl`: programs that supervisord looks after.

mod configuration;

use configuration::Configuration;

use crate::{Arg, Args, CommandOutput, CommandSpec, Constraint, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.general.supervisorctl", ARGS, run)
    .constraints(&[Constraint::RequiredIf("state", "signalled", &["signal"])]);

const ARGS: &[Arg] = &[
    Arg::str("name").required(),
    Arg::path("config"),
    Arg::str("server_url"),
    Arg::str("username"),
    Arg::str("password").no_log(),
    Arg::path("supervisorctl_path"),
    Arg::str("state").required().choices(&["present", "started", "restarted", "stopped", "absent", "signalled"]),
    Arg::bool("stop_before_removing").default("false"),
    Arg::str("signal"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let given = args.str("name")?;
    let supervisor = Supervisor::new(args, cx)?;
    let (name, is_group) = match given.strip_suffix(':') {
        Some(group) => (group, true),
        None => (given, false),
    };
    let state = args.str("state")?;
    if state == "restarted" {
        supervisor.ask(&["update"], cx)?;
    }
    let processes = supervisor.processes(given, name, is_group, cx)?;
    let affected = match state {
        "present" | "absent" => return supervisor.configure(name, state, &processes, args, cx),
        _ if processes.is_empty() => {
            return Err(ModuleError::failed("ERROR (no such process)").with("name", given));
        }
        "started" => supervisor.act(
            &["start"],
            &processes,
            |one| !matches!(one.state.as_str(), "RUNNING" | "STARTING"),
            "started",
            cx,
        )?,
        "stopped" => supervisor.act(
            &["stop"],
            &processes,
            |one| matches!(one.state.as_str(), "RUNNING" | "STARTING"),
            "stopped",
            cx,
        )?,
        "restarted" => supervisor.act(&["restart"], &processes, |_| true, "started", cx)?,
        _ => supervisor.act(
            &["signal", args.str("signal")?],
            &processes,
            |one| matches!(one.state.as_str(), "RUNNING" | "STARTING" | "STOPPING"),
            "signalled",
            cx,
        )?,
    };
    if cx.check_mode && !affected.is_empty() {
        return Ok(ModuleResult::ok().changed(true));
    }
    let result = ModuleResult::ok().changed(!affected.is_empty()).set("name", name).set("state", state);
    Ok(if affected.is_empty() { result } else { result.set("affected", affected) })
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Process {
    name: String,
    /// `RUNNING`, `STOPPED`, `FATAL`, …
    state: String,
}

struct Supervisor {
    words: Vec<String>,
    /// Holds the password until the session ends.
    _configuration: Option<Configuration>,
}

impl Supervisor {
    fn new(args: &Args, cx: &Context<'_>) -> Result<Self, ModuleError> {
        let program = match args.opt_str("supervisorctl_path") {
            Some(path) if !cx.exists(path) => {
                return Err(ModuleError::failed(format!(
                    "Provided path to supervisorctl does not exist or isn't executable: {path}"
                )));
            }
            Some(path) => path.to_owned(),
            None => cx.require_program("supervisorctl")?.to_string_lossy().into_owned(),
        };
        let mut words = vec![program];
        let configuration =
            args.opt_str("password").map(|password| Configuration::with(password, args, cx)).transpose()?;
        let config = match &configuration {
            Some(configuration) => Some(configuration.path()),
            None => args.opt_str("config").map(str::to_owned),
        };
        for (option, value) in [
            ("-c", config),
            ("-s", args.opt_str("server_url").map(str::to_owned)),
            ("-u", args.opt_str("username").map(str::to_owned)),
        ] {
            words.extend(value.into_iter().flat_map(|value| [option.to_owned(), value]));
        }
        Ok(Self { words, _configuration: configuration })
    }

    fn command(&self, words: &[&str]) -> CommandSpec {
        CommandSpec::new(self.words.iter().cloned()).args(words.iter().copied())
    }

    /// `update` reads the configuration anew, also for a prediction.
    fn ask(&self, words: &[&str], cx: &mut Context<'_>) -> Result<CommandOutput, ModuleError> {
        cx.run_read(&self.command(words))
    }

    fn processes(
        &self,
        given: &str,
        name: &str,
        is_group: bool,
        cx: &mut Context<'_>,
    ) -> Result<Vec<Process>, ModuleError> {
        let output = self.ask(&["status"], cx)?;
        let text = output.stdout();
        if text.contains("refused connection") || text.contains("no such file") {
            return Err(ModuleError::failed(text.trim()).with("name", given));
        }
        let all = text.lines().filter_map(parse);
        Ok(all.filter(|one| is_meant(&one.name, name, is_group)).collect())
    }

    fn configure(
        &self,
        name: &str,
        state: &str,
        found: &[Process],
        args: &Args,
        cx: &mut Context<'_>,
    ) -> Result<ModuleResult, ModuleError> {
        let result = ModuleResult::ok().set("name", name).set("state", state);
        if (state == "present") != found.is_empty() {
            return Ok(result);
        }
        if cx.check_mode {
            return Ok(ModuleResult::ok().changed(true));
        }
        let running = found.iter().any(|one| matches!(one.state.as_str(), "RUNNING" | "STARTING"));
        if args.bool("stop_before_removing") && state == "absent" && running {
            self.act(&["stop"], found, |_| true, "stopped", cx)?;
        }
        self.ask(&["reread"], cx)?;
        let (verb, done) =
            if state == "present" { ("add", "added process group") } else { ("remove", "removed process group") };
        let output = cx.run(&self.command(&[verb, name]))?;
        if output.stdout().contains(&format!("{name}: {done}")) {
            return Ok(result.changed(true));
        }
        Err(ModuleError::failed(output.stdout()).with("name", name))
    }

    /// Tells every process that is not there yet; returns their names.
    fn act(
        &self,
        verb: &[&str],
        processes: &[Process],
        needs: fn(&Process) -> bool,
        done: &str,
        cx: &mut Context<'_>,
    ) -> Result<Vec<String>, ModuleError> {
        let todo: Vec<&Process> = processes.iter().filter(|one| needs(one)).collect();
        for process in todo.iter().filter(|_| !cx.check_mode).collect::<Vec<_>>() {
            let words: Vec<&str> = verb.iter().copied().chain([process.name.as_str()]).collect();
            let output = cx.run(&self.command(&words))?;
            if !output.stdout().contains(&format!("{}: {done}", process.name)) {
                return Err(ModuleError::failed(output.stdout().trim()).with("name", process.name.clone()));
            }
        }
        Ok(todo.iter().map(|process| process.name.clone()).collect())
    }
}

fn parse(line: &str) -> Option<Process> {
    let mut words = line.split_whitespace();
    Some(Process { name: words.next()?.to_owned(), state: words.next()?.to_owned() })
}

/// `group:` is every process of a group, `name` also the process of the group of the same name.
fn is_meant(process: &str, name: &str, is_group: bool) -> bool {
    match process.split_once(':') {
        Some((group, own)) => {
            if is_group || group == own {
                group == name
            } else {
                process == name
            }
        }
        None => process == name && !is_group,
    }
}

#[cfg(test)]
mod tests {
    use super::is_meant;

    #[test]
    fn groups_and_processes_are_told_apart() {
        let cases = [
            ("web", "web", false, true),
            ("grp:a", "grp", true, true),
            ("grp:a", "grp:a", false, true),
            ("grp:a", "a", false, false),
            ("x:x", "x", false, true),
            ("web", "web", true, false),
        ];
        for (process, name, is_group, expected) in cases {
            assert_eq!(is_meant(process, name, is_group), expected, "{process} {name}");
        }
    }
}
