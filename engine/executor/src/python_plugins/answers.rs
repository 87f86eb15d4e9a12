//! `Conversation`: what an action plugin asks the engine to do while it runs: modules, other actions, commands and files
//! on its host. Everything about variables and templates the templar answers.

use std::collections::HashMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kapell_connection::{RawCommand, RawOutput};
use kapell_parsing::{Map, Value};
use kapell_template::PluginFrames;

use super::connection::native_ssh;
use super::{PluginKind, request};
use crate::TaskResult;
use crate::action::{self, ActionContext, ActionError, ActionFuture, Effects, quote};
use crate::module_run::Found;
use crate::resolve::{Background, ResolvedTask};

pub(super) struct Conversation<'a> {
    task: &'a ResolvedTask,
    cx: &'a ActionContext<'a>,
    /// What the engine's actions it asked for change in the run.
    pub(super) effects: Effects,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> Self {
        Self { task, cx, effects: Effects::default() }
    }

    /// The frame to send back.
    pub(super) async fn answer(&mut self, question: &Map) -> Value {
        let asked = Question(question);
        let answer = match asked.text("ask").as_str() {
            "execute_module" => self.module(&asked).await,
            "native_action" => self.action(&asked).await,
            "command" => self.command(&asked).await,
            "ssh" => native_ssh(self.cx.run, self.cx.spec, question).await.map_err(ActionError::from),
            "put_file" => self.put_file(&asked).await,
            "fetch_file" => self.fetch_file(&asked).await,
            "become" => self.become_line(&asked),
            "find_needle" => self.find_needle(&asked),
            "find_plugin" => Ok(self.find_plugin(&asked)),
            _ => return self.of_templar(&asked),
        };
        let fields: HashMap<&str, Value> = match answer {
            Ok(value) => HashMap::from([("answer", PluginFrames::encode(&value))]),
            Err(ActionError::Unreachable(message)) => {
                HashMap::from([("fault", message.into()), ("class", "AnsibleConnectionFailure".into())])
            }
            Err(ActionError::Failed(failure)) => HashMap::from([("fault", failure.report.message().into())]),
        };
        Value::map(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    fn of_templar(&self, asked: &Question<'_>) -> Value {
        let vars = match &self.task.delegate_to {
            Some(host) if asked.text("of") == "target" => self.cx.vars.of_delegate(host),
            _ => self.cx.vars.clone(),
        };
        self.cx.run.templar.answer_plugin(asked.0, &vars.as_source(), self.cx.cx)
    }

    /// The task with another action and other arguments.
    fn task_for(&self, asked: &Question<'_>, name: &str) -> ResolvedTask {
        let number = |name: &str| asked.0.get(name).and_then(Value::as_i64).unwrap_or_default().max(0) as u64;
        let environment = asked.value("environment");
        let levels = environment.as_list().unwrap_or_default().iter().filter_map(Value::as_map);
        let environment = levels.flatten().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let background = Background { limit: number("async_val"), poll: number("poll") };
        ResolvedTask {
            action: name.to_owned(),
            foreign: None,
            plugin: None,
            args: asked.value("args").as_map().cloned().unwrap_or_default(),
            check: asked.flag("check"),
            diff: asked.flag("diff"),
            environment,
            background: (asked.flag("background") && background.limit > 0).then_some(background),
            ..self.task.clone()
        }
    }

    async fn module(&mut self, asked: &Question<'_>) -> Result<Value, ActionError> {
        let name = asked.0.get("name").and_then(Value::as_str).unwrap_or(self.task.task.action.as_str());
        let collections = self.task.task.scope.collections();
        let found = self.cx.run.library.find(name, &collections);
        let mut task = self.task_for(asked, name);
        match found {
            Some(Found::Native(module)) => task.action = module.name.to_owned(),
            Some(Found::Controller(module)) => {
                module.name.clone_into(&mut task.action);
                task.controller = Some(module);
            }
            Some(Found::Foreign(module)) => {
                task.action = module.name.replacen("ansible.legacy.", "ansible.builtin.", 1);
                task.foreign = Some(module);
            }
            None => {
                let message = format!("The module {name} was not found in configured module paths");
                return Err(ActionError::failed(message));
            }
        }
        let running: ActionFuture<'_> = Box::pin(action::run_module(&task, self.cx));
        let output = running.await?;
        self.effects.append(output.effects);
        Ok(told(output.result))
    }

    async fn action(&mut self, asked: &Question<'_>) -> Result<Value, ActionError> {
        let task = self.task_for(asked, &format!("ansible.builtin.{}", asked.text("name")));
        let more = asked.value("more_variables");
        let vars = self.cx.vars.with_locals(more.as_map().unwrap_or(&Map::new()));
        let cx = ActionContext { vars: &vars, ..*self.cx };
        let running: ActionFuture<'_> = Box::pin(action::run(&task, &cx));
        match running.await {
            Ok(output) => {
                self.effects.append(output.effects);
                Ok(told(output.result))
            }
            Err(ActionError::Failed(failure)) if failure.kind == action::FailureKind::Plain => {
                Ok(told(failure.into_result(&self.task.task.origin)))
            }
            Err(error) => Err(error),
        }
    }

    async fn command(&self, asked: &Question<'_>) -> Result<Value, ActionError> {
        let stdin = STANDARD.decode(asked.text("input")).unwrap_or_default();
        let executable = Some(asked.text("executable")).filter(|shell| !shell.is_empty());
        let executable = executable.unwrap_or_else(|| self.cx.spec.executable.clone());
        let raw = RawCommand { command: asked.text("command"), executable, stdin, ..RawCommand::default() };
        let output = self.run(&raw, asked.flag("sudoable")).await?;
        Ok(request::map([
            ("rc", i64::from(output.rc).into()),
            ("stdout", STANDARD.encode(&output.stdout).into()),
            ("stderr", STANDARD.encode(&output.stderr).into()),
        ]))
    }

    async fn run(&self, command: &RawCommand, may_become: bool) -> Result<RawOutput, ActionError> {
        match may_become {
            true => self.cx.run_raw(command).await,
            false => self.cx.run_raw_as_login_user(command).await,
        }
    }

    async fn put_file(&self, asked: &Question<'_>) -> Result<Value, ActionError> {
        let (from, to) = (asked.text("path"), asked.text("to"));
        if !Path::new(&from).is_file() {
            return Err(ActionError::failed(format!("file or module does not exist: {from}")));
        }
        let stdin = fs_err::read(&from)?;
        let raw = RawCommand { command: format!("cat > {}", quote(&to)), stdin, ..RawCommand::default() };
        self.done(&raw, &format!("failed to transfer file to {to}")).await.map(|_| Value::Null)
    }

    async fn fetch_file(&self, asked: &Question<'_>) -> Result<Value, ActionError> {
        let (from, to) = (asked.text("path"), asked.text("to"));
        let raw = RawCommand { command: format!("cat {}", quote(&from)), ..RawCommand::default() };
        let output = self.done(&raw, &format!("failed to transfer file from {from}")).await?;
        fs_err::write(&to, output.stdout)?;
        Ok(Value::Null)
    }

    async fn done(&self, command: &RawCommand, what: &str) -> Result<RawOutput, ActionError> {
        let output = self.run(command, false).await?;
        match output.rc {
            0 => Ok(output),
            _ => Err(ActionError::failed(format!("{what}: {}", String::from_utf8_lossy(&output.stderr).trim()))),
        }
    }

    /// A command line that becomes the task's user first, and says so.
    fn become_line(&self, asked: &Question<'_>) -> Result<Value, ActionError> {
        let command = asked.text("command");
        let Some(become_) = self.cx.run.connections.effective_become(self.cx.spec) else { return Ok(command.into()) };
        let line = kapell_connection::become_line(become_, &asked.text("success"), &command);
        line.map(Value::from).map_err(ActionError::failed)
    }

    fn find_needle(&self, asked: &Question<'_>) -> Result<Value, ActionError> {
        let found = self.cx.find_file(&asked.text("dirname"), &asked.text("name"))?;
        Ok(found.to_string_lossy().into_owned().into())
    }

    /// Where another plugin is: a file, or one of the engine's.
    fn find_plugin(&self, asked: &Question<'_>) -> Value {
        let (kind, name) = (asked.text("kind"), asked.text("name"));
        let library = &self.cx.run.library;
        let mut collections = self.task.task.scope.collections();
        if let Some(own) = asked.0.get("collections").and_then(Value::as_list).filter(|own| !own.is_empty()) {
            collections = own.iter().map(ToString::to_string).collect();
        }
        let short = || name.rsplit('.').next().unwrap_or_default().to_owned();
        let native = |name: String| request::map([("native", name.clone().into()), ("name", name.into())]);
        let plugin = match PluginKind::named(&kind) {
            Some(PluginKind::Action) => library.action_plugin(&name, &collections),
            Some(kind) => library.plugin(kind, &name),
            None => {
                return match library.find(&name, &collections) {
                    Some(Found::Foreign(module)) => request::map([
                        ("file", module.path.to_string_lossy().into_owned().into()),
                        ("name", module.name.as_str().into()),
                    ]),
                    Some(Found::Native(module)) => native(module.name.to_owned()),
                    Some(Found::Controller(module)) => native(module.name.to_owned()),
                    None => Value::Null,
                };
            }
        };
        match plugin {
            Some(plugin) => request::map([
                ("file", plugin.path.to_string_lossy().into_owned().into()),
                ("package", plugin.package.as_deref().map_or(Value::Null, Value::from)),
                ("name", plugin.name.as_str().into()),
            ]),
            None if kind == "action" && action::exists(&name) => native(short()),
            None if kind == "connection" && matches!(short().as_str(), "local" | "ssh") => native(short()),
            None => Value::Null,
        }
    }
}

/// A result as plugins get it.
fn told(result: TaskResult) -> Value {
    let mut data = result.data;
    if result.verbose_always {
        data.insert("_ansible_verbose_always".into(), true.into());
    }
    if result.no_log {
        data.insert("_ansible_no_log".into(), true.into());
    }
    Value::map(data)
}

struct Question<'q>(&'q Map);

impl Question<'_> {
    fn text(&self, name: &str) -> String {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    fn flag(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(Value::is_truthy)
    }

    fn value(&self, name: &str) -> Value {
        self.0.get(name).map_or(Value::Null, PluginFrames::decode)
    }
}
