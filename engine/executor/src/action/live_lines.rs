//! What a command prints while it runs, or how far its files have come, for those who watch: the newest line, now and
//! then.

use std::sync::Arc;
use std::time::Duration;

use kapell_connection::{Blobs, OutputLine};
use tokio::sync::mpsc;

use super::transfer;
use crate::{Event, Run};

/// Nobody reads faster; a command never waits for its watchers.
const PAUSE: Duration = Duration::from_millis(150);
const WAITING: usize = 64;

/// Where the lines of a command on `host` go, if anybody watches. `blobs` are on their way there meanwhile.
pub(super) fn watch(run: &Arc<Run>, host: &str, is_secret: bool, blobs: &Blobs) -> Option<mpsc::Sender<OutputLine>> {
    if is_secret || !run.options.live_output {
        return None;
    }
    let (lines, printed) = mpsc::channel(WAITING);
    let (run, host, blobs) = (Arc::clone(run), host.to_owned(), blobs.clone());
    let sent = move || transfer::line("sent", blobs.sent());
    tokio::spawn(tell(printed, sent, move |line| run.emit(Event::Output { host: host.clone(), line })));
    Some(lines)
}

/// Does `work`, and tells meanwhile how far it is, if anybody watches.
pub(super) async fn telling<T>(
    (run, host): (&Arc<Run>, &str),
    progress: impl Fn() -> Option<String>,
    work: impl Future<Output = T>,
) -> T {
    if !run.options.live_output {
        return work.await;
    }
    tokio::pin!(work);
    let mut ticks = tokio::time::interval(PAUSE);
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = ticks.tick() => if let Some(line) = progress() {
                run.emit(Event::Output { host: host.to_owned(), line });
            },
        }
    }
}

async fn tell(mut printed: mpsc::Receiver<OutputLine>, progress: impl Fn() -> Option<String>, tell: impl Fn(String)) {
    let (mut newest, mut last) = (None, None);
    let mut ticks = tokio::time::interval(PAUSE);
    loop {
        tokio::select! {
            line = printed.recv() => match line {
                Some(line) => newest = Some(line.line),
                None => return,
            },
            _ = ticks.tick() => {
                let line = newest.take().or_else(&progress).filter(|line| last.as_ref() != Some(line));
                if let Some(line) = line {
                    last = Some(line.clone());
                    tell(line);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use kapell_connection::OutputStream;

    use super::*;

    #[tokio::test]
    async fn of_many_lines_the_newest_are_told() {
        let (lines, printed) = mpsc::channel(WAITING);
        let (told, mut heard) = mpsc::unbounded_channel();
        tokio::spawn(tell(printed, || None, move |line| drop(told.send(line))));
        for number in 0..1000 {
            let line = OutputLine { stream: OutputStream::Stdout, line: number.to_string() };
            lines.send(line).await.unwrap();
        }
        tokio::time::sleep(PAUSE * 2).await;
        drop(lines);
        let mut all = Vec::new();
        while let Some(line) = heard.recv().await {
            all.push(line);
        }
        assert_eq!(all.last().map(String::as_str), Some("999"));
        assert!(all.len() < 500, "{} lines were told", all.len());
    }
}
