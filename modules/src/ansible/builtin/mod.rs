//! `ansible.builtin`: one file per module; a module exists when it is in this table.

use crate::Module;

mod apt;
mod blockinfile;
mod command;
mod copy;
mod edited_file;
mod file;
mod get_url;
mod getent;
mod group;
mod lineinfile;
mod ping;
mod replace;
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
    &blockinfile::MODULE,
    &command::MODULE,
    &copy::MODULE,
    &file::MODULE,
    &get_url::MODULE,
    &getent::MODULE,
    &group::MODULE,
    &lineinfile::MODULE,
    &ping::MODULE,
    &replace::MODULE,
    &shell::MODULE,
    &slurp::MODULE,
    &stat::MODULE,
    &tempfile::MODULE,
    &uri::MODULE,
    &user::MODULE,
];
