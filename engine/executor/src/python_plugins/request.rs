//! What a plugin is told when it begins: its task, the play's context, the connection.

use kapell_connection::ConnectionSpec;
use kapell_parsing::{Map, Value};
use kapell_template::PluginFrames;

use super::PluginFile;
use crate::Run;
use crate::action::ActionContext;
use crate::resolve::ResolvedTask;

/// The request to run `plugin` for `task`.
pub(super) fn action(plugin: &PluginFile, task: &ResolvedTask, cx: &ActionContext<'_>) -> Value {
    let fields = [
        ("op", "ansible.kapell_actions:run".into()),
        ("file", path(&plugin.path)),
        ("package", plugin.package.as_deref().map_or(Value::Null, Value::from)),
        ("name", plugin.name.as_str().into()),
        ("task", PluginFrames::encode(&about_task(task, cx))),
        ("context", PluginFrames::encode(&context(cx.run, cx.spec, (task.check, task.diff, task.no_log)))),
        ("connection", connection(cx)),
    ];
    map(fields)
}

pub(super) fn map<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::map(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

fn path(path: &std::path::Path) -> Value {
    path.to_string_lossy().into_owned().into()
}

fn text(text: Option<&str>) -> Value {
    text.map_or(Value::Null, Value::from)
}

fn about_task(task: &ResolvedTask, cx: &ActionContext<'_>) -> Value {
    let written = &task.task;
    let scope = &written.scope;
    let origin = &written.origin;
    let own = |name: &str| scope.own(name).cloned().unwrap_or(Value::Null);
    let vars: Map = scope.vars_chain().into_iter().flat_map(|(_, map)| map.clone()).collect();
    let environment = task.environment.iter().map(|(name, value)| (name.as_str().into(), value.as_str().into()));
    let role =
        scope.role().map_or(Value::Null, |role| map([("name", role.name.as_str().into()), ("path", path(&role.path))]));
    let background = task.background;
    let play = cx.vars.world().play.as_ref().map(|play| play.title.clone()).unwrap_or_default();
    map([
        ("name", written.name.clone().map_or_else(|| "".into(), |name| Value::from(name.as_str()))),
        ("action", written.action.as_str().into()),
        ("resolved_action", task.action.as_str().into()),
        ("args", Value::map(task.args.clone())),
        ("async_val", background.map_or(0, |background| background.limit as i64).into()),
        ("poll", background.map_or(15, |background| background.poll as i64).into()),
        ("check_mode", task.check.into()),
        ("diff", task.diff.into()),
        ("no_log", task.no_log.into()),
        ("environment", Value::list(vec![Value::map(environment.collect())])),
        ("delegate_to", text(task.delegate_to.as_deref())),
        ("delegate_facts", task.delegate_facts.into()),
        ("become", cx.spec.become_.is_some().into()),
        ("become_user", text(cx.spec.become_.as_ref().map(|become_| become_.user.as_str()))),
        ("become_method", text(cx.spec.become_.as_ref().map(|become_| become_.method.as_str()))),
        ("connection", cx.spec.kind.as_str().into()),
        ("remote_user", text(cx.spec.user.as_deref())),
        ("ignore_errors", own("ignore_errors")),
        ("register", own("register")),
        ("when", Value::list(scope.conditions().into_iter().cloned().collect())),
        ("until", own("until")),
        ("retries", own("retries")),
        ("delay", own("delay")),
        ("loop", own("loop")),
        ("loop_control", own("loop_control")),
        ("run_once", own("run_once")),
        ("tags", Value::list(scope.tags().into_iter().map(Value::Str).collect())),
        ("collections", Value::list(scope.collections().into_iter().map(Value::from).collect())),
        ("vars", Value::map(vars)),
        ("role", role),
        ("play", map([("name", play.into())])),
        ("path", format!("{}:{}", origin.path().display(), origin.line).into()),
        ("search_path", Value::list(cx.cx.search_path.iter().map(|dir| path(dir)).collect())),
        ("timeout", task.timeout.map_or(0, |seconds| seconds as i64).into()),
    ])
}

/// `_play_context`. The token marks when a command has become another user.
pub(super) fn context(run: &Run, spec: &ConnectionSpec, (check, diff, no_log): (bool, bool, bool)) -> Value {
    let become_ = spec.become_.as_ref();
    let password = |secret: Option<&kapell_connection::Secret>| text(secret.map(kapell_connection::Secret::expose));
    map([
        ("check_mode", check.into()),
        ("diff", diff.into()),
        ("no_log", no_log.into()),
        ("verbosity", i64::from(run.options.verbosity).into()),
        ("remote_addr", spec.address.as_str().into()),
        ("remote_user", text(spec.user.as_deref())),
        ("port", spec.port.map_or(Value::Null, |port| i64::from(port).into())),
        ("password", password(spec.password.as_ref())),
        ("private_key_file", spec.private_key_file.as_deref().map_or(Value::Null, path)),
        ("host_key_checking", spec.host_key_checking.into()),
        ("timeout", (spec.timeout.as_secs() as i64).into()),
        ("connection", spec.kind.as_str().into()),
        ("executable", spec.executable.as_str().into()),
        ("shell", "sh".into()),
        ("remote_tmp", spec.remote_tmp.as_str().into()),
        ("become", become_.is_some().into()),
        ("become_user", text(become_.map(|become_| become_.user.as_str()))),
        ("become_method", text(become_.map(|become_| become_.method.as_str()))),
        ("become_exe", text(become_.and_then(|become_| become_.exe.as_deref()))),
        ("become_flags", text(become_.and_then(|become_| become_.flags.as_deref()))),
        ("become_pass", password(become_.and_then(|become_| become_.password.as_ref()))),
        ("become_token", hex::encode(rand::random::<[u8; 12]>()).into()),
    ])
}

pub(super) fn plugin(plugin: &PluginFile) -> Value {
    map([
        ("file", path(&plugin.path)),
        ("package", plugin.package.as_deref().map_or(Value::Null, Value::from)),
        ("name", plugin.name.as_str().into()),
    ])
}

fn connection(cx: &ActionContext<'_>) -> Value {
    let kind = &cx.spec.kind;
    match cx.run.library.connection_plugin(kind) {
        Some(found) => plugin(&found),
        None => map([("transport", kind.as_str().into()), ("name", format!("ansible.builtin.{kind}").into())]),
    }
}
