//! The Python sidecar: filters, tests and lookups users wrote in Python, run by one `python3` beside Kapell that is
//! started when the first of them is needed.

mod answers;
mod collections;
mod module_utils;
mod plugin_files;
mod plugin_option;
mod process;
mod python_plugins;
mod seam;
mod stubs;
mod wire;

pub use module_utils::ModuleUtils;
pub use plugin_files::PluginPaths;
pub(crate) use plugin_option::{PluginOptionAsked, PythonOption};
pub(crate) use python_plugins::{Found, PythonPlugin, PythonPlugins};
pub use seam::PluginFrames;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Filter,
    Test,
    Lookup,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Test => "test",
            Self::Lookup => "lookup",
        }
    }
}
