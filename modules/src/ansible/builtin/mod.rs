//! `ansible.builtin`: one file per module; a module exists when it is in this table.

use crate::Module;

mod group;
mod ping;
mod user;

pub(crate) static MODULES: &[&Module] = &[&group::MODULE, &ping::MODULE, &user::MODULE];
