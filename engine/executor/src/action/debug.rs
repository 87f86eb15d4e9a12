//! `ansible.builtin.debug`: shows a message or a variable.

use kapell_modules::{Arg, Constraint};
use kapell_parsing::{Diagnostic, Map, Text, Value};
use kapell_template::TemplateError;

use super::arguments::{ArgumentSpec, checked};
use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput};
use crate::resolve::ResolvedTask;
use crate::{Event, TaskResult};

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
    match args.get("var").filter(|variable| !variable.is_null()) {
        None => result.set("msg", args.get("msg").cloned().unwrap_or_else(|| "Hello world!".into())),
        Some(variable) => show_variable(variable, cx, &mut result)?,
    }
    result.set("changed", false);
    result.verbose_always = true;
    Ok(result.into())
}

/// `var` is an expression.
fn show_variable(written: &Value, cx: &ActionContext<'_>, result: &mut TaskResult) -> Result<(), ActionError> {
    let source = cx.vars.as_source();
    let templated = match written.as_text() {
        Some(text) if text.is_template() => cx.run.templar.render(written, &source, cx.cx)?,
        _ => written.clone(),
    };
    let Value::Str(name) = &templated else {
        return Err(ActionError::failed(format!(
            "argument 'var' is of type {} and we were unable to convert to _check_type_str_no_conversion: \
             '{templated}' is not a string and conversion is not allowed",
            templated.type_name()
        )));
    };
    if !name.is_trusted() {
        let message = "Error while resolving `var` expression: Encountered untrusted template or expression.";
        return Err(ActionError::raised(message, written.origin()));
    }
    let expression = Text::trusted(name.as_str(), written.origin().cloned());
    let shown = cx.run.templar.expression_with_undefined_shown(&expression, &source, cx.cx);
    let (value, errors) = shown.map_err(|error| {
        ActionError::raised(format!("Error while resolving `var` expression: {error}"), error.origin())
    })?;
    if !errors.is_empty() {
        cx.emit(Event::Diagnostic(undefined_parts(&errors)));
    }
    result.set(name, value);
    Ok(())
}

/// What is undefined in a value that is shown nevertheless.
fn undefined_parts(errors: &[TemplateError]) -> Diagnostic {
    let s = if errors.len() == 1 { "" } else { "s" };
    let mut message = format!("Encountered {} template error{s}.", errors.len());
    for (at, error) in errors.iter().enumerate() {
        message.push_str(&format!("\nerror {} - {error}", at + 1));
    }
    Diagnostic::warning(message).at(errors.first().and_then(TemplateError::origin))
}
