//! `ansible.builtin.script`: sends a script of the control node and runs it, without the worker.

use kapell_connection::{Blobs, RawCommand};
use kapell_parsing::{Map, Value};

use super::raw::{exports, quote, result_of};
use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput, bool_arg, copy, text_arg};
use crate::TaskResult;
use crate::resolve::ResolvedTask;

pub(super) static ACTION: Action = Action { name: "script", run: start };

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(run(task, cx))
}

async fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    let args = &task.args;
    let written = text_arg(args, "cmd").or_else(|| text_arg(args, "_raw_params"));
    let Some(written) = written.filter(|text| !text.trim().is_empty()) else {
        return Err(ActionError::failed("one of the following is required: _raw_params, cmd"));
    };
    if let Some(reason) = already_done(task, cx).await? {
        let mut result = TaskResult::new(Map::new());
        result.set("skipped", true);
        result.set("msg", reason);
        result.set("changed", false);
        return Ok(result.into());
    }
    let directory = text_arg(args, "chdir").filter(|directory| !directory.is_empty());
    if let Some(directory) = directory.as_ref().filter(|directory| !directory.starts_with('/')) {
        let message = format!("chdir {directory} must be an absolute path for a Unix-aware remote node");
        return Err(ActionError::failed(message));
    }
    let (name, arguments) = first_word(&written);
    let path = cx.find_file("files", &name)?;
    if task.check {
        let mut result = TaskResult::new(Map::new());
        result.set("changed", false);
        result.set("msg", "Check mode is not supported for this task.");
        result.set("skipped", true);
        return Ok(result.into());
    }
    let content = match copy::decrypted(cx, &path)? {
        Some(plain) if bool_arg(args, "decrypt")?.unwrap_or(true) => plain,
        _ => fs_err::read(&path)?,
    };
    let invocation = Invocation {
        arguments,
        executable: text_arg(args, "executable"),
        directory,
        environment: exports(&task.environment),
    };
    let raw = RawCommand {
        command: invocation.command(),
        executable: cx.spec.executable.clone(),
        stdin: content,
        ..RawCommand::default()
    };
    Ok(result_of(&cx.run_raw(&raw).await?).into())
}

/// `creates` and `removes`.
async fn already_done(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<Option<String>, ActionError> {
    for (name, wanted) in [("creates", true), ("removes", false)] {
        let Some(path) = text_arg(&task.args, name) else { continue };
        let args = Map::from_iter([("path".into(), path.as_str().into())]);
        let stat = cx.call_module(task, "ansible.builtin.stat", &args, &Blobs::default()).await?;
        let exists = stat.data.get("stat").and_then(|stat| stat.get("exists")).is_some_and(Value::is_truthy);
        if exists == wanted {
            let state = if wanted { "exists" } else { "does not exist" };
            return Ok(Some(format!("{path} {state}, matching {name} option")));
        }
    }
    Ok(None)
}

/// The script's name and everything after it.
fn first_word(text: &str) -> (String, String) {
    let text = text.trim_start();
    for quote in ['"', '\''] {
        if let Some((name, rest)) = text.strip_prefix(quote).and_then(|text| text.split_once(quote)) {
            return (name.to_owned(), rest.trim_start().to_owned());
        }
    }
    match text.split_once(char::is_whitespace) {
        Some((name, rest)) => (name.to_owned(), rest.trim_start().to_owned()),
        None => (text.to_owned(), String::new()),
    }
}

struct Invocation {
    arguments: String,
    executable: Option<String>,
    directory: Option<String>,
    environment: String,
}

impl Invocation {
    /// Keeps the script, which comes on standard input, in a private file for as long as it runs.
    fn command(&self) -> String {
        let enter = self.directory.as_ref().map(|dir| format!("cd {} && ", quote(dir))).unwrap_or_default();
        let run = match &self.executable {
            Some(executable) => format!("{executable} \"$kapell_script\" {}", self.arguments),
            None => format!("\"$kapell_script\" {}", self.arguments),
        };
        format!(
            "umask 077; kapell_script=$(mktemp \"${{TMPDIR:-/tmp}}/kapell-script.XXXXXXXX\") || exit 1; \
             trap 'rm -f \"$kapell_script\"' EXIT HUP INT TERM; \
             cat > \"$kapell_script\" && chmod 700 \"$kapell_script\" || exit 1; umask 022; \
             {enter}{}{run} < /dev/null",
            self.environment
        )
    }
}

#[cfg(test)]
mod tests {
    use super::first_word;

    #[test]
    fn a_quoted_name_may_hold_spaces() {
        assert_eq!(first_word("'my script.sh' a b"), ("my script.sh".to_owned(), "a b".to_owned()));
        assert_eq!(first_word("run.sh"), ("run.sh".to_owned(), String::new()));
    }
}
