//! Events as the methods of Python callbacks that are called for them.

use kapell_executor::event::HostResult;
use kapell_executor::{Event, Stats, TaskInfo, TaskResult, TaskStatus};
use kapell_parsing::{Map, Value};
use kapell_template::PluginFrames;

use crate::error_text::report_text;
use crate::plain_result::plain_result;
use crate::python::{fields, map};

/// What is called for `event`, in order; nothing for what is not for callbacks.
pub(crate) fn told(event: &Event, transport: &str) -> Vec<Value> {
    let one = |method: &str, kind: &str, more: Value| vec![call(method, kind, &more)];
    let none = || map([]);
    match event {
        Event::PlaybookStart { path, plays, check } => {
            let dir = path.parent().map(|dir| dir.to_string_lossy().into_owned()).unwrap_or_default();
            let fields = [
                ("file", path.to_string_lossy().into_owned().into()),
                ("dir", dir.into()),
                ("plays", (*plays as i64).into()),
                ("check", (*check).into()),
            ];
            one("v2_playbook_on_start", "playbook", map(fields))
        }
        Event::PlayStart { name, pattern, hosts, check_mode, .. } => {
            let list = |names: &[String]| Value::list(names.iter().map(|name| name.as_str().into()).collect());
            let fields = [
                ("name", name.as_str().into()),
                ("pattern", list(pattern)),
                ("batch", list(hosts)),
                ("check_mode", (*check_mode).into()),
            ];
            one("v2_playbook_on_play_start", "play", map(fields))
        }
        Event::NoHostsMatched => one("v2_playbook_on_no_hosts_matched", "", none()),
        Event::NoHostsRemaining => one("v2_playbook_on_no_hosts_remaining", "", none()),
        Event::TaskStart(info) if info.is_handler => {
            one("v2_playbook_on_handler_task_start", "task", map([("task", task(info, transport))]))
        }
        Event::TaskStart(info) | Event::ImplicitTask(info) => {
            let more = map([("is_conditional", false.into())]);
            let mut about = task(info, transport).as_map().cloned().unwrap_or_default();
            about.insert("implicit".into(), matches!(event, Event::ImplicitTask(_)).into());
            one("v2_playbook_on_task_start", "task", map([("task", Value::map(about)), ("more", more)]))
        }
        Event::HostStart { host, task: info } => {
            one("v2_runner_on_start", "start", map([("host", host.as_str().into()), ("task", task(info, transport))]))
        }
        Event::HostResult(told) => of_host(told, transport),
        Event::ItemResult(told) => {
            let method = match told.status {
                TaskStatus::Skipped => "v2_runner_item_on_skipped",
                TaskStatus::Failed | TaskStatus::Unreachable | TaskStatus::Ignored | TaskStatus::Rescued => {
                    "v2_runner_item_on_failed"
                }
                TaskStatus::Ok | TaskStatus::Changed => "v2_runner_item_on_ok",
            };
            let mut calls = vec![call(method, "result", &result(told, transport, None))];
            calls.extend(diff(told, transport));
            calls
        }
        Event::Retry { host, task: info, retries_left, result: tried } => {
            let mut data = data(tried, None);
            let attempts = tried.attempts.unwrap_or_default();
            data.insert("attempts".into(), (attempts as i64).into());
            data.insert("retries".into(), ((attempts + retries_left) as i64).into());
            let fields = [
                ("host", host.as_str().into()),
                ("task", task(info, transport)),
                ("result", Value::map(data)),
                ("fields", none()),
            ];
            one("v2_runner_retry", "result", map(fields))
        }
        Event::Included { file, hosts, is_role, item_label, .. } => {
            let hosts = Value::list(hosts.iter().map(|host| host.as_str().into()).collect());
            let file = file.to_string_lossy().into_owned();
            let label = item_label.iter().map(|label| ("_ansible_item_label".into(), label.as_str().into()));
            let fields = [
                ("file", file.into()),
                ("hosts", hosts),
                ("is_role", (*is_role).into()),
                ("vars", Value::map(label.collect())),
            ];
            one("v2_playbook_on_include", "include", map(fields))
        }
        Event::Notified { host, handler } => {
            let fields = [("host", host.as_str().into()), ("handler", handler.as_str().into())];
            one("v2_playbook_on_notify", "notify", map(fields))
        }
        Event::Stats(stats) => one("v2_playbook_on_stats", "stats", about_stats(stats)),
        _ => Vec::new(),
    }
}

