//! A result with all that Ansible's own callbacks find in it, as they find it: for those in Python and for the json ones.

use kapell_executor::TaskResult;
use kapell_executor::event::HostResult;
use kapell_parsing::{Map, Value};

use crate::python::map;
use crate::result_text::{CENSORED, is_debug};

/// A secret one says that it is. `told` is there unless the result is one of several tries.
pub(crate) fn plain_result(result: &TaskResult, told: Option<&HostResult>) -> Map {
    if result.no_log {
        return Map::from_iter([
            ("censored".into(), CENSORED.into()),
            ("changed".into(), result.is_changed().into()),
            ("_ansible_no_log".into(), true.into()),
        ]);
    }
    let mut data = match result.registered() {
        Value::Map(data) => Map::clone(&data),
        _ => Map::new(),
    };
    data.shift_remove("ansible_facts_gathered");
    data.retain(|key, value| !is_untold_flag(key.as_str(), value, result));
    data.extend(result.invocation.iter().map(|invocation| ("invocation".into(), invocation.clone())));
    match data.get("results").filter(|_| result.looped).cloned() {
        Some(Value::List(items)) => {
            let items = items.iter().map(|item| plain_item(item, is_loud(result, told))).collect();
            data.insert("results".into(), Value::list(items));
        }
        _ => say_how_it_is_shown(&mut data, is_loud(result, told)),
    }
    if let Some(label) = told.and_then(|told| told.item_label.as_deref()) {
        data.insert("_ansible_item_result".into(), true.into());
        data.insert("_ansible_item_label".into(), label.into());
    }
    if let Some(delegate) = told.and_then(|told| told.delegated_to.as_deref()) {
        let vars = map([("ansible_delegated_host", delegate.into())]);
        data.insert("_ansible_delegated_vars".into(), vars);
    }
    data
}

/// A flag that only registered variables have, or that a loop counts with.
fn is_untold_flag(key: Option<&str>, value: &Value, result: &TaskResult) -> bool {
    let is_false = matches!(value, Value::Bool(false));
    is_false && (key == Some("failed") && !result.looped || key == Some("skipped"))
}

/// Whether it is shown without being asked for, as what `debug` says is.
fn is_loud(result: &TaskResult, told: Option<&HostResult>) -> bool {
    let is_broken = result.is_failed() && !result.data.contains_key("failed_when_result");
    let says_so = result.verbose_always && !(is_broken && result.looped);
    let is_debug = || !is_broken && told.is_some_and(|told| is_debug(&told.task.action));
    !result.is_skipped() && (says_so || is_debug())
}

fn say_how_it_is_shown(data: &mut Map, is_loud: bool) {
    data.insert("_ansible_no_log".into(), false.into());
    if is_loud {
        data.insert("_ansible_verbose_always".into(), true.into());
    }
}

/// One of a loop's results.
fn plain_item(item: &Value, is_loud: bool) -> Value {
    let Value::Map(item) = item else { return item.clone() };
    let mut data = Map::clone(item);
    let variable = data.get("ansible_loop_var").and_then(Value::as_str).unwrap_or("item").to_owned();
    if let Some(label) = data.get(variable.as_str()).cloned() {
        data.insert("_ansible_item_label".into(), label);
    }
    say_how_it_is_shown(&mut data, is_loud);
    Value::map(data)
}
