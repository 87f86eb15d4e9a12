//! `ansible.posix.acl`: access control lists of files.

use serde_json::json;

use crate::{Arg, Args, CommandSpec, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.posix.acl", ARGS, run);

const ARGS: &[Arg] = &[
    Arg::path("path").required().alias(&["name"]),
    Arg::str("entry"),
    Arg::str("entity").default(""),
    Arg::str("etype").choices(&["group", "mask", "other", "user"]),
    Arg::str("permissions"),
    Arg::str("state").default("query").choices(&["absent", "present", "query"]),
    Arg::bool("follow").default("true"),
    Arg::bool("default").default("false"),
    Arg::bool("recursive").default("false").alias(&["recurse"]),
    Arg::str("recalculate_mask").default("default").choices(&["default", "mask", "no_mask"]),
    Arg::bool("use_nfsv4_acls").default("false"),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let request = Request::new(args, cx)?;
    if request.state == "query" {
        return Ok(ModuleResult::ok().msg("current acl").set("acl", request.list(cx)?));
    }
    let changed = request.would_change(cx)?;
    if changed && !cx.check_mode {
        request.checked(&request.set_command(false), cx)?;
    }
    let what = if request.state == "present" { "present" } else { "absent" };
    let msg = format!("{} is {what}", request.entry);
    Ok(ModuleResult::ok().changed(changed).msg(msg).set("acl", request.list(cx)?))
}

struct Request<'a> {
    args: &'a Args,
    path: &'a str,
    state: &'a str,
    /// `etype:entity:permissions`, without permissions where it is removed.
    entry: String,
    nfs4: bool,
}

impl<'a> Request<'a> {
    fn new(args: &'a Args, cx: &Context<'_>) -> Result<Self, ModuleError> {
        let (path, state) = (args.str("path")?, args.str("state")?);
        let fail = |msg: String| Err(ModuleError::failed(msg));
        if !cx.exists(path) {
            return fail("Path not found or not accessible.".to_owned());
        }
        let nfs4 = args.bool("use_nfsv4_acls");
        if state == "query" && args.bool("recursive") {
            return fail("'recursive' MUST NOT be set when 'state=query'.".to_owned());
        }
        if state == "query" && args.str("recalculate_mask")? != "default" {
            return fail("'recalculate_mask' MUST NOT be set to 'mask' or 'no_mask' when 'state=query'.".to_owned());
        }
        let entry = match args.opt_str("entry") {
            Some(entry) => {
                let together = args.has("etype") || !args.str("entity")?.is_empty() || args.has("permissions");
                if together {
                    return fail("'entry' MUST NOT be set when 'entity', 'etype' or 'permissions' are set.".to_owned());
                }
                let parts = entry.split(':').filter(|part| *part != "default" && *part != "d").count();
                if state == "present" && parts != 3 && !nfs4 {
                    return fail("'entry' MUST have 3 sections divided by ':' when 'state=present'.".to_owned());
                }
                if state == "absent" && !(2..=3).contains(&parts) {
                    return fail("'entry' MUST have 2 or 3 sections divided by ':' when 'state=absent'.".to_owned());
                }
                entry.to_owned()
            }
            None if state == "query" => String::new(),
            None => {
                let Some(kind) = args.opt_str("etype") else {
                    return fail(format!("'etype' MUST be set when 'state={state}'."));
                };
                let permissions = args.opt_str("permissions").filter(|_| state == "present");
                let parts = [Some(kind), Some(args.str("entity")?), permissions];
                parts.into_iter().flatten().collect::<Vec<_>>().join(":")
            }
        };
        if args.bool("default") && !nfs4 && std::path::Path::new(path).is_file() && state == "query" {
            return fail("default ACLs exist on directories only".to_owned());
        }
        Ok(Self { args, path, state, entry, nfs4 })
    }

    fn set_command(&self, test: bool) -> CommandSpec {
        let program = if self.nfs4 { "nfs4_setfacl" } else { "setfacl" };
        let mut command = CommandSpec::new([program]);
        let mut add = |word: &str| command.args.push(word.to_owned());
        if test {
            add("--test");
        }
        if self.args.bool("default") && !self.nfs4 {
            add("-d");
        }
        match (self.state, self.nfs4) {
            ("present", false) => add("-m"),
            ("present", true) => add("-a"),
            _ => add("-x"),
        }
        add(&if self.nfs4 { self.nfs4_entry() } else { self.entry.clone() });
        if self.args.bool("recursive") {
            add(if self.nfs4 { "-R" } else { "--recursive" });
        }
        match self.args.opt_str("recalculate_mask") {
            Some("mask") if !self.nfs4 => add("--mask"),
            Some("no_mask") if !self.nfs4 => add("--no-mask"),
            _ => {}
        }
        if !self.args.bool("follow") {
            add(if self.nfs4 { "-P" } else { "--physical" });
        }
        add(self.path);
        command
    }

    /// An allowing entry of NFS version 4: `A:flags:principal:permissions`.
    fn nfs4_entry(&self) -> String {
        let parts: Vec<&str> = self.entry.split(':').collect();
        let (kind, entity) = (parts.first().copied().unwrap_or_default(), parts.get(1).copied().unwrap_or_default());
        let flags = if kind == "group" { "g" } else { "" };
        let inherit = if self.args.bool("default") { "fd" } else { "" };
        let principal = match (kind, entity) {
            ("other", _) => "EVERYONE@",
            ("user", "") => "OWNER@",
            ("group", "") => "GROUP@",
            (_, entity) => entity,
        };
        format!("A:{inherit}{flags}:{principal}:{}", parts.get(2).copied().unwrap_or_default())
    }

    /// `setfacl --test` ends its lines with `*,*` for a file that stays as it is.
    fn would_change(&self, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        if self.nfs4 {
            let entry = self.nfs4_entry();
            let is_there = self.list(cx)?.contains(&entry);
            return Ok(is_there != (self.state == "present"));
        }
        let text = self.checked_read(&self.set_command(true), cx)?;
        Ok(text.lines().any(|line| !line.ends_with("*,*")))
    }

    fn list(&self, cx: &mut Context<'_>) -> Result<Vec<String>, ModuleError> {
        let mut command = if self.nfs4 {
            CommandSpec::new(["nfs4_getfacl"])
        } else {
            CommandSpec::new(["getfacl", "--omit-header", "--absolute-names"])
        };
        if self.args.bool("default") && !self.nfs4 {
            command = command.arg("-d");
        }
        if !self.args.bool("follow") && !self.nfs4 {
            command = command.arg("--physical");
        }
        let text = self.checked_read(&command.arg(self.path), cx)?;
        Ok(text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).map(str::to_owned).collect())
    }

    fn checked_read(&self, command: &CommandSpec, cx: &mut Context<'_>) -> Result<String, ModuleError> {
        cx.require_program(&command.program.to_string_lossy())?;
        let output = cx.run_read(command)?;
        if output.ok() {
            return Ok(output.stdout());
        }
        Err(crate::context::command_failure(output.stderr(), command, &output).with("entry", json!(self.entry)))
    }

    fn checked(&self, command: &CommandSpec, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let output = cx.run(command)?;
        if output.ok() {
            return Ok(());
        }
        Err(crate::context::command_failure(output.stderr(), command, &output).with("entry", json!(self.entry)))
    }
}
