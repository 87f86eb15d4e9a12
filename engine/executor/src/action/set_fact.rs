//! `ansible.builtin.set_fact`: sets variables of the host.

use kapell_parsing::{Key, Map, Origin, Value};

use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput, Effects, bool_arg};
use crate::resolve::ResolvedTask;
use crate::{TaskResult, reserved_names};

pub(super) static ACTION: Action = Action { name: "set_fact", run: start };

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(async move { run(task, cx) })
}

fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    let cacheable = bool_arg(&task.args, "cacheable")?.unwrap_or(false);
    let mut facts = Map::new();
    for (key, value) in &task.args {
        let name = render_name(key, cx)?;
        if matches!(name.as_str(), Some("cacheable" | "_raw_params")) {
            continue;
        }
        if let Err(message) = check_name(&name) {
            return Err(ActionError::raised(message, key.origin()).hint(INVALID_NAME_HINT));
        }
        let name = name.to_string();
        reserved_names::warn(cx.run, &name, key.origin());
        facts.insert(Key::from(name), value.clone());
    }
    if facts.is_empty() {
        return Err(ActionError::failed(
            "No key/value pairs provided, at least one is required for this action to succeed",
        ));
    }
    let mut result = TaskResult::new(Map::new());
    result.set("ansible_facts", Value::map(facts.clone()));
    result.set("changed", false);
    let effects = match task.delegate_to.clone().filter(|_| task.delegate_facts) {
        Some(host) => Effects { delegated: vec![(host, facts)], ..Effects::default() },
        None => Effects { variables: facts, cacheable, ..Effects::default() },
    };
    Ok(ActionOutput { result, effects })
}

/// The key as a value; a template may give something else than text.
fn render_name(key: &Key, cx: &ActionContext<'_>) -> Result<Value, ActionError> {
    match key {
        Key::Str(text) => Ok(cx.run.templar.render(&Value::Str(text.clone()), &cx.vars.as_source(), cx.cx)?),
        Key::Null => Ok(Value::Null),
        Key::Bool(flag) => Ok(Value::Bool(*flag)),
        Key::Int(number) => Ok(Value::Int(*number)),
        Key::Float(number) => Ok(Value::Float(*number)),
    }
}

pub(super) const INVALID_NAME_HINT: &str = "Variable names must be strings starting with a letter or underscore \
                                            character, and contain only letters, numbers and underscores.";

/// Where a name is written.
pub(super) fn name_origin(name: &Key) -> Option<&Origin> {
    name.origin()
}

/// Words of Python and Jinja that cannot be variables.
const NO_NAMES: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "false", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda",
    "none", "nonlocal", "not", "or", "pass", "raise", "return", "true", "try", "while", "with", "yield",
];

fn check_name(name: &Value) -> Result<(), String> {
    match name {
        Value::Str(text) if is_identifier(text) && !NO_NAMES.contains(&text.as_str()) => Ok(()),
        Value::Str(text) => Err(format!("Invalid variable name {}.", Value::from(text.as_str()).repr())),
        other => {
            let shown = Value::from(other.to_string()).repr();
            Err(format!("Invalid variable name {shown} of type '{}'.", other.type_name()))
        }
    }
}

/// A name Ansible accepts for a variable.
pub(super) fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
