//! `ActionContext`: what an action may use: variables, files of the content, the managed node.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kapell_connection::{
    BecomeSpec, Blobs, ConnectionError, ConnectionSpec, RawCommand, RawOutput, WholeCommands, WorkerSession, run_raw,
};
use kapell_parsing::{Diagnostic, Map, Origin, Value};
use kapell_protocol::ModuleCall;
use kapell_template::RenderContext;

use super::live_lines;
use crate::error_report::ErrorReport;
use crate::python_plugins::PluginConnection;
use crate::resolve::ResolvedTask;
use crate::variables::HostVariables;
use crate::{Event, Run, TaskResult};

pub struct ActionContext<'a> {
    pub run: &'a Arc<Run>,
    /// The host the task belongs to; `spec` may lead to another when the task is delegated.
    pub host: &'a str,
    pub vars: &'a HostVariables,
    pub cx: &'a RenderContext,
    pub spec: &'a ConnectionSpec,
    /// What the loop adds for this item.
    pub item_vars: Option<&'a Map>,
}

/// A failure with further result keys.
#[derive(Debug)]
pub struct Failure {
    pub report: ErrorReport,
    pub extra: Map,
    pub kind: FailureKind,
}

/// How a failure is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The action's own words.
    Plain,
    /// The action's own words, about something that went wrong elsewhere.
    Caused,
    /// Something went wrong below the action; the result says so.
    Raised,
}

impl Failure {
    /// The result; the report is told from the task at `origin`.
    pub fn into_result(self, origin: &Origin) -> TaskResult {
        let mut report = self.report;
        let message = match self.kind {
            FailureKind::Raised => format!("Task failed: {}", report.message()),
            _ => report.message(),
        };
        let has_place = report.causes.iter().any(|cause| cause.origin.is_some());
        if self.kind == FailureKind::Plain || self.kind == FailureKind::Raised && !has_place {
            report = ErrorReport::new(format!("Task failed: {}", report.message()), Some(origin));
        } else if has_place {
            report = report.wrap("Task failed.", Some(origin));
        } else {
            report.causes.insert(0, Diagnostic::error("Task failed.").at(Some(origin)));
        }
        let mut result = TaskResult::new(Map::new());
        result.set("changed", false);
        result.data.extend(self.extra);
        result.set("failed", true);
        result.set("msg", message);
        result.error = Some(report);
        result
    }
}

#[derive(Debug)]
pub enum ActionError {
    Failed(Box<Failure>),
    Unreachable(String),
}

impl ActionError {
    pub fn failed(message: impl Into<String>) -> Self {
        Self::failed_with(message, Map::new())
    }

    pub fn failed_with(message: impl Into<String>, extra: Map) -> Self {
        Self::Failed(Box::new(Failure { report: ErrorReport::new(message, None), extra, kind: FailureKind::Plain }))
    }

    /// A failure with a cause of its own below "Task failed.".
    pub fn caused(message: impl Into<String>, origin: Option<&Origin>) -> Self {
        let report = ErrorReport::new(message, origin);
        Self::Failed(Box::new(Failure { report, extra: Map::new(), kind: FailureKind::Caused }))
    }

    /// The same with advice below it.
    #[must_use]
    pub fn hint(mut self, hint: &str) -> Self {
        if let Self::Failed(failure) = &mut self
            && let Some(cause) = failure.report.causes.pop()
        {
            failure.report.causes.push(cause.hint(hint));
        }
        self
    }

    /// The same failure, with more in front of its words.
    #[must_use]
    pub fn within(mut self, words: &str) -> Self {
        if let Self::Failed(failure) = &mut self
            && let Some(cause) = failure.report.causes.first_mut()
        {
            cause.message = format!("{words}: {}", cause.message);
        }
        self.plain()
    }

    /// The same failure, in the action's own words.
    #[must_use]
    pub fn plain(mut self) -> Self {
        if let Self::Failed(failure) = &mut self {
            failure.kind = FailureKind::Plain;
        }
        self
    }

