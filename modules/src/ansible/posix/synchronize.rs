//! `ansible.posix.synchronize`: runs rsync. Where the other side is a host of the inventory, the engine gives rsync a
//! program (`_rsh`) that leads to it over the engine's own connection.

use std::path::{Component, Path, PathBuf};

use serde_json::json;

use crate::{Arg, ArgKind, Args, CommandSpec, Context, Module, ModuleError, ModuleResult, words};

pub(crate) static MODULE: Module = Module::new("ansible.posix.synchronize", ARGS, run).diff();

const ARGS: &[Arg] = &[
    Arg::path("src").required(),
    Arg::path("dest").required(),
    Arg::int("dest_port"),
    Arg::bool("delete").default("false"),
    Arg::path("private_key"),
    Arg::str("rsync_path"),
    Arg::path("_local_rsync_path").default("rsync"),
    Arg::str("_local_rsync_password").no_log(),
    Arg::bool("_substitute_controller").default("false"),
    Arg::bool("archive").default("true"),
    Arg::bool("checksum").default("false"),
    Arg::bool("compress").default("true"),
    Arg::bool("existing_only").default("false"),
    Arg::bool("dirs").default("false"),
    Arg::bool("recursive"),
    Arg::bool("links"),
    Arg::bool("copy_links").default("false"),
    Arg::bool("perms"),
    Arg::bool("times"),
    Arg::bool("owner"),
    Arg::bool("group"),
    Arg::bool("set_remote_user").default("true"),
    Arg::int("rsync_timeout").default("0"),
    Arg::list("rsync_opts").default(""),
    Arg::str("_ssh_args"),
    Arg::bool("use_ssh_args").default("false"),
    Arg::bool("ssh_connection_multiplexing").default("false"),
    Arg::bool("partial").default("false"),
    Arg::bool("verify_host").default("false"),
    Arg::bool("delay_updates").default("true"),
    Arg::str("mode").default("push").choices(&["pull", "push"]),
    Arg::list_of("link_dest", &ArgKind::Path),
];

/// Stands before every line about something that was changed.
const MARK: &str = "<<CHANGED>>";

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    if args.bool("_substitute_controller") {
        return Err(ModuleError::failed("_substitute_controller is not supported"));
    }
    if args.list_of_str("rsync_opts").iter().any(String::is_empty) {
        cx.warn(
            "The empty string is present in rsync_opts which will cause rsync to transfer the current working \
             directory. If this is intended, use \".\" instead to get rid of this warning. If this is unintended, check \
             for problems in your playbook leading to empty string in rsync_opts.",
        );
    }
    let program = cx.require_program(args.str("_local_rsync_path")?)?.to_string_lossy().into_owned();
    let line = CommandLine::new(program, args, cx.check_mode)?;
    let mut command = CommandSpec::new(line.words.clone()).user_locale();
    if let Some(password) = args.opt_str("_local_rsync_password") {
        command = command.env("RSYNC_PASSWORD", password);
    }
    let output = cx.run_read(&command)?;
    if !output.ok() {
        return Err(ModuleError::failed(output.stderr()).with("rc", output.rc).with("cmd", line.shown));
    }
    let text = output.stdout();
    let told = text.replace(MARK, "");
    let lines: Vec<&str> = told.lines().filter(|line| !line.is_empty()).collect();
    let result = ModuleResult::ok()
        .changed(text.contains(MARK))
        .msg(told.as_str())
        .set("rc", 0)
        .set("cmd", line.shown)
        .set("stdout_lines", lines);
    Ok(if cx.diff_mode { result.set("diff", json!({"prepared": told})) } else { result })
}

/// What is run, and how results show it.
struct CommandLine {
    words: Vec<String>,
    shown: String,
}

impl CommandLine {
    fn new(program: String, args: &Args, check: bool) -> Result<Self, ModuleError> {
        let mut line = Self { shown: program.clone(), words: vec![program] };
        line.transfer_options(args, check);
        line.attribute_options(args);
        line.remote_options(args)?;
        for option in args.list_of_str("rsync_opts") {
            line.words.extend(words::split(&option).map_err(ModuleError::failed)?);
            line.shown.push(' ');
            line.shown.push_str(&option);
        }
        line.link_options(args)?;
        line.quoted("--out-format=", &format!("{MARK}%i %n%L"));
        line.quoted("", args.str("src")?);
        line.quoted("", args.str("dest")?);
        Ok(line)
    }

