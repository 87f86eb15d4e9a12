//! The junit callback: each task on each host as a test case, in a file that CI servers read.

mod options;

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use indexmap::IndexMap;
use kapell_executor::event::HostResult;
use kapell_executor::{Callback, Event, TaskInfo, TaskStatus};
use kapell_parsing::{Map, Value};

use self::options::Options;
use crate::error_text::report_text;
use crate::json_text::{Layout, map_text};
use crate::result_text::whole_result;
use crate::{Color, Display};

/// Who an include's own case is about, beside the hosts that asked for it.
const INCLUDE: &str = "include";

/// The cases of one task, under names that begin with the play's.
struct TaskCases {
    name: String,
    class: String,
    start: Instant,
    cases: Vec<Case>,
}

struct Case {
    host: String,
    seconds: f64,
    outcome: Outcome,
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// What the task returned.
    Passed(String),
    /// Why.
    Skipped(String),
    /// A message and what the task returned.
    Failed(String, String),
    /// A message and all that is known of the error.
    Broken(String, String),
}

pub struct Junit {
    options: Options,
    playbook: String,
    play: String,
    starts: HashMap<(u64, String), Instant>,
    tasks: IndexMap<u64, TaskCases>,
    /// Warnings that were told already.
    warned: HashSet<String>,
}

impl Junit {
    pub fn new() -> Self {
        let (playbook, play) = (String::new(), String::new());
        Self {
            options: Options::of_environment(),
            playbook,
            play,
            starts: HashMap::new(),
            tasks: IndexMap::new(),
            warned: HashSet::new(),
        }
    }

    fn task(&mut self, task: &TaskInfo) -> &mut TaskCases {
        self.tasks.entry(task.id).or_insert_with(|| {
            let args = task.args.as_deref().filter(|_| !self.options.hide_arguments).unwrap_or_default();
            let name = format!("{}: {}{args}", self.play, task.name.trim());
            TaskCases { name, class: self.options.class(task), start: Instant::now(), cases: Vec::new() }
        })
    }

    /// A host that cannot be reached has no case, and one that does a task again none for that: as with ansible-core.
    fn add(&mut self, result: &HostResult) {
        if result.result.unreachable {
            return;
        }
        let is_setup = ["setup", "gather_facts"].contains(&result.task.action.rsplit('.').next().unwrap_or_default());
        if is_setup && !self.options.include_setup {
            return;
        }
        let outcome = self.options.outcome(result);
        let failed = matches!(outcome, Outcome::Failed(..) | Outcome::Broken(..));
        if !failed && !result.task.name.trim().starts_with(self.options.prefix.as_str()) {
            return;
        }
        let start = self.starts.remove(&(result.task.id, result.host.clone()));
        let seconds = start.map_or(0.0, |start| start.elapsed().as_secs_f64());
        let cases = self.task(&result.task);
        if cases.cases.iter().any(|case| case.host == result.host) {
            let place = format!("{}: {}: duplicate host callback: {}", cases.class, cases.name, result.host);
            return self.warn(format!("Callback dispatch '{}' failed for plugin 'junit': {place}", event_name(result)));
        }
        cases.cases.push(Case { host: result.host.clone(), seconds, outcome });
    }

    /// All that an include brought is one case: a line for each file or role, with what its loop adds and its hosts.
    fn include(&mut self, task: &TaskInfo, file: &str, (args, vars): (&Map, Map), hosts: &[String]) {
        if !task.name.trim().starts_with(self.options.prefix.as_str()) {
            return;
        }
        let [args, vars] = [args.clone(), vars].map(|map| Value::map(map).repr());
        let line = format!("{file} (args={args} vars={vars}): [{}]", hosts.join(", "));
        let cases = self.task(task);
        match cases.cases.iter_mut().find(|case| case.host == INCLUDE).map(|case| &mut case.outcome) {
            Some(Outcome::Passed(lines)) => lines.extend(["\n", &line]),
            _ => {
                let seconds = cases.start.elapsed().as_secs_f64();
                cases.cases.push(Case { host: INCLUDE.to_owned(), seconds, outcome: Outcome::Passed(line) });
            }
        }
    }

    fn warn(&mut self, text: String) {
        if self.warned.insert(text.clone()) {
            Display::new(false, false).err(&format!("[WARNING]: {text}"), Color::Warning);
        }
    }

    fn xml(&self) -> String {
        let cases = || self.tasks.values().flat_map(|task| &task.cases);
        let count = |is_wanted: fn(&Outcome) -> bool| cases().filter(|case| is_wanted(&case.outcome)).count();
        let errors = count(|outcome| matches!(outcome, Outcome::Broken(..)));
        let failures = count(|outcome| matches!(outcome, Outcome::Failed(..)));
        let skipped = count(|outcome| matches!(outcome, Outcome::Skipped(_)));
        let (tests, time) = (cases().count(), cases().map(|case| case.seconds).sum::<f64>());
        let name = escaped(&self.playbook);
        let ends = if tests == 0 { "/>" } else { ">" };
        let heads = format!("disabled=\"0\" errors=\"{errors}\" failures=\"{failures}\"");
        let tails = format!("tests=\"{tests}\" time=\"{time:.6}\"");
        let mut xml = format!("<?xml version=\"1.0\" ?>\n<testsuites {heads} {tails}>\n");
        xml.push_str(&format!("\t<testsuite {heads} name=\"{name}\" skipped=\"{skipped}\" {tails}{ends}\n"));
        for task in self.tasks.values() {
            task.cases.iter().for_each(|case| push_case(&mut xml, task, case));
        }
        xml.push_str(if tests == 0 { "</testsuites>\n" } else { "\t</testsuite>\n</testsuites>\n" });
        xml
    }

