//! `ansible.posix`: one file per module; a module exists when it is in this table.

use crate::Module;

// One line each: additions then merge by themselves.
#[rustfmt::skip]
pub(crate) static MODULES: &[&Module] = &[
];
