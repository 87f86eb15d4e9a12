//! `ansible.builtin`: one file per module; a module exists when it is in this table.

use crate::Module;

mod ping;

pub(crate) static MODULES: &[&Module] = &[&ping::MODULE];
