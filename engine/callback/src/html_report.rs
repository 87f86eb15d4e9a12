//! `--report`: one page about a run, with everything in it: who did what when, what changed, what failed and where.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Instant;

use kapell_config::Settings;
use kapell_executor::event::HostResult;
use kapell_executor::{Callback, Event, Stats, TaskInfo, TaskStatus};
use kapell_parsing::Value;
use serde_json::{Value as Json, json};

use crate::error_text::report_text;
use crate::json_text::{Layout, map_text};
use crate::result_text::bare_result;
use crate::{Color, Display, diff_text};

const PAGE: &str = include_str!("html_report/page.html");
/// Stands for the data in the page.
const MARK: &str = "\"@DATA@\"";
/// Longer texts are cut: a page is for people.
const LONGEST_TEXT: usize = 20_000;
/// Texts of changes and failures together; what comes later is only counted.
const MOST_TEXT: usize = 64 << 20;

pub struct HtmlReport {
    path: PathBuf,
    display: Display,
    diff_context: usize,
    start: Instant,
    began: String,
    playbooks: Vec<String>,
    plays: Vec<Json>,
    hosts: Names,
    tasks: Vec<Json>,
    task_index: HashMap<u64, usize>,
    /// `[host, task, status, start, end]`, times in milliseconds.
    results: Vec<[u64; 5]>,
    starts: HashMap<(usize, usize), u64>,
    /// Equal texts of one task once, with all their hosts.
    changes: Texts,
    failures: Texts,
    /// What was told of the failure whose result comes next.
    error: Option<String>,
    stats: Json,
}

/// Names by number.
#[derive(Default)]
struct Names {
    all: Vec<String>,
    index: HashMap<String, usize>,
}

impl Names {
    fn number(&mut self, name: &str) -> usize {
        if let Some(number) = self.index.get(name) {
            return *number;
        }
        self.all.push(name.to_owned());
        self.index.insert(name.to_owned(), self.all.len() - 1);
        self.all.len() - 1
    }
}

/// Texts of tasks and the hosts they are about.
#[derive(Default)]
struct Texts {
    all: Vec<(usize, String, Vec<usize>)>,
    index: HashMap<(usize, String), usize>,
    size: usize,
    /// Left out for want of room.
    left_out: usize,
}

impl Texts {
    fn add(&mut self, task: usize, text: String, host: usize) {
        let text = cut(text);
        if let Some(at) = self.index.get(&(task, text.clone())) {
            self.all[*at].2.push(host);
            return;
        }
        if self.size + text.len() > MOST_TEXT {
            self.left_out += 1;
            return;
        }
        self.size += text.len();
        self.index.insert((task, text.clone()), self.all.len());
        self.all.push((task, text, vec![host]));
    }

    fn json(&self) -> Json {
        let all = self.all.iter().map(|(task, text, hosts)| json!({"task": task, "text": text, "hosts": hosts}));
        json!({"all": all.collect::<Vec<_>>(), "leftOut": self.left_out})
    }
}

fn cut(mut text: String) -> String {
    if text.len() > LONGEST_TEXT {
        let end = (0..=LONGEST_TEXT).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
        text.push_str("\n… (cut)");
    }
    text
}

impl HtmlReport {
    pub fn new(settings: &Settings, path: PathBuf) -> Self {
        Self {
            path,
            display: Display::new(settings.nocolor, settings.force_color),
            diff_context: settings.diff_context,
            start: Instant::now(),
            began: jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S %Z").to_string(),
            playbooks: Vec::new(),
            plays: Vec::new(),
            hosts: Names::default(),
            tasks: Vec::new(),
            task_index: HashMap::new(),
            results: Vec::new(),
            starts: HashMap::new(),
            changes: Texts::default(),
            failures: Texts::default(),
            error: None,
            stats: Json::Null,
        }
    }

    fn now(&self) -> u64 {
        self.start.elapsed().as_millis() as u64
    }

    fn task(&mut self, task: &TaskInfo) -> usize {
        if let Some(index) = self.task_index.get(&task.id) {
            return *index;
        }
        let place = task.origin.as_ref().map(|at| format!("{}:{}", at.path().display(), at.line));
        let play = self.plays.len().saturating_sub(1);
        self.tasks.push(json!({"name": task.name.trim(), "action": task.action, "place": place, "play": play, "handler": task.is_handler}));
        self.task_index.insert(task.id, self.tasks.len() - 1);
        self.tasks.len() - 1
    }

