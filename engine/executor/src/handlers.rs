//! Which handlers a notification means.

use std::sync::Arc;

use kapell_parsing::Value;
use kapell_playbook::Task;
use kapell_template::RenderContext;

use crate::Run;
use crate::variables::HostVariables;

/// A handler as notifications see it: its names rendered, where they can be.
pub struct KnownHandler {
    pub task: Arc<Task>,
    /// `name`, `role : name`, `collection.role : name`.
    names: Vec<String>,
    topics: Vec<String>,
}

/// All handlers of a play, names rendered once.
pub fn known_handlers(run: &Run, handlers: &[Arc<Task>], vars: &HostVariables) -> Vec<KnownHandler> {
    handlers.iter().map(|task| known_handler(run, task, vars)).collect()
}

fn known_handler(run: &Run, task: &Arc<Task>, vars: &HostVariables) -> KnownHandler {
    let cx = RenderContext::default();
    let render = |text: &kapell_parsing::Text| {
        let rendered = run.templar.render(&Value::Str(text.clone()), &vars.as_source(), &cx);
        rendered.ok().filter(|value| !value.is_undefined()).map(|value| value.to_string())
    };
    let mut names = Vec::new();
    if let Some(name) = task.name.as_ref().and_then(&render) {
        if let Some(role) = task.role() {
            names.push(format!("{} : {name}", role.name));
            if let Some(collection) = &role.collection {
                names.push(format!("{collection}.{} : {name}", role.name));
            }
        }
        names.push(name);
    }
    let topics = task.listen.iter().filter_map(render).collect();
    KnownHandler { task: Arc::clone(task), names, topics }
}

/// The handlers `notification` means: the last one of that name, and every one that listens to it.
pub fn notified<'a>(handlers: &'a [KnownHandler], notification: &str) -> Vec<&'a Arc<Task>> {
    let named = handlers.iter().rev().find(|handler| handler.names.iter().any(|name| name == notification));
    let mut found: Vec<&Arc<Task>> = named.map(|handler| &handler.task).into_iter().collect();
    let listening = handlers.iter().filter(|handler| handler.topics.iter().any(|topic| topic == notification));
    for handler in listening {
        if !found.iter().any(|task| task.id == handler.task.id) {
            found.push(&handler.task);
        }
    }
    found
}
