//! `ansible.builtin.ping`: answers, so one knows that the node is reachable and modules run there.

use crate::{Arg, Args, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.ping", ARGS, run);

const ARGS: &[Arg] = &[Arg::str("data").default("pong")];

fn run(args: &Args, _cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let data = args.str("data")?;
    if data == "crash" {
        return Err(ModuleError::failed("Task failed: Module failed: boom"));
    }
    Ok(ModuleResult::ok().set("ping", data))
}