fn call(method: &str, kind: &str, more: &Value) -> Value {
    let mut fields = Map::from_iter([("method".into(), method.into()), ("kind".into(), kind.into())]);
    fields.extend(more.as_map().cloned().unwrap_or_default());
    Value::map(fields)
}

fn of_host(told: &HostResult, transport: &str) -> Vec<Value> {
    let (method, ignores) = match told.status {
        TaskStatus::Unreachable => ("v2_runner_on_unreachable", false),
        TaskStatus::Ignored if told.result.unreachable => ("v2_runner_on_unreachable", false),
        TaskStatus::Failed | TaskStatus::Ignored | TaskStatus::Rescued => ("v2_runner_on_failed", true),
        TaskStatus::Skipped => ("v2_runner_on_skipped", false),
        TaskStatus::Ok | TaskStatus::Changed => ("v2_runner_on_ok", false),
    };
    let more = ignores.then(|| map([("ignore_errors", told.ignore_errors.into())]));
    let mut calls = diff(told, transport);
    calls.push(call(method, "result", &result(told, transport, more)));
    calls
}

/// `--diff` is told in front of the result.
fn diff(told: &HostResult, transport: &str) -> Vec<Value> {
    let has_diff = told.diff_mode && !told.result.no_log && told.result.data.contains_key("diff");
    let more = has_diff.then(|| call("v2_on_file_diff", "result", &result(told, transport, None)));
    more.into_iter().collect()
}

fn result(told: &HostResult, transport: &str, more: Option<Value>) -> Value {
    let name = [("name", told.task.name.as_str().into()), ("action", told.task.action.as_str().into())];
    let mut about = task(&told.task, transport).as_map().cloned().unwrap_or_default();
    about.insert("ignore_unreachable".into(), (told.result.unreachable && told.ignore_errors).into());
    let mut fields = Map::from_iter([
        ("host".into(), told.host.as_str().into()),
        ("task".into(), Value::map(about)),
        ("result".into(), Value::map(data(&told.result, Some(told)))),
        ("fields".into(), map(name)),
    ]);
    fields.extend(more.map(|more| ("more".into(), more)));
    fields.extend(told.result.error.as_ref().map(|error| ("error".into(), report_text(error).into())));
    Value::map(fields)
}

fn data(result: &TaskResult, told: Option<&HostResult>) -> Map {
    match PluginFrames::encode(&Value::map(plain_result(result, told))) {
        Value::Map(data) => Map::clone(&data),
        _ => Map::new(),
    }
}

fn task(info: &TaskInfo, transport: &str) -> Value {
    let path = info.origin.as_ref().map(|at| format!("{}:{}", at.path().display(), at.line)).unwrap_or_default();
    let name = info.name.as_str();
    let mut about = fields([
        ("id", (info.id as i64).into()),
        ("name", name.into()),
        ("action", info.action.as_str().into()),
        ("resolved_action", info.action.as_str().into()),
        ("path", path.into()),
        ("check_mode", info.check_mode.into()),
        ("no_log", info.no_log.into()),
        ("connection", transport.into()),
        ("implicit", false.into()),
        ("is_include", info.is_include().into()),
        ("independent", info.independent.into()),
        ("shown_args", info.args.as_deref().unwrap_or_default().into()),
        ("ignore_unreachable", false.into()),
        ("search_path", Value::list(Vec::new())),
        ("environment", Value::list(Vec::new())),
    ]);
    about.extend(info.as_written());
    Value::map(about)
}

fn about_stats(stats: &Stats) -> Value {
    let count = |number: u64| Value::from(number as i64);
    let hosts = stats.hosts.iter().map(|(host, counts)| {
        let counts = map([
            ("ok", count(counts.ok)),
            ("changed", count(counts.changed)),
            ("unreachable", count(counts.unreachable)),
            ("failed", count(counts.failed)),
            ("skipped", count(counts.skipped)),
            ("rescued", count(counts.rescued)),
            ("ignored", count(counts.ignored)),
        ]);
        (host.as_str().into(), counts)
    });
    let custom = stats.custom.iter().map(|(host, data)| (host.as_str().into(), Value::map(data.clone())));
    map([("hosts", Value::map(hosts.collect())), ("custom", PluginFrames::encode(&Value::map(custom.collect())))])
}
