//! Connections to managed nodes: run a command with piped stdin and stdout, and bring up the worker on top of that.
//!
//! The whole crate stands on one small trait, [`Connection`]. Become, the bootstrap of the worker, module calls
//! and file transfer are built once on top of it, so another kind of connection is one short file.

mod becoming;
mod blobs;
mod bootstrap;
mod connection;
mod connections;
mod containers;
mod error;
mod openssh;
mod pending_calls;
mod program;
mod raw;
mod session_reader;
mod single_flight;
mod spec;
mod ssh;
mod startup;
mod whole_commands;
mod worker_binary;
mod worker_session;

pub use becoming::{become_line, check_become_method};
pub use blobs::{BlobSource, Blobs};
pub use connection::{Connection, ExitStatus, Process};
pub use connections::{Connections, is_known};
pub use containers::ContainerOptions;
pub use error::ConnectionError;
pub use kapell_protocol::{FetchedFile, ModuleCall, OutputStream};
pub use raw::{RawCommand, RawOutput, run_raw, start_raw};
pub use spec::{BecomeSpec, ConnectionSpec, Secret};
pub use whole_commands::WholeCommands;
pub use worker_session::{OutputLine, WorkerSession};