    /// The same failure; one in the action's own words gets `extra` keys in its result, made of these words.
    #[must_use]
    pub fn with_extra(mut self, extra: impl FnOnce(String) -> Map) -> Self {
        if let Self::Failed(failure) = &mut self
            && failure.kind != FailureKind::Raised
        {
            failure.extra.extend(extra(failure.report.message()));
        }
        self
    }

    /// The same failure, which the result tells as one below the task.
    #[must_use]
    pub fn below_task(mut self) -> Self {
        if let Self::Failed(failure) = &mut self {
            failure.kind = FailureKind::Raised;
        }
        self
    }

    /// A failure at a place of the content, not in the action's own words.
    pub fn raised(message: impl Into<String>, origin: Option<&Origin>) -> Self {
        Self::from(ErrorReport::new(message, origin))
    }
}

impl From<ErrorReport> for ActionError {
    fn from(report: ErrorReport) -> Self {
        Self::Failed(Box::new(Failure { report, extra: Map::new(), kind: FailureKind::Raised }))
    }
}

impl From<ConnectionError> for ActionError {
    fn from(error: ConnectionError) -> Self {
        match error {
            error if error.is_unreachable() => Self::Unreachable(error.to_string()),
            ConnectionError::Call { message, .. } => Self::failed(message),
            error => Self::raised(error.to_string(), None),
        }
    }
}

impl From<kapell_template::TemplateError> for ActionError {
    fn from(error: kapell_template::TemplateError) -> Self {
        Self::raised(error.to_string(), error.origin())
    }
}

impl From<std::io::Error> for ActionError {
    fn from(error: std::io::Error) -> Self {
        Self::failed(error.to_string())
    }
}

impl ActionContext<'_> {
    pub async fn session(&self) -> Result<Arc<WorkerSession>, ActionError> {
        let connections = &self.run.connections;
        Ok(match self.plugin_connection() {
            Some(_) => {
                let open = || self.plugin_connection().map(|found| Arc::new(found) as Arc<dyn WholeCommands>);
                Box::pin(connections.session_over(self.spec, open)).await?
            }
            None => connections.session(self.spec).await?,
        })
    }

    /// The host behind a connection plugin of the user, where that is what its connection names.
    fn plugin_connection(&self) -> Option<PluginConnection> {
        let plugin = self.run.library.connection_plugin(&self.spec.kind)?;
        let vars = if self.spec.host == self.host { self.vars.clone() } else { self.vars.of_delegate(&self.spec.host) };
        let (run, spec, cx) = (Arc::clone(self.run), self.spec.clone(), self.cx.clone());
        Some(PluginConnection { run, plugin, spec, vars, cx })
    }

    /// Runs a command without the worker, as the task's user.
    pub async fn run_raw(&self, command: &RawCommand) -> Result<RawOutput, ActionError> {
        self.run_raw_as(command, self.run.connections.effective_become(self.spec)).await
    }

    pub async fn run_raw_as_login_user(&self, command: &RawCommand) -> Result<RawOutput, ActionError> {
        self.run_raw_as(command, None).await
    }

    async fn run_raw_as(&self, command: &RawCommand, become_: Option<&BecomeSpec>) -> Result<RawOutput, ActionError> {
        if let Some(connection) = self.plugin_connection() {
            return Ok(Box::pin(connection.raw(command, become_.is_some())).await?);
        }
        let connection = self.run.connections.connection(self.spec).await?;
        Ok(run_raw(connection.as_ref(), become_, command).await?)
    }

    /// `meta: reset_connection` and what comes after a reboot.
    pub async fn reset(&self) {
        if let Some(connection) = self.plugin_connection() {
            // A connection that cannot be ended is gone anyway.
            let _ = Box::pin(connection.reset()).await;
        }
        self.run.connections.reset(self.spec).await;
    }

    /// Runs `module` on the managed node. A module that failed is an `Ok` result that says so.
    pub async fn call_module(
        &self,
        task: &ResolvedTask,
        module: &str,
        args: &Map,
        blobs: &Blobs,
    ) -> Result<TaskResult, ActionError> {
        let call = ModuleCall {
            module: module.to_owned(),
            args: json_map(args),
            check_mode: task.check,
            diff_mode: task.diff,
            verbosity: self.run.options.verbosity,
            no_log: task.no_log,
            environment: task.environment.clone(),
            timeout: task.timeout,
            remote_tmp: self.spec.remote_tmp.clone(),
            ..ModuleCall::default()
        };
        let session = self.session().await?;
        let result = match task.background {
            None => session.call(call, blobs, live_lines::watch(self.run, self.host, task.no_log, blobs)).await?,
            Some(background) => session.start_job(call, self.job(background)?, blobs).await?,
        };
        Ok(TaskResult { by_module: true, ..TaskResult::new(value_map(&result)) })
    }

    /// A file of the content: `name` in the `kind` directory (`files`, `templates`) of each directory of the search
    /// path, then in the directory itself.
    pub fn find_file(&self, kind: &str, name: &str) -> Result<PathBuf, ActionError> {
        let name = expand_user(name);
        if name.is_absolute() {
            return if name.exists() {
                Ok(name)
            } else {
                Err(not_found(&name.to_string_lossy(), std::slice::from_ref(&name)))
            };
        }
        let candidates: Vec<PathBuf> =
            self.cx.search_path.iter().flat_map(|dir| candidates(dir, kind, &name)).collect();
        let found = candidates.iter().find(|path| path.exists()).cloned();
        found.ok_or_else(|| {
            // Outside of roles ansible-core looks beside the task's file and beside the playbook, and tells both.
            let rounds = if self.cx.search_path.len() == 1 { 2 } else { 1 };
            let told: Vec<PathBuf> = candidates.iter().cycle().take(rounds * candidates.len()).cloned().collect();
            not_found(&name.to_string_lossy(), &told)
        })
    }

    pub fn emit(&self, event: Event) {
        self.run.emit(event);
    }
}

