//! `ansible.builtin.shell`: runs a script in a shell; otherwise like `command`.

use super::command;
use crate::module::Support;
use crate::{Arg, Module};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.shell", ARGS, command::run_shell)
    .constraints(command::CONSTRAINTS)
    .check_mode(Support::Partial)
    .free_form("_raw_params");

const ARGS: &[Arg] = &command::args("true");
