//! AWS: the inventory source `amazon.aws.aws_ec2` and the `amazon.aws` modules, which run on the control node.
#![cfg(feature = "sdk")]

mod access;
mod api_error;
mod inventory;
mod modules;
mod runtime;
mod shape;

pub use inventory::PLUGIN;
pub use modules::MODULES;
