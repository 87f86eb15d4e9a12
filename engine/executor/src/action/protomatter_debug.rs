//! `ansible._protomatter.debug`: shows the values of expressions, whatever is wrong with them in place.

use kapell_parsing::{Map, Origin, Text, Value};
use kapell_template::TemplateError;

use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput};
use crate::TaskResult;
use crate::error_report::undefined_parts;
use crate::resolve::ResolvedTask;

pub(super) static ACTION: Action = Action { name: "ansible._protomatter.debug", run: start };

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(async move { run(task, cx) })
}

fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    let expressions = match task.args.get("expression").filter(|given| !given.is_null()) {
        None => return Err(ActionError::failed("missing required arguments: expression")),
        Some(Value::List(items)) => items.to_vec(),
        Some(one) => vec![one.clone()],
    };
    let mut shown = Shown::default();
    for expression in &expressions {
        let Some(expression) = expression.as_text() else {
            return Err(ActionError::failed(format!(
                "Elements value for option 'expression' is of type {} and we were unable to convert to \
                 _check_type_str_no_conversion: '{expression}' is not a string and conversion is not allowed",
                expression.type_name()
            )));
        };
        shown.add(expression, cx);
    }
    let mut result = TaskResult::new(Map::new());
    if !shown.warnings.is_empty() {
        result.set("warnings", shown.warnings);
    }
    result.set("expression_result", shown.values);
    result.set("changed", false);
    result.verbose_always = true;
    Ok(result.into())
}

/// The values so far.
#[derive(Default)]
struct Shown {
    values: Vec<Value>,
    warnings: Vec<Value>,
    errors: usize,
}

impl Shown {
    fn add(&mut self, expression: &Text, cx: &ActionContext<'_>) {
        let source = cx.vars.as_source();
        match cx.run.templar.expression_with_undefined_shown(expression, self.errors, &source, cx.cx) {
            Ok((value, errors)) => {
                self.values.push(value);
                self.warn(&errors, expression.origin());
            }
            Err(error) => {
                self.values.push(format!("<< error {} - {error} >>", self.errors + 1).into());
                self.warn(&[error], expression.origin());
            }
        }
    }

    fn warn(&mut self, errors: &[TemplateError], origin: Option<&Origin>) {
        if let Some(text) = undefined_parts(errors, self.errors) {
            let origin = errors.first().and_then(TemplateError::origin).or(origin).cloned();
            self.warnings.push(Value::Str(Text::new(text).with_origin(origin)));
            self.errors += errors.len();
        }
    }
}
