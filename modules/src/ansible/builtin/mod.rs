//! `ansible.builtin`: one file per module; a module exists when it is in this table.

use crate::Module;

mod command;
mod file;
mod getent;
mod group;
mod ping;
mod shell;
mod slurp;
mod stat;
mod tempfile;
mod user;

// One line each: additions then merge by themselves.
#[rustfmt::skip]
pub(crate) static MODULES: &[&Module] = &[
    &command::MODULE,
    &file::MODULE,
    &getent::MODULE,
    &group::MODULE,
    &ping::MODULE,
    &shell::MODULE,
    &slurp::MODULE,
    &stat::MODULE,
    &tempfile::MODULE,
    &user::MODULE,
];