    fn host_result(&mut self, event: &HostResult) {
        let (host, task, end) = (self.hosts.number(&event.host), self.task(&event.task), self.now());
        let start = self.starts.remove(&(host, task)).unwrap_or(end);
        let status = match event.status {
            TaskStatus::Ok => 0,
            TaskStatus::Changed => 1,
            TaskStatus::Skipped => 2,
            TaskStatus::Failed => 3,
            TaskStatus::Unreachable => 4,
            TaskStatus::Rescued => 5,
            TaskStatus::Ignored => 6,
        };
        self.results.push([host as u64, task as u64, status, start, end]);
        let error = self.error.take();
        match event.status {
            TaskStatus::Changed => self.change(event, host, task),
            TaskStatus::Failed | TaskStatus::Unreachable | TaskStatus::Rescued | TaskStatus::Ignored => {
                let result = map_text(&bare_result(event, 0), Layout::Indented);
                let text = error.map_or_else(|| result.clone(), |error| format!("{}\n\n{result}", error.trim_end()));
                self.failures.add(task, text, host);
            }
            TaskStatus::Ok | TaskStatus::Skipped => {}
        }
    }

    fn change(&mut self, event: &HostResult, host: usize, task: usize) {
        if event.result.no_log {
            return self.changes.add(task, String::new(), host);
        }
        let mut text = diff_text::text(&event.result.data, self.diff_context);
        let items = event.result.data.get("results").filter(|_| event.result.looped);
        for item in items.and_then(Value::as_list).unwrap_or_default() {
            if let Some(item) = item.as_map() {
                text.push_str(&diff_text::text(item, self.diff_context));
            }
        }
        self.changes.add(task, text, host);
    }

    fn stats(&mut self, stats: &Stats) {
        let hosts = stats.hosts.iter().map(|(host, counts)| {
            let number = self.hosts.number(host);
            json!([
                number,
                counts.ok,
                counts.changed,
                counts.unreachable,
                counts.failed,
                counts.skipped,
                counts.rescued,
                counts.ignored
            ])
        });
        self.stats = hosts.collect();
    }

    fn write(&mut self) {
        let data = json!({
            "began": self.began,
            "took": self.now(),
            "version": env!("CARGO_PKG_VERSION"),
            "playbooks": self.playbooks,
            "plays": self.plays,
            "hosts": self.hosts.all,
            "tasks": self.tasks,
            "results": self.results,
            "changes": self.changes.json(),
            "failures": self.failures.json(),
            "stats": self.stats,
        });
        let page = PAGE.replacen(MARK, &embedded(&data), 1);
        if let Err(error) = fs_err::write(&self.path, page) {
            self.display.err(&format!("[WARNING]: the report could not be written: {error}"), Color::Warning);
        }
    }
}

/// JSON that cannot end the element it stands in, nor begin another.
fn embedded(data: &Json) -> String {
    let text = data.to_string();
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    for c in text.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            other => out.push(other),
        }
    }
    out
}

impl Callback for HtmlReport {
    fn on_event(&mut self, event: &Event) {
        match event {
            Event::PlaybookStart { path, .. } => self.playbooks.push(path.to_string_lossy().into_owned()),
            Event::PlayStart { name, hosts, batch, batches, check_mode, .. } => {
                hosts.iter().for_each(|host| _ = self.hosts.number(host));
                let start = self.now();
                self.plays.push(json!({
                    "name": name.trim(), "hosts": hosts.len(), "batch": batch, "batches": batches,
                    "check": check_mode, "start": start,
                }));
                // The tasks of the next batch are its own.
                self.task_index.clear();
            }
            Event::TaskStart(task) => _ = self.task(task),
            Event::HostStart { host, task } => {
                let (host, task, now) = (self.hosts.number(host), self.task(task), self.now());
                self.starts.entry((host, task)).or_insert(now);
            }
            Event::TaskError(report) => self.error = Some(report_text(report)),
            Event::HostResult(result) if result.task.is_include() && result.status == TaskStatus::Ok => {}
            Event::HostResult(result) => self.host_result(result),
            Event::Stats(stats) => self.stats(stats),
            Event::RunEnd => self.write(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_cannot_leave_its_element() {
        let data = json!({"name": "</script><script>alert(1)</script>", "amp": "&lt;\u{2028}"});
        let text = embedded(&data);
        assert!(!text.contains(['<', '>', '&', '\u{2028}']), "{text}");
        assert_eq!(serde_json::from_str::<Json>(&text).unwrap(), data);
    }

    #[test]
    fn the_page_has_one_place_for_data_and_asks_no_network() {
        assert_eq!(PAGE.matches(MARK).count(), 1);
        assert!(!PAGE.contains("http://") && !PAGE.contains("https://") && !PAGE.contains("innerHTML"));
    }

    #[test]
    fn equal_texts_are_told_once() {
        let mut texts = Texts::default();
        texts.add(0, "a".into(), 1);
        texts.add(0, "a".into(), 2);
        texts.add(1, "a".into(), 1);
        assert_eq!(texts.all.len(), 2);
        assert_eq!(texts.all[0].2, [1, 2]);
    }
}
