//! `ansible.builtin.debug`: shows a message or a variable.

use kapell_parsing::{Diagnostic, Map, Text, Value};
use kapell_template::TemplateError;

use super::context::Failure;
use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput, text_arg};
use crate::error_report::ErrorReport;
use crate::resolve::ResolvedTask;
use crate::{Event, TaskResult};

pub(super) static ACTION: Action = Action { name: "debug", run: start };

const ARGS: &[&str] = &["msg", "var", "verbosity"];

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(async move { run(task, cx) })
}

fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    let args = &task.args;
    let unknown = args.keys().map(ToString::to_string).filter(|key| !ARGS.contains(&key.as_str()));
    let unknown: Vec<String> = unknown.collect();
    if !unknown.is_empty() {
        let message = "Supported parameters include: msg, var, verbosity.";
        return Err(ActionError::failed(format!(
            "Unsupported parameters for (debug) module: {}. {message}",
            unknown.join(", ")
        )));
    }
    if args.contains_key("msg") && args.contains_key("var") {
        return Err(ActionError::failed("parameters are mutually exclusive: msg|var"));
    }
    let verbosity = text_arg(args, "verbosity").and_then(|text| text.parse::<u8>().ok()).unwrap_or(0);
    if verbosity > cx.run.options.verbosity {
        let mut result = TaskResult::new(Map::new());
        result.set("skipped_reason", "Verbosity threshold not met.");
        result.set("skipped", true);
        result.verbose_always = true;
        return Ok(result.into());
    }
    let mut result = TaskResult::new(Map::new());
    match args.get("var") {
        None => result.set("msg", args.get("msg").cloned().unwrap_or_else(|| "Hello world!".into())),
        Some(variable) => show_variable(variable, cx, &mut result)?,
    }
    result.set("changed", false);
    result.verbose_always = true;
    Ok(result.into())
}

/// `var` is an expression; a list or a map is shown by its own repr as the key.
fn show_variable(written: &Value, cx: &ActionContext<'_>, result: &mut TaskResult) -> Result<(), ActionError> {
    let source = cx.vars.as_source();
    let templated = match written.as_text() {
        Some(text) if text.is_template() => cx.run.templar.render(written, &source, cx.cx)?,
        _ => written.clone(),
    };
    let Value::Str(name) = &templated else {
        result.set(&templated.to_string(), templated.clone());
        return Ok(());
    };
    let expression = Text::trusted(name.as_str(), written.origin().cloned());
    let shown = cx.run.templar.expression_with_undefined_shown(&expression, &source, cx.cx);
    let (value, errors) = shown.map_err(|error| {
        let message = format!("Error while resolving `var` expression: {error}");
        let report = ErrorReport::new(message, error.origin());
        ActionError::Failed(Box::new(Failure { report, extra: Map::new() }))
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
