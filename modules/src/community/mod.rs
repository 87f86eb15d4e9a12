//! The `community` namespace.

mod general;
mod postgresql;

pub(crate) use general::MODULES as GENERAL;
pub(crate) use postgresql::MODULES as POSTGRESQL;
