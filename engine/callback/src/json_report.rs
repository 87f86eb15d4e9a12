//! The json and jsonl callbacks: the whole run as one document at its end, or an event a line while it goes on.

use std::collections::HashMap;

use kapell_config::Settings;
use kapell_executor::event::HostResult;
use kapell_executor::{Callback, Event, Stats, TaskInfo, TaskStatus};
use kapell_parsing::{Map, Origin, Value};
use serde_json::{Map as Json, Value as JsonValue, json};

use crate::plain_result::plain_result;
use crate::told::Told;
use crate::{Color, Display};

/// One document, or one line an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    AtEnd,
    AsItGoes,
}

pub struct JsonReport {
    display: Display,
    told: Told,
    pace: Pace,
    shows_custom_stats: bool,
    plays: Vec<JsonValue>,
    /// Places of the tasks of the play in it.
    tasks: HashMap<u64, usize>,
    ids: u64,
}

impl JsonReport {
    pub fn new(settings: &Settings, pace: Pace) -> Self {
        let display = Display::new(settings.nocolor, settings.force_color);
        let shows_custom_stats = settings.show_custom_stats;
        let told = Told::new(settings);
        Self { display, told, pace, shows_custom_stats, plays: Vec::new(), tasks: HashMap::new(), ids: 0 }
    }

    fn next_id(&mut self) -> String {
        self.ids += 1;
        format!("{:08x}", self.ids)
    }

    /// With `AsItGoes`: a line that says which event it is.
    fn line(&self, event: &str, mut fields: Json<String, JsonValue>) {
        if self.pace == Pace::AsItGoes {
            fields.insert("_event".into(), event.into());
            fields.insert("_timestamp".into(), now().into());
            self.display.out(&sorted(&JsonValue::Object(fields)).to_string(), Color::Plain);
        }
    }

    fn play_start(&mut self, name: &str, origin: &Origin) {
        let path = format!("{}:{}", origin.path().display(), origin.line);
        let play = json!({"duration": {"start": now()}, "id": self.next_id(), "name": name, "path": path});
        self.tasks.clear();
        self.line("v2_playbook_on_play_start", fields([("play", play.clone())]));
        self.plays.push(json!({"play": play, "tasks": []}));
    }

    fn task_start(&mut self, task: &TaskInfo) {
        let path = task.origin.as_ref().map(|origin| format!("{}:{}", origin.path().display(), origin.line));
        let about = json!({"duration": {"start": now()}, "id": self.next_id(), "name": task.name, "path": path});
        let event = if task.is_handler { "v2_playbook_on_handler_task_start" } else { "v2_playbook_on_task_start" };
        self.line(event, fields([("task", about.clone())]));
        let Some(tasks) = self.plays.last_mut().and_then(|play| play["tasks"].as_array_mut()) else { return };
        self.tasks.insert(task.id, tasks.len());
        tasks.push(json!({"hosts": {}, "task": about}));
    }

    fn host_result(&mut self, result: &HostResult) {
        let mut shown = json_of(&plain_result(&result.result, Some(result)));
        shown.insert("action".into(), result.task.action.clone().into());
        if result.task.action.rsplit('.').next() == Some("meta") {
            shown.remove("_ansible_no_log");
            shown.remove("changed");
        }
        for (flag, set) in [
            ("failed", matches!(result.status, TaskStatus::Failed | TaskStatus::Rescued | TaskStatus::Ignored)),
            ("unreachable", result.status == TaskStatus::Unreachable),
            ("skipped", result.status == TaskStatus::Skipped),
        ] {
            if set {
                shown.insert(flag.into(), true.into());
            }
        }
        let event = match result.status {
            TaskStatus::Ok | TaskStatus::Changed => "v2_runner_on_ok",
            TaskStatus::Skipped => "v2_runner_on_skipped",
            TaskStatus::Unreachable => "v2_runner_on_unreachable",
            TaskStatus::Failed | TaskStatus::Rescued | TaskStatus::Ignored => "v2_runner_on_failed",
        };
        let place = self.tasks.get(&result.task.id).copied();
        let mut about = json!({"name": result.task.name});
        if let Some(tasks) = self.plays.last_mut().and_then(|play| play["tasks"].as_array_mut())
            && let Some(task) = place.and_then(|place| tasks.get_mut(place))
        {
            task["task"]["duration"]["end"] = now().into();
            about.clone_from(&task["task"]);
            if self.pace == Pace::AtEnd {
                task["hosts"][result.host.as_str()] = std::mem::take(&mut shown).into();
            }
        }
        self.line(event, fields([("hosts", json!({result.host.as_str(): shown})), ("task", about)]));
        if let Some(play) = self.plays.last_mut() {
            play["play"]["duration"]["end"] = now().into();
        }
    }

    fn stats(&mut self, stats: &Stats) {
        let mut hosts = Json::new();
        for (host, counts) in &stats.hosts {
            let counts = json!({
                "changed": counts.changed, "failures": counts.failed, "ignored": counts.ignored, "ok": counts.ok,
                "rescued": counts.rescued, "skipped": counts.skipped, "unreachable": counts.unreachable,
            });
            hosts.insert(host.clone(), counts);
        }
        let shown = stats.custom.iter().filter(|_| self.shows_custom_stats);
        let mut custom: Json<String, JsonValue> =
            shown.map(|(owner, data)| (owner.clone(), json_of(data).into())).collect();
        let global = custom.remove("_run").unwrap_or_else(|| json!({}));
        let summary = [("custom_stats", custom.into()), ("global_custom_stats", global), ("stats", hosts.into())];
        if self.pace == Pace::AsItGoes {
            return self.line("v2_playbook_on_stats", fields(summary));
        }
        let mut document = fields(summary);
        document.insert("plays".into(), std::mem::take(&mut self.plays).into());
        let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
        let mut out = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
        if serde::Serialize::serialize(&sorted(&document.into()), &mut serializer).is_ok() {
            self.display.out(&String::from_utf8_lossy(&out), Color::Plain);
        }
    }
}

fn fields<const N: usize>(entries: [(&str, JsonValue); N]) -> Json<String, JsonValue> {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn json_of(map: &Map) -> Json<String, JsonValue> {
    let hidden = Value::map(map.clone())
        .map_strings(&|text| if text.is_secret() { "********".into() } else { text.clone() })
        .to_json();
    match hidden {
        JsonValue::Object(object) => object,
        _ => Json::new(),
    }
}

fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// With the keys of every map in order.
fn sorted(value: &JsonValue) -> JsonValue {
    match value {
        JsonValue::Object(object) => {
            let mut entries: Vec<(&String, &JsonValue)> = object.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            entries.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect()
        }
        JsonValue::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

impl Callback for JsonReport {
    fn on_event(&mut self, event: &Event) {
        match event {
            Event::PlayStart { name, origin, .. } => self.play_start(name, origin),
            Event::TaskStart(task) => self.task_start(task),
            Event::HostResult(result) => self.host_result(result),
            Event::Stats(stats) => self.stats(stats),
            Event::Diagnostic(diagnostic) => self.told.tell(&self.display, diagnostic),
            _ => {}
        }
    }
}
