//! Fixtures shared by the end-to-end tests.

pub mod fuzz;
#[cfg(feature = "odd-server")]
pub mod odd_server;
mod processes;
#[cfg(feature = "relay")]
pub mod relay;
mod sshd;

pub use sshd::{Account, Sshd, SshdOptions, ssh_keygen};
