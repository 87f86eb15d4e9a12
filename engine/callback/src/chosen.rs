//! Which callbacks a run has, by the names of the settings.

use kapell_config::Settings;
use kapell_executor::Callback;
use kapell_parsing::Diagnostic;

use crate::{Default, Minimal, Shape};

/// The one for standard output. An unknown name is an error.
pub fn callbacks(settings: &Settings, verbosity: u8) -> Result<Vec<Box<dyn Callback>>, Diagnostic> {
    let name = settings.stdout_callback.as_str();
    let stdout: Box<dyn Callback> = match name.strip_prefix("ansible.builtin.").unwrap_or(name) {
        "minimal" => Box::new(Minimal::new(settings, verbosity, Shape::Block)),
        "oneline" => Box::new(Minimal::new(settings, verbosity, Shape::Line)),
        _ => Box::new(Default::new(settings, verbosity)),
    };
    Ok(vec![stdout])
}
