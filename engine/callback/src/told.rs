//! `Told`: errors and warnings, each of which is told once.

use std::collections::HashSet;

use kapell_config::Settings;
use kapell_parsing::{Diagnostic, Severity};

use crate::{Display, diagnostic_line};

/// What stands before the first deprecation.
pub const SPARED: &str = "Deprecation warnings can be disabled by setting `deprecation_warnings=False` in ansible.cfg.";

pub(crate) struct Told {
    texts: HashSet<String>,
    /// Whether deprecations are told at all.
    deprecations: bool,
}

impl Told {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self { texts: HashSet::new(), deprecations: settings.deprecation_warnings }
    }

    /// Whether this is the first time; from now on it is told.
    pub(crate) fn is_new(&mut self, text: &str) -> bool {
        self.texts.insert(text.to_owned())
    }

    /// Shows a finding, if it is new. Before the first deprecation stands how to be spared of them.
    pub(crate) fn tell(&mut self, display: &Display, diagnostic: &Diagnostic) {
        let is_deprecation = diagnostic.severity == Severity::Deprecation;
        if is_deprecation && !self.deprecations {
            return;
        }
        let (text, color) = diagnostic_line(diagnostic);
        if self.is_new(&text) {
            if is_deprecation {
                self.tell(display, &Diagnostic::warning(SPARED));
            }
            display.err(&text, color);
        }
    }
}
