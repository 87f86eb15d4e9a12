//! `PluginConnection`: a host behind a connection plugin of the user.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kapell_connection::{ConnectionError, ConnectionSpec, RawCommand, RawOutput, WholeCommands, become_line, run_raw};
use kapell_parsing::{Map, Value};
use kapell_template::{PluginFrames, RenderContext};

use super::{PluginFile, request};
use crate::Run;
use crate::action::quote;
use crate::variables::HostVariables;

/// The shell of connections nobody says anything about.
const DEFAULT_SHELL: &str = "/bin/sh";

pub(crate) struct PluginConnection {
    pub(crate) run: Arc<Run>,
    pub(crate) plugin: Arc<PluginFile>,
    pub(crate) spec: ConnectionSpec,
    /// Of the host that is connected to: the plugin's options are among them.
    pub(crate) vars: HostVariables,
    pub(crate) cx: RenderContext,
}

#[async_trait]
impl WholeCommands for PluginConnection {
    fn host(&self) -> &str {
        &self.spec.host
    }

    async fn run(&self, command: &str, as_task_user: bool, input: Vec<u8>) -> Result<RawOutput, ConnectionError> {
        let input = Some(input).filter(|input| !input.is_empty());
        self.execute(command, as_task_user, input, Some(DEFAULT_SHELL)).await
    }

    async fn put(&self, from: &Path, to: &str) -> Result<(), ConnectionError> {
        let from = from.to_string_lossy().into_owned();
        let fields = [("do", "put".into()), ("path", from.into()), ("to", to.into())];
        self.request(&request::map(fields)).await.map(drop)
    }
}

impl PluginConnection {
    /// A command as `raw` runs it: for the login shell unless a shell is named.
    pub(crate) async fn raw(&self, command: &RawCommand, as_task_user: bool) -> Result<RawOutput, ConnectionError> {
        let input = Some(command.stdin.clone()).filter(|input| !input.is_empty());
        let shell = Some(command.executable.as_str()).filter(|shell| !matches!(*shell, "" | DEFAULT_SHELL));
        self.execute(&command.command, as_task_user, input, shell).await
    }

    async fn execute(
        &self,
        command: &str,
        as_task_user: bool,
        input: Option<Vec<u8>>,
        shell: Option<&str>,
    ) -> Result<RawOutput, ConnectionError> {
        let output = self
            .request(&request::map([
                ("do", "run".into()),
                ("command", command.into()),
                ("sudoable", as_task_user.into()),
                ("input", input.map_or(Value::Null, |input| STANDARD.encode(input).into())),
                ("executable", shell.map_or(Value::Null, Value::from)),
            ]))
            .await?;
        let bytes = |name: &str| {
            let text = output.get(name).and_then(Value::as_str).unwrap_or_default();
            STANDARD.decode(text).map_err(|error| self.failed(error.to_string(), false))
        };
        let rc = output.get("rc").and_then(Value::as_i64).and_then(|rc| i32::try_from(rc).ok()).unwrap_or(255);
        Ok(RawOutput { rc, stdout: bytes("stdout")?, stderr: bytes("stderr")? })
    }

    /// `meta: reset_connection`.
    pub(crate) async fn reset(&self) -> Result<(), ConnectionError> {
        self.request(&request::map([("do", "reset".into())])).await.map(drop)
    }

    fn failed(&self, message: String, unreachable: bool) -> ConnectionError {
        ConnectionError::Plugin { host: self.spec.host.clone(), message, unreachable }
    }

    async fn request(&self, what: &Value) -> Result<Value, ConnectionError> {
        let failed = |message: String| self.failed(message, false);
        let key = self.key();
        let mut lease = self.run.processes.connections.lease(&self.run.templar, key).await.map_err(failed)?;
        let context = request::context(&self.run, &self.spec, (false, false, false));
        let mut fields = Map::from_iter([
            ("op".into(), "ansible.kapell_connection:serve".into()),
            ("key".into(), format!("{key:x}").into()),
            ("connection".into(), request::plugin(&self.plugin)),
            ("context".into(), PluginFrames::encode(&context)),
        ]);
        fields.extend(what.as_map().cloned().unwrap_or_default());
        lease.send(&Value::map(fields)).await.map_err(failed)?;
        loop {
            let mut reply = lease.receive().await.map_err(failed)?;
            if reply.contains_key("ask") {
                let answer = self.answer(&reply).await;
                lease.send(&answer).await.map_err(failed)?;
                continue;
            }
            lease.give_back();
            return reply.shift_remove("result").ok_or_else(|| self.error(&reply));
        }
    }

