//! `Refusal`: why a command did not do its work, with the exit code that says so; and how findings are told.

use kapell_callback::{Display, SPARED, diagnostic_line};
use kapell_executor::{Callback, Event, Stopped};
use kapell_parsing::{Diagnostic, Severity};

use crate::exit_code::Exit;

pub(crate) struct Refusal {
    pub exit: Exit,
    pub errors: Vec<Diagnostic>,
}

impl Refusal {
    /// `exit`, unless the first error says that it is of another kind.
    pub(crate) fn new(exit: Exit, errors: Vec<Diagnostic>) -> Self {
        let exit = errors.first().and_then(|error| error.kind).map_or(exit, Exit::from);
        Self { exit, errors }
    }

    /// A command line that argparse would not have taken.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::USAGE, vec![Diagnostic::error(message)])
    }

    /// Options that contradict each other or the content.
    pub(crate) fn options(message: impl Into<String>) -> Self {
        Self::new(Exit::BadOptions, vec![Diagnostic::error(message)])
    }

    /// Content that cannot be read as what it should be.
    pub(crate) fn content(error: Diagnostic) -> Self {
        Self::new(Exit::PARSE_ERROR, vec![error])
    }
}

impl From<Diagnostic> for Refusal {
    fn from(error: Diagnostic) -> Self {
        Self::new(Exit::Error, vec![error])
    }
}

impl From<Stopped> for Refusal {
    fn from(stopped: Stopped) -> Self {
        Self::new(if stopped.content { Exit::PARSE_ERROR } else { Exit::Error }, stopped.errors)
    }
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        Diagnostic::error(format!("{error:#}")).into()
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        Diagnostic::error(error.to_string()).into()
    }
}

/// Runs a whole command: what it found and why it stopped go to standard error.
pub(crate) fn conclude(run: impl FnOnce(&mut Vec<Diagnostic>) -> Result<Exit, Refusal>) -> std::process::ExitCode {
    let mut warnings = Vec::new();
    let ended = run(&mut warnings);
    let display = Display::new(false, false);
    tell(&display, &warnings);
    match ended {
        Ok(exit) => exit.into(),
        Err(refusal) => {
            tell(&display, &refusal.errors);
            refusal.exit.into()
        }
    }
}

/// Findings of before the run, told as those of the run are: each once.
pub(crate) fn tell_through(callbacks: &mut [Box<dyn Callback>], findings: Vec<Diagnostic>) {
    for event in findings.into_iter().map(Event::Diagnostic) {
        callbacks.iter_mut().for_each(|callback| callback.on_event(&event));
    }
}

/// Findings on standard error, each with its place.
pub(crate) fn tell(display: &Display, diagnostics: &[Diagnostic]) {
    let spared = Diagnostic::warning(SPARED);
    let first = diagnostics.iter().position(|told| told.severity == Severity::Deprecation).unwrap_or(diagnostics.len());
    let (before, after) = diagnostics.split_at(first);
    let spared = Some(&spared).filter(|_| !after.is_empty());
    for diagnostic in before.iter().chain(spared).chain(after) {
        let (line, color) = diagnostic_line(diagnostic);
        display.err(&line, color);
    }
}
