//! `amazon.aws`: one file per module; a module exists when it is in this table.

use crate::Module;

mod ec2_metadata_facts;

// One line each: additions then merge by themselves.
#[rustfmt::skip]
pub(crate) static MODULES: &[&Module] = &[
    &ec2_metadata_facts::MODULE,
];
