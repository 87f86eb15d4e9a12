//! `Board`: where a run stands: the batch and its task, the hosts by how it went, those that take longest and what they
//! print, and how long it may take.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use kapell_executor::TaskStatus;

use crate::screen::{cut, width};
use crate::{Color, Display};

const SPINNER: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/// Hosts that are shown because they take long, and from when on.
const SHOWN_HOSTS: usize = 3;
const LONG: Duration = Duration::from_secs(2);
/// Terminals with fewer rows get one line.
const FEW_ROWS: usize = 12;
/// Of names of hosts.
const WIDEST_NAME: usize = 24;

pub(crate) struct Board {
    start: Instant,
    batch: usize,
    batches: usize,
    /// When the first batch began, and the one that runs.
    batches_start: Instant,
    batch_start: Instant,
    hosts: usize,
    task: String,
    counts: Counts,
    running: HashMap<String, Running>,
    /// Hosts that failed or could not be reached, in the whole run.
    lost: usize,
}

/// Of the task that runs.
#[derive(Default)]
struct Counts {
    ok: usize,
    changed: usize,
    skipped: usize,
    failed: usize,
    unreachable: usize,
}

struct Running {
    since: Instant,
    /// The last line its command printed.
    line: String,
}

impl Board {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            start: now,
            batch: 1,
            batches: 1,
            batches_start: now,
            batch_start: now,
            hosts: 0,
            task: String::new(),
            counts: Counts::default(),
            running: HashMap::new(),
            lost: 0,
        }
    }

    pub(crate) fn play(&mut self, hosts: usize, (batch, batches): (usize, usize), now: Instant) {
        (self.hosts, self.batch, self.batches) = (hosts, batch.max(1), batches);
        self.batch_start = now;
        if batch <= 1 {
            self.batches_start = now;
        }
        self.task(String::new());
    }

    pub(crate) fn task(&mut self, name: String) {
        self.task = name;
        self.counts = Counts::default();
    }

    pub(crate) fn host_start(&mut self, host: &str, now: Instant) {
        self.running.insert(host.to_owned(), Running { since: now, line: String::new() });
    }

    pub(crate) fn output(&mut self, host: &str, line: &str) {
        if let Some(running) = self.running.get_mut(host) {
            line.trim_end().clone_into(&mut running.line);
        }
    }

    pub(crate) fn host_done(&mut self, host: &str, status: TaskStatus) {
        self.running.remove(host);
        let counts = &mut self.counts;
        let count = match status {
            TaskStatus::Ok => &mut counts.ok,
            TaskStatus::Changed => &mut counts.changed,
            TaskStatus::Skipped => &mut counts.skipped,
            TaskStatus::Unreachable => &mut counts.unreachable,
            TaskStatus::Failed | TaskStatus::Rescued | TaskStatus::Ignored => &mut counts.failed,
        };
        *count += 1;
        self.lost += usize::from(matches!(status, TaskStatus::Failed | TaskStatus::Unreachable));
    }

    /// For a terminal of this size, with the colours of `display`.
    pub(crate) fn lines(&self, display: &Display, (columns, rows): (usize, usize), now: Instant) -> Vec<String> {
        let room = columns.saturating_sub(1).max(10);
        let mut lines = vec![self.head(room, now)];
        if rows >= FEW_ROWS {
            lines.push(self.hosts_line(display, room, now));
            lines.extend(self.slowest(room, now).into_iter().map(|line| display.paint(&line, Color::Verbose)));
        }
        lines
    }

    /// What is done, and for how long.
    fn head(&self, room: usize, now: Instant) -> String {
        let elapsed = now.duration_since(self.start);
        let spinner = SPINNER[(elapsed.as_millis() / 120) as usize % SPINNER.len()];
        let batch =
            if self.batches > 1 { format!("batch {} of {} · ", self.batch, self.batches) } else { String::new() };
        let time = clock(elapsed);
        let text = cut(&format!("{spinner} {batch}{}", self.task.trim()), room.saturating_sub(time.len() + 1));
        let gap = room.saturating_sub(width(&text) + time.len());
        format!("{text}{}{time}", " ".repeat(gap))
    }

    fn hosts_line(&self, display: &Display, room: usize, now: Instant) -> String {
        let counts = &self.counts;
        let done = counts.ok + counts.changed + counts.skipped + counts.failed + counts.unreachable;
        let mut parts = vec![(format!("{done}/{} hosts", self.hosts), Color::Plain)];
        let counted = [
            (self.running.len(), "running", Color::Verbose),
            (counts.ok, "ok", Color::Ok),
            (counts.changed, "changed", Color::Changed),
            (counts.skipped, "skipped", Color::Skipped),
            (counts.failed, "failed", Color::Failed),
            (counts.unreachable, "unreachable", Color::Unreachable),
        ];
        let told = counted.into_iter().filter(|(count, ..)| *count > 0);
        parts.extend(told.map(|(count, word, color)| (format!("{count} {word}"), color)));
        if self.lost > counts.failed + counts.unreachable {
            parts.push((format!("{} lost in all", self.lost), Color::Failed));
        }
        if let Some(left) = self.left(now) {
            parts.push((format!("about {} left", clock(left)), Color::Plain));
        }
        painted(display, &parts, room)
    }

    /// Batches do the same, one after the other: those that are done tell how long the others take.
    fn left(&self, now: Instant) -> Option<Duration> {
        let done = u32::try_from(self.batch - 1).ok().filter(|done| *done > 0)?;
        let mean = self.batch_start.duration_since(self.batches_start) / done;
        let to_come = u32::try_from(self.batches.saturating_sub(self.batch - 1)).ok()?;
        let left = (mean * to_come).saturating_sub(now.duration_since(self.batch_start));
        // A batch that takes longer than those before it has nothing to say.
        (left >= Duration::from_secs(1)).then_some(left)
    }

    fn slowest(&self, room: usize, now: Instant) -> Vec<String> {
        let is_slow = |running: &&Running| now.duration_since(running.since) >= LONG;
        let mut hosts: Vec<(&String, &Running)> = self.running.iter().filter(|(_, running)| is_slow(running)).collect();
        hosts.sort_by_key(|(host, running)| (running.since, host.as_str()));
        let hosts: Vec<_> = hosts.into_iter().take(SHOWN_HOSTS).collect();
        let widest = hosts.iter().map(|(host, _)| width(host)).max().unwrap_or_default().min(WIDEST_NAME);
        let line = |(host, running): &(&String, &Running)| {
            let name = cut(host, widest);
            let gap = " ".repeat(widest - width(&name));
            let printed: String = running.line.chars().filter(|c| !c.is_control()).collect();
            let text = format!("  {name}{gap}  {}  {printed}", clock(now.duration_since(running.since)));
            cut(text.trim_end(), room)
        };
        hosts.iter().map(line).collect()
    }
}

