//! `ansible.posix`: one file per module; a module exists when it is in this table.

use crate::Module;

mod acl;
mod at;
mod authorized_key;
mod firewalld;
mod mount;
mod patch;
mod seboolean;
mod selinux;
mod synchronize;
mod sysctl;

// One line each: additions then merge by themselves.
#[rustfmt::skip]
pub(crate) static MODULES: &[&Module] = &[
    &acl::MODULE,
    &at::MODULE,
    &authorized_key::MODULE,
    &firewalld::MODULE,
    &mount::MODULE,
    &patch::MODULE,
    &seboolean::MODULE,
    &selinux::MODULE,
    &synchronize::MODULE,
    &sysctl::MODULE,
];
