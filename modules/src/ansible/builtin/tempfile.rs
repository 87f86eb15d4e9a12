//! `ansible.builtin.tempfile`: a new file or directory with a name nobody has.

use std::path::Path;

use crate::attributes::path_text;
use crate::error::os_error;
use crate::module::Support;
use crate::{Arg, Args, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.tempfile", ARGS, run).check_mode(Support::None);

const ARGS: &[Arg] = &[
    Arg::str("state").default("file").choices(&["file", "directory"]),
    Arg::path("path"),
    Arg::str("prefix").default("ansible."),
    Arg::str("suffix").default(""),
];

fn run(args: &Args, _cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let dir = args.opt_path("path").unwrap_or_else(std::env::temp_dir);
    let mut builder = ::tempfile::Builder::new();
    builder.prefix(args.str("prefix")?).suffix(args.str("suffix")?).rand_bytes(8);
    let path = if args.str("state")? == "directory" {
        builder
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700))
            .tempdir_in(&dir)
            .map(::tempfile::TempDir::keep)
    } else {
        builder.tempfile_in(&dir).and_then(|file| Ok(file.keep()?.1))
    };
    let path = path.map_err(|error| not_made(&error, args, &dir))?;
    Ok(ModuleResult::ok().changed(true).set("path", path_text(&path)))
}

fn not_made(error: &std::io::Error, args: &Args, dir: &Path) -> ModuleError {
    let name =
        format!("{}XXXXXXXX{}", args.opt_str("prefix").unwrap_or_default(), args.opt_str("suffix").unwrap_or_default());
    ModuleError::failed(os_error(error, &path_text(&dir.join(name))))
}
