//! The `ansible` namespace.

pub(crate) mod builtin;
mod posix;

pub(crate) use builtin::MODULES as BUILTIN;
pub(crate) use posix::MODULES as POSIX;
