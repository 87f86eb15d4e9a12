//! `pipe` and `lines`: what a command on the control node prints.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use super::LookupCall;
use crate::evaluate::Fault;
use crate::methods::text::lines as text_lines;
use crate::object::Object;

/// Runs a shell command in the playbook's directory.
fn output(call: &LookupCall<'_>, plugin: &str, command: &str) -> Result<String, Fault> {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command).stdin(Stdio::null()).stderr(Stdio::inherit());
    if !call.rendering.cx.basedir.as_os_str().is_empty() {
        shell.current_dir(&call.rendering.cx.basedir);
    }
    let done = shell.output()?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let code = done.status.code().unwrap_or_else(|| -done.status.signal().unwrap_or(1));
    Err(Fault::error(format!("lookup_plugin.{plugin}({command}) returned {code}")))
}

pub(super) fn pipe(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    call.texts()?.iter().map(|command| Ok(output(call, "pipe", command)?.trim_end().into())).collect()
}

pub(super) fn lines(call: &LookupCall<'_>) -> Result<Vec<Object>, Fault> {
    let mut found = Vec::new();
    for command in call.texts()? {
        let text = output(call, "lines", &command)?;
        found.extend(text_lines(&text, false).into_iter().map(Object::from));
    }
    Ok(found)
}
