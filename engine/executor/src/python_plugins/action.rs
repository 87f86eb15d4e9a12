//! One run of an action plugin: its request, its questions, its result.

use kapell_parsing::{Map, Value};
use kapell_template::PluginFrames;

use super::answers::Conversation;
use super::{PluginFile, request};
use crate::TaskResult;
use crate::action::{ActionContext, ActionError, ActionFuture, ActionOutput};
use crate::resolve::ResolvedTask;

/// Runs `plugin` for `task` and answers what it asks meanwhile.
pub(crate) fn run<'a>(plugin: &'a PluginFile, task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(converse(plugin, task, cx))
}

async fn converse(
    plugin: &PluginFile,
    task: &ResolvedTask,
    cx: &ActionContext<'_>,
) -> Result<ActionOutput, ActionError> {
    let failed = |message: String| ActionError::raised(message, None);
    let mut lease = cx.run.processes.actions.lease(&cx.run.templar, 0).await.map_err(failed)?;
    lease.send(&request::action(plugin, task, cx)).await.map_err(failed)?;
    let mut conversation = Conversation::new(task, cx);
    let mut reply = loop {
        let message = lease.receive().await.map_err(failed)?;
        if !message.contains_key("ask") {
            break message;
        }
        let answer = conversation.answer(&message).await;
        lease.send(&answer).await.map_err(failed)?;
    };
    lease.give_back();
    let Some(wire) = reply.shift_remove("result") else { return Err(error(plugin, &reply)) };
    let effects = conversation.effects;
    match PluginFrames::decode(&wire) {
        Value::Map(data) => Ok(ActionOutput { result: result(Map::clone(&data))?, effects }),
        other => Err(failed(format!("the action gave {}, not a dict", other.type_name()))),
    }
}

/// What the plugin raised. Those who wrote it want to know where; its users are told what it said.
fn error(plugin: &PluginFile, reply: &Map) -> ActionError {
    let text = |name: &str| reply.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let kinds = reply.get("kinds").and_then(Value::as_list).unwrap_or_default();
    let is = |name: &str| kinds.iter().any(|kind| kind.as_str() == Some(name));
    tracing::debug!("{} failed: {}", plugin.path.display(), text("trace"));
    let message = match text("error") {
        message if message.is_empty() => text("type"),
        message => message,
    };
    if is("AnsibleConnectionFailure") {
        return ActionError::Unreachable(message);
    }
    let error = ActionError::raised(message, None);
    if is("AnsibleError") {
        return error;
    }
    let place = text("trace")
        .lines()
        .rev()
        .find(|line| line.trim_start().starts_with("File "))
        .map(str::trim)
        .map(str::to_owned);
    error.hint(&format!(
        "{} in the action plugin {}{}",
        text("type"),
        plugin.path.display(),
        place.map(|place| format!(" ({place})")).unwrap_or_default()
    ))
}

/// The result with what every result has.
fn result(mut data: Map) -> Result<TaskResult, ActionError> {
    let mut flag = |name: &str| data.shift_remove(name).is_some_and(|value| value.is_truthy());
    let (verbose_always, no_log) = (flag("_ansible_verbose_always"), flag("_ansible_no_log"));
    let raised = flag("kapell_raised");
    data.retain(|key, _| !key.as_str().is_some_and(|key| key.starts_with("_ansible_")));
    if raised {
        let message = data.shift_remove("msg").map(|message| message.to_string()).unwrap_or_default();
        return Err(ActionError::failed_with(message, data));
    }
    let mut result = TaskResult::new(data);
    if !result.data.contains_key("failed") && result.data.get("rc").and_then(Value::as_i64).is_some_and(|rc| rc != 0) {
        result.set("failed", true);
    }
    if !result.data.contains_key("changed") {
        result.set("changed", false);
    }
    if result.is_failed() && !result.data.contains_key("msg") {
        result.set("msg", "Task failed: Action failed: Unknown error.");
    }
    result.unreachable = result.data.get("unreachable").is_some_and(Value::is_truthy);
    result.verbose_always = verbose_always;
    result.no_log = no_log;
    Ok(result)
}
