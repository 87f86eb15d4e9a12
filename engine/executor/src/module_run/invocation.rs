//! One run of a foreign module: what it is given, and what its output says.

use kapell_connection::{BlobSource, Blobs};
use kapell_parsing::{Deprecator, Value};
use kapell_protocol::ModuleCall;
use serde_json::json;

use super::foreign::{Content, ForeignModule, JSON_MARK, Program, Style};
use super::interpreter::{self, Interpreter};
use super::output;
use kapell_template::ANSIBLE_VERSION;

use crate::TaskResult;
use crate::action::{ActionContext, ActionError, ActionOutput, json_map, value_map};
use crate::resolve::ResolvedTask;

/// The worker's module that runs what is sent along.
const RUN_PROGRAM: &str = "kapell.worker.program";

type JsonMap = serde_json::Map<String, serde_json::Value>;

/// Runs `module` for `task` and reads its result.
pub(crate) async fn run(
    module: &ForeignModule,
    task: &ResolvedTask,
    cx: &ActionContext<'_>,
) -> Result<ActionOutput, ActionError> {
    let program = module.program(&cx.run.library).map_err(ActionError::failed)?;
    if program.shebang.is_none() && !matches!(program.style, Style::Binary | Style::Python) {
        let message = format!("module ({}) is missing interpreter line", task.task.action);
        return Err(ActionError::failed(message));
    }
    let interpreter = match program.style {
        Style::Binary => Interpreter::default(),
        _ => Interpreter::choose(program.shebang.as_ref(), task, cx)?,
    };
    let session = cx.session().await?;
    let args = arguments(module, task, cx, &session.hello().temp_dir);
    let sent = Sent::new(module, &program, &interpreter, &args);
    if let Some(background) = task.background {
        let answer = session.start_job(sent.call(task, cx), cx.job(background)?, &sent.blobs).await?;
        return Ok(TaskResult::new(value_map(&answer)).into());
    }
    let answer = session.call(sent.call(task, cx), &sent.blobs, None).await?;
    if let Some(missing) = answer.get("missing").and_then(serde_json::Value::as_str) {
        return Ok(interpreter::missing(missing, &task.task.origin).into());
    }
    let mut result = output::result(&answer);
    result.complete_deprecations(Some(&Deprecator::plugin("module", &module.name)));
    if let Some(discovery) = interpreter.discovery {
        let found = answer.get("found").and_then(serde_json::Value::as_str);
        let host = task.delegate_to.as_deref().unwrap_or(cx.host);
        discovery.note(&mut result, found, &interpreter.candidates, host);
    }
    Ok(result.into())
}

/// The first of `candidates` that is a program on the node.
pub(super) async fn first_program(
    task: &ResolvedTask,
    cx: &ActionContext<'_>,
    candidates: &[String],
) -> Result<Option<String>, ActionError> {
    let args = json!({ "interpreters": candidates });
    let sent = Sent { args: object(args), blobs: Blobs::default() };
    let answer = cx.session().await?.call(sent.call(task, cx), &sent.blobs, None).await?;
    Ok(answer.get("found").and_then(serde_json::Value::as_str).map(str::to_owned))
}

/// What goes to the worker.
struct Sent {
    args: JsonMap,
    blobs: Blobs,
}

impl Sent {
    fn new(module: &ForeignModule, program: &Program, interpreter: &Interpreter, args: &JsonMap) -> Self {
        let json = serde_json::Value::Object(args.clone()).to_string();
        let written: Option<Content> =
            (program.style == Style::JsonInside).then(|| with_arguments(&program.content.bytes, &json, args).into());
        let content = written.as_ref().unwrap_or(&program.content);
        let mut sent = json!({
            "program": content.sha256,
            "name": file_name(module),
            "interpreters": interpreter.candidates,
            "interpreter_args": interpreter.args,
            "fallback": interpreter.discovery.map(|_| interpreter::fallback()),
            "in_place": program.style == Style::Python,
        });
        let (key, text) = match program.style {
            Style::Python => ("stdin", json),
            Style::JsonInside => ("stdin", String::new()),
            Style::Binary | Style::WantJson => ("arguments", json),
            Style::KeyValue => ("arguments", key_values(args)),
        };
        sent[key] = text.into();
        let source = BlobSource::Bytes(content.bytes.clone());
        Self { args: object(sent), blobs: [(content.sha256.clone(), source)].into_iter().collect() }
    }

