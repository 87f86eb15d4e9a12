//! Plugins users wrote in Python: actions and connections. Each task that has one talks to a Python process of its own
//! for as long as it runs, so that plugins of several hosts work at the same time and never wait for each other.

mod action;
mod answers;
mod blocking;
mod connection;
mod facts;
mod files;
mod process;
mod questions;
mod request;
mod sources;
mod stubs;
mod vars;

pub(crate) use action::run;
pub use blocking::{BlockingProcess, Raised, Reply};
pub(crate) use connection::PluginConnection;
pub use facts::PythonFacts;
pub use files::{PluginFile, PluginKind};
pub use process::PluginProcesses;
pub use sources::PythonSources;
pub use vars::PythonVars;
