//! `Report`: what Compose says it does while it does it, as lines of JSON or of text.

use serde_json::{Value, json};

use super::text_events;
use crate::CommandOutput;

/// What Compose says when it begins something.
const WORKING: &[&str] =
    &["Creating", "Starting", "Recreate", "Restarting", "Stopping", "Killing", "Removing", "Pulling", "Building"];
/// What it says when it is done with it, or waits for it.
const DONE: &[&str] = &[
    "Created",
    "Started",
    "Running",
    "Recreated",
    "Restarted",
    "Stopped",
    "Killed",
    "Removed",
    "Exited",
    "Waiting",
    "Healthy",
    "Pulled",
    "Built",
];
/// The same of layers of images.
const LAYER_WORKING: &[&str] = &["Pulling fs layer", "Waiting", "Downloading", "Verifying Checksum", "Extracting"];
const LAYER_DONE: &[&str] =
    &["Already exists", "Download complete", "Pull complete", "Skipped - Image is already present locally"];

pub(super) const UNKNOWN: &str = "unknown";
pub(super) const LAYER: &str = "image-layer";

/// Something that happens to a thing.
#[derive(Debug, Default)]
pub(super) struct Event {
    pub(super) what: &'static str,
    pub(super) id: Option<String>,
    pub(super) status: Option<String>,
    pub(super) message: Option<String>,
}

impl Event {
    pub(super) fn error(message: impl Into<String>) -> Self {
        Self { what: "", id: None, status: Some("Error".to_owned()), message: Some(message.into()) }
    }

    pub(super) fn is_error(&self) -> bool {
        self.status.as_deref() == Some("Error")
    }

    fn begins(&self) -> bool {
        let list = if self.what == LAYER { LAYER_WORKING } else { WORKING };
        self.status.as_deref().is_some_and(|status| list.contains(&status))
    }

    pub(super) fn subject(&self) -> String {
        format!("{} {}", self.what, self.id.as_deref().unwrap_or("None"))
    }

    fn complaint(&self) -> Option<String> {
        let reason = self.message.as_ref().or(self.status.as_ref())?;
        Some(match (&self.id, self.what) {
            (None, _) => format!("General error: {reason}"),
            (Some(id), UNKNOWN | "service") => format!("Error when processing {id}: {reason}"),
            (Some(_), _) => format!("Error when processing {}: {reason}", self.subject()),
        })
    }
}

#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) events: Vec<Event>,
    pub(super) warnings: Vec<String>,
}

impl Report {
    pub(super) fn of(output: &CommandOutput, is_json: bool) -> Self {
        let mut report = Self::default();
        if is_json {
            output.stderr().lines().map(str::trim).filter(|line| !line.is_empty()).for_each(|line| report.json(line));
        } else {
            text_events::read(&mut report, &output.stderr(), output.rc);
        }
        report
    }

    /// Pulling an image changes nothing that the project is about; building one only where that is asked for.
    pub(super) fn changed(&self, ignore_builds: bool) -> bool {
        self.events.iter().filter(|event| event.begins()).any(|event| match event.status.as_deref() {
            Some("Pulling") => false,
            Some("Building") => !ignore_builds,
            _ => true,
        })
    }

    pub(super) fn actions(&self) -> Vec<Value> {
        let begun = self.events.iter().filter(|event| event.begins());
        begun.map(|event| json!({ "what": event.what, "id": event.id, "status": event.status })).collect()
    }

    /// Why a command failed.
    pub(super) fn failure(&self, rc: i32) -> String {
        let reasons: Vec<String> =
            self.events.iter().filter(|event| event.is_error()).filter_map(Event::complaint).collect();
        if reasons.is_empty() { format!("Return code {rc} is non-zero") } else { reasons.join("\n") }
    }

    pub(super) fn warn_of(&mut self, event: &Event, text: Option<&str>) {
        self.warnings.push(format!("Docker compose: {}: {}", event.subject(), text.unwrap_or("None")));
    }

    fn json(&mut self, line: &str) {
        let Ok(Value::Object(said)) = serde_json::from_str::<Value>(line) else {
            return self.warnings.push(format!("Cannot parse event from non-JSON line: b'{line}'"));
        };
        let text = |key: &str| said.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        if said.get("error") == Some(&Value::Bool(true)) {
            return self.events.push(Event::error(text("message").unwrap_or_default()));
        }
        let mut event = Event { what: UNKNOWN, ..Event::default() };
        if text("level") == Some("warning") {
            return self.warn_of(&event, text("msg"));
        }
        let Some(id) = text("id") else { return };
        let (what, name) = thing(id);
        event.what = what.unwrap_or_else(|| {
            let kind = id.split(' ').next().unwrap_or_default();
            if id.contains(' ') {
                self.warnings.push(format!("Unknown resource type '{kind}' in line b'{line}'"));
            }
            UNKNOWN
        });
        event.id = Some(name.to_owned());
        self.judge(event, text("status"), text("text"));
    }

