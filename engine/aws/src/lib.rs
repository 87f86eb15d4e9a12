//! AWS: the inventory source `amazon.aws.aws_ec2` the `amazon.aws` modules and lookups, which run on the control node.
#![cfg(feature = "sdk")]

mod access;
mod api_error;
mod inventory;
mod lookups;
mod modules;
mod runtime;
mod service;
mod shape;
mod xml;

pub use inventory::PLUGIN;
pub use lookups::LOOKUPS;
pub use modules::MODULES;
