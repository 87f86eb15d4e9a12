//! `Finding`: one thing that is wrong with content, and how sure that is.

use std::collections::HashMap;

use kapell_parsing::{Diagnostic, Origin};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Certainty {
    /// A run that gets there fails.
    Certain,
    /// It depends on hosts, inventory or the command line.
    Possible,
}

/// What a rule is about; its name in JSON and SARIF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Rule {
    Syntax,
    UnknownModule,
    Argument,
    MissingFile,
    MissingHandler,
    TemplateSyntax,
    UndefinedVariable,
}

impl Rule {
    pub(crate) const ALL: [(Self, &str, &str); 7] = [
        (Self::Syntax, "syntax", "Content must be readable as what it should be"),
        (Self::UnknownModule, "unknown-module", "Tasks need a module or action that exists"),
        (Self::Argument, "argument", "Modules get the arguments they know"),
        (Self::MissingFile, "missing-file", "Files and roles that are named must be there"),
        (Self::MissingHandler, "missing-handler", "What is notified must exist"),
        (Self::TemplateSyntax, "template-syntax", "Templates must be readable"),
        (Self::UndefinedVariable, "undefined-variable", "Variables that are read must be set somewhere"),
    ];

    pub(crate) fn id(self) -> &'static str {
        Self::ALL.iter().find(|(rule, ..)| *rule == self).map_or("", |(_, id, _)| id)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub rule: Rule,
    pub certainty: Certainty,
    pub diagnostic: Diagnostic,
}

/// File, line and column.
type Spot = (std::path::PathBuf, u32, u32);

/// Each one once, as certain as it is anywhere.
#[derive(Default)]
pub(crate) struct Findings {
    all: Vec<Finding>,
    /// Where in `all` it is.
    known: HashMap<(Rule, String, Option<Spot>), usize>,
}

impl Findings {
    pub(crate) fn add(&mut self, rule: Rule, certainty: Certainty, diagnostic: Diagnostic) {
        let place = diagnostic.origin.as_ref().map(|at| (at.path().to_owned(), at.line, at.column));
        let index = *self.known.entry((rule, diagnostic.message.clone(), place)).or_insert(self.all.len());
        match self.all.get_mut(index) {
            Some(known) => known.certainty = known.certainty.min(certainty),
            None => self.all.push(Finding { rule, certainty, diagnostic }),
        }
    }

    pub(crate) fn extend(&mut self, more: Self) {
        for Finding { rule, certainty, diagnostic } in more.all {
            self.add(rule, certainty, diagnostic);
        }
    }

    /// By certainty, file and line.
    pub(crate) fn sorted(mut self) -> Vec<Finding> {
        let place = |at: &Origin| (at.path().to_owned(), at.line, at.column);
        self.all.sort_by_cached_key(|finding| {
            let at = finding.diagnostic.origin.as_ref().map(place);
            (finding.certainty, at, finding.rule, finding.diagnostic.message.clone())
        });
        self.all
    }
}
