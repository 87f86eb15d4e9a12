//! `ansible.builtin.slurp`: a file's content, in base64.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::{os_error, root_cause};
use crate::{Arg, Args, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.slurp", ARGS, run);

const ARGS: &[Arg] = &[Arg::path("src").required().alias(&["path"])];

fn run(args: &Args, _cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let source = args.str("src")?;
    let content = fs_err::read(source).map_err(|error| {
        let msg = match root_cause(&error).kind() {
            io::ErrorKind::NotFound => format!("File not found: {source}"),
            io::ErrorKind::IsADirectory => format!("Source is a directory and must be a file: {source}"),
            io::ErrorKind::PermissionDenied => format!("File is not readable: {source}"),
            _ => format!("Unable to slurp file: {source}"),
        };
        ModuleError::failed(msg).with("exception", os_error(&error, source))
    })?;
    Ok(ModuleResult::ok().set("content", STANDARD.encode(content)).set("source", source).set("encoding", "base64"))
}
