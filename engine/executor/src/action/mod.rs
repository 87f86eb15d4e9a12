//! Actions: what a task does on the control node, alone or before and after its module runs on the managed node.

mod add_host;
mod arguments;
mod assemble;
mod assert;
mod async_status;
mod context;
mod copy;
mod copy_call;
mod debug;
mod effects;
mod fail;
mod fetch;
mod gather_facts;
mod group_by;
mod include_role;
mod include_tasks;
mod include_vars;
mod live_lines;
mod module;
mod offered_file;
mod patch;
mod pause;
mod protomatter_debug;
mod raw;
mod reboot;
mod script;
mod set_fact;
mod set_stats;
mod synchronize;
mod template;
mod terminal;
mod transfer;
mod unarchive;
mod uri;
mod validate_argument_spec;
mod wait_for_connection;

use std::future::Future;
use std::pin::Pin;

use kapell_parsing::{Key, Map, Value};
use kapell_playbook::Task;
use kapell_template::RenderContext;

pub(crate) use async_status::look as look_at_job;
pub use context::{ActionContext, ActionError, Failure, FailureKind};
pub(crate) use context::{expand_user, json_map, value_map};
pub use effects::{AddHost, Effects, GroupBy, IncludeRequest, Included};
pub(crate) use raw::quote;

use crate::error_report::ErrorReport;
use crate::python_plugins;
use crate::resolve::{self, ResolvedTask};
use crate::variables::HostVariables;
use crate::{Run, TaskResult};

/// A result and what it changes in the run.
pub struct ActionOutput {
    pub result: TaskResult,
    pub effects: Effects,
}

impl From<TaskResult> for ActionOutput {
    fn from(result: TaskResult) -> Self {
        Self { result, effects: Effects::default() }
    }
}

pub(crate) type ActionFuture<'a> = Pin<Box<dyn Future<Output = Result<ActionOutput, ActionError>> + Send + 'a>>;

/// The controller half of one action.
pub(crate) struct Action {
    pub name: &'static str,
    pub run: for<'a> fn(&'a ResolvedTask, &'a ActionContext<'a>) -> ActionFuture<'a>,
}

/// Every action with a controller half; any other name runs as a module.
static ACTIONS: &[&Action] = &[
    &add_host::ACTION,
    &assemble::ACTION,
    &assert::ACTION,
    &async_status::ACTION,
    &copy::ACTION,
    &debug::ACTION,
    &fail::ACTION,
    &fetch::ACTION,
    &gather_facts::ACTION,
    &group_by::ACTION,
    &include_role::ACTION,
    &include_tasks::ACTION,
    &include_vars::ACTION,
    &patch::ACTION,
    &pause::ACTION,
    &protomatter_debug::ACTION,
    &raw::ACTION,
    &reboot::ACTION,
    &script::ACTION,
    &set_fact::ACTION,
    &set_stats::ACTION,
    &synchronize::ACTION,
    &template::ACTION,
    &unarchive::ACTION,
    &uri::ACTION,
    &validate_argument_spec::ACTION,
    &wait_for_connection::ACTION,
];

/// Actions besides modules that say so themselves.
const FREE_FORMS: &[&str] = &[
    "add_host",
    "ansible.windows.win_command",
    "ansible.windows.win_shell",
    "command",
    "group_by",
    "include_role",
    "include_tasks",
    "include_vars",
    "raw",
    "script",
    "set_fact",
    "shell",
    "win_command",
    "win_shell",
];

fn find(action: &str) -> Option<&'static Action> {
    let name = action.strip_prefix("ansible.builtin.").unwrap_or(action);
    ACTIONS.iter().copied().find(|known| known.name == name)
}

/// Whether `action` is known: an action here, `meta`, or a module.
pub fn exists(action: &str) -> bool {
    let short = action.strip_prefix("ansible.builtin.").or_else(|| action.strip_prefix("ansible.legacy."));
    matches!(short.unwrap_or(action), "meta" | "include_tasks" | "include_role" | "import_tasks" | "import_role")
        || find(short.unwrap_or(action)).is_some()
        || kapell_modules::find(action).is_some()
}