/// Inside a role: its `kind` directory, itself and its `tasks`; elsewhere the `kind` directory and the directory.
fn candidates(dir: &Path, kind: &str, name: &Path) -> Vec<PathBuf> {
    let mut paths = vec![dir.join(kind).join(name)];
    if dir.file_name().is_some_and(|last| last == "tasks" || last == "handlers")
        && let Some(role) = dir.parent()
    {
        paths.insert(0, role.join(kind).join(name));
    }
    paths.push(dir.join(name));
    paths
}

fn not_found(name: &str, searched: &[PathBuf]) -> ActionError {
    let searched_in = match searched {
        [only] if only.as_path() == Path::new(name) => String::new(),
        several => {
            several.iter().fold("\nSearched in:".to_owned(), |list, path| format!("{list}\n\t{}", path.display()))
        }
    };
    ActionError::caused(
        format!(
            "Could not find or access '{name}'{searched_in} on the Ansible Controller.\nIf you are using a module and expect \
         the file to exist on the remote, see the remote_src option"
        ),
        None,
    )
}

pub(crate) fn expand_user(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(path),
    }
}

pub(crate) fn json_map(map: &Map) -> serde_json::Map<String, serde_json::Value> {
    match Value::map(map.clone()).to_json() {
        serde_json::Value::Object(map) => map,
        _ => serde_json::Map::new(),
    }
}

pub(crate) fn value_map(json: &serde_json::Map<String, serde_json::Value>) -> Map {
    json.iter().map(|(key, value)| (key.as_str().into(), Value::from_json(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_wrong_below_an_action_says_so() {
        let host = || "web".to_owned();
        let refused = ConnectionError::BecomeFailed { host: host(), message: "Missing sudo password".into() };
        let ActionError::Failed(failure) = ActionError::from(refused) else { panic!("not unreachable") };
        assert_eq!(failure.kind, FailureKind::Raised);
        let lost = ConnectionError::Lost { host: host(), message: "gone".into() };
        assert!(matches!(ActionError::from(lost), ActionError::Unreachable(_)));
    }
}
