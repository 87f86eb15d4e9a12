//! Which handlers a notification means.

use std::sync::Arc;

use kapell_parsing::{Diagnostic, Text, Value};
use kapell_playbook::Task;
use kapell_template::RenderContext;

use crate::Run;
use crate::run_state::World;
use crate::variables::{HostVariables, TaskVariables};

/// A handler as notifications see it: its name rendered without a host, where that is possible.
pub struct KnownHandler {
    pub task: Arc<Task>,
    /// As it is told, with the role in front.
    pub shown: String,
    /// `name`, `role : name`, `collection.role : name`.
    names: Vec<String>,
    /// `listen`, in the same three ways.
    topics: Vec<String>,
    /// Handlers written side by side share it. The first of them wins a name; of several groups, the last.
    group: usize,
    /// Why nobody can notify it.
    unusable: Option<Diagnostic>,
}

/// All handlers of a play in the order they run, names rendered once.
pub fn known_handlers(run: &Arc<Run>, world: &World, handlers: &[Arc<Task>]) -> Vec<KnownHandler> {
    let parent = |task: &Arc<Task>| task.scope.parent.as_ref().map(|parent| parent.id);
    let mut group = 0;
    let mut previous = None;
    handlers
        .iter()
        .map(|task| {
            let here = parent(task);
            group += usize::from(previous.replace(here) != Some(here));
            known_handler(run, world, task, group)
        })
        .collect()
}

fn known_handler(run: &Arc<Run>, world: &World, task: &Arc<Task>, group: usize) -> KnownHandler {
    let name = task.name.as_ref().filter(|name| !name.is_empty()).map(|name| rendered(run, world, task, name));
    let topics: Vec<String> = task.listen.iter().flat_map(|topic| with_role(task, topic)).collect();
    let (names, unusable) = match name {
        None => (Vec::new(), None),
        Some(Ok(name)) => (with_role(task, &name), None),
        Some(Err(error)) => (Vec::new(), Some(unusable(task, &error)).filter(|_| topics.is_empty())),
    };
    let shown = names.get(1).or(names.first()).cloned().unwrap_or_else(|| task.path_name());
    KnownHandler { task: Arc::clone(task), shown, names, topics, group, unusable }
}

/// A handler's name may use what the play and the handler itself know, nothing of a host.
fn rendered(run: &Arc<Run>, world: &World, task: &Arc<Task>, name: &Text) -> Result<String, String> {
    if !name.is_template() {
        return Ok(name.to_string());
    }
    let variables = Arc::new(TaskVariables::new(&task.scope, run.settings.hash_behaviour));
    let vars = HostVariables::new(run, world, HostVariables::NO_HOST, Some(&variables));
    match run.templar.render(&Value::Str(name.clone()), &vars.as_source(), &RenderContext::default()) {
        Ok(Value::Undefined(reason)) => Err(reason.reason.clone()),
        Ok(name) => Ok(name.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

fn with_role(task: &Task, name: &str) -> Vec<String> {
    let mut names = vec![name.to_owned()];
    if let Some(role) = task.role() {
        names.push(format!("{} : {name}", role.name));
        if role.short_name() != role.name {
            names.push(format!("{} : {name}", role.short_name()));
        }
    }
    names
}

fn unusable(task: &Task, reason: &str) -> Diagnostic {
    let name = task.name.as_deref().unwrap_or_default();
    Diagnostic::warning(format!(
        "Handler '{name}' is unusable because it has no listen topics and the name could not be templated \
         (host-specific variables are not supported in handler names). The error: {reason}"
    ))
}

/// The handlers `notification` means: one of that name, and every one that listens to it; and what is to be said about
/// handlers that were looked at in vain.
pub fn notified<'a>(handlers: &'a [KnownHandler], notification: &str) -> (Vec<&'a KnownHandler>, Vec<&'a Diagnostic>) {
    let mut named: Option<&KnownHandler> = None;
    let mut warnings = Vec::new();
    for handler in handlers.iter().rev() {
        if named.is_some_and(|named| named.group != handler.group) {
            break;
        }
        warnings.extend(&handler.unusable);
        if handler.names.iter().any(|name| name == notification) {
            named = Some(handler);
        }
    }
    let mut found: Vec<&KnownHandler> = named.into_iter().collect();
    let listening = handlers.iter().filter(|handler| handler.topics.iter().any(|topic| topic == notification));
    found.extend(listening.filter(|handler| named.is_none_or(|named| named.task.id != handler.task.id)));
    (found, warnings)
}
