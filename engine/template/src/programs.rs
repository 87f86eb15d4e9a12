//! `Programs`: templates and expressions read so far, by their text.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, PoisonError, RwLock};

use kapell_parsing::{Origin, SourceFile};

use crate::syntax::{self, Extensions, Program, SyntaxError};
use crate::{TemplateError, TextOptions};

/// Programs kept. Content has far fewer templates; texts made up in a loop do not fill the memory.
const KEPT: usize = 50_000;

#[derive(Default)]
pub(crate) struct Programs {
    hasher: RandomState,
    extensions: Extensions,
    known: RwLock<HashMap<u64, Arc<Entry>>>,
}

struct Entry {
    kind: Kind,
    text: Box<str>,
    program: Arc<Program>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Kind {
    Template,
    Expression,
    File(Box<TextOptions>),
}

impl Programs {
    pub(crate) fn new(extensions: Extensions) -> Self {
        Self { extensions, ..Self::default() }
    }

    /// A template in a playbook or variable.
    pub(crate) fn template(&self, text: &str) -> Result<Arc<Program>, SyntaxError> {
        self.get(&Kind::Template, text, |text| {
            syntax::parse_template(text, &TextOptions::default(), true, self.extensions)
        })
    }

    /// A bare expression.
    pub(crate) fn expression(&self, text: &str) -> Result<Arc<Program>, SyntaxError> {
        self.get(&Kind::Expression, text, syntax::parse_expression)
    }

    /// A template file.
    pub(crate) fn file(&self, file: &SourceFile, options: &TextOptions) -> Result<Arc<Program>, SyntaxError> {
        self.get(&Kind::File(Box::new(options.clone())), &file.text, |text| {
            syntax::parse_template(text, options, false, self.extensions)
        })
    }

    fn get(
        &self,
        kind: &Kind,
        text: &str,
        parse: impl FnOnce(&str) -> Result<Program, SyntaxError>,
    ) -> Result<Arc<Program>, SyntaxError> {
        let key = self.hasher.hash_one((kind, text));
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(entry) = known.filter(|entry| entry.kind == *kind && &*entry.text == text) {
            return Ok(entry.program.clone());
        }
        let program = Arc::new(parse(text)?);
        let entry = Entry { kind: kind.clone(), text: text.into(), program: program.clone() };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(key, Arc::new(entry));
        Ok(program)
    }
}

impl SyntaxError {
    /// As Ansible words it for a `template` or an `expression` written at `origin`.
    pub(crate) fn worded(self, kind: &str, origin: Option<&Origin>) -> TemplateError {
        TemplateError::Syntax { message: format!("Syntax error in {kind}: {}", self.message), origin: origin.cloned() }
    }

    /// As Ansible words it for a bare expression.
    pub(crate) fn in_expression(self, expression: &str, origin: Option<&Origin>) -> TemplateError {
        let delimited = expression.contains("{{") || expression.contains("{%");
        let hint = if delimited { ". Template delimiters are not supported in expressions" } else { "" };
        self.worded(&format!("expression{hint}"), origin)
    }

    /// As Ansible words it for a template file.
    pub(crate) fn in_file(self, file: &Arc<SourceFile>) -> TemplateError {
        let origin = Origin::new(file.clone(), self.line, 1);
        self.worded("template", Some(&origin))
    }
}
