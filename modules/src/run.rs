//! Running a call: arguments checked, the module run, its result completed and scrubbed.

use std::panic::{AssertUnwindSafe, catch_unwind};

use kapell_protocol::ModuleCall;
use serde_json::Value;

use crate::lines::split_lines;
use crate::module::Support;
use crate::secrets::{Secrets, censored};
use crate::validation::validate;
use crate::{BlobSource, Context, EventSink, Map, Module, ModuleError, ModuleResult, catalogue, path_facts, worker};

/// Runs a module and returns its result; whatever goes wrong is a result with `failed`.
pub fn run(call: &ModuleCall, blobs: &mut dyn BlobSource, events: &mut dyn EventSink) -> Map {
    let Some(module) = worker::find(&call.module).or_else(|| catalogue::find(&call.module)) else {
        return failure(ModuleError::failed(format!("The module {} was not found in this worker", call.module)));
    };
    let mut cx = Context::new(call, blobs, events);
    cx.secrets = Secrets::of(module, &call.args);
    let validation = validate(module, &call.module, &call.args, &cx);
    cx.warnings.extend(validation.warnings);
    let mut result = match validation.outcome {
        Ok(args) if call.check_mode && module.check_mode == Support::None => skipped(module, &args),
        Ok(args) => run_module(module, &args, &mut cx),
        Err(message) => failure(ModuleError::failed(message)),
    };
    path_facts::complete(&mut result, &mut cx);
    add_lines(&mut result);
    add_warnings(&mut result, &mut cx);
    result.insert("invocation".to_owned(), invocation(module, &validation.shown));
    cx.secrets.scrub(&mut result);
    result
}

fn run_module(module: &Module, args: &crate::Args, cx: &mut Context<'_>) -> Map {
    match catch_unwind(AssertUnwindSafe(|| (module.run)(args, cx))) {
        Ok(Ok(result)) => completed(result),
        Ok(Err(error)) => failure(error),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            let msg = format!("{} failed unexpectedly: {}", module.name, text.unwrap_or("no message"));
            failure(ModuleError::failed(msg))
        }
    }
}

fn completed(result: ModuleResult) -> Map {
    let mut map = result.into_map();
    map.entry("changed").or_insert(Value::Bool(false));
    map
}

fn failure(error: ModuleError) -> Map {
    let (msg, extra) = error.into_parts();
    let mut map = Map::new();
    map.insert("changed".to_owned(), Value::Bool(false));
    map.extend(extra);
    map.insert("failed".to_owned(), Value::Bool(true));
    map.insert("msg".to_owned(), Value::String(msg));
    map
}

fn skipped(module: &Module, _args: &crate::Args) -> Map {
    let msg = format!("remote module ({}) does not support check mode", module.name);
    ModuleResult::ok().skipped().msg(msg).into_map()
}

/// `stdout_lines` and `stderr_lines` beside the texts.
fn add_lines(result: &mut Map) {
    for (key, lines_key) in [("stdout", "stdout_lines"), ("stderr", "stderr_lines")] {
        if let Some(Value::String(text)) = result.get(key).filter(|_| !result.contains_key(lines_key)) {
            let lines: Vec<Value> = split_lines(text).into_iter().map(Value::from).collect();
            result.insert(lines_key.to_owned(), Value::Array(lines));
        }
    }
}

fn add_warnings(result: &mut Map, cx: &mut Context<'_>) {
    let warnings = std::mem::take(&mut cx.warnings);
    if warnings.is_empty() {
        return;
    }
    if let Value::Array(list) = result.entry("warnings").or_insert_with(|| Value::Array(Vec::new())) {
        list.extend(warnings.into_iter().map(Value::from));
    }
}

fn invocation(module: &Module, shown: &Map) -> Value {
    let mut map = Map::new();
    map.insert("module_args".to_owned(), Value::Object(censored(module, shown)));
    Value::Object(map)
}
