//! `ansible.builtin.async_status`: what has become of a job that a task started in the background.

use std::path::PathBuf;

use serde_json::Value;

use crate::{Arg, Args, Context, Map, Module, ModuleError, ModuleResult};

pub(crate) static MODULE: Module = Module::new("ansible.builtin.async_status", ARGS, run);

const ARGS: &[Arg] = &[Arg::str("jid").required(), Arg::str("mode").choices(&["cleanup", "status"]).default("status")];

fn run(args: &Args, cx: &mut Context<'_>) -> Result<ModuleResult, ModuleError> {
    let job = Job::of(args, cx)?;
    match args.opt_str("mode") {
        Some("cleanup") => job.erase(),
        _ => job.status(cx),
    }
}

struct Job {
    id: String,
    results: PathBuf,
}

impl Job {
    fn of(args: &Args, cx: &Context<'_>) -> Result<Self, ModuleError> {
        let id = args.str("jid")?.to_owned();
        if id.contains('/') || id.starts_with('.') {
            return Err(ModuleError::failed(format!("{id} is not the name of a job")));
        }
        let directory = args.private_str("_async_dir").unwrap_or("~/.ansible_async");
        let results = PathBuf::from(crate::conversion::expand(directory, cx)).join(&id);
        Ok(Self { id, results })
    }

    /// What every answer says, with the outputs a result has at least.
    fn answer(&self, (started, finished): (bool, bool)) -> Map {
        let mut answer = Map::new();
        answer.insert("ansible_job_id".to_owned(), self.id.as_str().into());
        answer.insert("started".to_owned(), started.into());
        answer.insert("finished".to_owned(), finished.into());
        answer.insert("stdout".to_owned(), "".into());
        answer.insert("stderr".to_owned(), "".into());
        answer
    }

    fn with_file(&self, mut answer: Map) -> Map {
        answer.insert("results_file".to_owned(), self.results.to_string_lossy().into());
        answer
    }

    /// In check mode, too: what a job left is no part of the system.
    fn erase(&self) -> Result<ModuleResult, ModuleError> {
        let erased = self.results.to_string_lossy().into_owned();
        if !self.results.exists() {
            let answer = ModuleResult::ok().extend(self.answer((true, true))).set("erased", erased);
            return Err(ModuleError::with_result("could not find job", answer));
        }
        fs_err::remove_file(&self.results)?;
        Ok(ModuleResult::ok().extend(self.answer((false, false))).set("erased", erased))
    }

    fn missing(&self) -> ModuleError {
        let answer = self.with_file(self.answer((true, true)));
        ModuleError::with_result("could not find job", ModuleResult::ok().extend(answer))
    }

    fn status(&self, cx: &Context<'_>) -> Result<ModuleResult, ModuleError> {
        let Some(text) = cx.read_text(&self.results)? else { return Err(self.missing()) };
        let Ok(Value::Object(data)) = serde_json::from_str(&text) else {
            // Not written yet, or not to its end.
            return Ok(ModuleResult::ok().extend(self.with_file(self.answer((true, false)))));
        };
        // A file that says nothing of having started is the result itself.
        let flag = |name: &str| data.get(name).is_some_and(|value| value.as_bool() == Some(true) || value == 1);
        let is_finished = !data.contains_key("started") || flag("finished");
        let mut answer = ModuleResult::ok().extend(self.with_file(self.answer((true, is_finished)))).into_map();
        let shown = data.into_iter().filter(|(key, _)| !matches!(key.as_str(), "started" | "finished" | "invocation"));
        answer.extend(shown);
        let failed = answer.get("failed").is_some_and(|failed| failed == true || failed == 1);
        let message = answer.get("msg").and_then(Value::as_str).unwrap_or_default().to_owned();
        match failed {
            true => Err(ModuleError::with_result(message, ModuleResult::of(answer))),
            false => Ok(ModuleResult::of(answer)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_path() {
        let args = Args::of_map(&serde_json::json!({"jid": "../../etc/shadow"}).as_object().cloned().unwrap());
        let call = kapell_protocol::ModuleCall::default();
        let (mut blobs, mut events) = (crate::NoBlobs, crate::NoEvents);
        assert!(Job::of(&args, &Context::new(&call, &mut blobs, &mut events)).is_err());
    }
}
