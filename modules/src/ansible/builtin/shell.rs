//! `ansible.builtin.shell`: runs a script in a shell; otherwise like `command`.

use super::command;
use crate::module::Support;
use crate::{Args, Context, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.shell", command::ARGS, run)
    .constraints(command::CONSTRAINTS)
    .check_mode(Support::Partial)
    .free_form("_raw_params");

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    command::run(&args.clone().with("_uses_shell", true), cx)
}
