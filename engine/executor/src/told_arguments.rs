//! A task as it was written: its arguments for banners and reports, all of it for callbacks in Python.

use kapell_config::Settings;
use kapell_parsing::vault::HIDDEN;
use kapell_parsing::{Map, Text, Value};
use kapell_playbook::Task;

/// ` key=value, key=value`; nothing where nobody asks for it.
pub(crate) fn told_arguments(task: &Task, is_secret: bool, settings: &Settings) -> Option<String> {
    let reports = settings.callbacks_enabled.iter().any(|name| name.rsplit('.').next() == Some("junit"));
    let is_wanted = settings.display_args_to_stdout || reports;
    (is_wanted && !is_secret).then(|| text(task)).filter(|text| !text.is_empty())
}

fn text(task: &Task) -> String {
    let told = |value: &Value| seen(value).to_string();
    let mut arguments: Vec<String> = match &task.args {
        Value::Map(args) => args.iter().map(|(key, value)| format!("{key}={}", told(value))).collect(),
        Value::Null => Vec::new(),
        whole => vec![format!("{}={}", Task::VARIABLE_ARGS, told(whole))],
    };
    arguments.extend(task.free_form.iter().map(|text| format!("_raw_params={}", shown(text))));
    if arguments.is_empty() { String::new() } else { format!(" {}", arguments.join(", ")) }
}

fn shown(text: &Text) -> Text {
    if text.is_secret() { HIDDEN.into() } else { text.clone() }
}

fn seen(value: &Value) -> Value {
    value.map_strings(&shown)
}

/// The keywords of a task by their names, with its arguments and variables unless these are secret.
pub(crate) fn as_written(task: &Task, is_secret: bool) -> Map {
    let scope = &task.scope;
    let own = |name: &str| scope.own(name).map_or(Value::Null, seen);
    let mut args = task.args.as_map().cloned().unwrap_or_default();
    args.extend(task.free_form.iter().map(|text| ("_raw_params".into(), Value::Str(text.clone()))));
    let vars: Map = scope.vars_chain().into_iter().flat_map(|(_, map)| map.clone()).collect();
    let unless_secret = |data: Map| seen(&Value::map(if is_secret { Map::new() } else { data }));
    let role = scope.role().map_or(Value::Null, |role| {
        let path = role.path.to_string_lossy().into_owned();
        Value::map(Map::from_iter([("name".into(), role.name.as_str().into()), ("path".into(), path.into())]))
    });
    let keywords = ["loop", "loop_control", "register", "run_once", "delegate_to", "ignore_errors"];
    let others = [
        ("args", unless_secret(args)),
        ("vars", unless_secret(vars)),
        ("tags", Value::list(scope.tags().into_iter().map(Value::Str).collect())),
        ("when", Value::list(scope.conditions().into_iter().map(seen).collect())),
        ("role", role),
    ];
    let keywords = keywords.map(|name| (name.into(), own(name)));
    keywords.into_iter().chain(others.map(|(name, value)| (name.into(), value))).collect()
}
