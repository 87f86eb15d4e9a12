//! Any module without a controller half: its arguments go to the managed node, its result comes back.

use kapell_connection::Blobs;
use kapell_parsing::{Map, Value};
use kapell_template::{Variable, VariableSource};

use super::{ActionContext, ActionError, ActionOutput, text_arg};
use crate::resolve::ResolvedTask;
use crate::{controller_module, module_run};

/// Modules that ansible-core runs from an action of the same name; messages name them so.
const BEHIND_ACTIONS: [(&str, &str); 7] = [
    ("ansible.builtin.assemble", "ansible.legacy.assemble"),
    ("ansible.builtin.command", "ansible.legacy.command"),
    ("ansible.builtin.copy", "ansible.legacy.copy"),
    ("ansible.builtin.dnf", "ansible.legacy.dnf"),
    ("ansible.builtin.service", "ansible.legacy.service"),
    ("ansible.builtin.unarchive", "ansible.legacy.unarchive"),
    ("ansible.builtin.uri", "ansible.legacy.uri"),
];

pub(super) fn is_behind_action(name: &str) -> bool {
    BEHIND_ACTIONS.iter().any(|(known, _)| *known == name)
}

/// The module's name in the worker's messages: as the task has it, where it is found under that name.
pub(super) fn called<'a>(task: &'a ResolvedTask, name: &'a str) -> &'a str {
    if let Some((_, legacy)) = BEHIND_ACTIONS.iter().find(|(known, _)| *known == name) {
        return legacy;
    }
    let written = task.task.action.as_str();
    let same = kapell_modules::find(written).is_some_and(|module| module.name == name);
    if same { written } else { name }
}

pub(super) async fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    if let Some(module) = task.controller {
        return controller_module::run(module, task, cx).await;
    }
    if let Some(module) = &task.foreign {
        return module_run::run(module, task, cx).await;
    }
    let Some(module) = kapell_modules::find(&task.action) else {
        return Err(unresolved(task, cx));
    };
    let mut args = task.args.clone();
    if let Some(free_form) = args.shift_remove("_raw_params") {
        args.insert(module.free_form.unwrap_or("_raw_params").into(), free_form);
    }
    if module.name == "ansible.builtin.package" && !args.contains_key("use") {
        // The host's own choice of a package manager.
        args.extend(cx.vars.lookup_named("ansible_package_use").map(|name| ("use".into(), name)));
    }
    if module.name == "ansible.builtin.package" && text_arg(&args, "use").is_none_or(|name| name == "auto") {
        args.extend(wanted_manager(cx)?.map(|name| ("use".into(), name)));
    }
    if module.name == "ansible.builtin.ping"
        && let Some(missing) = module_run::demanded_interpreter(task, cx).await?
    {
        return Ok(missing.into());
    }
    if module.name == "ansible.builtin.user" {
        free_account(cx, &args).await;
    }
    let discovery = module_run::asked_discovery(task, cx)?;
    let mut result = cx.call_module(task, called(task, module.name), &args, &Blobs::default()).await?;
    if let Some(discovery) = discovery {
        discovery.make(task, cx, &mut result).await?;
    }
    Ok(result.into())
}

fn unresolved(task: &ResolvedTask, cx: &ActionContext<'_>) -> ActionError {
    let name = &task.task.action;
    let what = format!("couldn't resolve module/action '{name}'");
    match cx.run.library.home_of(name).as_deref() {
        Some("amazon.aws") if !cx.run.library.is_extended() => ActionError::failed(format!(
            "{what}: this build of kapell has no AWS modules. Builds with the cargo feature 'aws' have them (cargo build \
             --features aws); an installed amazon.aws collection serves, too."
        )),
        Some(home) => ActionError::failed(format!(
            "{what}: kapell has none of its own. The collection has it (kapell galaxy collection install {home}); the \
             managed node then needs Python for it."
        )),
        None => {
            let message = format!("Cannot resolve '{name}' to an action or module.");
            ActionError::raised(message, name.origin().or(Some(&task.task.origin)))
        }
    }
}

/// The package manager that the variable `ansible_package_use` names.
fn wanted_manager(cx: &ActionContext<'_>) -> Result<Option<Value>, ActionError> {
    match cx.vars.get("ansible_package_use") {
        Some(Variable::Value(name)) => Ok(Some(cx.run.templar.render(&name, &cx.vars.as_source(), cx.cx)?)),
        _ => Ok(None),
    }
}

/// A user is only deleted when no process runs as that user, so our worker must not.
async fn free_account(cx: &ActionContext<'_>, args: &Map) {
    let name = text_arg(args, "name").or_else(|| text_arg(args, "user"));
    if let (Some(name), Some("absent")) = (name, text_arg(args, "state").as_deref()) {
        cx.run.connections.leave_user(cx.spec, &name).await;
    }
}