    fn option(&mut self, wanted: bool, option: &str) {
        if wanted {
            self.quoted(option, "");
        }
    }

    fn quoted(&mut self, name: &str, value: &str) {
        self.words.push(format!("{name}{value}"));
        let value = if value.is_empty() { String::new() } else { shell_words::quote(value).into_owned() };
        self.shown.push_str(&format!(" {name}{value}"));
    }

    fn transfer_options(&mut self, args: &Args, check: bool) {
        self.option(args.bool("delay_updates"), "--delay-updates");
        self.option(args.bool("delay_updates"), "-F");
        self.option(args.bool("compress"), "--compress");
        if let Some(seconds) = args.opt_int("rsync_timeout").filter(|seconds| *seconds > 0) {
            self.quoted("--timeout=", &seconds.to_string());
        }
        self.option(check, "--dry-run");
        self.option(args.bool("delete"), "--delete-after");
        self.option(args.bool("existing_only"), "--existing");
        self.option(args.bool("checksum"), "--checksum");
        self.option(args.bool("copy_links"), "--copy-links");
    }

    /// What `archive` includes can be switched off, and without it on.
    fn attribute_options(&mut self, args: &Args) {
        let archive = args.bool("archive");
        self.option(archive, "--archive");
        for name in ["recursive", "links", "perms", "times", "owner", "group"] {
            match args.opt_bool(name) {
                Some(false) if archive => self.quoted("--no-", name),
                Some(true) if !archive => self.quoted("--", name),
                _ => {}
            }
        }
        self.option(args.bool("dirs"), "--dirs");
    }

    /// How rsync gets to the other side.
    fn remote_options(&mut self, args: &Args) -> Result<(), ModuleError> {
        let is_remote = |path: &str| path.contains(':') && !path.starts_with('/') && !path.starts_with("rsync://");
        if let Some(program) = args.private_str("_rsh") {
            self.quoted("--rsh=", program);
        } else if is_remote(args.str("src")?) || is_remote(args.str("dest")?) {
            self.quoted("--rsh=", &ssh(args));
        }
        if let Some(path) = args.opt_str("rsync_path") {
            self.quoted("--rsync-path=", path);
        }
        self.option(args.bool("partial"), "--partial");
        Ok(())
    }

    fn link_options(&mut self, args: &Args) -> Result<(), ModuleError> {
        let links = args.list_of_str("link_dest");
        if links.is_empty() {
            return Ok(());
        }
        self.option(true, "-H");
        self.option(true, "-vv");
        let dest = args.str("dest")?;
        for link in links {
            let link = absolute(&link)?;
            if Path::new(dest).starts_with(&link) {
                return Err(ModuleError::failed(format!(
                    "Hardlinking into a subdirectory of the source would cause recursion. {link} and {dest}"
                )));
            }
            self.quoted("--link-dest=", &link);
        }
        Ok(())
    }
}

/// From the root and without `..`, whatever is there.
fn absolute(path: &str) -> Result<String, ModuleError> {
    let mut clean = PathBuf::new();
    for component in std::path::absolute(path)?.components() {
        match component {
            Component::ParentDir => drop(clean.pop()),
            other => clean.push(other),
        }
    }
    Ok(clean.to_string_lossy().into_owned())
}

/// The node's own client, for a task that is delegated to another node.
fn ssh(args: &Args) -> String {
    let mut line = "/usr/bin/ssh".to_owned();
    if !args.bool("ssh_connection_multiplexing") {
        line.push_str(" -S none");
    }
    if let Some(key) = args.opt_str("private_key") {
        line.push_str(&format!(" -i {}", shell_words::quote(key)));
    }
    if let Some(port) = args.opt_int("dest_port") {
        line.push_str(&format!(" -o Port={port}"));
    }
    if !args.bool("verify_host") {
        line.push_str(" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null");
    }
    if let Some(own) = args.opt_str("_ssh_args").filter(|_| args.bool("use_ssh_args")) {
        line.push_str(&format!(" {own}"));
    }
    line
}
