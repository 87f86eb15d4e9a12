//! `ansible.builtin`: one file per module; a module exists when it is in this table.

use crate::Module;

mod command;
mod group;
mod ping;
mod shell;
mod user;

// One line each: additions then merge by themselves.
#[rustfmt::skip]
pub(crate) static MODULES: &[&Module] = &[
    &command::MODULE,
    &group::MODULE,
    &ping::MODULE,
    &shell::MODULE,
    &user::MODULE,
];
