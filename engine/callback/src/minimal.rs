//! The minimal and oneline callbacks: results of ad-hoc commands, one block or one line a host.

use kapell_config::Settings;
use kapell_executor::event::HostResult;
use kapell_executor::{Callback, Event, TaskResult, TaskStatus};
use kapell_parsing::{Map, Value};

use crate::error_text::report_text;
use crate::json_text::{Layout, map_text};
use crate::result_text::{bare_result, is_debug, whole_result};
use crate::told::Told;
use crate::{Color, Display, diff_text};

/// Modules whose results are what a command printed.
const COMMANDS: &[&str] = &["command", "shell", "raw", "script", "win_command", "win_shell"];

/// What stands for a traceback in front of an error on one line.
const EXCEPTION: &str = "An exception occurred during task execution. To see the full traceback, use -vvv. The error \
                         was: (traceback unavailable)";

/// How much room a result gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Block,
    Line,
}

pub struct Minimal {
    display: Display,
    shape: Shape,
    verbosity: u8,
    diff_context: usize,
    /// Errors and warnings that were told already.
    told: Told,
    /// Of the result that comes next; those of items are not told.
    error: Option<String>,
}

impl Minimal {
    pub fn new(settings: &Settings, verbosity: u8, shape: Shape) -> Self {
        let display = Display::new(settings.nocolor, settings.force_color);
        Self { display, shape, verbosity, diff_context: settings.diff_context, told: Told::new(settings), error: None }
    }

    fn host_result(&mut self, event: &HostResult) {
        let result = &event.result;
        self.show_warnings(result);
        let host = event.host.as_str();
        if self.shape == Shape::Block && event.diff_mode && !result.no_log {
            diff_text::show(&self.display, &result.data, self.diff_context);
        }
        let (state, color) = match event.status {
            TaskStatus::Unreachable => return self.unreachable(event),
            TaskStatus::Skipped => return self.display.out(&format!("{host} | SKIPPED"), Color::Skipped),
            TaskStatus::Failed | TaskStatus::Rescued | TaskStatus::Ignored => ("FAILED", Color::Failed),
            // In a block, of a debug task only its message counts, not whether it changed anything.
            TaskStatus::Ok | TaskStatus::Changed
                if result.is_changed() && !(self.shape == Shape::Block && is_debug(&event.task.action)) =>
            {
                ("CHANGED", Color::Changed)
            }
            TaskStatus::Ok | TaskStatus::Changed => ("SUCCESS", Color::Ok),
        };
        let is_background = result.data.contains_key("ansible_job_id") && state != "FAILED";
        // On one line, what failed with an error is told as data, and so is a loop that failed.
        let is_told_whole = result.error.is_some() || result.looped;
        let is_data = is_background || (self.shape == Shape::Line && state == "FAILED" && is_told_whole);
        // What a script printed is told as a command's on one line only.
        let is_told_as_data = self.shape == Shape::Block && base_name(&event.task.action) == "script";
        let is_command_task = is_command(&event.task.action) && !is_told_as_data;
        let is_command = is_command_task && !is_data;
        let text = match (is_command && !result.no_log, self.shape) {
            (true, Shape::Block) => command_block(host, state, &result.data),
            (true, Shape::Line) => command_line(host, state, &result.data),
            (false, _) => {
                let state = if state == "FAILED" { "FAILED!" } else { state };
                format!("{host} | {state} => {}", self.result(event))
            }
        };
        if self.shape == Shape::Line && state == "FAILED" && result.error.is_some() {
            let said = is_command_task && !result.no_log;
            let first = said.then(|| command_line(host, state, &result.data));
            self.display.out(first.as_deref().unwrap_or(EXCEPTION), color);
        }
        self.display.out(&text, color);
    }

    fn unreachable(&self, event: &HostResult) {
        let text = match self.shape {
            Shape::Block => format!("{} | UNREACHABLE! => {}", event.host, self.result(event)),
            Shape::Line => {
                let message = event.result.data.get("msg").map(Value::to_string).unwrap_or_default();
                format!("{} | UNREACHABLE!: {message}", event.host)
            }
        };
        self.display.out(&text, Color::Unreachable);
    }

    fn result(&self, event: &HostResult) -> String {
        let shown = match self.shape {
            Shape::Block => bare_result(event, self.verbosity),
            Shape::Line => whole_result(event, self.verbosity),
        };
        match self.shape {
            Shape::Block => map_text(&shown, Layout::Indented),
            Shape::Line if event.result.verbose_always => map_text(&shown, Layout::Indented).replace('\n', ""),
            Shape::Line => map_text(&shown, Layout::Tight),
        }
    }

    fn show_warnings(&mut self, result: &TaskResult) {
        result.diagnostics().iter().for_each(|diagnostic| self.told.tell(&self.display, diagnostic));
    }
}

fn base_name(action: &str) -> &str {
    action.rsplit('.').next().unwrap_or(action)
}

fn is_command(action: &str) -> bool {
    COMMANDS.contains(&base_name(action))
}

fn text<'a>(data: &'a Map, key: &str) -> &'a str {
    data.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn rc(data: &Map) -> String {
    data.get("rc").map_or_else(|| "-1".to_owned(), Value::to_string)
}

/// Everything the command said, one after the other.
fn command_block(host: &str, state: &str, data: &Map) -> String {
    let said = ["stdout", "stderr", "msg"].map(|key| text(data, key)).concat();
    format!("{host} | {state} | rc={} >>\n{said}", rc(data))
}

fn command_line(host: &str, state: &str, data: &Map) -> String {
    let on_one_line = |key: &str| text(data, key).replace('\n', "\\n").replace('\r', "\\r");
    let (stdout, stderr) = (on_one_line("stdout"), on_one_line("stderr"));
    let stderr = if stderr.is_empty() { stderr } else { format!(" (stderr) {stderr}") };
    format!("{host} | {state} | rc={} | (stdout) {stdout}{stderr}", rc(data))
}

impl Callback for Minimal {
    fn on_event(&mut self, event: &Event) {
        match event {
            Event::HostResult(result) => {
                if let Some(text) = self.error.take()
                    && self.told.is_new(&text)
                {
                    self.display.out(&text, Color::Failed);
                }
                self.host_result(result);
            }
            Event::ItemResult(_) => self.error = None,
            Event::TaskError(report) if self.shape == Shape::Block => {
                self.error = Some(format!("[ERROR]: {}", report_text(report)));
            }
            Event::Diagnostic(diagnostic) => self.told.tell(&self.display, diagnostic),
            Event::Message(text) => self.display.out(text, Color::Plain),
            Event::Detail { verbosity, text } => self.display.detail(text, *verbosity, self.verbosity),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(json: &serde_json::Value) -> Map {
        Value::from_json(json).as_map().cloned().unwrap_or_default()
    }

    #[test]
    fn commands_show_what_they_said() {
        let data = map(&serde_json::json!({"rc": 3, "stdout": "a\nb", "stderr": "c", "msg": "m"}));
        assert_eq!(command_block("h", "FAILED", &data), "h | FAILED | rc=3 >>\na\nbcm");
        assert_eq!(command_line("h", "FAILED", &data), "h | FAILED | rc=3 | (stdout) a\\nb (stderr) c");
    }
}
