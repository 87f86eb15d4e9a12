//! `community.mysql`: one file per module; a module exists when it is in this table.

use crate::Module;

mod mysql_db;
mod mysql_info;
mod mysql_query;
mod mysql_user;
mod mysql_variables;
mod session;

// One line each: additions then merge by themselves.
#[rustfmt::skip]
pub(crate) static MODULES: &[&Module] = &[
    &mysql_db::MODULE,
    &mysql_info::MODULE,
    &mysql_query::MODULE,
    &mysql_user::MODULE,
    &mysql_variables::MODULE,
];
