//! Starting a job: a process of this program that no session waits for and that ends with none.

use std::fmt::Display;
use std::process::{Command, Stdio};

use kapell_protocol::{Job, ModuleCall, read_frame, write_frame};
use serde_json::{Map, Value, json};

/// This program, even when its file has been replaced or removed.
const OWN_PROGRAM: &str = "/proc/self/exe";

/// Starts the job and returns what its task reports now; whatever goes wrong is a result with `failed`.
pub(crate) fn start(call: ModuleCall, job: Job) -> Map<String, Value> {
    hand_over(call, job).unwrap_or_else(|message| failure(&message))
}

/// The process between worker and job: it ends at once, so that the job has no parent among the worker's processes.
pub(crate) fn step_aside() -> Result<(), String> {
    let job = Command::new(OWN_PROGRAM).arg("job").spawn();
    job.map(drop).map_err(said("cannot start a job"))
}

fn hand_over(call: ModuleCall, job: Job) -> Result<Map<String, Value>, String> {
    let mut starter = Command::new(OWN_PROGRAM)
        .arg("start-job")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(said("cannot start a job"))?;
    let sent = starter.stdin.take().map(|mut stdin| write_frame(&mut stdin, &(call, job)));
    let answer = starter.stdout.take().map(|mut stdout| read_frame(&mut stdout));
    let _ = starter.wait();
    if let Some(Err(error)) = sent {
        return Err(format!("cannot hand a call over to a job: {error}"));
    }
    match answer {
        Some(Ok(Some(answer))) => Ok(answer),
        Some(Err(error)) => Err(format!("the job's answer makes no sense: {error}")),
        _ => Err("the job ended before it had begun".to_owned()),
    }
}

pub(crate) fn failure(message: &str) -> Map<String, Value> {
    let result = json!({"changed": false, "failed": true, "finished": true, "msg": message, "started": true});
    result.as_object().cloned().unwrap_or_default()
}

fn said<E: Display>(what: &'static str) -> impl Fn(E) -> String {
    move |error| format!("{what}: {error}")
}
