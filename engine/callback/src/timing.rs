//! The timer and profile_tasks callbacks: how long the run and each of its tasks took.

use std::time::{Duration, Instant};

use kapell_config::Settings;
use kapell_executor::{Callback, Event};

use crate::{Color, Display};

/// How many tasks the profile names.
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
            let text = format!("Playbook run took {}", in_words(self.start.elapsed().as_secs()));
            self.display.out(&text, Color::Plain);
        }
    }
}

fn in_words(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    format!("{days} days, {hours} hours, {minutes} minutes, {} seconds", seconds % 60)
}

/// `profile_tasks`: the time at every task, and the slowest ones at the end.
pub struct ProfileTasks {
    display: Display,
    start: Instant,
    last: Instant,
    tasks: Vec<(String, Duration)>,
    running: Option<String>,
}

impl ProfileTasks {
    pub fn new(settings: &Settings) -> Self {
        let display = Display::new(settings.nocolor, settings.force_color);
        let now = Instant::now();
        Self { display, start: now, last: now, tasks: Vec::new(), running: None }
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
        self.display.out(&filled(&text, '*'), Color::Plain);
    }

    fn show_slowest(&mut self) {
        self.display.out(&"=".repeat(WIDTH), Color::Plain);
        let mut tasks = std::mem::take(&mut self.tasks);
        tasks.sort_by(|(_, a), (_, b)| b.cmp(a));
        for (name, took) in tasks.iter().take(SHOWN_TASKS) {
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
                self.show_time();
                self.running = Some(task.name.trim().to_owned());
            }
            Event::Stats(_) => {
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
    fn times_are_written_out() {
        assert_eq!(in_words(93_784), "1 days, 2 hours, 3 minutes, 4 seconds");
        assert_eq!(clock(Duration::from_millis(3_723_050)), "1:02:03.050");
        assert_eq!(filled("ab ", '*').len(), WIDTH);
    }
}
