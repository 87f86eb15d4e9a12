//! `ansible.builtin.pause`: waits for a time, or for the person at the terminal.

use std::io::{BufRead, IsTerminal};
use std::time::{Duration, Instant};

use kapell_parsing::Map;

use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput, bool_arg, text_arg};
use crate::resolve::ResolvedTask;
use crate::{Event, TaskResult};

pub(super) static ACTION: Action = Action { name: "pause", run: start };

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(run(task, cx))
}

async fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    let args = &task.args;
    let echo = bool_arg(args, "echo")?.unwrap_or(true);
    let wait = duration(args)?;
    let prompt = text_arg(args, "prompt");
    let began = Instant::now();
    let name = format!("[{}]\n", task.info.name);
    let input = match wait {
        Some(wait) => {
            let note = prompt.map(|prompt| format!("{prompt}:")).unwrap_or_default();
            cx.emit(Event::Message(format!("{name}Pausing for {} seconds\n{note}", wait.as_secs())));
            tokio::time::sleep(wait).await;
            String::new()
        }
        None => {
            let prompt = prompt.unwrap_or_else(|| "Press enter to continue, Ctrl+C to interrupt".into());
            cx.emit(Event::Message(format!("{name}{prompt}:")));
            read_line().await?
        }
    };
    let seconds = began.elapsed().as_secs();
    let unit = if args.contains_key("minutes") { "minutes" } else { "seconds" };
    let shown = if unit == "minutes" { seconds as f64 / 60.0 } else { seconds as f64 };
    let mut result = TaskResult::new(Map::new());
    result.set("changed", false);
    result.set("delta", seconds as i64);
    result.set("echo", echo);
    result.set("rc", 0);
    result.set("stderr", "");
    result.set(
        "stdout",
        format!("Paused for {} {unit}", kapell_parsing::value::float_repr((shown * 100.0).round() / 100.0)),
    );
    result.set("user_input", input);
    Ok(result.into())
}

fn duration(args: &Map) -> Result<Option<Duration>, ActionError> {
    let number = |name: &str| -> Result<Option<f64>, ActionError> {
        let Some(text) = text_arg(args, name) else { return Ok(None) };
        let number = text.trim().parse::<f64>();
        number.map(Some).map_err(|_| ActionError::failed(format!("non-integer value given for {name}: {text}")))
    };
    let seconds = match (number("seconds")?, number("minutes")?) {
        (Some(_), Some(_)) => return Err(ActionError::failed("parameters are mutually exclusive: minutes|seconds")),
        (Some(seconds), None) => Some(seconds),
        (None, Some(minutes)) => Some(minutes * 60.0),
        (None, None) => None,
    };
    Ok(seconds.map(|seconds| Duration::from_secs_f64(seconds.max(1.0))))
}

/// A line from the terminal; without one there is nobody to wait for.
async fn read_line() -> Result<String, ActionError> {
    if !std::io::stdin().is_terminal() {
        return Ok(String::new());
    }
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    let line = read.await.map_err(|error| ActionError::failed(error.to_string()))??;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
