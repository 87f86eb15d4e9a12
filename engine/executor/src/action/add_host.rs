//! `ansible.builtin.add_host`: adds a host, and groups for it, to the inventory of this run.

use kapell_parsing::{Key, Map, Value};

use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput, AddHost, Effects};
use crate::TaskResult;
use crate::resolve::ResolvedTask;

pub(super) static ACTION: Action = Action { name: "add_host", run: start };

const NAMES: [&str; 3] = ["name", "hostname", "host"];
const GROUPS: [&str; 4] = ["groups", "group", "groupname", "group_name"];

fn start<'a>(task: &'a ResolvedTask, _cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(async move { run(task) })
}

fn run(task: &ResolvedTask) -> Result<ActionOutput, ActionError> {
    let args = &raw_arguments(&task.args)?;
    let name = NAMES.iter().find_map(|name| args.get(*name)).map(Value::to_string);
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return Err(ActionError::failed("name, host or hostname needs to be provided"));
    };
    let (name, port) = split_port(&name);
    let groups = GROUPS.iter().find_map(|name| args.get(*name)).filter(|groups| !groups.is_null());
    let groups = groups.map(group_names).transpose()?.unwrap_or_default();
    let is_special = |key: &Key| key.as_str().is_some_and(|key| NAMES.contains(&key) || GROUPS.contains(&key));
    let mut vars: Map = args.iter().filter(|(key, _)| !is_special(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
    if let Some(port) = port {
        vars.insert("ansible_ssh_port".into(), port.into());
    }
    let mut result = TaskResult::new(Map::new());
    result.set("changed", true);
    result.set("add_host", describe(&name, &groups, &vars));
    let added = AddHost { name, groups, vars };
    Ok(ActionOutput { result, effects: Effects { add_hosts: vec![added], ..Effects::default() } })
}

fn describe(name: &str, groups: &[String], vars: &Map) -> Value {
    let groups = groups.iter().map(|group| group.as_str().into()).collect();
    let entries =
        [("groups", Value::list(groups)), ("host_name", name.into()), ("host_vars", Value::map(vars.clone()))];
    Value::map(entries.into_iter().map(|(key, value)| (Key::from(key), value)).collect())
}

/// A dictionary given as a whole, `add_host: "{{ host }}"`, beside what is given by name.
fn raw_arguments(args: &Map) -> Result<Map, ActionError> {
    let mut merged = args.clone();
    match merged.shift_remove("_raw_params") {
        None | Some(Value::Null) => {}
        Some(Value::Map(raw)) => {
            for (key, value) in raw.iter() {
                merged.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        Some(Value::Str(text)) if text.trim().is_empty() => {}
        Some(other) => {
            return Err(ActionError::failed(format!(
                "Invalid raw parameters passed, requires a dictionary/mapping got a  <class '{}'>",
                other.type_name()
            )));
        }
    }
    Ok(merged)
}

fn group_names(value: &Value) -> Result<Vec<String>, ActionError> {
    let names: Vec<String> = match value {
        Value::List(items) => items.iter().map(Value::to_string).collect(),
        Value::Str(text) => text.split(',').map(str::to_owned).collect(),
        other => return Err(ActionError::caused("Groups must be specified as a list.", other.origin())),
    };
    Ok(names.iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect())
}

/// `web1:2222` as name and port.
fn split_port(name: &str) -> (String, Option<i64>) {
    match name.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => match port.parse() {
            Ok(port) => (host.to_owned(), Some(port)),
            Err(_) => (name.to_owned(), None),
        },
        _ => (name.to_owned(), None),
    }
}