    /// The state is in either of two places, and what is in the other one explains it.
    fn judge(&mut self, mut event: Event, status: Option<&str>, text: Option<&str>) {
        let is_layer = |word: &str| LAYER_WORKING.contains(&word) || LAYER_DONE.contains(&word);
        match (status, text) {
            (Some(status), text) if is_known(status) => {
                event.status = Some(status.to_owned());
                event.message = text.map(str::to_owned);
            }
            (status, Some(text)) if event.what == UNKNOWN && (text == "Pulling" || is_layer(text)) => {
                event.what = if text == "Pulling" { "image" } else { LAYER };
                event.status = Some(text.to_owned());
                event.message = status.map(str::to_owned);
            }
            (status, Some(text)) if is_known(text) => {
                event.status = Some(text.to_owned());
                event.message = status.map(str::to_owned);
            }
            (Some(status), _) => event.status = Some(status.to_owned()),
            (None, Some(text)) => return self.warn_of(&event, Some(text)),
            (None, None) => return,
        }
        if event.status.as_deref() == Some("Warning") {
            let message = event.message.clone();
            self.warn_of(&event, message.as_deref());
        }
        self.events.push(event);
    }
}

pub(super) fn is_known(status: &str) -> bool {
    WORKING.contains(&status) || DONE.contains(&status) || matches!(status, "Error" | "Warning")
}

/// The state of a layer that a text begins with.
pub(super) fn layer_status(text: &str) -> Option<&'static str> {
    LAYER_WORKING.iter().chain(LAYER_DONE).copied().find(|status| text.starts_with(status))
}

/// `Container web-1`: the kind of thing, where it is one of ours, and its name.
pub(super) fn thing(id: &str) -> (Option<&'static str>, &str) {
    let Some((kind, name)) = id.split_once(' ') else { return (None, id) };
    let kinds = ["network", "image", "volume", "container", "service"];
    let known = kinds.into_iter().find(|known| {
        let mut letters = kind.chars();
        letters.next().is_some_and(char::is_uppercase)
            && known.eq_ignore_ascii_case(kind)
            && known.ends_with(letters.as_str())
    });
    (known, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(lines: &str, rc: i32) -> Report {
        let output = CommandOutput { rc, stderr: lines.as_bytes().to_vec(), ..CommandOutput::default() };
        Report::of(&output, true)
    }

    #[test]
    fn what_begins_is_an_action() {
        let lines = "{\"id\":\"Network n\",\"status\":\"Creating\"}\n{\"id\":\"Network n\",\"status\":\"Created\"}\n";
        let found = report(lines, 0);
        assert_eq!(found.actions(), [json!({ "what": "network", "id": "n", "status": "Creating" })]);
        assert!(found.changed(true));
    }

    #[test]
    fn pulling_and_building_are_no_change() {
        let lines = "{\"id\":\"web\",\"text\":\"Pulling\"}\n{\"id\":\"web\",\"status\":\"Building\"}\n";
        let found = report(lines, 0);
        assert_eq!(found.actions()[0], json!({ "what": "image", "id": "web", "status": "Pulling" }));
        assert!(!found.changed(true) && found.changed(false));
        assert!(report("{\"id\":\"abc\",\"text\":\"Downloading\",\"status\":\"[=>]\"}", 0).changed(true));
    }

    #[test]
    fn errors_are_collected() {
        let lines = "{\"id\":\"Container c\",\"status\":\"Error\"}\n{\"error\":true,\"message\":\"m\"}\n";
        assert_eq!(report(lines, 1).failure(1), "Error when processing container c: Error\nGeneral error: m");
        let lines = "{\"id\":\"web\",\"text\":\"Error\",\"status\":\"manifest unknown\"}";
        assert_eq!(report(lines, 1).failure(1), "Error when processing web: manifest unknown");
        assert_eq!(report("", 3).failure(3), "Return code 3 is non-zero");
    }

    #[test]
    fn what_is_not_understood_is_told() {
        assert_eq!(report("hello", 0).warnings, ["Cannot parse event from non-JSON line: b'hello'"]);
        let warnings = report("{\"id\":\"Container c\",\"text\":\"Interrupted\"}", 0).warnings;
        assert_eq!(warnings, ["Docker compose: container c: Interrupted"]);
    }
}
