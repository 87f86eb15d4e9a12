//! `Told`: errors and warnings, each of which is told once.

use std::collections::HashSet;

use kapell_config::Settings;
use kapell_parsing::{Diagnostic, Severity};

use crate::{Color, diagnostic_line};

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

    /// What is to be told of a finding.
    pub(crate) fn line_of(&mut self, diagnostic: &Diagnostic) -> Option<(String, Color)> {
        if diagnostic.severity == Severity::Deprecation && !self.deprecations {
            return None;
        }
        Some(diagnostic_line(diagnostic)).filter(|(text, _)| self.is_new(text))
    }
}
