//! Conditions: `when`, `failed_when`, `until`, `that`.

use std::sync::Arc;

use kapell_parsing::{Origin, Text, Value};

use crate::evaluate::{Fault, Rendering};
use crate::object::Object;
use crate::scope::Scope;
use crate::{RenderContext, Templar, TemplateError, VariableSource, python};

/// Only what the user wrote is evaluated: a host could otherwise run lookups on the control node.
pub(crate) const UNTRUSTED: &str = "Encountered untrusted template or expression.";

impl Templar {
    /// `when`, `failed_when`, `until`…: a boolean, an expression without delimiters (or a whole template that gives
    /// a boolean or another expression), or a list of them, all of which must hold.
    pub fn condition(
        &self,
        condition: &Value,
        vars: &Arc<dyn VariableSource>,
        cx: &RenderContext,
    ) -> Result<bool, TemplateError> {
        let rendering = Rendering::new(self, cx);
        let scope = Scope::new(vars.clone());
        let conditions = match condition {
            Value::List(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        for condition in conditions {
            if !self.one_condition(&rendering, &scope, condition)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn one_condition(
        &self,
        rendering: &Rendering<'_>,
        scope: &Arc<Scope>,
        condition: &Value,
    ) -> Result<bool, TemplateError> {
        let origin = condition.origin().or(rendering.cx.origin.as_ref());
        let broken = |message: String| TemplateError::Failed { message, origin: origin.cloned() };
        match condition {
            Value::Bool(b) => return Ok(*b),
            Value::Str(text) if text.is_trusted() || text.trim().is_empty() => {}
            Value::Str(_) => return Err(broken(UNTRUSTED.into())),
            Value::Null if !self.options().allow_broken_conditionals => {
                return Err(broken("Empty conditional expressions are not allowed.".into()));
            }
            _ if self.options().allow_broken_conditionals => return Ok(condition.is_truthy()),
            _ => return Err(broken("Conditional expressions must be strings.".into())),
        }
        let result = self.condition_result(rendering, scope, condition).map_err(|fault| fault.at(origin))?;
        match &result {
            Object::Bool(b) => Ok(*b),
            Object::Str(text) if text.is_empty() && condition.as_str().is_some_and(|c| c.trim().is_empty()) => {
                if self.options().allow_broken_conditionals {
                    return Ok(true);
                }
                Err(broken("Empty conditional expressions are not allowed.".into()))
            }
            other if self.options().allow_broken_conditionals => Ok(other.is_truthy()),
            other => Err(broken(not_boolean(rendering, other, origin))),
        }
    }

    /// The condition's value: of the expression, or of what a template around it gives.
    fn condition_result(
        &self,
        rendering: &Rendering<'_>,
        scope: &Arc<Scope>,
        condition: &Value,
    ) -> Result<Object, Fault> {
        let Value::Str(text) = condition else {
            return rendering.resolve(condition, scope);
        };
        if text.trim().is_empty() {
            return Ok(Object::from(""));
        }
        if !is_whole_template(text) {
            return self.condition_expression(rendering, scope, text);
        }
        match rendering.template(text, scope, None)? {
            Object::Undefined(missing) => Err(Fault::Undefined(missing)),
            Object::Str(result) if result.is_trusted() => self.condition_expression(rendering, scope, &result),
            Object::Str(result) if is_boolean_word(&result) && !is_joined(text) => {
                Ok(Object::Bool(result.eq_ignore_ascii_case("true")))
            }
            Object::Str(_) => Err(Fault::Worded(UNTRUSTED.into())),
            other => Ok(other),
        }
    }

    fn condition_expression(
        &self,
        rendering: &Rendering<'_>,
        scope: &Arc<Scope>,
        expression: &Text,
    ) -> Result<Object, Fault> {
        let origin = expression.origin().or(rendering.cx.origin.as_ref());
        let program =
            self.programs().expression(expression).map_err(|error| error.in_expression(expression, origin))?;
        let object = crate::templar::evaluate(rendering, program, scope, expression, true)?;
        crate::evaluate::defined(object)
    }
}

/// Whether the text is a template from its first to its last character; `{{ a }} and {{ b }}` is one as well.
fn is_whole_template(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("{%") && text.ends_with("%}") || text.starts_with("{{") && text.ends_with("}}")
}

/// What several expressions give is a text, whatever it says.
fn is_joined(text: &str) -> bool {
    text.trim().starts_with("{{") && !is_one_expression(text.trim())
}

/// `{{ a }} and {{ b }}` starts and ends like one expression, but is not one; delimiters in strings are none.
fn is_one_expression(text: &str) -> bool {
    let Some(inner) = text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")) else { return false };
    let mut quote = None;
    let mut before = None;
    for character in inner.chars() {
        match quote {
            Some(_) if before == Some('\\') => {
                before = None;
                continue;
            }
            Some(open) if character == open => quote = None,
            None if matches!(character, '\'' | '"') => quote = Some(character),
            None if character == '}' && before == Some('}') => return closes_a_dict(inner),
            _ => {}
        }
        before = Some(character);
    }
    true
}

/// `{{ {'a': {}}['a'] }}`: two braces that end no template.
fn closes_a_dict(inner: &str) -> bool {
    !inner.contains("{{")
}

fn is_boolean_word(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
}

fn not_boolean(rendering: &Rendering<'_>, result: &Object, origin: Option<&Origin>) -> String {
    let truth = python::scalar_text(&Object::Bool(result.is_truthy()));
    let kind = result.type_name();
    let value = python::to_value(rendering, result).ok();
    let origin = origin.filter(|_| !result.is_null());
    let place = value.as_ref().and_then(Value::origin).or(origin).map_or("<unknown>".into(), ToString::to_string);
    format!(
        "Conditional result ({truth}) was derived from value of type '{kind}' at '{place}'. Conditionals must have a boolean result."
    )
}
