//! The `community` namespace.

mod general;

pub(crate) use general::MODULES as GENERAL;
