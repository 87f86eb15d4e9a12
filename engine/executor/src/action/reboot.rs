//! `ansible.builtin.reboot`: reboots the host and waits until it is back: its boot id has changed and a command runs.

use std::time::{Duration, Instant};

use kapell_connection::{Blobs, ConnectionSpec, RawCommand};
use kapell_parsing::{Map, Value};

use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput, text_arg};
use crate::TaskResult;
use crate::resolve::ResolvedTask;

pub(super) static ACTION: Action = Action { name: "reboot", run: start };

const OPTIONS: &[&str] = &[
    "boot_time_command",
    "connect_timeout",
    "connect_timeout_sec",
    "msg",
    "post_reboot_delay",
    "post_reboot_delay_sec",
    "pre_reboot_delay",
    "pre_reboot_delay_sec",
    "reboot_command",
    "reboot_timeout",
    "reboot_timeout_sec",
    "search_paths",
    "test_command",
];
const BOOT_ID: &str = "cat /proc/sys/kernel/random/boot_id";
const SEARCH_PATHS: [&str; 5] = ["/sbin", "/bin", "/usr/sbin", "/usr/bin", "/usr/local/sbin"];
/// Between two attempts: doubling up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(12);

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(run(task, cx))
}

async fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    if cx.spec.kind == "local" {
        let mut result = TaskResult::refused("Running reboot with local connection would reboot the control node.");
        result.data.extend(outcome(0, false));
        return Ok(result.into());
    }
    if task.check {
        return Ok(succeeded(0).into());
    }
    let unknown: Vec<String> =
        task.args.keys().map(ToString::to_string).filter(|name| !OPTIONS.contains(&name.as_str())).collect();
    if !unknown.is_empty() {
        return Err(ActionError::raised(format!("Invalid options for reboot: {}", unknown.join(", ")), None));
    }
    let reboot = Reboot { task, cx };
    let before = reboot.boot_id(cx.spec).await?;
    let command = reboot.command().await?;
    let begun = Instant::now();
    reboot.give_order(&command).await?;
    reboot.wait_until_back(&before, begun).await?;
    Ok(succeeded(begun.elapsed().as_secs()).into())
}

/// What shows that the host is back.
enum Sign {
    /// Another than this one.
    NewBootId(String),
    Succeeds(String),
}

struct Reboot<'a> {
    task: &'a ResolvedTask,
    cx: &'a ActionContext<'a>,
}

