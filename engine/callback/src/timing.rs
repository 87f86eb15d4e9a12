//! The timer and profile_tasks callbacks: how long the run and each of its tasks took.

use std::time::{Duration, Instant};

use kapell_config::Settings;
use kapell_executor::{Callback, Event};

use crate::banner::banner;
use crate::{Color, Display};

/// How many tasks the profile names, where nothing else is said.
const SHOWN_TASKS: usize = 20;
const WIDTH: usize = 79;

/// `timer`: the whole run, at its end.
pub struct Timer {
    display: Display,
    start: Instant,
}

impl Timer {
    pub fn new(settings: &Settings) -> Self {
        Self { display: Display::new(settings.nocolor, settings.force_color), start: Instant::now() }
    }
}

impl Callback for Timer {
    fn on_event(&mut self, event: &Event) {
        if matches!(event, Event::Stats(_)) {
            self.display.out(&banner("PLAYBOOK RECAP", self.display.columns()), Color::Plain);
            let text = format!("Playbook run took {}\n\r", in_words(self.start.elapsed().as_secs()));
            self.display.out(&text, Color::Plain);
        }
    }
}

fn in_words(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    format!("{days} days, {hours} hours, {minutes} minutes, {} seconds", seconds % 60)
}

/// In which order the profile names tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    SlowestFirst,
    SlowestLast,
    AsTheyRan,
}

/// What the environment says about the profile: `PROFILE_TASKS_SORT_ORDER` and its kin.
struct ProfileOptions {
    order: Order,
    shown: usize,
    summary_only: bool,
}

impl ProfileOptions {
    fn of_environment() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let order = match text("PROFILE_TASKS_SORT_ORDER").as_deref() {
            Some("ascending") => Order::SlowestLast,
            Some("none") => Order::AsTheyRan,
            _ => Order::SlowestFirst,
        };
        let shown = match text("PROFILE_TASKS_TASK_OUTPUT_LIMIT").as_deref() {
            Some("all") => usize::MAX,
            limit => limit.and_then(|limit| limit.parse().ok()).unwrap_or(SHOWN_TASKS),
        };
        let is_yes = |text: String| ["yes", "true", "on", "1", "y", "t"].contains(&text.to_lowercase().as_str());
        Self { order, shown, summary_only: text("PROFILE_TASKS_SUMMARY_ONLY").is_some_and(is_yes) }
    }

    /// Those that are shown, in their order.
    fn of(&self, mut tasks: Vec<(String, Duration)>) -> Vec<(String, Duration)> {
        match self.order {
            Order::SlowestFirst => tasks.sort_by(|(_, a), (_, b)| b.cmp(a)),
            Order::SlowestLast => tasks.sort_by_key(|(_, a)| *a),
            Order::AsTheyRan => {}
        }
        tasks.truncate(self.shown);
        tasks
    }
}

/// `profile_tasks`: the time at every task, and the slowest ones at the end.
pub struct ProfileTasks {
    display: Display,
    options: ProfileOptions,
    start: Instant,
    last: Instant,
    tasks: Vec<(String, Duration)>,
    running: Option<String>,
}

impl ProfileTasks {
    pub fn new(settings: &Settings) -> Self {
        let display = Display::new(settings.nocolor, settings.force_color);
        let now = Instant::now();
        let options = ProfileOptions::of_environment();
        Self { display, options, start: now, last: now, tasks: Vec::new(), running: None }
    }

    /// The task before ends where the next one begins.
    fn lap(&mut self) -> Duration {
        let now = Instant::now();
        let took = now.duration_since(self.last);
        self.last = now;
        if let Some(name) = self.running.take() {
            self.tasks.push((name, took));
        }
        took
    }

    fn show_time(&mut self) {
        let took = self.lap();
        let now = jiff::Zoned::now().strftime("%A %d %B %Y  %H:%M:%S %z");
        let text = format!("{now} ({})       {} ", clock(took), clock(self.start.elapsed()));
        self.display.out(&format!("{} ", filled(&text, '*')), Color::Plain);
    }

    fn show_slowest(&mut self) {
        self.display.out(&format!("{} ", "=".repeat(WIDTH)), Color::Plain);
        for (name, took) in self.options.of(std::mem::take(&mut self.tasks)) {
            let time = format!(" {:.2}s", took.as_secs_f64());
            let dashes = WIDTH.saturating_sub(name.chars().count() + 1 + time.len()).max(3);
            self.display.out(&format!("{name} {}{time}", "-".repeat(dashes)), Color::Plain);
        }
    }
}

impl Callback for ProfileTasks {
    fn on_event(&mut self, event: &Event) {
        match event {
            Event::TaskStart(task) => {
                if self.options.summary_only {
                    self.lap();
                } else {
                    self.show_time();
                }
                self.running = Some(task.name.trim().to_owned());
            }
            Event::Stats(_) => {
                self.display.out(&banner("TASKS RECAP", self.display.columns()), Color::Plain);
                self.show_time();
                self.show_slowest();
            }
            _ => {}
        }
    }
}

fn filled(text: &str, with: char) -> String {
    let missing = WIDTH.saturating_sub(text.chars().count());
    format!("{text}{}", with.to_string().repeat(missing))
}

/// `0:00:01.250`
fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    format!("{}:{:02}:{:02}.{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60, duration.subsec_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_is_as_long_and_in_the_order_that_is_wanted() {
        let tasks = || [3, 1, 2].map(|seconds| (seconds.to_string(), Duration::from_secs(seconds))).to_vec();
        let named = |order, shown| {
            let options = ProfileOptions { order, shown, summary_only: false };
            options.of(tasks()).into_iter().map(|(name, _)| name).collect::<String>()
        };
        assert_eq!(named(Order::SlowestFirst, 2), "32");
        assert_eq!(named(Order::SlowestLast, 9), "123");
        assert_eq!(named(Order::AsTheyRan, 2), "31");
    }

    #[test]
    fn times_are_written_out() {
        assert_eq!(in_words(93_784), "1 days, 2 hours, 3 minutes, 4 seconds");
        assert_eq!(clock(Duration::from_millis(3_723_050)), "1:02:03.050");
        assert_eq!(filled("ab ", '*').len(), WIDTH);
    }
}
