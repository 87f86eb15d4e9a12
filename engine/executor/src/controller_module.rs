//! `ControllerModule`: a module that runs in this process on the control node, because it talks to an API and not to a
//! managed node. `Extension`: those, and the kinds of inventory sources, that a build of the program has besides.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use kapell_inventory::Plugin;
use kapell_modules::{Arg, Args, Constraint, Map, Support, check_arguments};
use kapell_template::ServiceLookup;
use serde_json::{Value as Json, json};

use crate::TaskResult;
use crate::action::{ActionContext, ActionError, ActionOutput, json_map, value_map};
use crate::resolve::ResolvedTask;

const MASK: &str = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER";

/// What a build has beyond the engine.
#[derive(Clone, Copy, Default)]
pub struct Extension {
    pub sources: &'static [Plugin],
    pub modules: &'static [ControllerModule],
    /// With all their full names.
    pub lookups: &'static [(&'static [&'static str], ServiceLookup)],
}

impl Extension {
    /// The lookup of this full name.
    pub fn lookup(&self, name: &str) -> Option<ServiceLookup> {
        self.lookups.iter().find(|(names, _)| names.contains(&name)).map(|(_, lookup)| *lookup)
    }

    /// The module of this name: its whole name, an alias, or the last part of either.
    pub fn module(&self, name: &str) -> Option<&'static ControllerModule> {
        let is_named = |known: &str| known == name || !name.contains('.') && known.rsplit('.').next() == Some(name);
        self.modules.iter().find(|module| is_named(module.name) || module.aliases.iter().any(|alias| is_named(alias)))
    }
}

/// One such module.
pub struct ControllerModule {
    /// Fully qualified name.
    pub name: &'static str,
    /// Other fully qualified names of the same module.
    pub aliases: &'static [&'static str],
    pub args: &'static [Arg],
    /// Arguments it has in common with others.
    pub shared_args: &'static [Arg],
    pub constraints: &'static [Constraint],
    pub check_mode: Support,
    pub run: fn(ControllerCall) -> ControllerFuture,
}

pub type ControllerFuture = Pin<Box<dyn Future<Output = Result<Map, ControllerError>> + Send>>;

/// What a module is called with.
pub struct ControllerCall {
    /// Checked: every argument is there, null where it is not set.
    pub args: Args,
    pub check: bool,
    pub diff: bool,
    /// The task's `environment`, over the process's.
    pub environment: HashMap<String, String>,
}

/// Why a module failed, and what its result says besides.
#[derive(Debug)]
pub struct ControllerError {
    pub message: String,
    pub extra: Map,
}

/// Runs `module` for one host. A module that failed is a result that says so.
pub(crate) async fn run(
    module: &ControllerModule,
    task: &ResolvedTask,
    cx: &ActionContext<'_>,
) -> Result<ActionOutput, ActionError> {
    let given = json_map(&task.args);
    let specs: Vec<Arg> = module.args.iter().chain(module.shared_args).copied().collect();
    let called = task.task.action.as_str();
    let secrets = secrets(&specs, &given);
    let (shown, mut result) = match check_arguments(called, &specs, module.constraints, &given) {
        Err(message) => (given, failure(ControllerError { message, extra: Map::new() })),
        Ok(values) if task.check && module.check_mode == Support::None => {
            let msg = format!("remote module ({called}) does not support check mode");
            (values, Map::from_iter([("skipped".to_owned(), true.into()), ("msg".to_owned(), msg.into())]))
        }
        Ok(values) => {
            let call = ControllerCall {
                args: Args::of_map(&values),
                check: task.check,
                diff: task.diff,
                environment: task.environment.iter().cloned().collect(),
            };
            let done = tokio::spawn((module.run)(call)).await;
            let done = done.map_err(|error| ActionError::failed(format!("{called} failed unexpectedly: {error}")))?;
            (values, done.unwrap_or_else(failure))
        }
    };
    result.entry("changed").or_insert(Json::Bool(false));
    scrub(&mut result, &secrets);
    let mut result = TaskResult::new(value_map(&result));
    if cx.run.options.verbosity > 2 || result.is_failed() {
        let invocation = json!({"module_args": masked(&specs, shown)});
        result.data.extend(value_map(&Map::from_iter([("invocation".to_owned(), invocation)])));
    }
    Ok(result.into())
}

fn failure(error: ControllerError) -> Map {
    let mut map = error.extra;
    map.insert("failed".to_owned(), true.into());
    map.insert("msg".to_owned(), error.message.into());
    map
}

/// The values of secret arguments, as they were given.
fn secrets(specs: &[Arg], given: &Map) -> Vec<String> {
    let is_secret = |name: &str| specs.iter().any(|arg| arg.no_log && arg.is_called(name));
    let values = given.iter().filter(|(name, _)| is_secret(name)).filter_map(|(_, value)| value.as_str());
    values.filter(|value| !value.is_empty()).map(str::to_owned).collect()
}

fn masked(specs: &[Arg], mut shown: Map) -> Map {
    for (name, value) in &mut shown {
        if !value.is_null() && specs.iter().any(|arg| arg.no_log && arg.is_called(name)) {
            *value = MASK.into();
        }
    }
    shown
}

/// No secret argument is seen in a result, whoever repeated it.
fn scrub(result: &mut Map, secrets: &[String]) {
    if !secrets.is_empty() {
        result.values_mut().for_each(|value| scrub_value(value, secrets));
    }
}

fn scrub_value(value: &mut Json, secrets: &[String]) {
    match value {
        Json::String(text) => {
            for secret in secrets.iter().filter(|secret| text.contains(secret.as_str())).collect::<Vec<_>>() {
                *text = text.replace(secret.as_str(), "********");
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| scrub_value(item, secrets)),
        Json::Object(map) => scrub(map, secrets),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARGS: &[Arg] = &[Arg::str("secret_key").no_log().alias(&["aws_secret_key"]), Arg::str("name")];

    #[test]
    fn secrets_are_neither_shown_nor_repeated() {
        let given = json!({"aws_secret_key": "hush", "name": "web"}).as_object().cloned().unwrap();
        let secrets = secrets(ARGS, &given);
        assert_eq!(secrets, ["hush"]);
        assert_eq!(masked(ARGS, given)["aws_secret_key"], MASK);
        let mut result = json!({"msg": "no hush", "list": [{"a": "hush"}]}).as_object().cloned().unwrap();
        scrub(&mut result, &secrets);
        assert_eq!(Json::Object(result), json!({"msg": "no ********", "list": [{"a": "********"}]}));
    }

    #[test]
    fn modules_are_found_by_all_their_names() {
        fn run(_: ControllerCall) -> ControllerFuture {
            Box::pin(async { Ok(Map::new()) })
        }
        static MODULES: &[ControllerModule] = &[ControllerModule {
            name: "amazon.aws.ec2_security_group",
            aliases: &["amazon.aws.ec2_group"],
            args: ARGS,
            shared_args: &[],
            constraints: &[],
            check_mode: Support::Full,
            run,
        }];
        let extension = Extension { modules: MODULES, ..Extension::default() };
        for (name, found) in [
            ("amazon.aws.ec2_security_group", true),
            ("amazon.aws.ec2_group", true),
            ("ec2_group", true),
            ("aws.ec2_group", false),
            ("group", false),
        ] {
            assert_eq!(extension.module(name).is_some(), found, "{name}");
        }
    }
}
