//! The `community` namespace.

mod crypto;
mod docker;
mod general;
mod mysql;
mod postgresql;

pub(crate) use crypto::MODULES as CRYPTO;
pub(crate) use docker::MODULES as DOCKER;
pub(crate) use general::MODULES as GENERAL;
pub(crate) use mysql::MODULES as MYSQL;
pub(crate) use postgresql::MODULES as POSTGRESQL;
