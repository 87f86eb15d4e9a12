//! The person at the terminal: questions asked in the middle of a run, answered on standard input.

use std::io::BufRead;

use crate::{Event, Run};

/// Shows `prompt` and reads one line without its end; `None` when there is nobody (left) to answer.
pub(crate) async fn ask(run: &Run, prompt: impl Into<String>) -> Option<String> {
    run.emit(Event::Prompt(prompt.into()));
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|bytes| (bytes, line))
    });
    match read.await {
        Ok(Ok((bytes, line))) if bytes > 0 => Some(line.trim_end_matches(['\r', '\n']).to_owned()),
        _ => None,
    }
}
