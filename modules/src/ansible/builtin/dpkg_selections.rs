//! `ansible.builtin.dpkg_selections`: whether dpkg holds, installs or removes a package.

use crate::debian::dpkg_status::DpkgStatus;
use crate::{Arg, Args, CommandSpec, Context, Diff, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.dpkg_selections", ARGS, run).diff();

const ARGS: &[Arg] = &[
    Arg::str("name").required(),
    Arg::str("selection").required().choices(&["install", "hold", "deinstall", "purge"]),
];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let (name, wanted) = (args.str("name")?, args.str("selection")?);
    cx.require_program("dpkg")?;
    let installed = DpkgStatus::read(cx)?;
    let Some(package) = installed.find(name) else {
        return Err(ModuleError::failed(format!("Failed to find package '{name}' to perform selection '{wanted}'.")));
    };
    let changed = package.want != wanted;
    if changed {
        cx.run_ok(&CommandSpec::new(["dpkg", "--set-selections"]).stdin(format!("{name} {wanted}\n")))?;
    }
    let result = ModuleResult::ok().changed(changed).set("before", package.want.clone()).set("after", wanted);
    Ok(if cx.diff_mode { result.diff(Diff::new(package.want.clone(), wanted)) } else { result })
}
