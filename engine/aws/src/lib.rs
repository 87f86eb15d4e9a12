//! AWS: the inventory source `amazon.aws.aws_ec2`, the `amazon.aws` modules and lookups, which run on the control node. All but
//! the modules' tables of arguments needs the feature `sdk`.

mod tables;

#[cfg(feature = "sdk")]
mod access;
#[cfg(feature = "sdk")]
mod api_error;
#[cfg(feature = "sdk")]
mod inventory;
#[cfg(feature = "sdk")]
mod lookups;
#[cfg(feature = "sdk")]
mod modules;
#[cfg(feature = "sdk")]
mod runtime;
#[cfg(feature = "sdk")]
mod service;
#[cfg(feature = "sdk")]
mod shape;
#[cfg(feature = "sdk")]
mod xml;

#[cfg(feature = "sdk")]
pub use inventory::PLUGIN;
#[cfg(feature = "sdk")]
pub use lookups::LOOKUPS;
#[cfg(feature = "sdk")]
pub use modules::MODULES;
pub use tables::{ACCESS_ARGS, TABLES, Table};
