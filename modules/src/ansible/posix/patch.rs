//! `ansible.posix.patch`: a patch file applied with GNU patch. The engine sends the file as `_content_sha256`.

use std::path::Path;

use rustix::fs::{Access, access};

use crate::{Arg, Args, CommandSpec, Constraint, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module =
    Module::new("ansible.posix.patch", ARGS, run).constraints(&[Constraint::RequiredOneOf(&["dest", "basedir"])]);

const ARGS: &[Arg] = &[
    Arg::path("src").required().alias(&["patchfile"]),
    Arg::path("dest").alias(&["originalfile"]),
    Arg::path("basedir"),
    Arg::int("strip").default("0"),
    Arg::bool("remote_src").default("false"),
    Arg::bool("backup").default("false"),
    Arg::bool("binary").default("false"),
    Arg::bool("ignore_whitespace").default("false"),
    Arg::str("state").default("present").choices(&["absent", "present"]),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let src = match args.private_str("_content_sha256") {
        Some(sha256) => cx.blob(sha256)?.to_string_lossy().into_owned(),
        None => args.str("src")?.to_owned(),
    };
    if access(&src, Access::READ_OK).is_err() {
        return Err(ModuleError::failed(format!("src {src} doesn't exist or not readable")));
    }
    if let Some(dest) = args.opt_str("dest").filter(|dest| access(*dest, Access::WRITE_OK).is_err()) {
        return Err(ModuleError::failed(format!("dest {dest} doesn't exist or not writable")));
    }
    if let Some(dir) = args.opt_str("basedir").filter(|dir| !cx.exists(dir)) {
        return Err(ModuleError::failed(format!("basedir {dir} doesn't exist")));
    }
    let patch = Patch::new(args, &src, cx)?;
    let absent = args.str("state")? == "absent";
    if patch.is_done(absent, cx)? {
        return Ok(ModuleResult::ok());
    }
    patch.apply(absent, cx)?;
    Ok(ModuleResult::ok().changed(true))
}

struct Patch<'a> {
    program: String,
    args: &'a Args,
    /// `--strip`, `--directory`, `--input`.
    place: Vec<String>,
}

impl<'a> Patch<'a> {
    fn new(args: &'a Args, src: &str, cx: &Context<'_>) -> Result<Self, ModuleError> {
        let program = cx.require_program("patch")?.to_string_lossy().into_owned();
        let of_dest = || Path::new(args.opt_str("dest").unwrap_or_default()).parent().unwrap_or(Path::new("."));
        let dir = args.opt_path("basedir").unwrap_or_else(|| of_dest().to_owned());
        let strip = args.int("strip")?;
        let dir = std::path::absolute(dir)?;
        let place =
            [format!("--strip={strip}"), format!("--directory={}", dir.display()), format!("--input={src}")].into();
        Ok(Self { program, args, place })
    }

    fn dest(&self) -> Option<String> {
        self.args.opt_str("dest").map(str::to_owned)
    }

    fn options(&self) -> impl Iterator<Item = String> {
        let options = [("binary", "--binary"), ("ignore_whitespace", "--ignore-whitespace")];
        options.into_iter().filter(|(name, _)| self.args.bool(name)).map(|(_, option)| option.to_owned())
    }

    /// A patch is done when it could be taken back, and undone when it could be applied.
    fn is_done(&self, absent: bool, cx: &mut Context<'_>) -> Result<bool, ModuleError> {
        let command = CommandSpec::new([&self.program, "--quiet", "--forward"]).args(self.place.iter());
        let command = command.arg("--dry-run").args(self.options()).args(self.dest());
        let command = if absent { command } else { command.arg("--reverse") };
        Ok(cx.run_read(&command)?.ok())
    }

    fn apply(&self, absent: bool, cx: &mut Context<'_>) -> Result<(), ModuleError> {
        let command = CommandSpec::new([&self.program, "--quiet", "--forward", "--batch", "--reject-file=-"]);
        let mut command = command.args(self.place.iter());
        if cx.check_mode {
            command = command.arg("--dry-run");
        }
        command = command.args(self.options()).args(self.dest());
        if self.args.bool("backup") {
            command = command.args(["--backup", "--version-control=numbered"]);
        }
        if absent {
            command = command.arg("--reverse");
        }
        let output = cx.run_read(&command)?;
        if output.ok() {
            return Ok(());
        }
        let text = [output.stderr(), output.stdout()].into_iter().find(|text| !text.is_empty());
        Err(ModuleError::failed(text.unwrap_or_default()))
    }
}
