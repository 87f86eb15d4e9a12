//! `ansible.builtin`: one file per module; a module exists when it is in this table.

use crate::Module;

mod apt;
mod command;
mod copy;
mod file;
mod get_url;
mod getent;
mod group;
mod ping;
mod shell;
mod slurp;
mod stat;
mod tempfile;
mod uri;
mod user;

// One line each: additions then merge by themselves.
#[rustfmt::skip]
pub(crate) static MODULES: &[&Module] = &[
    &apt::MODULE,
    &command::MODULE,
    &copy::MODULE,
    &file::MODULE,
    &get_url::MODULE,
    &getent::MODULE,
    &group::MODULE,
    &ping::MODULE,
    &shell::MODULE,
    &slurp::MODULE,
    &stat::MODULE,
    &tempfile::MODULE,
    &uri::MODULE,
    &user::MODULE,
];
