//! The default callback: line for line what ansible-playbook prints.

use std::path::Path;

use kapell_config::Settings;
use kapell_executor::event::{CENSORED_LABEL, HostResult};
use kapell_executor::{Callback, Event, Stats, TaskInfo, TaskStatus};
use kapell_parsing::Value;

use crate::banner::banner;
use crate::error_text::report_text;
use crate::folded::{Folded, HostLine};
use crate::progress::Progress;
use crate::result_text::{Form, Look, is_debug, is_shown, result_text};
use crate::told::Told;
use crate::{Color, Display, diff_text, json_text, recap};

/// What of the settings the callback needs.
struct Options {
    verbosity: u8,
    skipped_hosts: bool,
    ok_hosts: bool,
    failed_to_stderr: bool,
    custom_stats: bool,
    check_mode_markers: bool,
    diff_context: usize,
    debug: bool,
    host_starts: bool,
    args: bool,
    path_on_failure: bool,
    look: Look,
}

pub struct Default {
    display: Display,
    options: Options,
    progress: Progress,
    /// Errors and warnings that were told already.
    told: Told,
    /// The task whose banner was printed last.
    current: Option<u64>,
    /// Nothing is changed, and that is to be told.
    dry_run: bool,
    /// A banner not printed yet, because its task showed nothing so far.
    waiting: Option<String>,
    /// Lines of hosts that wait for those of others.
    folded: Option<Folded>,
}

impl Default {
    pub fn new(settings: &Settings, verbosity: u8) -> Self {
        let display = Display::new(settings.nocolor, settings.force_color);
        let progress = Progress::new(settings);
        let folded = settings.fold.then(Folded::default);
        let options = Options {
            verbosity,
            skipped_hosts: settings.display_skipped_hosts,
            ok_hosts: settings.display_ok_hosts,
            failed_to_stderr: settings.display_failed_stderr,
            custom_stats: settings.show_custom_stats,
            check_mode_markers: settings.check_mode_markers,
            diff_context: settings.diff_context,
            debug: settings.debug,
            host_starts: settings.show_per_host_start,
            args: settings.display_args_to_stdout,
            path_on_failure: settings.show_task_path_on_failure,
            look: Look::new(settings, verbosity),
        };
        Self {
            display,
            options,
            progress,
            told: Told::new(settings),
            current: None,
            dry_run: false,
            waiting: None,
            folded,
        }
    }

    /// With results in a form that no setting names.
    pub(crate) fn in_form(mut self, form: Form) -> Self {
        self.options.look.form = form;
        self
    }

    fn banner(&self, text: &str) {
        self.display.out(&banner(text, self.display.columns()), Color::Plain);
    }

    fn playbook_start(&mut self, path: &Path, plays: usize, check: bool) {
        if self.options.verbosity > 1 {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            self.banner(&format!("PLAYBOOK: {name}"));
            self.display.out(&format!("{plays} plays in {}", path.display()), Color::Verbose);
        }
        self.dry_run = check && self.options.check_mode_markers;
        if self.dry_run {
            self.banner("DRY RUN");
        }
    }

    fn play_start(&mut self, name: &str, check_mode: bool) {
        let mark = if check_mode && self.options.check_mode_markers { " [CHECK MODE]" } else { "" };
        let name = name.trim();
        self.banner(&if name.is_empty() { format!("PLAY{mark}") } else { format!("PLAY [{name}]{mark}") });
        self.current = None;
    }

    fn task_start(&mut self, task: &TaskInfo) {
        if !task.independent {
            self.announce(task);
        }
    }

    /// The banner of a task whose results come between those of others, unless it is the last one shown.
    fn announce_again(&mut self, task: &TaskInfo) {
        if task.independent && self.current != Some(task.id) {
            self.announce(task);
        }
    }