    /// What the plugin raised.
    fn error(&self, reply: &Map) -> ConnectionError {
        let text = |name: &str| reply.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let kinds = reply.get("kinds").and_then(Value::as_list).unwrap_or_default();
        tracing::debug!("{} failed: {}", self.plugin.path.display(), text("trace"));
        let message = if text("error").is_empty() { text("type") } else { text("error") };
        self.failed(message, kinds.iter().any(|kind| kind.as_str() == Some("AnsibleConnectionFailure")))
    }

    /// Requests about the same connection go to the same process, which keeps the plugin's object.
    fn key(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        ConnectionSpec { become_: None, ..self.spec.clone() }.hash(&mut hasher);
        hasher.finish().max(1)
    }

    async fn answer(&self, question: &Map) -> Value {
        let answer = match question.get("ask").and_then(Value::as_str).unwrap_or_default() {
            "become" => self.become_line(question),
            "ssh" => native_ssh(&self.run, &self.spec, question).await,
            _ => return self.run.templar.answer_plugin(question, &self.vars.as_source(), &self.cx),
        };
        let fields = match answer {
            Ok(value) => Map::from_iter([("answer".into(), PluginFrames::encode(&value))]),
            Err(error) => fault(&error),
        };
        Value::map(fields)
    }

    fn become_line(&self, question: &Map) -> Result<Value, ConnectionError> {
        let text = |name: &str| question.get(name).and_then(Value::as_str).unwrap_or_default();
        let Some(become_) = &self.spec.become_ else { return Ok(text("command").into()) };
        if become_.password.is_some() {
            let message =
                "passwords for becoming another user are not supported by connection plugins written in Python";
            return Err(self.failed(message.to_owned(), false));
        }
        let line = become_line(become_, text("success"), text("command"));
        line.map(Value::from).map_err(|message| self.failed(message, false))
    }
}

/// The frame about an error, as the class of exception that stands for it.
fn fault(error: &ConnectionError) -> Map {
    let class = if error.is_unreachable() { "AnsibleConnectionFailure" } else { "AnsibleError" };
    Map::from_iter([("fault".into(), error.to_string().into()), ("class".into(), class.into())])
}

/// What the base class of SSH connections asks for: a command through the engine's own SSH, as the login user.
pub(super) async fn native_ssh(run: &Run, spec: &ConnectionSpec, question: &Map) -> Result<Value, ConnectionError> {
    let text = |name: &str| question.get(name).and_then(Value::as_str).unwrap_or_default();
    let failed = |message: String| ConnectionError::Plugin { host: spec.host.clone(), message, unreachable: false };
    let spec = ConnectionSpec { kind: "ssh".to_owned(), become_: None, ..spec.clone() };
    let connection = run.connections.connection(&spec).await?;
    let (command, stdin) = match text("do") {
        "put" => {
            let content = fs_err::read(text("path")).map_err(|error| failed(error.to_string()))?;
            (format!("cat > {}", quote(text("to"))), content)
        }
        "fetch" => (format!("cat {}", quote(text("path"))), Vec::new()),
        _ => {
            let input = STANDARD.decode(text("input")).map_err(|error| failed(error.to_string()))?;
            (text("command").to_owned(), input)
        }
    };
    let raw = RawCommand { command, stdin, ..RawCommand::default() };
    let output = run_raw(connection.as_ref(), None, &raw).await?;
    if text("do") == "fetch" && output.rc == 0 {
        fs_err::write(text("to"), &output.stdout).map_err(|error| failed(error.to_string()))?;
    }
    Ok(request::map([
        ("rc", i64::from(output.rc).into()),
        ("stdout", STANDARD.encode(&output.stdout).into()),
        ("stderr", STANDARD.encode(&output.stderr).into()),
    ]))
}
