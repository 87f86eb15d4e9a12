//! `ansible.builtin.debug`: shows a message or a variable.

use kapell_modules::{Arg, Constraint};
use kapell_parsing::{Map, Origin, Text, Value};
use kapell_template::{TemplateError, is_omit};

use super::arguments::{ArgumentSpec, checked};
use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput};
use crate::TaskResult;
use crate::error_report::{ErrorReport, undefined_parts};
use crate::resolve::ResolvedTask;

pub(super) static ACTION: Action = Action { name: "debug", run: start };

const SPEC: ArgumentSpec = ArgumentSpec {
    args: &[Arg::raw("msg"), Arg::raw("var"), Arg::int("verbosity").default("0")],
    constraints: &[Constraint::MutuallyExclusive(&["msg", "var"])],
};

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(async move { run(task, cx) })
}

fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    let args = &task.args;
    let checked = checked(task, &SPEC)?;
    let Some(Value::Int(verbosity)) = checked.get("verbosity") else {
        return Err(ActionError::failed("argument 'verbosity' is not a number"));
    };
    if *verbosity > i64::from(cx.run.options.verbosity) {
        let mut result = TaskResult::new(Map::new());
        result.set("skipped_reason", "Verbosity threshold not met.");
        result.set("skipped", true);
        result.verbose_always = true;
        return Ok(result.into());
    }
    let mut result = TaskResult::new(Map::new());
    match variable(args, cx)? {
        None => result.set("msg", args.get("msg").cloned().unwrap_or_else(|| "Hello world!".into())),
        Some(variable) => show_variable(&variable, cx, &mut result)?,
    }
    result.set("changed", false);
    result.verbose_always = true;
    Ok(result.into())
}

/// `var`, an expression, which may itself come from a template.
fn variable(args: &Map, cx: &ActionContext<'_>) -> Result<Option<Text>, ActionError> {
    let Some(written) = args.get("var").filter(|variable| !variable.is_null()) else { return Ok(None) };
    let templated = match written.as_text() {
        Some(text) if text.is_template() => cx.run.templar.render(written, &cx.vars.as_source(), cx.cx)?,
        _ => written.clone(),
    };
    match &templated {
        omitted if is_omit(omitted) => Ok(None),
        Value::Str(name) => Ok(Some(name.with_origin(written.origin().cloned()))),
        other => Err(ActionError::failed(format!(
            "argument 'var' is of type {} and we were unable to convert to _check_type_str_no_conversion: \
             '{other}' is not a string and conversion is not allowed",
            other.type_name()
        ))),
    }
}

fn show_variable(name: &Text, cx: &ActionContext<'_>, result: &mut TaskResult) -> Result<(), ActionError> {
    let source = cx.vars.as_source();
    if !name.is_trusted() {
        let message = "Error while resolving `var` expression: Encountered untrusted template or expression.";
        return Err(ActionError::raised(message, name.origin()));
    }
    let shown = cx.run.templar.expression_with_undefined_shown(name, 0, &source, cx.cx);
    let (value, errors) = shown.map_err(|error| {
        ErrorReport::of_template(&error, name.origin()).wrap("Error while resolving `var` expression.", name.origin())
    })?;
    let mut warnings = Vec::new();
    let at = |text: &str, origin: Option<&Origin>| Value::Str(Text::new(text).with_origin(origin.cloned()));
    // An omitted value is told as one that is missing.
    let is_omitted = cx.run.templar.expression(name, &source, cx.cx).is_ok_and(|value| is_omit(&value));
    if is_omitted {
        let note = "The result of the `var` expression could not be omitted; a placeholder was used instead.";
        warnings.push(at(note, name.origin()));
    } else if let Some(warning) = undefined_parts(&errors, 0) {
        warnings.push(at(&warning, errors.first().and_then(TemplateError::origin)));
    }
    if !warnings.is_empty() {
        result.set("warnings", warnings);
    }
    result.set(name, if is_omitted { "<<Omit>>".into() } else { value });
    Ok(())
}
