//! A result with all that Ansible's own callbacks find in it, as they find it: for those in Python and for the json ones.

use kapell_executor::event::HostResult;
use kapell_executor::{ItemNotes, NO_TRACEBACK, TaskInfo, TaskResult};
use kapell_parsing::{Map, Value};

use crate::result_text::{CENSORED, is_debug, is_of_facts};

/// A secret one says that it is. `told` is there unless the result is one of several tries.
pub(crate) fn plain_result(result: &TaskResult, told: Option<&HostResult>) -> Map {
    if result.no_log {
        return censored(result);
    }
    let mut data = match result.registered() {
        Value::Map(data) => Map::clone(&data),
        _ => Map::new(),
    };
    data.shift_remove("ansible_facts_gathered");
    if result.unreachable && !result.looped {
        data.insert("exception".into(), NO_TRACEBACK.into());
    }
    // A task that never got as far as its action has not even changed nothing.
    if result.error.is_some() && !result.by_module && !result.data.contains_key("changed") {
        data.shift_remove("changed");
    }
    data.retain(|key, value| !is_untold_flag(key.as_str(), value, result));
    data.extend(result.invocation.iter().map(|invocation| ("invocation".into(), invocation.clone())));
    let action = told.map(|told| told.task.as_ref());
    match data.get("results").filter(|_| result.looped).cloned() {
        Some(Value::List(items)) => {
            let notes = result.items.iter().cloned().chain(std::iter::repeat(ItemNotes::default()));
            let items = items.iter().zip(notes).map(|(item, notes)| plain_item(item, &notes, action)).collect();
            data.insert("results".into(), Value::list(items));
        }
        _ => say_how_it_is_shown(&mut data, is_loud(result, told), action),
    }
    if let Some(label) = told.and_then(|told| told.item_label.as_deref()) {
        data.insert("_ansible_item_result".into(), true.into());
        data.insert("_ansible_item_label".into(), label.into());
    }
    if let Some(delegate) = &result.delegate {
        data.insert("_ansible_delegated_vars".into(), Value::map(delegate.clone()));
    }
    data
}

/// Nothing but how it went, of each item, too.
fn censored(result: &TaskResult) -> Map {
    let hidden = |changed: bool, has_failed: bool| {
        let mut data =
            map_of([("censored", CENSORED.into()), ("changed", changed.into()), ("_ansible_no_log", true.into())]);
        if has_failed {
            data.insert("exception".into(), NO_TRACEBACK.into());
        }
        data
    };
    let mut data = hidden(result.is_changed(), result.is_failed() && !result.looped);
    if let Some(Value::List(items)) = data_of_loop(result) {
        let flag = |item: &Value, name: &str| item.get(name).is_some_and(Value::is_truthy);
        let item = |item: &Value| Value::map(hidden(flag(item, "changed"), flag(item, "failed")));
        data.insert("results".into(), Value::list(items.iter().map(item).collect()));
    }
    data
}

fn data_of_loop(result: &TaskResult) -> Option<&Value> {
    result.data.get("results").filter(|_| result.looped)
}

fn map_of<const N: usize>(entries: [(&str, Value); N]) -> Map {
    entries.into_iter().map(|(key, value)| (key.into(), value)).collect()
}

/// A flag that only registered variables have, or that a loop counts with.
fn is_untold_flag(key: Option<&str>, value: &Value, result: &TaskResult) -> bool {
    let is_false = matches!(value, Value::Bool(false));
    is_false && (key == Some("failed") && !result.looped || key == Some("skipped"))
}

/// Whether it is shown without being asked for, as what `debug` says is.
fn is_loud(result: &TaskResult, told: Option<&HostResult>) -> bool {
    let is_broken = result.is_failed() && !result.data.contains_key("failed_when_result");
    let is_debug = || !is_broken && told.is_some_and(|told| is_debug(&told.task.action));
    !result.is_skipped() && (result.verbose_always || is_debug())
}

fn say_how_it_is_shown(data: &mut Map, is_loud: bool, task: Option<&TaskInfo>) {
    data.insert("_ansible_no_log".into(), false.into());
    if is_loud {
        data.insert("_ansible_verbose_always".into(), true.into());
    }
    if task.is_some_and(|task| is_of_facts(&task.action, data)) {
        data.insert("_ansible_verbose_override".into(), true.into());
    }
}

/// One of a loop's results.
fn plain_item(item: &Value, notes: &ItemNotes, task: Option<&TaskInfo>) -> Value {
    let Value::Map(item) = item else { return item.clone() };
    let mut data = Map::clone(item);
    let variable = data.get("ansible_loop_var").and_then(Value::as_str).unwrap_or("item").to_owned();
    let own = || item.get(variable.as_str()).cloned();
    if let Some(label) = notes.label.as_deref().map(Value::from).or_else(own) {
        data.insert("_ansible_item_label".into(), label);
    }
    if task.is_some_and(TaskInfo::is_include) && item.get("include_args").is_some() {
        ["changed", "failed"].iter().for_each(|flag| drop(data.shift_remove(*flag)));
    }
    let is_loud = notes.verbose_always && !data.get("skipped").is_some_and(Value::is_truthy);
    say_how_it_is_shown(&mut data, is_loud, task);
    Value::map(data)
}
