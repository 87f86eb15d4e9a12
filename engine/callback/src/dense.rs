//! The dense callback: a line for each task that changed something or failed somewhere, with those hosts. What is fine
//! passes by in the lines under the log of a terminal and leaves no trace.

use std::sync::Arc;

use indexmap::IndexMap;
use kapell_config::Settings;
use kapell_executor::event::HostResult;
use kapell_executor::{Callback, Event, TaskInfo, TaskStatus};
use kapell_parsing::Value;

use crate::folded::counted;
use crate::progress::Progress;
use crate::told::Told;
use crate::{Color, Display, recap};

pub struct Dense {
    display: Display,
    progress: Progress,
    plays: usize,
    tasks: usize,
    task: Option<TaskLine>,
    /// Warnings that were told already.
    told: Told,
}

/// What there is to say of a task so far.
struct TaskLine {
    number: usize,
    info: Arc<TaskInfo>,
    changed: Vec<String>,
    failed: Vec<String>,
    unreachable: Vec<String>,
    /// What failures say, with the hosts that say it.
    messages: IndexMap<String, Vec<String>>,
}

impl Dense {
    pub fn new(settings: &Settings) -> Self {
        Self {
            display: Display::new(settings.nocolor, settings.force_color),
            progress: Progress::new(settings),
            plays: 0,
            tasks: 0,
            task: None,
            told: Told::new(settings),
        }
    }

    fn play_start(&mut self, name: &str, (batch, batches): (usize, usize)) {
        self.plays += usize::from(batch <= 1);
        let batch = if batches > 1 { format!(" (batch {batch} of {batches})") } else { String::new() };
        self.display.out(&format!("PLAY {}: {}{batch}", self.plays, name.trim()), Color::Plain);
        self.tasks = 0;
    }

    /// The line of `info`; that of the task before is told.
    fn turn(&mut self, info: &Arc<TaskInfo>) {
        if self.task.as_ref().is_some_and(|line| line.info.id == info.id) {
            return;
        }
        self.end_task();
        self.tasks += 1;
        self.task = Some(TaskLine::new(self.tasks, info));
    }

    fn end_task(&mut self) {
        if let Some(line) = self.task.take() {
            line.texts(&self.display).iter().for_each(|text| self.display.out(text, Color::Plain));
        }
    }
}

impl TaskLine {
    fn new(number: usize, info: &Arc<TaskInfo>) -> Self {
        let info = Arc::clone(info);
        Self {
            number,
            info,
            changed: Vec::new(),
            failed: Vec::new(),
            unreachable: Vec::new(),
            messages: IndexMap::new(),
        }
    }

    fn add(&mut self, event: &HostResult) {
        let hosts = match event.status {
            TaskStatus::Changed => &mut self.changed,
            TaskStatus::Failed => &mut self.failed,
            TaskStatus::Unreachable => &mut self.unreachable,
            TaskStatus::Ok | TaskStatus::Skipped | TaskStatus::Rescued | TaskStatus::Ignored => return,
        };
        hosts.push(event.host.clone());
        if event.status != TaskStatus::Changed {
            let message = event.result.data.get("msg").map(Value::to_string).filter(|_| !event.result.no_log);
            self.messages.entry(message.unwrap_or_default()).or_default().push(event.host.clone());
        }
    }

    /// Nothing where nothing happened.
    fn texts(self, display: &Display) -> Vec<String> {
        let groups = [
            ("changed", self.changed, Color::Changed),
            ("failed", self.failed, Color::Failed),
            ("unreachable", self.unreachable, Color::Unreachable),
        ];
        let told = groups.into_iter().filter(|(_, hosts, _)| !hosts.is_empty());
        let told: Vec<String> =
            told.map(|(word, hosts, color)| display.paint(&format!("{word} {}", counted(hosts)), color)).collect();
        if told.is_empty() {
            return Vec::new();
        }
        let word = if self.info.is_handler { "handler" } else { "task" };
        let mut texts = vec![format!("{word} {}: {}: {}", self.number, self.info.name.trim(), told.join(" · "))];
        let messages = self.messages.into_iter().filter(|(message, _)| !message.is_empty());
        texts.extend(messages.map(|(message, hosts)| {
            let message = message.trim_end().replace('\n', "\n    ");
            display.paint(&format!("  {}: {message}", counted(hosts)), Color::Failed)
        }));
        texts
    }
}

impl Callback for Dense {
    fn on_event(&mut self, event: &Event) {
        self.progress.see(event);
        match event {
            Event::PlayStart { name, batch, batches, .. } => {
                self.end_task();
                self.play_start(name, (*batch, *batches));
            }
            Event::TaskStart(task) if !task.independent => self.turn(task),
            Event::HostResult(result) => {
                self.turn(&result.task);
                if let Some(line) = &mut self.task {
                    line.add(result);
                }
            }
            Event::Diagnostic(diagnostic) => self.told.tell(&self.display, diagnostic),
            Event::Message(text) | Event::Banner(text) => self.display.out(text, Color::Plain),
            Event::Prompt(text) => self.display.prompt(text),
            Event::Stats(stats) => {
                self.end_task();
                recap::show(&self.display, stats, true);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use kapell_executor::TaskResult;
    use kapell_parsing::Map;

    use super::*;

    fn texts(results: &[(&str, TaskStatus, &str)]) -> Vec<String> {
        let info = Arc::new(TaskInfo {
            id: 1,
            name: "install nginx".into(),
            action: "apt".into(),
            origin: None,
            is_handler: false,
            check_mode: false,
            no_log: false,
            independent: false,
            args: None,
            written: None,
        });
        let mut line = TaskLine::new(3, &info);
        for (host, status, message) in results {
            let mut result = TaskResult::new(Map::new());
            result.set("msg", *message);
            line.add(&HostResult {
                host: (*host).to_owned(),
                delegated_to: None,
                task: Arc::clone(&info),
                result,
                status: *status,
                item_label: None,
                ignore_errors: false,
                diff_mode: false,
            });
        }
        let mut display = Display::new(true, false);
        display.colored = false;
        line.texts(&display)
    }

    #[test]
    fn only_what_happened_is_told_once_for_all_hosts() {
        let results = [
            ("web1", TaskStatus::Changed, ""),
            ("web3", TaskStatus::Failed, "no space left"),
            ("web2", TaskStatus::Changed, ""),
            ("web4", TaskStatus::Failed, "no space left"),
            ("db1", TaskStatus::Ok, "fine"),
        ];
        let told = "task 3: install nginx: changed 2 hosts: web1, web2 · failed 2 hosts: web3, web4";
        assert_eq!(texts(&results), [told, "  2 hosts: web3, web4: no space left"]);
        assert!(texts(&[("db1", TaskStatus::Ok, ""), ("db2", TaskStatus::Skipped, "")]).is_empty());
    }
}
