//! `Display`: standard output and standard error with colours, shared with the progress line below them.

use std::io::{IsTerminal, Write};

use crate::log_file;
use crate::screen::{self, Stream};

/// The colours ansible-playbook uses by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Color {
    Plain,
    Ok,
    Changed,
    Skipped,
    Failed,
    Unreachable,
    Warning,
    Deprecation,
    Verbose,
    Highlight,
    DiffAdded,
    DiffRemoved,
    DiffPlace,
}

impl Color {
    /// The parameters of its SGR sequence.
    fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Ok | Self::DiffAdded => Some("0;32"),
            Self::Changed => Some("0;33"),
            Self::Skipped | Self::DiffPlace => Some("0;36"),
            Self::Failed | Self::DiffRemoved => Some("0;31"),
            Self::Unreachable => Some("1;31"),
            Self::Warning => Some("1;35"),
            Self::Deprecation => Some("0;35"),
            Self::Verbose => Some("0;34"),
            Self::Highlight => Some("0;37"),
        }
    }
}

pub struct Display {
    pub colored: bool,
}

impl Display {
    /// `no_color` and `force_color` are the settings of these names.
    pub fn new(no_color: bool, force_color: bool) -> Self {
        let terminal = std::io::stdout().is_terminal();
        let colored = force_color || (terminal && !no_color);
        Self { colored }
    }

    /// Width of banners: that of the terminal just now, or ansible-playbook's 79 elsewhere.
    pub fn columns(&self) -> usize {
        let stdout = console::Term::stdout();
        if stdout.is_term() { usize::from(stdout.size().1).saturating_sub(1).max(40) } else { 79 }
    }

    /// `text` and a line end to standard output.
    pub fn out(&self, text: &str, color: Color) {
        log_file::write(text);
        self.print(text, color);
    }

    /// Text that `make` hands over piece by piece, and a line end, to standard output.
    pub fn out_in_pieces<E>(&self, make: impl FnOnce(&mut dyn FnMut(&str)) -> Result<(), E>) -> Result<(), E> {
        let mut logged = log_file::is_open().then(String::new);
        let mut stdout = std::io::stdout().lock();
        let made = make(&mut |piece| {
            if let Some(logged) = &mut logged {
                logged.push_str(piece);
            }
            let _ = stdout.write_all(piece.as_bytes());
        });
        let _ = stdout.write_all(b"\n").and_then(|()| stdout.flush());
        log_file::write(&logged.unwrap_or_default());
        made
    }

    /// A line for those who ask for `level` of detail, here or in the log.
    pub fn detail(&self, text: &str, level: u8, verbosity: u8) {
        log_file::write_detail(text, level, verbosity);
        if verbosity >= level {
            self.print(text, Color::Verbose);
        }
    }

    fn print(&self, text: &str, color: Color) {
        screen::print(Stream::Out, &(self.paint(text, color) + "\n"));
    }

    /// `text` to standard output, where an answer is to follow on the same line.
    pub fn prompt(&self, text: &str) {
        screen::hide();
        screen::print(Stream::Out, text);
    }

    /// `text` and a line end to standard error.
    pub fn err(&self, text: &str, color: Color) {
        log_file::write(text);
        screen::print(Stream::Err, &(self.paint(text, color) + "\n"));
    }

    /// `text` in `color`, line by line, when colours are on.
    pub fn paint(&self, text: &str, color: Color) -> String {
        let Some(code) = color.code().filter(|_| self.colored) else { return text.to_owned() };
        text.split('\n').map(|line| format!("\x1b[{code}m{line}\x1b[0m")).collect::<Vec<_>>().join("\n")
    }
}