/// Whether `action` runs (also) on the control node.
pub fn is_action(action: &str) -> bool {
    find(action).is_some()
}

/// Whether what the action returns as facts are variables, not facts of the host.
pub fn sets_variables(action: &str) -> bool {
    matches!(action, "ansible.builtin.set_fact" | "ansible.builtin.include_vars")
}

/// Whether text that is no `key=value` means something to `action`.
fn takes_free_form(action: &str) -> bool {
    let name = action.strip_prefix("ansible.builtin.").unwrap_or(action);
    FREE_FORMS.contains(&name) || kapell_modules::find(action).is_some_and(|module| module.free_form.is_some())
}

/// Whether ansible-core has an action for `action`, which is fully qualified.
pub(crate) fn has_action(action: &str) -> bool {
    find(action).is_some() || module::is_behind_action(action)
}

/// Runs the task's module, whatever action there is of that name.
pub(crate) async fn run_module(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    module::run(task, cx).await
}

/// Runs the task's action on its host.
pub async fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    if let Some(plugin) = &task.plugin {
        return python_plugins::run(plugin, task, cx).await;
    }
    if task.args.contains_key("_raw_params") && !takes_free_form(&task.action) {
        return Err(ActionError::raised(format!("Action '{}' does not support raw params.", task.action), None));
    }
    let has_jobs = task.controller.is_none() && crate::background::is_supported(&task.action);
    if task.background.is_some() && !has_jobs {
        let written = &task.task.action;
        return Err(ActionError::failed(format!("This action ({written}) does not support async.")));
    }
    refuse_private(task)?;
    match find(&task.action) {
        Some(action) => (action.run)(task, cx).await,
        None => module::run(task, cx).await,
    }
}

/// Arguments such as `_content_sha256` are ours to send, not a task's.
fn refuse_private(task: &ResolvedTask) -> Result<(), ActionError> {
    let spoken_of: &[&str] = match task.action.as_str() {
        // It has words of its own for these.
        "ansible.builtin.copy" => &copy::INTERNAL,
        _ => &["_raw_params"],
    };
    let is_private = |key: &Key| key.as_str().is_some_and(|key| key.starts_with('_') && !spoken_of.contains(&key));
    let private: Map =
        task.args.iter().filter(|(key, _)| is_private(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
    let Some(module) = kapell_modules::find(&task.action).filter(|_| task.foreign.is_none() && !private.is_empty())
    else {
        return Ok(());
    };
    let called = module::called(task, module.name);
    kapell_modules::refuse_private(module, called, &json_map(&private)).map_err(ActionError::failed)
}

/// The task's arguments, rendered; `debug` and `assert` keep expressions to look at themselves.
pub fn arguments(
    run: &Run,
    task: &Task,
    action: &str,
    vars: &HostVariables,
    cx: &RenderContext,
) -> Result<Map, ErrorReport> {
    let raw: &[&str] = match action {
        "ansible.builtin.debug" => &["var"],
        "ansible.builtin.assert" => &["that"],
        _ => &[],
    };
    let written = resolve::written_arguments(run, task, action, vars, cx)?;
    let (kept, templated): (Map, Map) =
        written.into_iter().partition(|(key, _)| key.as_str().is_some_and(|key| raw.contains(&key)));
    let mut args = resolve::map_arguments(run, task, &templated, action, vars, cx)?;
    args.extend(kept);
    Ok(args)
}

/// The entry of `args` as text, if given.
pub(crate) fn text_arg(args: &Map, name: &str) -> Option<String> {
    args.get(name).filter(|value| !value.is_null()).map(Value::to_string)
}

/// The entry of `args` as a boolean; anything else is an error that names it.
pub(crate) fn bool_arg(args: &Map, name: &str) -> Result<Option<bool>, ActionError> {
    match args.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .to_bool_loose()
            .map(Some)
            .ok_or_else(|| ActionError::failed(format!("argument '{name}' is not a boolean: '{value}'"))),
    }
}