    fn announce(&mut self, task: &TaskInfo) {
        let word = if task.is_handler { "RUNNING HANDLER" } else { "TASK" };
        let mark = if task.check_mode && self.options.check_mode_markers { " [CHECK MODE]" } else { "" };
        let args = task.args.as_deref().filter(|_| self.options.args).unwrap_or_default();
        let mut text = banner(&format!("{word} [{}{args}]{mark}", task.name.trim()), self.display.columns());
        if self.options.verbosity >= 2
            && let Some(origin) = &task.origin
        {
            let path =
                self.display.paint(&format!("task path: {}:{}", origin.path().display(), origin.line), Color::Verbose);
            text = format!("{text}\n{path}");
        }
        self.unfold();
        self.current = Some(task.id);
        self.waiting = Some(text);
        if self.options.skipped_hosts && self.options.ok_hosts {
            self.flush_banner();
        }
    }

    fn flush_banner(&mut self) {
        if let Some(text) = self.waiting.take() {
            self.display.out(&text, Color::Plain);
        }
    }

    fn host_result(&mut self, event: &HostResult) {
        self.announce_again(&event.task);
        self.show_warnings(event);
        let is_loop = event.result.looped && !event.result.unreachable;
        match event.status {
            TaskStatus::Ok | TaskStatus::Changed => {
                if !is_loop && !event.task.is_include() {
                    self.show_ok(event, "=> ");
                }
            }
            TaskStatus::Skipped => self.show_skipped(event),
            TaskStatus::Unreachable => {
                self.flush_banner();
                self.show_path(event);
                let after = format!("]: UNREACHABLE! => {}", result_text(event, self.options.look));
                self.tell(event, failure("fatal: [", after, Color::Unreachable));
                self.ignoring(event);
            }
            TaskStatus::Failed | TaskStatus::Rescued | TaskStatus::Ignored => {
                self.flush_banner();
                if !is_loop || has_no_items(event) || is_debug(&event.task.action) {
                    self.show_path(event);
                    let after = format!("]: FAILED! => {}", result_text(event, self.options.look));
                    self.tell(event, failure("fatal: [", after, Color::Failed));
                }
                self.ignoring(event);
            }
        }
    }

    /// Where a task that failed is written, unless its banner said so.
    fn show_path(&self, event: &HostResult) {
        if let Some(origin) = event.task.origin.as_ref().filter(|_| self.options.path_on_failure)
            && self.options.verbosity < 2
        {
            let text = format!("task path: {}:{}", origin.path().display(), origin.line);
            self.display.out(&text, Color::Verbose);
        }
    }

    fn host_start(&mut self, host: &str, task: &TaskInfo) {
        if self.options.host_starts {
            self.flush_banner();
            self.display.out(&format!(" [started {} on {host}]", header(task)), Color::Highlight);
        }
        let text = format!("<{host}> EXEC {}", task.action);
        self.display.detail(&text, 3, self.options.verbosity);
    }

    fn ignoring(&mut self, event: &HostResult) {
        if event.ignore_errors && self.folded.is_none() {
            self.display.out("...ignoring", Color::Skipped);
        }
    }

    fn failure(&self, text: &str, color: Color) {
        if self.options.failed_to_stderr { self.display.err(text, color) } else { self.display.out(text, color) }
    }

    fn show_ok(&mut self, event: &HostResult, arrow: &str) {
        let changed = event.result.is_changed();
        if !changed && !self.options.ok_hosts {
            return;
        }
        self.flush_banner();
        let (before, color) = if changed { ("changed: [", Color::Changed) } else { ("ok: [", Color::Ok) };
        let mut after = "]".to_owned();
        if let Some(item) = item(event) {
            after = format!("{after} => (item={item})");
        }
        if is_shown(event, self.options.verbosity) {
            after = format!("{after} {arrow}{}", result_text(event, self.options.look));
        }
        let diff = self.diff(event);
        self.tell(event, HostLine { before: before.to_owned(), after, diff, color, is_failure: false });
    }

    fn diff(&self, event: &HostResult) -> String {
        let is_shown = !event.result.no_log && event.diff_mode && event.result.is_changed();
        if is_shown { diff_text::text(&event.result.data, self.options.diff_context) } else { String::new() }
    }

    fn tell(&mut self, event: &HostResult, line: HostLine) {
        self.tell_of(&label(event), event, line);
    }

    fn tell_of(&mut self, host: &str, event: &HostResult, mut line: HostLine) {
        match &mut self.folded {
            Some(folded) => {
                if line.is_failure && event.ignore_errors && event.item_label.is_none() {
                    line.after.push_str("\n...ignoring");
                }
                folded.add(line, host.to_owned());
            }
            None => self.print(&line, host),
        }
    }