/// Parts with dots between them, as many as there is room for.
fn painted(display: &Display, parts: &[(String, Color)], room: usize) -> String {
    let mut line = String::from("  ");
    let mut used = 2;
    for (index, (text, color)) in parts.iter().enumerate() {
        let separator = if index == 0 { "" } else { " · " };
        used += width(separator) + width(text);
        if used > room {
            break;
        }
        line.push_str(separator);
        line.push_str(&display.paint(text, *color));
    }
    line
}

/// `1:02:03`, or `2:03` within an hour.
fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Display {
        let mut display = Display::new(true, false);
        display.colored = false;
        display
    }

    fn at(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn says_where_the_run_stands() {
        let start = Instant::now();
        let mut board = Board::new(start);
        board.play(4, (1, 4), start);
        board.play(4, (2, 4), at(start, 60));
        board.task("install nginx".into());
        ["web1", "web2", "web3"].iter().for_each(|host| board.host_start(host, at(start, 60)));
        board.host_done("web1", TaskStatus::Changed);
        board.host_done("web2", TaskStatus::Failed);
        board.output("web3", "Get:1 http://deb\u{7}ian …\n");
        let lines = board.lines(&plain(), (72, 40), at(start, 75));
        assert_eq!(lines[0], "⠴ batch 2 of 4 · install nginx                                     1:15");
        assert_eq!(lines[1], "  2/4 hosts · 1 running · 1 changed · 1 failed · about 2:45 left");
        assert_eq!(lines[2], "  web3  0:15  Get:1 http://debian …");
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn what_is_left_is_told_when_batches_have_shown_it() {
        let start = Instant::now();
        let mut board = Board::new(start);
        board.play(1, (1, 3), start);
        assert_eq!(board.left(at(start, 30)), None);
        board.play(1, (2, 3), at(start, 60));
        assert_eq!(board.left(at(start, 90)), Some(Duration::from_secs(90)));
        assert_eq!(board.left(at(start, 200)), None);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let start = Instant::now();
        let mut board = Board::new(start);
        board.play(1000, (1, 1), start);
        board.task("a task with a long name ".repeat(20));
        for host in 0..1000 {
            board.host_start(&format!("a-host-with-a-very-long-name-{host:04}.example.com"), start);
            board.output(&format!("a-host-with-a-very-long-name-{host:04}.example.com"), &"x".repeat(500));
        }
        for columns in [20, 80, 200] {
            let lines = board.lines(&plain(), (columns, 40), at(start, 5));
            assert_eq!(lines.len(), 2 + SHOWN_HOSTS);
            assert!(lines.iter().all(|line| width(line) < columns), "{lines:#?}");
        }
        assert_eq!(board.lines(&plain(), (80, 8), at(start, 5)).len(), 1);
    }
}
