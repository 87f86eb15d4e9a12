//! `when`, `failed_when`, `changed_when`, `until`: conditions as a task sees them.

use std::sync::Arc;

use kapell_parsing::{Diagnostic, Value};
use kapell_template::{RenderContext, Templar, TemplateError, VariableSource};

use crate::error_report::ErrorReport;

/// What a list of conditions came to.
pub enum Verdict {
    True,
    /// The condition that did not hold, as written.
    False(Value),
}

/// Why a condition could not be judged.
#[derive(Debug)]
pub struct ConditionError {
    pub error: TemplateError,
    pub written: Value,
}

impl ConditionError {
    /// What is undefined is told as part of the condition.
    pub fn report(&self) -> ErrorReport {
        let mut report = ErrorReport::of_template(&self.error, self.written.origin());
        if self.error.is_undefined() {
            return report.wrap("Error while evaluating conditional.", self.written.origin());
        }
        if let Some(cause) = report.causes.last_mut().filter(|cause| cause.message.contains("Conditional")) {
            cause.hint =
                Some("setting `allow_broken_conditionals` takes such conditions as ansible-core 2.18 did".into());
        }
        report
    }
}

/// Asks each condition in turn; the first that does not hold decides.
pub fn judge(
    templar: &Templar,
    conditions: &[&Value],
    vars: &Arc<dyn VariableSource>,
    cx: &RenderContext,
) -> Result<Verdict, ConditionError> {
    for condition in conditions {
        match templar.condition(condition, vars, cx) {
            Ok(true) => {}
            Ok(false) => return Ok(Verdict::False((*condition).clone())),
            Err(error) => return Err(ConditionError { error, written: (*condition).clone() }),
        }
    }
    Ok(Verdict::True)
}

/// What to tell about a condition that is written between template delimiters, which it does not need.
pub fn deprecated_delimiters(condition: &Value) -> Option<Diagnostic> {
    let text = condition.as_text().filter(|text| text.is_template())?;
    let message = "Conditionals should not be surrounded by templating delimiters such as {{ }} or {% %}.";
    is_delimited(text).then(|| Diagnostic::deprecation(message).at(text.origin()))
}

/// Whether the text is a template from its first to its last character.
pub fn is_delimited(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("{{") && text.ends_with("}}") || text.starts_with("{%") && text.ends_with("%}")
}

/// A condition keyword's value as a list of single conditions.
pub fn as_list(value: &Value) -> Vec<&Value> {
    match value {
        Value::List(items) => items.iter().collect(),
        other => vec![other],
    }
}