    /// Prints what waited for other hosts.
    fn unfold(&mut self) {
        let lines = self.folded.as_mut().map(Folded::take).unwrap_or_default();
        lines.iter().for_each(|(line, hosts)| self.print(line, hosts));
    }

    fn print(&self, line: &HostLine, hosts: &str) {
        if !line.diff.is_empty() {
            diff_text::print(&self.display, &line.diff);
        }
        let text = line.about(hosts);
        if line.is_failure { self.failure(&text, line.color) } else { self.display.out(&text, line.color) }
    }

    fn show_skipped(&mut self, event: &HostResult) {
        if !self.options.skipped_hosts {
            return;
        }
        self.flush_banner();
        let mut after = "]".to_owned();
        if let Some(item) = item(event) {
            after = format!("{after} => (item={item}) ");
        }
        if is_shown(event, self.options.verbosity) {
            after = format!("{after} => {}", result_text(event, self.options.look));
        }
        let (before, diff) = ("skipping: [".to_owned(), String::new());
        self.tell_of(&event.host, event, HostLine { before, after, diff, color: Color::Skipped, is_failure: false });
    }

    fn item_result(&mut self, event: &HostResult) {
        self.announce_again(&event.task);
        self.show_warnings(event);
        match event.status {
            TaskStatus::Ok | TaskStatus::Changed => self.show_ok(event, "=> "),
            TaskStatus::Skipped => self.show_skipped(event),
            TaskStatus::Unreachable => {
                self.flush_banner();
                let after = format!("]: UNREACHABLE! => {}", result_text(event, self.options.look));
                self.tell(event, failure("fatal: [", after, Color::Unreachable));
            }
            TaskStatus::Failed | TaskStatus::Rescued | TaskStatus::Ignored => {
                self.flush_banner();
                let item = item(event).unwrap_or_default();
                let after = format!("] (item={item}) => {}", result_text(event, self.options.look));
                self.tell(event, failure("failed: [", after, Color::Failed));
            }
        }
    }

    fn show_warnings(&mut self, event: &HostResult) {
        event.result.diagnostics().iter().for_each(|diagnostic| self.told.tell(&self.display, diagnostic));
    }

    fn included(&mut self, file: &str, hosts: &[String], item: Option<&str>) {
        self.flush_banner();
        let item = item.filter(|item| !item.is_empty()).map(|item| format!(" => (item={item})")).unwrap_or_default();
        self.display.out(&format!("included: {file} for {}{item}", hosts.join(", ")), Color::Skipped);
    }

    fn stats(&mut self, stats: &Stats) {
        recap::show(&self.display, stats, self.folded.is_some());
        if self.options.custom_stats && !stats.custom.is_empty() {
            self.display.out("", Color::Plain);
            self.display.out(banner("CUSTOM STATS: ", self.display.columns()).trim_start(), Color::Plain);
            let mut hosts: Vec<_> = stats.custom.iter().collect();
            hosts.sort_by_key(|(name, _)| (name.as_str() == "_run", name.as_str()));
            for (name, data) in hosts {
                let name = if name == "_run" { "RUN" } else { name };
                let data = squeezed(&json_text::map_text(data, json_text::Layout::Indented));
                let (before, after) = if name == "RUN" { ("\n", "\n") } else { ("", "") };
                self.display.out(&format!("{before}\t{name}: {data}{after}"), Color::Plain);
            }
        }
        if self.dry_run {
            self.banner("DRY RUN");
        }
    }
}

fn failure(before: &str, after: String, color: Color) -> HostLine {
    HostLine { before: before.to_owned(), after, diff: String::new(), color, is_failure: true }
}

/// Whether lines of hosts may not wait any longer: what comes is about something else.
fn ends_folding(event: &Event) -> bool {
    !matches!(
        event,
        Event::HostResult(_)
            | Event::ItemResult(_)
            | Event::HostStart { .. }
            | Event::Output { .. }
            | Event::TaskError(_)
            | Event::Notified { .. }
            | Event::Diagnostic(_)
            | Event::Turn(_)
    )
}

