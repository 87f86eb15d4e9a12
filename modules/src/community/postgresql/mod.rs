//! `community.postgresql`: one file per module; a module exists when it is in this table.

use crate::Module;

mod postgresql_db;
mod postgresql_ext;
mod postgresql_info;
mod postgresql_membership;
mod postgresql_owner;
mod postgresql_ping;
mod postgresql_privs;
mod postgresql_query;
mod postgresql_schema;
mod postgresql_set;
mod postgresql_user;
mod session;

// One line each: additions then merge by themselves.
#[rustfmt::skip]
pub(crate) static MODULES: &[&Module] = &[
    &postgresql_db::MODULE,
    &postgresql_ext::MODULE,
    &postgresql_info::MODULE,
    &postgresql_membership::MODULE,
    &postgresql_owner::MODULE,
    &postgresql_ping::MODULE,
    &postgresql_privs::MODULE,
    &postgresql_query::MODULE,
    &postgresql_schema::MODULE,
    &postgresql_set::MODULE,
    &postgresql_user::MODULE,
];