    fn write(&mut self) {
        let now = jiff::Timestamp::now();
        let stamp = format!("{}.{:06}", now.as_second(), now.subsec_microsecond());
        let path = self.options.directory.join(format!("{}-{stamp}.xml", self.playbook));
        let written = fs_err::create_dir_all(&self.options.directory).and_then(|()| fs_err::write(path, self.xml()));
        if let Err(error) = written {
            self.warn(format!("the JUnit report cannot be written: {error}"));
        }
    }
}

impl Default for Junit {
    fn default() -> Self {
        Self::new()
    }
}

/// As plugins call it.
fn event_name(result: &HostResult) -> &'static str {
    match result.status {
        TaskStatus::Ok | TaskStatus::Changed => "v2_runner_on_ok",
        TaskStatus::Skipped => "v2_runner_on_skipped",
        _ => "v2_runner_on_failed",
    }
}

/// What a loop adds for an item, and how the item is called.
fn with_label(vars: &Map, label: Option<&str>) -> Map {
    let mut vars = vars.clone();
    let item = vars.get("ansible_loop_var").map(Value::to_string).and_then(|name| vars.get(name.as_str()).cloned());
    if let (Some(item), Some(label)) = (item, label) {
        let label = if item.to_string() == label { item } else { label.into() };
        vars.insert("_ansible_item_label".into(), label);
    }
    vars
}

impl Options {
    fn outcome(&self, event: &HostResult) -> Outcome {
        let shown = whole_result(event, 0);
        // What debug tasks and their kin say is laid out as on a screen.
        let is_loud = event.result.verbose_always && !event.result.no_log;
        let text = || map_text(&shown, if is_loud { Layout::Indented } else { Layout::Flat });
        if event.status == TaskStatus::Skipped {
            return Outcome::Skipped(shown.get("skip_reason").map_or_else(|| "skipped".to_owned(), Value::to_string));
        }
        let failed = match event.status {
            TaskStatus::Ok | TaskStatus::Changed => self.fail_on_change && event.result.is_changed(),
            TaskStatus::Ignored => self.fail_on_ignore,
            _ => true,
        };
        let name = event.task.name.as_str();
        let counts_as_failed = match (failed, name.contains("EXPECTED FAILURE"), name.contains("TOGGLE RESULT")) {
            (failed, false, true) => !failed,
            (_, true, _) => false,
            (failed, ..) => failed,
        };
        match (&event.result.error, counts_as_failed) {
            (_, false) => Outcome::Passed(text()),
            (Some(error), true) if !event.result.no_log => Outcome::Broken(error.message(), report_text(error)),
            (_, true) => {
                let rc = || format!("rc={}", shown.get("rc").map_or_else(|| "unknown".to_owned(), Value::to_string));
                Outcome::Failed(shown.get("msg").map_or_else(rc, Value::to_string), text())
            }
        }
    }
}

fn push_case(xml: &mut String, task: &TaskCases, case: &Case) {
    let (class, name) = (escaped(&task.class), escaped(&format!("[{}] {}", case.host, task.name)));
    xml.push_str(&format!("\t\t<testcase classname=\"{class}\" name=\"{name}\" time=\"{:.6}\">\n\t\t\t", case.seconds));
    match &case.outcome {
        Outcome::Passed(output) => xml.push_str(&format!("<system-out>{}</system-out>", escaped(output))),
        Outcome::Skipped(reason) => xml.push_str(&format!("<skipped>{}</skipped>", escaped(reason))),
        Outcome::Failed(message, output) => push_failure(xml, "failure", message, output),
        Outcome::Broken(message, output) => push_failure(xml, "error", message, output),
    }
    xml.push_str("\n\t\t</testcase>\n");
}

fn push_failure(xml: &mut String, kind: &str, message: &str, output: &str) {
    let (message, output) = (escaped(message), escaped(output));
    xml.push_str(&format!("<{kind} message=\"{message}\" type=\"{kind}\">{output}</{kind}>"));
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
            Event::TaskStart(task) => _ = self.task(task),
            Event::HostStart { host, task } => drop(self.starts.insert((task.id, host.clone()), Instant::now())),
            Event::HostResult(result) => self.add(result),
            Event::Included { task, file, args, vars, hosts, item_label, .. } => {
                let vars = with_label(vars, item_label.as_deref());
                self.include(task, &file.to_string_lossy(), (args, vars), hosts);
            }
            Event::Stats(_) => self.write(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(outcome: Outcome) -> String {
        let name = "play: a < b".into();
        let task = TaskCases { name, class: "c".into(), start: Instant::now(), cases: Vec::new() };
        let mut xml = String::new();
        push_case(&mut xml, &task, &Case { host: "h".into(), seconds: 0.5, outcome });
        xml
    }

    #[test]
    fn a_failed_case_says_why() {
        let xml = case(Outcome::Failed("a < b".into(), "x\u{7}".into()));
        assert!(xml.contains("<failure message=\"a &lt; b\" type=\"failure\">x</failure>"), "{xml}");
        assert!(
            xml.starts_with("\t\t<testcase classname=\"c\" name=\"[h] play: a &lt; b\" time=\"0.500000\">"),
            "{xml}"
        );
        assert!(!xml.contains("system-out"), "{xml}");
    }

    #[test]
    fn a_skipped_case_says_why() {
        assert!(case(Outcome::Skipped("no".into())).contains("<skipped>no</skipped>"));
    }
}