impl Reboot<'_> {
    /// Both names of a number of seconds.
    fn seconds(&self, name: &str, default: u64) -> Result<Duration, ActionError> {
        let text = text_arg(&self.task.args, name).or_else(|| text_arg(&self.task.args, &format!("{name}_sec")));
        let number = text.map_or(Ok(default as f64), |text| text.trim().parse::<f64>());
        let number = number.map_err(|_| ActionError::failed(format!("argument '{name}' is not a number")))?;
        Ok(Duration::try_from_secs_f64(number.max(0.0)).unwrap_or(Duration::MAX))
    }

    fn text(&self, name: &str, default: &str) -> String {
        text_arg(&self.task.args, name).filter(|text| !text.is_empty()).unwrap_or_else(|| default.to_owned())
    }

    /// What changes with every boot.
    async fn boot_id(&self, spec: &ConnectionSpec) -> Result<String, ActionError> {
        let result = self.shell(spec, &self.text("boot_time_command", BOOT_ID)).await?;
        let said = |name: &str| result.data.get(name).map(Value::to_string).unwrap_or_default();
        if said("rc") != "0" {
            let message = format!(
                "reboot: failed to get host boot time info, rc: {}, stdout: {}, stderr: {}",
                said("rc"),
                said("stdout"),
                said("stderr")
            );
            let extra = [("reboot".into(), Value::from(false))].into_iter().collect();
            return Err(ActionError::failed_with(message.trim_end(), extra));
        }
        Ok(said("stdout").trim().to_owned())
    }

    async fn shell(&self, spec: &ConnectionSpec, line: &str) -> Result<TaskResult, ActionError> {
        let args: Map = [("_raw_params".into(), Value::from(line))].into_iter().collect();
        self.call(spec, "ansible.builtin.shell", &args).await
    }

    async fn call(&self, spec: &ConnectionSpec, module: &str, args: &Map) -> Result<TaskResult, ActionError> {
        let ActionContext { run, host, vars, cx, item_vars, .. } = *self.cx;
        let there = ActionContext { run, host, vars, cx, spec, item_vars };
        there.call_module(self.task, module, args, &Blobs::default()).await
    }

    /// The whole command line, its program found on the host.
    async fn command(&self) -> Result<String, ActionError> {
        if let Some(written) = text_arg(&self.task.args, "reboot_command").filter(|text| !text.trim().is_empty()) {
            let written = written.trim().to_owned();
            let (program, arguments) = written.split_once(' ').unwrap_or((&written, ""));
            if program.starts_with('/') {
                return Ok(written);
            }
            return Ok(format!("{} {arguments}", self.find(program).await?).trim_end().to_owned());
        }
        let minutes = self.seconds("pre_reboot_delay", 0)?.as_secs() / 60;
        let message = self.text("msg", "Reboot initiated by Ansible").replace('\'', "'\"'\"'");
        Ok(format!("{} -r {minutes} '{message}'", self.find("shutdown").await?))
    }

    async fn find(&self, program: &str) -> Result<String, ActionError> {
        let paths = match self.task.args.get("search_paths") {
            Some(Value::Str(text)) => text.split(',').map(|path| path.trim().to_owned()).collect(),
            Some(list) => list.as_list().unwrap_or_default().iter().map(ToString::to_string).collect(),
            None => SEARCH_PATHS.map(str::to_owned).to_vec(),
        };
        let values =
            |items: &[String]| Value::from(items.iter().map(|item| item.as_str().into()).collect::<Vec<Value>>());
        let args: Map = [
            ("paths".into(), values(&paths)),
            ("patterns".into(), values(&[program.to_owned()])),
            ("file_type".into(), Value::from("any")),
        ]
        .into_iter()
        .collect();
        let result = self.call(self.cx.spec, "ansible.builtin.find", &args).await?;
        let files = result.data.get("files").and_then(Value::as_list).unwrap_or_default();
        let path = files.first().and_then(|file| file.get("path")).map(Value::to_string);
        path.ok_or_else(|| {
            let listed: Vec<String> = paths.iter().map(|path| format!("'{path}'")).collect();
            let message = format!("Unable to find command \"{program}\" in search paths: [{}]", listed.join(", "));
            ActionError::raised(message, None)
        })
    }

    /// A host that goes down before it has answered has understood.
    async fn give_order(&self, command: &str) -> Result<(), ActionError> {
        let order = RawCommand { command: command.to_owned(), ..RawCommand::default() };
        match self.cx.run_raw(&order).await {
            Ok(output) if output.rc != 0 => {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
                let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
                let message = format!("Reboot command failed. Error was: '{stdout}, {stderr}'");
                Err(ActionError::failed_with(message, outcome(0, false)))
            }
            Err(error @ ActionError::Failed(_)) => Err(error),
            _ => Ok(()),
        }
    }

    async fn wait_until_back(&self, before: &str, begun: Instant) -> Result<(), ActionError> {
        tokio::time::sleep(self.seconds("post_reboot_delay", 0)?).await;
        let patience = self.seconds("reboot_timeout", 600)?;
        let spec = match self.seconds("connect_timeout", 0)? {
            Duration::ZERO => self.cx.spec.clone(),
            timeout => ConnectionSpec { timeout, ..self.cx.spec.clone() },
        };
        let timed_out = |what: &str| {
            let message = format!("Timed out waiting for {what} (timeout={})", patience.as_secs());
            ActionError::failed_with(message, outcome(begun.elapsed().as_secs(), true))
        };
        if !self.keep_trying(&spec, patience, &Sign::NewBootId(before.to_owned())).await {
            return Err(timed_out("last boot time check"));
        }
        let test = self.text("test_command", "whoami");
        if !self.keep_trying(&spec, patience, &Sign::Succeeds(test)).await {
            return Err(timed_out("post-reboot test command"));
        }
        Ok(())
    }

    async fn shows(&self, spec: &ConnectionSpec, sign: &Sign) -> bool {
        match sign {
            Sign::NewBootId(old) => self.boot_id(spec).await.is_ok_and(|now| now != *old),
            Sign::Succeeds(command) => self.shell(spec, command).await.is_ok_and(|result| !result.is_failed()),
        }
    }

    /// Each time on a new connection, as the old one may hang on a host that is no more.
    async fn keep_trying(&self, spec: &ConnectionSpec, patience: Duration, sign: &Sign) -> bool {
        let deadline = Instant::now() + patience;
        let mut pause = Duration::from_secs(1);
        loop {
            let connections = &self.cx.run.connections;
            connections.reset(spec).await;
            connections.reset(self.cx.spec).await;
            let left = deadline.saturating_duration_since(Instant::now());
            if tokio::time::timeout(left, self.shows(spec, sign)).await.is_ok_and(|shown| shown) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            tokio::time::sleep(pause.min(left)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

fn outcome(elapsed: u64, rebooted: bool) -> Map {
    [("elapsed".into(), Value::from(elapsed as i64)), ("rebooted".into(), Value::from(rebooted))].into_iter().collect()
}

fn succeeded(elapsed: u64) -> TaskResult {
    let mut result = TaskResult::new(Map::new());
    result.set("changed", true);
    result.data.extend(outcome(elapsed, true));
    result
}