/// `TASK: name`, as the start of a task on a host is told.
fn header(task: &TaskInfo) -> String {
    let word = if task.is_handler { "RUNNING HANDLER" } else { "TASK" };
    format!("{word}: {}", task.name.trim())
}

/// Lines on one, with one blank for each level that a line is in.
fn squeezed(text: &str) -> String {
    let blanks = |line: &str| " ".repeat((line.len() - line.trim_start().len()) / 4);
    text.lines().map(|line| format!("{}{}", blanks(line), line.trim_start())).collect()
}

/// The host, and where its task was delegated to.
fn label(event: &HostResult) -> String {
    match &event.delegated_to {
        Some(other) if *other != event.host => format!("{} -> {other}", event.host),
        _ => event.host.clone(),
    }
}

fn item(event: &HostResult) -> Option<String> {
    let label = event.item_label.as_ref()?;
    Some(if event.result.no_log { CENSORED_LABEL.to_owned() } else { label.clone() })
}

fn has_no_items(event: &HostResult) -> bool {
    event.result.data.get("results").and_then(Value::as_list).is_none_or(<[Value]>::is_empty)
}

impl Callback for Default {
    fn on_event(&mut self, event: &Event) {
        self.progress.see(event);
        if ends_folding(event) {
            self.unfold();
        }
        match event {
            Event::PlayStart { name, check_mode, .. } => self.play_start(name, *check_mode),
            Event::NoHostsMatched => self.display.out("skipping: no hosts matched", Color::Skipped),
            Event::NoHostsRemaining => self.banner("NO MORE HOSTS LEFT"),
            Event::TaskStart(task) => self.task_start(task),
            Event::HostResult(result) => self.host_result(result),
            Event::ItemResult(result) => self.item_result(result),
            Event::Retry { host, task, retries_left, result } => {
                self.announce_again(task);
                let mut text = format!("FAILED - RETRYING: [{host}]: {} ({retries_left} retries left).", task.name);
                if (self.options.verbosity > 2 || result.verbose_always) && !result.no_log {
                    text =
                        format!("{text}Result was: {}", json_text::map_text(&result.data, json_text::Layout::Indented));
                }
                self.display.out(&text, Color::Plain);
            }
            Event::JobPoll { host, job } => {
                let text = format!("ASYNC POLL on {host}: jid={job} started=True finished=False");
                self.display.out(&text, Color::Plain);
            }
            Event::JobEnd { host, job, failed } => {
                let (word, color) = if *failed { ("FAILED", Color::Failed) } else { ("OK", Color::Plain) };
                self.flush_banner();
                self.display.out(&format!("ASYNC {word} on {host}: jid={job}"), color);
            }
            Event::Included { file, hosts, item_label, .. } => {
                self.included(&file.to_string_lossy(), hosts, item_label.as_deref());
            }
            Event::Notified { host, handler } if self.options.verbosity > 1 => {
                self.display.out(&format!("NOTIFIED HANDLER {handler} for {host}"), Color::Verbose);
            }
            Event::HostStart { host, task } => self.host_start(host, task),
            Event::Turn(task) => self.announce_again(task),
            Event::TaskError(report) => {
                self.flush_banner();
                let text = format!("[ERROR]: {}", report_text(report));
                if self.told.is_new(&text) {
                    self.failure(&text, Color::Failed);
                }
            }
            Event::Diagnostic(diagnostic) => self.told.tell(&self.display, diagnostic),
            Event::Detail { verbosity, text } if self.options.debug || self.options.verbosity >= *verbosity => {
                self.flush_banner();
                self.display.out(text, Color::Verbose);
            }
            Event::Prompt(text) => {
                self.flush_banner();
                self.display.prompt(text);
            }
            Event::Banner(text) => self.banner(text),
            Event::Message(text) => self.display.out(text, Color::Plain),
            Event::Stats(stats) => self.stats(stats),
            Event::PlaybookStart { path, plays, check } => self.playbook_start(path, *plays, *check),
            Event::ImplicitTask(_)
            | Event::Notified { .. }
            | Event::Detail { .. }
            | Event::Output { .. }
            | Event::RunEnd => {}
        }
    }
}
