//! The `ansible` namespace.

mod builtin;

pub(crate) use builtin::MODULES;
