//! Events in, text out: what a run shows on a terminal, in a pipe, in a log. The only crate of the engine that prints.

mod banner;
mod chosen;
mod default;
mod diff_text;
mod display;
mod error_text;
mod html_report;
mod json_report;
mod json_text;
mod junit;
mod log_file;
mod minimal;
mod plain_result;
mod progress;
mod python;
mod python_events;
mod recap;
mod result_text;
mod silent;
mod timing;
mod tree;

pub use chosen::{Content, callbacks, say_unused};
pub use default::Default;
pub use display::{Color, Display};
pub use error_text::{diagnostic_line, diagnostic_text};
pub use html_report::HtmlReport;
pub use json_report::JsonReport;
pub use junit::Junit;
pub use log_file::open_log;
pub use minimal::{Minimal, Shape};
pub use silent::Silent;
pub use timing::{ProfileTasks, Timer};
pub use tree::Tree;
