//! `ansible.builtin.set_fact`: sets variables of the host.

use kapell_parsing::{Key, Map, Origin, Value};

use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput, Effects, bool_arg};
use crate::TaskResult;
use crate::resolve::ResolvedTask;

pub(super) static ACTION: Action = Action { name: "set_fact", run: start };

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(async move { run(task, cx) })
}

fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    let cacheable = bool_arg(&task.args, "cacheable")?.unwrap_or(false);
    let mut facts = Map::new();
    for (key, value) in &task.args {
        let name = render_name(key, cx)?;
        if name == "cacheable" || name == "_raw_params" {
            continue;
        }
        if !is_identifier(&name) {
            let error = ActionError::raised(format!("Invalid variable name '{name}'."), name_origin(key));
            return Err(error.hint(INVALID_NAME_HINT));
        }
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

fn render_name(key: &Key, cx: &ActionContext<'_>) -> Result<String, ActionError> {
    match key {
        Key::Str(text) if text.is_template() => {
            Ok(cx.run.templar.render(&Value::Str(text.clone()), &cx.vars.as_source(), cx.cx)?.to_string())
        }
        other => Ok(other.to_string()),
    }
}

pub(super) const INVALID_NAME_HINT: &str = "Variable names must be strings starting with a letter or underscore \
                                            character, and contain only letters, numbers and underscores.";

/// Where a name is written.
pub(super) fn name_origin(name: &Key) -> Option<&Origin> {
    match name {
        Key::Str(text) => text.origin(),
        _ => None,
    }
}

/// A name Ansible accepts for a variable.
pub(super) fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
