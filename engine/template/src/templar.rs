//! `Templar`: the crate's door. Renders values, conditions, bare expressions and whole files.

use std::sync::Arc;

use kapell_parsing::{Map, SourceFile, Text, Value};

use crate::{RenderContext, TemplarOptions, TemplateError, TextOptions, VariableSource};

const OMIT: &str = "__omit__";

/// The value of `omit`: asks for its map entry, list item or option to be left out.
pub fn omit() -> Value {
    Value::undefined(Some(OMIT), "an omitted value was used")
}

/// Whether `value`, a result of `Templar::render`, is `omit`.
pub fn is_omit(value: &Value) -> bool {
    matches!(value, Value::Undefined(undefined) if undefined.name.as_deref() == Some(OMIT))
}

/// Shared by all hosts of a run.
pub struct Templar {
    options: TemplarOptions,
}

impl Templar {
    pub fn new(options: TemplarOptions) -> Self {
        Self { options }
    }

    pub fn options(&self) -> &TemplarOptions {
        &self.options
    }

    /// Templates every trusted string in `value`; a template that is one expression gives its native value. Strings a
    /// template made are untrusted. Entries and items that come out as `omit` are dropped; a whole value that is
    /// `omit` comes back as such (`is_omit`).
    pub fn render(
        &self,
        value: &Value,
        _vars: &Arc<dyn VariableSource>,
        _cx: &RenderContext,
    ) -> Result<Value, TemplateError> {
        Ok(value.clone())
    }

    /// `when`, `failed_when`, `until`…: a boolean, an expression without delimiters, or a list of them, all of which
    /// must hold.
    pub fn condition(
        &self,
        condition: &Value,
        _vars: &Arc<dyn VariableSource>,
        _cx: &RenderContext,
    ) -> Result<bool, TemplateError> {
        Ok(condition.is_truthy())
    }

    /// The native value of an expression without delimiters.
    pub fn expression(
        &self,
        expression: &Text,
        _vars: &Arc<dyn VariableSource>,
        _cx: &RenderContext,
    ) -> Result<Value, TemplateError> {
        Ok(Value::Str(expression.clone()))
    }

    /// A template file's text.
    pub fn render_text(
        &self,
        source: &Arc<SourceFile>,
        _options: &TextOptions,
        _vars: &Arc<dyn VariableSource>,
        _cx: &RenderContext,
    ) -> Result<String, TemplateError> {
        Ok(source.text.clone())
    }

    /// A lookup plugin's results, as `with_NAME` wants them. Strings in `terms` are templated by the caller.
    pub fn lookup(
        &self,
        name: &str,
        _terms: &[Value],
        _kwargs: &Map,
        _vars: &Arc<dyn VariableSource>,
        cx: &RenderContext,
    ) -> Result<Vec<Value>, TemplateError> {
        Err(TemplateError::Failed {
            message: format!("The lookup plugin '{name}' was not found."),
            origin: cx.origin.clone(),
        })
    }
}
