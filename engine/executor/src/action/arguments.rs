//! Arguments of actions that run on the control node only: checked as a module's are, with the same messages.

use kapell_modules::{Arg, ArgKind, Constraint};
use kapell_parsing::{Map, Value};

use super::ActionError;
use super::context::json_map;
use crate::resolve::ResolvedTask;

/// What an action takes.
pub(super) struct ArgumentSpec {
    pub args: &'static [Arg],
    pub constraints: &'static [Constraint],
}

/// The task's arguments converted, defaults filled in; what is not given is null.
pub(super) fn checked(task: &ResolvedTask, spec: &ArgumentSpec) -> Result<Map, ActionError> {
    let checked =
        kapell_modules::check_arguments(&shown_name(task), spec.args, spec.constraints, &json_map(&task.args))
            .map_err(ActionError::failed)?;
    Ok(super::context::value_map(&checked))
}

/// Messages name an action the way its plugin was loaded.
fn shown_name(task: &ResolvedTask) -> String {
    let written = task.task.action.as_str();
    match written.strip_prefix("ansible.builtin.") {
        Some(short) => format!("ansible_collections.ansible.builtin.plugins.action.{short}"),
        None => written.to_owned(),
    }
}

/// A message or several: text or a list of texts.
pub(super) fn text_or_list(args: &Map, name: &str) -> Result<Option<Value>, ActionError> {
    let Some(value) = args.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
    let is_text = |value: &Value| matches!(value, Value::Str(_));
    match value {
        Value::List(items) if items.iter().all(is_text) => Ok(Some(value.clone())),
        Value::List(_) | Value::Map(_) => Err(ActionError::failed(format!(
            "argument '{name}' is of type {} and we were unable to convert to str_or_list_of_str: a string or list of \
             strings is required",
            value.type_name()
        ))),
        text if is_text(text) => Ok(Some(text.clone())),
        other => Ok(Some(other.to_string().into())),
    }
}

/// A required argument of any kind.
pub(super) const fn required(name: &'static str) -> Arg {
    Arg::new(name, ArgKind::Raw).required()
}
