//! `ansible.posix.synchronize`, the half on the control node: says where both sides are, and leads rsync to the host
//! over the connection the task has.

mod relay;

use kapell_connection::{Blobs, ConnectionSpec};
use kapell_parsing::Value;

use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput, bool_arg, text_arg};
use crate::TaskResult;
use crate::connection_variables::connection_spec;
use crate::resolve::{Keywords, ResolvedTask};

use relay::Relay;

pub(super) static ACTION: Action = Action { name: MODULE, run: start };

const MODULE: &str = "ansible.posix.synchronize";

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(run(task, cx))
}

async fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    let (Some(src), Some(dest)) = (text_arg(&task.args, "src"), text_arg(&task.args, "dest")) else {
        return Err(ActionError::failed("synchronize requires both src and dest parameters are set"));
    };
    let own = cx.vars.without_delegate();
    let keywords = Keywords { run: cx.run, vars: &own, scope: &task.task.scope, cx: cx.cx };
    let host = connection_spec(&keywords, &own, false).map_err(|report| ActionError::failed(report.message()))?;
    let transfer =
        Transfer { task, cx, host, src, dest, pull: text_arg(&task.args, "mode").as_deref() == Some("pull") };
    let result = match task.delegate_to.as_deref() {
        Some(delegate) if delegate == cx.host => transfer.on(cx, transfer.paths()).await,
        Some(_) if cx.spec.kind != "local" => transfer.on_delegate().await,
        _ if transfer.host.kind == "local" => transfer.on(cx, transfer.paths_of_content()).await,
        _ => transfer.with_host().await,
    };
    Ok(result?.into())
}

struct Transfer<'a> {
    task: &'a ResolvedTask,
    cx: &'a ActionContext<'a>,
    /// How the host is reached that the task is for, whoever it is delegated to.
    host: ConnectionSpec,
    src: String,
    dest: String,
    pull: bool,
}

impl Transfer<'_> {
    /// Runs the module on the node of `cx`.
    async fn on(&self, cx: &ActionContext<'_>, changes: Vec<(&str, Value)>) -> Result<TaskResult, ActionError> {
        let mut args = self.task.args.clone();
        args.extend(changes.into_iter().map(|(name, value)| (name.into(), value)));
        if let Some(path) = self.variable("ansible_rsync_path") {
            args.insert("_local_rsync_path".into(), path.into());
        }
        cx.call_module(self.task, MODULE, &args, &Blobs::default()).await
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.cx.vars.lookup_named(name).map(|value| value.to_string())
    }

    /// Both sides are the same node.
    fn paths(&self) -> Vec<(&'static str, Value)> {
        vec![("src", self.src.as_str().into()), ("dest", self.dest.as_str().into())]
    }

    /// The control node's side is a file of the content.
    fn paths_of_content(&self) -> Vec<(&'static str, Value)> {
        if self.pull {
            vec![("src", self.src.as_str().into()), ("dest", self.of_content(&self.dest).into())]
        } else {
            vec![("src", self.of_content(&self.src).into()), ("dest", self.dest.as_str().into())]
        }
    }

    /// A path of the control node; a slash at its end means something.
    fn of_content(&self, path: &str) -> String {
        if path.starts_with("rsync://") {
            return path.to_owned();
        }
        let place = match self.cx.find_file("files", path) {
            Ok(place) if !self.pull => place,
            _ => self.cx.cx.basedir.join(super::expand_user(path)),
        };
        let text = place.to_string_lossy().trim_end_matches('/').to_owned();
        if path.ends_with('/') { text + "/" } else { text }
    }

    /// `user@host:path`.
    fn remote(&self, path: &str, address: &str) -> Result<String, ActionError> {
        if path.starts_with("rsync://") {
            return Ok(path.to_owned());
        }
        let named = bool_arg(&self.task.args, "set_remote_user")?.unwrap_or(true);
        let user = self.host.user.as_ref().filter(|_| named).map(|user| format!("{user}@")).unwrap_or_default();
        let address = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
        Ok(format!("{user}{address}:{path}"))
    }

    /// Between the control node and the host.
    async fn with_host(&self) -> Result<TaskResult, ActionError> {
        let connection = self.cx.run.connections.connection(&self.host).await?;
        // With a program of its own on the other side the task says itself how it becomes somebody.
        let becomes = text_arg(&self.task.args, "rsync_path").is_none();
        let become_ = self.cx.run.connections.effective_become(&self.host).filter(|_| becomes);
        let relay = Relay::new()?;
        let mut changes = self.paths_of_content();
        let far = if self.pull { ("src", &self.src) } else { ("dest", &self.dest) };
        let remote = self.remote(far.1, &self.host.host)?;
        changes.retain(|(name, _)| *name != far.0);
        changes.extend([(far.0, remote.into()), ("_rsh", relay.program().into())]);
        let here = ConnectionSpec { remote_tmp: self.host.remote_tmp.clone(), ..ConnectionSpec::local("localhost") };
        let cx = ActionContext { spec: &here, ..*self.cx };
        tokio::select! {
            result = self.on(&cx, changes) => result,
            failure = relay.serve(connection.as_ref(), become_) => Err(failure.into()),
        }
    }

    /// Between another node and the host: that node's own client has to know the way.
    async fn on_delegate(&self) -> Result<TaskResult, ActionError> {
        let far = if self.pull { ("src", &self.src) } else { ("dest", &self.dest) };
        let mut changes = self.paths();
        changes.retain(|(name, _)| *name != far.0);
        changes.push((far.0, self.remote(far.1, &self.host.address)?.into()));
        let given = |name: &str| self.task.args.contains_key(name);
        if let Some(port) = self.host.port.filter(|_| !given("dest_port")) {
            changes.push(("dest_port", i64::from(port).into()));
        }
        if let Some(key) = self.host.private_key_file.as_ref().filter(|_| !given("private_key")) {
            changes.push(("private_key", key.to_string_lossy().into_owned().into()));
        }
        if bool_arg(&self.task.args, "use_ssh_args")?.unwrap_or(false) {
            changes.push(("_ssh_args", self.host.ssh_args.as_str().into()));
        }
        if let Some(become_) = self.host.become_.as_ref().filter(|_| !given("rsync_path")) {
            changes.push(("rsync_path", format!("sudo -u {} rsync", super::quote(&become_.user)).into()));
        }
        let there = ConnectionSpec { become_: None, ..self.cx.spec.clone() };
        self.on(&ActionContext { spec: &there, ..*self.cx }, changes).await
    }
}
