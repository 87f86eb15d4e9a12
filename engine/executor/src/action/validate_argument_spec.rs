//! `ansible.builtin.validate_argument_spec`: holds arguments, or the variables of their names, against a specification.

use kapell_parsing::{Map, Value};
use kapell_template::{Variable, VariableSource};

use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput};
use crate::resolve::ResolvedTask;
use crate::{TaskResult, argument_spec};

pub(super) static ACTION: Action = Action { name: "validate_argument_spec", run: start };

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(async move { run(task, cx) })
}

fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    let Some(spec) = mapping(&task.args, "argument_spec")? else {
        let shown = Value::map(task.args.clone()).repr();
        return Err(ActionError::failed(format!("\"argument_spec\" arg is required in args: {shown}")));
    };
    let mut given = of_variables(&spec, cx)?;
    given.extend(mapping(&task.args, "provided_arguments")?.unwrap_or_default());
    let errors = argument_spec::check(&spec, &given);

    let mut result = TaskResult::new(Map::new());
    result.set("changed", false);
    let context = task.args.get("validate_args_context").cloned();
    result.set("validate_args_context", context.unwrap_or_else(|| Value::map(Map::new())));
    if errors.is_empty() {
        result.set("msg", "The arg spec validation passed");
        return Ok(result.into());
    }
    result.set("failed", true);
    result.set("msg", format!("Validation of arguments failed:\n{}", errors.join("\n")));
    result.set("argument_spec_data", Value::map(spec));
    result.set("argument_errors", Value::list(errors.into_iter().map(Value::from).collect()));
    Ok(result.into())
}

fn mapping(args: &Map, name: &str) -> Result<Option<Map>, ActionError> {
    match args.get(name) {
        None => Ok(None),
        Some(Value::Map(map)) => Ok(Some(Map::clone(map))),
        Some(other) => {
            let kind = other.type_name();
            Err(ActionError::failed(format!("Incorrect type for {name}, expected dict and got <class '{kind}'>")))
        }
    }
}

/// The variables named like the options, rendered.
fn of_variables(spec: &Map, cx: &ActionContext<'_>) -> Result<Map, ActionError> {
    let mut found = Map::new();
    for name in spec.keys().filter(|key| key.as_str().is_some()) {
        if let Some(Variable::Value(written)) = cx.vars.get(&name.to_string()) {
            found.insert(name.clone(), cx.run.templar.render(&written, &cx.vars.as_source(), cx.cx)?);
        }
    }
    Ok(found)
}
