//! Fixtures shared by the end-to-end tests.

mod processes;
mod sshd;

pub use sshd::{Account, Sshd, SshdOptions};
