//! `community.general.dpkg_divert`: files that packages put somewhere else (dpkg-divert(1)).

use std::path::PathBuf;

use serde_json::json;

use crate::{Arg, Args, CommandOutput, CommandSpec, Context, Map, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("community.general.dpkg_divert", ARGS, run).diff();

const ARGS: &[Arg] = &[
    Arg::path("path").required(),
    Arg::str("state").default("present").choices(&["absent", "present"]),
    Arg::str("holder"),
    Arg::path("divert"),
    Arg::bool("rename").default("false"),
    Arg::bool("force").default("false"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let program = cx.require_program("dpkg-divert")?.to_string_lossy().into_owned();
    let path = args.str("path")?;
    let current = Diversion::of(&program, path, cx)?;
    let wanted = (args.str("state")? == "present").then(|| Diversion {
        divert: args.opt_str("divert").map_or_else(|| format!("{path}.distrib"), str::to_owned),
        holder: args.opt_str("holder").unwrap_or("LOCAL").to_owned(),
    });
    let mut task = Task {
        program,
        path,
        rename: args.bool("rename"),
        force: args.bool("force"),
        commands: Vec::new(),
        messages: Vec::new(),
        before: shown(path, current.as_ref()),
    };
    let changed = current != wanted;
    if let (Some(current), Some(wanted), true) = (&current, &wanted, changed) {
        // What is diverted otherwise is first brought back.
        task.remove(current, false, cx)?;
        if task.rename {
            task.move_on(current, wanted, cx)?;
        }
    }
    match (&current, &wanted) {
        (_, Some(wanted)) => task.add(wanted, args, task.rename && (current.is_none() || !changed), changed, cx)?,
        (Some(current), None) => task.remove(current, task.rename, cx)?,
        (None, None) => task.run(task.rename, vec!["--remove".to_owned(), path.to_owned()], cx)?,
    }
    let diff = json!({"before": task.before, "after": shown(path, wanted.as_ref())});
    let result = ModuleResult::ok().changed(changed).set("diversion", shown(path, wanted.as_ref()));
    let result = result.set("commands", task.commands).set("messages", task.messages);
    Ok(if cx.diff_mode { result.set("diff", diff) } else { result })
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Diversion {
    divert: String,
    /// The package whose own file stays; `LOCAL` for the administrator's diversions.
    holder: String,
}

impl Diversion {
    fn of(program: &str, path: &str, cx: &mut Context<'_>) -> Result<Option<Self>, ModuleError> {
        let list = cx.run_read(&CommandSpec::new([program, "--listpackage", path]))?;
        let holder = list.stdout().trim().to_owned();
        if holder.is_empty() {
            return Ok(None);
        }
        let place = cx.run_read(&CommandSpec::new([program, "--truename", path]))?;
        Ok(Some(Self { divert: place.stdout().trim().to_owned(), holder }))
    }
}

fn shown(path: &str, diversion: Option<&Diversion>) -> Map {
    let value = match diversion {
        Some(diversion) => {
            json!({"divert": diversion.divert, "holder": diversion.holder, "path": path, "state": "present"})
        }
        None => json!({"divert": null, "holder": null, "path": path, "state": "absent"}),
    };
    value.as_object().cloned().unwrap_or_default()
}

struct Task<'a> {
    program: String,
    path: &'a str,
    rename: bool,
    force: bool,
    commands: Vec<String>,
    messages: Vec<String>,
    before: Map,
}

impl Task<'_> {
    fn add(
        &mut self,
        wanted: &Diversion,
        args: &Args,
        moves: bool,
        changed: bool,
        cx: &mut Context<'_>,
    ) -> Result<(), ModuleError> {
        self.make_room((moves && changed).then(|| PathBuf::from(&wanted.divert)), cx)?;
        let mut words = match wanted.holder.as_str() {
            "LOCAL" => vec!["--local".to_owned()],
            package => vec!["--package".to_owned(), package.to_owned()],
        };
        words.extend(args.opt_str("divert").into_iter().flat_map(|divert| ["--divert".to_owned(), divert.to_owned()]));
        words.extend(["--add".to_owned(), self.path.to_owned()]);
        self.run(moves, words, cx)
    }

    fn remove(&mut self, current: &Diversion, moves: bool, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        self.make_room((moves && cx.exists(&current.divert)).then(|| PathBuf::from(self.path)), cx)?;
        self.run(moves, vec!["--remove".to_owned(), self.path.to_owned()], cx)
    }

    /// The file that was moved aside goes to the new place.
    fn move_on(&mut self, from: &Diversion, to: &Diversion, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let (from, to) = (PathBuf::from(&from.divert), PathBuf::from(&to.divert));
        if from == to || !cx.exists(&from) {
            return Ok(());
        }
        if cx.exists(&to) && !self.force {
            return Err(ModuleError::failed(format!("{} exists: force is needed to replace it", to.display())));
        }
        cx.rename(&from, &to)
    }

    /// With `force`, a file that is in the way of the one that moves is lost.
    fn make_room(&mut self, target: Option<PathBuf>, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        match target {
            Some(target) if self.force && cx.exists(&target) => cx.remove_file(&target),
            _ => Ok(()),
        }
    }

    /// In check mode the program only says what it would do.
    fn run(&mut self, moves: bool, words: Vec<String>, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let option = if moves { "--rename" } else { "--no-rename" };
        let command = CommandSpec::new([self.program.as_str(), option]).args(words.iter().cloned());
        let follows_another = !self.commands.is_empty();
        self.commands.push(command.line());
        if cx.check_mode && follows_another {
            // What it would say depends on what the one before did.
            self.messages.push("Running in check mode".to_owned());
            return Ok(());
        }
        let output = if cx.check_mode {
            cx.run_read(&CommandSpec::new([self.program.as_str(), option, "--test"]).args(words))?
        } else {
            cx.run(&command)?
        };
        // What is in the way is not removed in check mode.
        let would_be_forced = cx.check_mode && self.force && output.stderr().contains("rename involves overwriting");
        if !output.ok() && !would_be_forced {
            return Err(self.failure(&command, &output));
        }
        self.messages.push(output.stdout().trim_end().to_owned());
        Ok(())
    }

    fn failure(&self, command: &CommandSpec, output: &CommandOutput) -> ModuleError {
        let msg = if output.stderr().contains("rename involves overwriting") {
            "Set 'force' param to True to force renaming of files.".to_owned()
        } else {
            output.stderr().trim().to_owned()
        };
        crate::context::command_failure(msg, command, output).with("diversion", self.before.clone())
    }
}
