//! `ansible.builtin.pause`: waits for a time, or for the person at the terminal.

use std::time::{Duration, Instant};

use jiff::Zoned;
use kapell_modules::{Arg, Constraint};
use kapell_parsing::{Map, Value};

use super::arguments::{ArgumentSpec, checked};
use super::terminal::{Answer, Keys, is_interactive};
use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput, text_arg};
use crate::resolve::ResolvedTask;
use crate::{Event, TaskResult};

pub(super) static ACTION: Action = Action { name: "pause", run: start };

const SPEC: ArgumentSpec = ArgumentSpec {
    args: &[
        Arg::bool("echo").default("true"),
        // Fractions are cut off.
        Arg::raw("minutes"),
        Arg::raw("seconds"),
        Arg::str("prompt"),
    ],
    constraints: &[Constraint::MutuallyExclusive(&["minutes", "seconds"])],
};

const NOBODY: &str = "Not waiting for response to prompt as stdin is not interactive";

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(run(task, cx))
}

async fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    let args = checked(task, &SPEC)?;
    let echo = args.get("echo").is_some_and(Value::is_truthy);
    let pause = Pause { limit: limit(&args)?, prompt: text_arg(&args, "prompt"), echo, interactive: is_interactive() };
    let (began, start) = (Instant::now(), Zoned::now());
    let mut result = TaskResult::new(Map::new());
    if let Some(note) = pause.note(&task.info.name) {
        cx.emit(Event::Message(note));
    }
    let input = pause.wait(cx).await?;
    if !pause.interactive && pause.limit.is_none() {
        result.set("warnings", vec![Value::from(NOBODY)]);
    }
    let elapsed = began.elapsed();
    let in_seconds = args.get("seconds").is_some_and(|given| !given.is_null());
    let (unit, shown) =
        if in_seconds { ("seconds", elapsed.as_secs_f64()) } else { ("minutes", elapsed.as_secs_f64() / 60.0) };
    let shown = kapell_parsing::value::float_repr((shown * 100.0).round() / 100.0);
    let moment = |time: &Zoned| time.strftime("%Y-%m-%d %H:%M:%S.%6f").to_string();
    result.set("changed", false);
    result.set("delta", elapsed.as_secs() as i64);
    result.set("echo", echo);
    result.set("rc", 0);
    result.set("start", moment(&start));
    result.set("stderr", "");
    result.set("stdout", format!("Paused for {shown} {unit}"));
    result.set("stop", moment(&Zoned::now()));
    result.set("user_input", input);
    Ok(result.into())
}

/// How long to wait at most, whole seconds or minutes, never less than one second.
fn limit(args: &Map) -> Result<Option<Duration>, ActionError> {
    for (name, unit) in [("seconds", 1.0), ("minutes", 60.0)] {
        let Some(value) = args.get(name).filter(|value| !value.is_null()) else { continue };
        let number = match value {
            Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
            Value::Int(number) => Some(*number as f64),
            Value::Float(number) => Some(number.trunc()),
            Value::Str(text) => text.trim().parse::<i64>().ok().map(|number| number as f64),
            _ => None,
        };
        let Some(number) = number else {
            let quote = if matches!(value, Value::Str(_)) { "'" } else { "" };
            return Err(ActionError::failed(format!(
                "argument '{name}' is of type {} and we were unable to convert to int: invalid literal for int() with \
                 base 10: {quote}{value}{quote}",
                value.type_name()
            )));
        };
        return Ok(Some(Duration::from_secs_f64((number * unit).clamp(1.0, 1e9))));
    }
    Ok(None)
}

struct Pause {
    limit: Option<Duration>,
    prompt: Option<String>,
    echo: bool,
    interactive: bool,
}

impl Pause {
    /// What is shown before the waiting begins.
    fn note(&self, task_name: &str) -> Option<String> {
        let mut lines = Vec::new();
        if let Some(limit) = self.limit {
            lines.push(format!("Pausing for {} seconds", limit.as_secs()));
            if self.interactive || self.prompt.is_some() {
                lines.push("(ctrl+C then 'C' = continue early, ctrl+C then 'A' = abort)\r".to_owned());
            }
        }
        if self.interactive && (self.limit.is_none() || self.prompt.is_some()) {
            let prompt = self.prompt.as_deref().unwrap_or("Press enter to continue, Ctrl+C to interrupt");
            let hidden = if self.echo { "" } else { " (output is hidden)" };
            lines.push(format!("[{task_name}]\n{prompt}{hidden}:"));
        }
        Some(lines.join("\n")).filter(|text| !text.is_empty())
    }

    /// Waits and returns what was typed.
    async fn wait(&self, cx: &ActionContext<'_>) -> Result<String, ActionError> {
        if !self.interactive {
            if let Some(limit) = self.limit {
                tokio::time::sleep(limit).await;
            }
            return Ok(String::new());
        }
        let (limit, echo) = (self.limit, self.echo);
        let answer = on_terminal(move |keys| keys.line(limit, echo)).await?;
        match answer {
            Answer::Line(line) => return Ok(line),
            Answer::TimedOut => return Ok(String::new()),
            Answer::Interrupted => {}
        }
        cx.emit(Event::Message("\nPress 'C' to continue the play or 'A' to abort \r".to_owned()));
        match on_terminal(|keys| keys.one_of(b"ac")).await? {
            Some(b'a') => Err(ActionError::failed("user requested abort!")),
            _ => Ok(String::new()),
        }
    }
}

/// Reads keys away from the other tasks.
async fn on_terminal<T: Send + 'static>(
    read: impl FnOnce(&Keys) -> std::io::Result<T> + Send + 'static,
) -> Result<T, ActionError> {
    let read = tokio::task::spawn_blocking(move || read(&Keys::open()?));
    Ok(read.await.map_err(|error| ActionError::failed(error.to_string()))??)
}
