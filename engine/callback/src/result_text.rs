//! A result as the text behind `=>`: what is left out, and whether it goes on one line.

use kapell_executor::event::HostResult;
use kapell_parsing::{Map, Value};

use crate::json_text::{Layout, map_text};

const CENSORED: &str = "the output has been hidden due to the fact that 'no_log: true' was specified for this result";

/// Keys only wanted at high verbosity, or never.
const HIDDEN: &[&str] = &["exception", "diff", "deprecations", "warnings", "ansible_facts_gathered"];

/// The result as text for verbosity `verbosity`.
pub(crate) fn result_text(event: &HostResult, verbosity: u8) -> String {
    let result = &event.result;
    if result.no_log {
        let mut censored = Map::new();
        censored.insert("censored".into(), CENSORED.into());
        censored.insert("changed".into(), result.is_changed().into());
        return map_text(&censored, Layout::Line);
    }
    let is_whole = result.verbose_always && !result.is_skipped();
    let layout = if is_whole || verbosity > 2 { Layout::Indented } else { Layout::Line };
    map_text(&shown(event, verbosity), layout)
}

/// The result as ad-hoc commands show it.
pub(crate) fn bare_result(event: &HostResult, verbosity: u8) -> Map {
    if event.result.no_log {
        let mut censored = Map::new();
        censored.insert("censored".into(), CENSORED.into());
        censored.insert("changed".into(), event.result.is_changed().into());
        return censored;
    }
    let mut data = shown(event, verbosity);
    for stream in ["stdout", "stderr"] {
        let lines = format!("{stream}_lines");
        if let Some(Value::Str(text)) = data.get(stream)
            && !data.contains_key(lines.as_str())
        {
            let list = text.lines().map(Value::from).collect::<Vec<_>>();
            data.insert(lines.into(), list.into());
        }
    }
    if !is_debug(&event.task.action) && !data.contains_key("changed") {
        data.insert("changed".into(), false.into());
    }
    data
}

/// The keys of the result that are shown.
fn shown(event: &HostResult, verbosity: u8) -> Map {
    let mut data = event.result.data.clone();
    data.retain(|key, _| key.as_str().is_none_or(|key| !key.starts_with("_ansible") && !HIDDEN.contains(&key)));
    if verbosity < 3 {
        data.shift_remove("invocation");
    }
    if !event.result.is_failed() || event.result.error.is_some() {
        data.shift_remove("failed");
    }
    if is_debug(&event.task.action) {
        if let Some(message) = data.get("msg").cloned() {
            return Map::from([("msg".into(), message)]);
        }
        for key in ["changed", "failed", "skipped", "skip_reason", "ansible_loop_var"] {
            data.shift_remove(key);
        }
    }
    if event.result.is_skipped() {
        data.shift_remove("skipped");
        if data.contains_key("results") {
            data.shift_remove("results");
        }
    }
    data
}

/// What `debug` says is all that is shown of it.
pub(crate) fn is_debug(action: &str) -> bool {
    action.rsplit('.').next() == Some("debug")
}

/// Whether a result is shown without being asked for by `-v`.
pub(crate) fn is_shown(event: &HostResult, verbosity: u8) -> bool {
    (verbosity > 0 || event.result.verbose_always) && !event.result.data.is_empty()
}