    fn call(&self, task: &ResolvedTask, cx: &ActionContext<'_>) -> ModuleCall {
        let mut args = self.args.clone();
        if task.background.is_some() {
            args.insert("is_job".into(), true.into());
        }
        if cx.run.settings.keep_remote_files {
            args.insert("keep_in".into(), cx.spec.remote_tmp.as_str().into());
        }
        ModuleCall {
            module: RUN_PROGRAM.to_owned(),
            args,
            verbosity: cx.run.options.verbosity,
            no_log: task.no_log,
            environment: task.environment.clone(),
            timeout: task.timeout,
            remote_tmp: cx.spec.remote_tmp.clone(),
            ..ModuleCall::default()
        }
    }
}

fn object(value: serde_json::Value) -> JsonMap {
    match value {
        serde_json::Value::Object(map) => map,
        _ => JsonMap::new(),
    }
}

fn file_name(module: &ForeignModule) -> String {
    module.path.file_name().map_or_else(|| "module".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The task's arguments, and what the engine tells every module under reserved names.
fn arguments(module: &ForeignModule, task: &ResolvedTask, cx: &ActionContext<'_>, temp_dir: &str) -> JsonMap {
    let mut args = json_map(&task.args);
    sort(&mut args);
    let settings = &cx.run.settings;
    let (major, minor, patch) = ANSIBLE_VERSION;
    let internal = json!({
        "check_mode": task.check,
        "no_log": task.no_log,
        "debug": false,
        "diff": task.diff,
        "verbosity": cx.run.options.verbosity,
        "version": format!("{major}.{minor}.{patch}"),
        "module_name": module.name.strip_prefix("ansible.legacy.").unwrap_or(&module.name),
        "syslog_facility": "LOG_USER",
        "selinux_special_fs": ["fuse", "nfs", "vboxsf", "ramfs", "9p", "vfat"],
        "socket": null,
        "shell_executable": cx.spec.executable,
        "keep_remote_files": settings.keep_remote_files,
        "tmpdir": temp_dir,
        "remote_tmp": cx.spec.remote_tmp,
        "ignore_unknown_opts": false,
        "target_log_info": null,
        "tracebacks_for": [],
    });
    for (name, value) in object(internal) {
        args.insert(format!("_ansible_{name}"), value);
    }
    args
}

/// Arguments come in the order of their names, whatever order they were written in.
fn sort(map: &mut JsonMap) {
    map.sort_keys();
    map.values_mut().for_each(sort_inside);
}

fn sort_inside(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(map) => sort(map),
        serde_json::Value::Array(list) => list.iter_mut().for_each(sort_inside),
        _ => {}
    }
}

/// `key='a value'` one after the other, as a shell reads them.
fn key_values(args: &JsonMap) -> String {
    let pair = |(key, value): (&String, &serde_json::Value)| {
        let text = match Value::from_json(value) {
            Value::Str(text) => text.to_string(),
            other => other.repr(),
        };
        format!("{key}={} ", quoted(&text))
    };
    args.iter().map(pair).collect()
}

/// As it is where a shell reads it as one word anyway.
fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@%+=:,./-_".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) { text.to_owned() } else { crate::action::quote(text) }
}

/// The script with its marks replaced.
fn with_arguments(script: &[u8], json: &str, args: &JsonMap) -> Vec<u8> {
    let (major, minor, patch) = ANSIBLE_VERSION;
    let marks = [
        ("\"<<INCLUDE_ANSIBLE_MODULE_COMPLEX_ARGS>>\"", Value::from(json).repr()),
        (JSON_MARK, json.to_owned()),
        ("<<ANSIBLE_VERSION>>", format!("{major}.{minor}.{patch}")),
        ("<<SELINUX_SPECIAL_FILESYSTEMS>>", list(args, "_ansible_selinux_special_fs")),
    ];
    let mut text = String::from_utf8_lossy(script).into_owned();
    for (mark, replacement) in marks {
        text = text.replace(mark, &replacement);
    }
    text.into_bytes()
}

fn list(args: &JsonMap, name: &str) -> String {
    let items = args.get(name).and_then(serde_json::Value::as_array).into_iter().flatten();
    items.filter_map(serde_json::Value::as_str).collect::<Vec<_>>().join(",")
}
