//! What plugins ask that have neither task nor host: messages, other plugins, settings, templates.

use std::sync::Arc;

use kapell_parsing::{Diagnostic, Map, Value};
use kapell_template::{PluginFrames, RenderContext, Templar, VariableSource};

use super::blocking::{BlockingProcess, Reply};
use super::{PluginKind, request};
use crate::ModuleLibrary;

/// Who answers.
pub(super) struct Questions<'q> {
    /// Finds other plugins, where there is one.
    pub(super) library: Option<&'q ModuleLibrary>,
    pub(super) templar: &'q Templar,
}

impl Questions<'_> {
    /// One request to its end; what the plugin says meanwhile becomes `warnings`.
    pub(super) fn request(
        &self,
        process: &mut BlockingProcess,
        message: &Value,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<Value, String> {
        process.send(message)?;
        loop {
            match process.reply()? {
                Reply::Result(result) => return Ok(result),
                Reply::Raised(raised) => return Err(raised.message),
                Reply::Question(question) => process.send(&self.answer(&question, warnings))?,
            }
        }
    }

    fn answer(&self, question: &Map, warnings: &mut Vec<Diagnostic>) -> Value {
        let text = |name: &str| question.get(name).and_then(Value::as_str).unwrap_or_default();
        let known = |answer: Value| request::map([("answer", answer)]);
        match text("ask") {
            "notice" => {
                let told = PluginFrames::notice_text(question);
                match text("level") {
                    "warning" => warnings.push(Diagnostic::warning(told)),
                    "deprecated" => warnings.push(Diagnostic::deprecation(told)),
                    level => {
                        let verbosity = level.strip_prefix("verbose").and_then(|number| number.parse::<u64>().ok());
                        tracing::debug!(verbosity = verbosity.unwrap_or(3), "{told}");
                    }
                }
                known(Value::Null)
            }
            "find_plugin" => {
                let kind = PluginKind::named(text("kind"));
                let found = kind.and_then(|kind| self.library?.plugin(kind, text("name")));
                known(found.map_or(Value::Null, |plugin| request::plugin(&plugin)))
            }
            _ => {
                let none: Arc<dyn VariableSource> = Arc::new(Map::new());
                self.templar.answer_plugin(question, &none, &RenderContext::default())
            }
        }
    }
}
