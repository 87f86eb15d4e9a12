//! The progress line under the log on a terminal: batch, hosts, current task, time.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

const TICK: Duration = Duration::from_millis(120);

/// Nothing at all unless standard error and standard output are a terminal.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    batch: String,
    hosts: usize,
    done: usize,
    failed: usize,
    task: String,
    /// The time shown when the line was given to a question.
    hidden_at: Option<Duration>,
}

impl Progress {
    pub(crate) fn new(wanted: bool) -> Self {
        let terminal = std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let bar = (wanted && terminal && !dumb).then(|| {
            let bar = ProgressBar::new_spinner();
            let style = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed_precise}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(TICK);
            bar
        });
        Self { bar, batch: String::new(), hosts: 0, done: 0, failed: 0, task: String::new(), hidden_at: None }
    }

    pub(crate) fn bar(&self) -> Option<ProgressBar> {
        self.bar.clone()
    }

    pub(crate) fn play(&mut self, hosts: usize, batch: usize, batches: usize) {
        self.batch = if batches > 1 { format!("batch {batch} of {batches} · ") } else { String::new() };
        (self.hosts, self.done) = (hosts, 0);
        self.refresh();
    }

    pub(crate) fn task(&mut self, name: &str) {
        name.clone_into(&mut self.task);
        self.done = 0;
        self.refresh();
    }

    pub(crate) fn host_done(&mut self, failed: bool) {
        self.done += 1;
        self.failed += usize::from(failed);
        self.refresh();
    }

    /// Leaves the line to a question and its answer.
    pub(crate) fn hide(&mut self) {
        if let (Some(bar), None) = (&self.bar, self.hidden_at) {
            bar.disable_steady_tick();
            self.hidden_at = Some(bar.elapsed());
            bar.finish_and_clear();
        }
    }

    pub(crate) fn show(&mut self) {
        if let (Some(bar), Some(elapsed)) = (&self.bar, self.hidden_at.take()) {
            bar.reset();
            bar.clone().with_elapsed(elapsed).enable_steady_tick(TICK);
        }
    }

    pub(crate) fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn refresh(&self) {
        let Some(bar) = &self.bar else { return };
        let failed = if self.failed > 0 { format!(" · {} failed", self.failed) } else { String::new() };
        bar.set_message(format!("{}{}/{} hosts{failed} · {}", self.batch, self.done, self.hosts, self.task));
    }
}
