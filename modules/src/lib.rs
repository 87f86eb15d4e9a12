//! The modules: everything that runs on a managed node, and the table of their names and arguments.
//!
//! `run` is the way in: it validates a call's arguments, runs the module and returns its result as JSON.
//! `fetch` is their HTTP client for the control node.
//! `find` and `all` are for whoever needs the names and argument specifications (the engine, documentation).

mod accounts;
mod amazon;
mod ansible;
mod arg;
mod args;
mod attributes;
mod byte_text;
mod catalogue;
mod changes;
mod checksum;
mod command;
mod community;
mod context;
mod conversion;
mod debian;
mod diff;
mod error;
mod file_writing;
mod glob_paths;
mod http;
mod lines;
mod local_time;
mod mode;
mod module;
mod name_resolution;
mod path_facts;
mod python_regex;
mod python_repr;
mod python_version;
mod real_path;
mod result;
mod run;
mod secrets;
mod services;
mod silence;
mod terminal;
mod text_encoding;
mod url_login;
mod validation;
mod words;
mod worker;

pub use accounts::{Accounts, Group, User};
pub use ansible::builtin::assemble::Fragments;
pub use arg::{Arg, ArgKind, Constraint};
pub use args::Args;
pub use attributes::{AttributeDiff, FileAttributes};
pub use catalogue::{all, find};
pub use checksum::Digests;
pub use command::{CommandOutput, CommandSpec};
pub use context::Context;
pub use conversion::convert_value;
pub use diff::Diff;
pub use error::ModuleError;
pub use file_writing::{Content, WriteOptions};
pub use http::{Fetch, Fetched, fetch};
pub use kapell_protocol::{BlobSource, EventSink, ModuleCall, OutputStream};
pub use module::{Module, Support};
pub use result::ModuleResult;
pub use run::run;
pub use silence::{NoBlobs, NoEvents};
pub use url_login::UrlLogin;
pub use validation::{check_arguments, refuse_private};
pub use worker::find_object;

/// A JSON object, in insertion order.
pub type Map = serde_json::Map<String, serde_json::Value>;
