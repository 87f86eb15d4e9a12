//! The junit callback: each task on each host as a test case, in a file that CI servers read.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Instant;

use kapell_executor::event::HostResult;
use kapell_executor::{Callback, Event, TaskStatus};
use kapell_parsing::Value;

use crate::json_text::{Layout, map_text};
use crate::result_text::bare_result;
use crate::{Color, Display};

/// What the environment says: `JUNIT_OUTPUT_DIR` and its kin.
struct Options {
    directory: PathBuf,
    fail_on_change: bool,
    /// A failure that the task ignores counts.
    fail_on_ignore: bool,
    include_setup: bool,
    prefix: String,
}

impl Options {
    fn of_environment() -> Self {
        let text = |name: &str| std::env::var(name).unwrap_or_default();
        let flag = |name: &str, usual: bool| match text(name).to_lowercase().as_str() {
            "" => usual,
            value => ["1", "true", "yes", "on", "y", "t"].contains(&value),
        };
        let directory = match text("JUNIT_OUTPUT_DIR") {
            given if given.is_empty() => PathBuf::from(text("HOME")).join(".ansible.log"),
            given => PathBuf::from(given),
        };
        Self {
            directory,
            fail_on_change: flag("JUNIT_FAIL_ON_CHANGE", false),
            fail_on_ignore: flag("JUNIT_FAIL_ON_IGNORE", false),
            include_setup: flag("JUNIT_INCLUDE_SETUP_TASKS_IN_REPORT", true),
            prefix: text("JUNIT_TEST_CASE_PREFIX"),
        }
    }
}

struct Case {
    name: String,
    class: String,
    seconds: f64,
    outcome: Outcome,
    output: String,
}

enum Outcome {
    Passed,
    Skipped(String),
    Failed(String),
}

pub struct Junit {
    options: Options,
    playbook: String,
    play: String,
    starts: HashMap<(u64, String), Instant>,
    cases: Vec<Case>,
}

impl Junit {
    pub fn new() -> Self {
        let (playbook, play) = (String::new(), String::new());
        Self { options: Options::of_environment(), playbook, play, starts: HashMap::new(), cases: Vec::new() }
    }

    fn add(&mut self, result: &HostResult) {
        let task = &result.task;
        let seconds =
            self.starts.remove(&(task.id, result.host.clone())).map_or(0.0, |start| start.elapsed().as_secs_f64());
        let is_setup = ["setup", "gather_facts"].iter().any(|name| task.action.rsplit('.').next() == Some(name));
        let name = format!("[{}] {}: {}", result.host, self.play, task.name.trim());
        if is_setup && !self.options.include_setup || !name.contains(self.options.prefix.as_str()) {
            return;
        }
        let shown = bare_result(result, 0);
        let message = shown.get("msg").map(Value::to_string).unwrap_or_default();
        let outcome = match result.status {
            TaskStatus::Ok | TaskStatus::Changed if self.options.fail_on_change && result.result.is_changed() => {
                Outcome::Failed("the task changed something".to_owned())
            }
            TaskStatus::Ok | TaskStatus::Changed => Outcome::Passed,
            TaskStatus::Skipped => {
                Outcome::Skipped(shown.get("skip_reason").map_or_else(|| "skipped".to_owned(), Value::to_string))
            }
            TaskStatus::Ignored if !self.options.fail_on_ignore => Outcome::Passed,
            _ => Outcome::Failed(if message.is_empty() { "the task failed".to_owned() } else { message }),
        };
        let place = task.origin.as_ref().map(|origin| format!("{}:{}", origin.path().display(), origin.line));
        let class = place.unwrap_or_else(|| self.playbook.clone());
        self.cases.push(Case { name, class, seconds, outcome, output: map_text(&shown, Layout::Indented) });
    }

    fn xml(&self) -> String {
        let count = |wanted: fn(&Outcome) -> bool| self.cases.iter().filter(|case| wanted(&case.outcome)).count();
        let failures = count(|outcome| matches!(outcome, Outcome::Failed(_)));
        let skipped = count(|outcome| matches!(outcome, Outcome::Skipped(_)));
        let time: f64 = self.cases.iter().map(|case| case.seconds).sum();
        let totals = format!(
            "disabled=\"0\" errors=\"0\" failures=\"{failures}\" tests=\"{}\" time=\"{time:.6}\"",
            self.cases.len()
        );
        let name = escaped(&self.playbook);
        let mut xml = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<testsuites {totals}>\n");
        xml.push_str(&format!("\t<testsuite name=\"{name}\" skipped=\"{skipped}\" {totals}>\n"));
        self.cases.iter().for_each(|case| push_case(&mut xml, case));
        xml.push_str("\t</testsuite>\n</testsuites>\n");
        xml
    }

    fn write(&self) {
        let stamp = jiff::Timestamp::now().as_microsecond();
        let path = self.options.directory.join(format!("{}-{stamp}.xml", self.playbook));
        let written = fs_err::create_dir_all(&self.options.directory).and_then(|()| fs_err::write(path, self.xml()));
        if let Err(error) = written {
            let text = format!("[WARNING]: the JUnit report cannot be written: {error}");
            Display::new(false, false).err(&text, Color::Warning);
        }
    }
}

impl Default for Junit {
    fn default() -> Self {
        Self::new()
    }
}

fn push_case(xml: &mut String, case: &Case) {
    let (name, class) = (escaped(&case.name), escaped(&case.class));
    xml.push_str(&format!("\t\t<testcase classname=\"{class}\" name=\"{name}\" time=\"{:.6}\">\n", case.seconds));
    match &case.outcome {
        Outcome::Passed => {}
        Outcome::Skipped(reason) => xml.push_str(&format!("\t\t\t<skipped>{}</skipped>\n", escaped(reason))),
        Outcome::Failed(message) => {
            let (message, output) = (escaped(message), escaped(&case.output));
            xml.push_str(&format!("\t\t\t<failure message=\"{message}\" type=\"failure\">{output}</failure>\n"));
        }
    }
    xml.push_str(&format!("\t\t\t<system-out>{}</system-out>\n\t\t</testcase>\n", escaped(&case.output)));
}

/// As XML can hold it; control characters have no form there.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

impl Callback for Junit {
    fn on_event(&mut self, event: &Event) {
        match event {
            Event::PlaybookStart { path, .. } => {
                self.playbook = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            }
            Event::PlayStart { name, .. } => self.play.clone_from(name),
            Event::HostStart { host, task } => drop(self.starts.insert((task.id, host.clone()), Instant::now())),
            Event::HostResult(result) => self.add(result),
            Event::Stats(_) => self.write(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_case_says_why() {
        let outcome = Outcome::Failed("a < b".into());
        let case = Case { name: "n".into(), class: "c".into(), seconds: 0.5, outcome, output: "x\u{7}".into() };
        let mut xml = String::new();
        push_case(&mut xml, &case);
        assert!(xml.contains("<failure message=\"a &lt; b\" type=\"failure\">x</failure>"), "{xml}");
        assert!(xml.starts_with("\t\t<testcase classname=\"c\" name=\"n\" time=\"0.500000\">"), "{xml}");
    }
}
