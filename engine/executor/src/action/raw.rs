//! `ansible.builtin.raw`: a command for the node's shell, without the worker.

use kapell_connection::{RawCommand, RawOutput};
use kapell_parsing::{Map, Value};

use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput, text_arg};
use crate::TaskResult;
use crate::resolve::ResolvedTask;

pub(super) static ACTION: Action = Action { name: "raw", run: start };

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(run(task, cx))
}

async fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    if task.check {
        return Ok(TaskResult::untold_in_check_mode().into());
    }
    let Some(command) = text_arg(&task.args, "_raw_params") else {
        return Err(ActionError::failed("no command given to raw"));
    };
    let executable = text_arg(&task.args, "executable").unwrap_or_else(|| cx.spec.executable.clone());
    let command = format!("{}{command}", exports(&task.environment));
    let raw = RawCommand { command, executable, ..RawCommand::default() };
    let output = cx.run_raw(&raw).await?;
    Ok(result_of(&output).into())
}

/// The task's environment as assignments before the command, each value quoted.
pub(super) fn exports(environment: &[(String, String)]) -> String {
    environment.iter().fold(String::new(), |text, (name, value)| text + name + "=" + &quote(value) + " ")
}

/// In single quotes for a POSIX shell.
pub(crate) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\"'\"'"))
}

/// The result of a command run as it is: changed, and failed when its code says so.
pub(super) fn result_of(output: &RawOutput) -> TaskResult {
    let mut result = TaskResult::new(Map::new());
    result.set("changed", true);
    if output.rc != 0 {
        result.set("failed", true);
        result.set("msg", "non-zero return code");
    }
    result.set("rc", i64::from(output.rc));
    for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let lines: Vec<Value> = text.lines().map(Value::from).collect();
        result.set(name, text);
        result.set(&format!("{name}_lines"), lines);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn quotes_survive_quoting() {
        assert_eq!(quote("it's"), "'it'\"'\"'s'");
    }
}
