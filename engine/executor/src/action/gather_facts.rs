//! `ansible.builtin.gather_facts`: facts of the host through the fact modules: `setup`, or those that
//! `ansible_facts_modules` names.

use std::task::Poll;
use std::time::Duration;

use kapell_connection::Blobs;
use kapell_parsing::{Diagnostic, Key, Map, Value};
use kapell_template::{Variable, VariableSource};

use super::{Action, ActionContext, ActionError, ActionFuture, ActionOutput, bool_arg, module};
use crate::error_report::ErrorReport;
use crate::module_defaults::defaults;
use crate::resolve::{ResolvedTask, map_arguments, qualified};
use crate::task_result::NO_TRACEBACK;
use crate::{Event, TaskResult, module_run};

const SETUP: &str = "ansible.builtin.setup";
/// What only `setup` understands.
const SUBSET: &str = "gather_subset";
const TIMEOUT: &str = "gather_timeout";
/// Fact modules of network operating systems that have names outside collections.
const NETWORKS: &[(&str, &str)] = &[
    ("asa", "cisco.asa.asa_facts"),
    ("cisco.asa.asa", "cisco.asa.asa_facts"),
    ("eos", "arista.eos.eos_facts"),
    ("frr", "frr.frr.frr_facts"),
    ("ios", "cisco.ios.ios_facts"),
    ("iosxr", "cisco.iosxr.iosxr_facts"),
    ("junos", "junipernetworks.junos.junos_facts"),
    ("nxos", "cisco.nxos.nxos_facts"),
    ("vyos", "vyos.vyos.vyos_facts"),
];

pub(super) static ACTION: Action = Action { name: "gather_facts", run: start };

fn start<'a>(task: &'a ResolvedTask, cx: &'a ActionContext<'a>) -> ActionFuture<'a> {
    Box::pin(run(task, cx))
}

async fn run(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<ActionOutput, ActionError> {
    let modules = fact_modules(cx)?;
    if modules == [SETUP] {
        return Ok(setup(task, cx).await?.into());
    }
    let mut gathered = Gathered::default();
    if is_parallel(task, cx)?.unwrap_or(modules.len() > 1) {
        let runs = modules.iter().map(|name| gather_in_time(name, task, cx));
        for (name, result) in modules.iter().zip(at_once(runs.collect()).await) {
            gathered.add(name, result?);
        }
    } else {
        for name in &modules {
            gathered.add(name, gather(name, task, cx).await?);
        }
    }
    Ok(gathered.into_result().into())
}

fn is_parallel(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<Option<bool>, ActionError> {
    let variable = variable("ansible_facts_parallel", cx)?.and_then(|value| value.to_bool_loose());
    Ok(bool_arg(&task.args, "parallel")?.or(variable))
}

/// The results of all `runs`, in their order, when the last of them has ended.
async fn at_once<F: Future>(runs: Vec<F>) -> Vec<F::Output> {
    let mut open: Vec<_> = runs.into_iter().map(|run| (Box::pin(run), None)).collect();
    std::future::poll_fn(|context| {
        for (run, result) in open.iter_mut().filter(|(_, result)| result.is_none()) {
            if let Poll::Ready(ended) = run.as_mut().poll(context) {
                *result = Some(ended);
            }
        }
        if open.iter().all(|(_, result)| result.is_some()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    open.into_iter().filter_map(|(_, result)| result).collect()
}

/// The modules to ask; `smart` is what suits the host: `setup`, or the module of its network operating system.
fn fact_modules(cx: &ActionContext<'_>) -> Result<Vec<String>, ActionError> {
    let names: Vec<String> = match variable("ansible_facts_modules", cx)? {
        Some(Value::List(names)) => names.iter().map(Value::to_string).collect(),
        Some(Value::Str(names)) => names.split(',').map(|name| name.trim().to_owned()).collect(),
        _ => cx.run.settings.facts_modules.clone(),
    };
    let network = variable("ansible_network_os", cx)?.map(|name| name.to_string());
    let is_setup = |name: &str| matches!(name, "setup" | SETUP | "ansible.legacy.setup");
    let mut modules: Vec<String> = Vec::new();
    for name in names.iter().filter(|name| !name.is_empty()) {
        let name = match (name.as_str(), &network) {
            ("smart", Some(network)) => match network_module(network, cx) {
                Some(name) => name,
                None => continue,
            },
            ("smart", None) => SETUP.to_owned(),
            (name, _) if is_setup(name) => SETUP.to_owned(),
            (name, _) => name.to_owned(),
        };
        if !modules.contains(&name) {
            modules.push(name);
        }
    }
    let Some(network) = network else { return Ok(modules) };
    if modules.is_empty() {
        let message = format!(
            "No fact modules available and we could not find a fact module for your network OS ({network}), try setting \
             one via the `FACTS_MODULES` configuration."
        );
        return Err(ActionError::failed(message));
    }
    if names.iter().any(|name| name == "smart") && modules.iter().any(|name| name == SETUP) {
        cx.emit(Event::Diagnostic(Diagnostic::warning(
            "Detected 'setup' module and a network OS is set, the output when running it will reflect 'localhost' and not \
             the target when a networking connection plugin is used.",
        )));
    }
    Ok(modules)
}

/// `cisco.ios.ios` has `cisco.ios.ios_facts`; so has `ios`, by its old name.
fn network_module(network: &str, cx: &ActionContext<'_>) -> Option<String> {
    let old = NETWORKS.iter().find(|(name, _)| *name == network).map(|(_, module)| (*module).to_owned());
    [old, Some(format!("{network}_facts"))].into_iter().flatten().find(|name| cx.run.library.exists(name))
}

fn variable(name: &str, cx: &ActionContext<'_>) -> Result<Option<Value>, ActionError> {
    match cx.vars.get(name) {
        Some(Variable::Value(written)) => Ok(Some(cx.run.templar.render(&written, &cx.vars.as_source(), cx.cx)?)),
        _ => Ok(None),
    }
}

async fn setup(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<TaskResult, ActionError> {
    let mut args = defaults_of(SETUP, task, cx)?;
    let is_own = |key: &Key| key.as_str() == Some("parallel");
    args.extend(task.args.iter().filter(|(key, _)| !is_own(key)).map(|(k, v)| (k.clone(), v.clone())));
    let resolved = ResolvedTask { check: false, ..task.clone() };
    cx.call_module(&resolved, SETUP, &args, &Blobs::default()).await
}

/// The same, for no longer than `gather_timeout`; `setup` looks after that itself.
async fn gather_in_time(name: &str, task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<TaskResult, ActionError> {
    let limit = task.args.get(TIMEOUT).and_then(|value| value.to_string().parse().ok()).filter(|_| name != SETUP);
    let Some(seconds) = limit else { return gather(name, task, cx).await };
    let bounded = ResolvedTask { timeout: Some(seconds), ..task.clone() };
    match tokio::time::timeout(Duration::from_secs(seconds), gather(name, &bounded, cx)).await {
        Ok(ended) => ended,
        Err(_) => Ok(TaskResult::failed(ErrorReport::new("Timeout exceeded", None))),
    }
}

/// What one module says.
async fn gather(name: &str, task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<TaskResult, ActionError> {
    if name == SETUP {
        return setup(task, cx).await;
    }
    let found = module_run::resolve(cx.run, name, &task.task);
    if found.foreign.is_none() && kapell_modules::find(&found.action).is_none() {
        let message = format!("The module {name} was not found in configured module paths");
        return Err(ActionError::raised(message, None));
    }
    let mut args = defaults_of(&found.action, task, cx)?;
    if let Some((network, _)) = NETWORKS.iter().find(|(_, module)| *module == name).filter(|_| args.is_empty()) {
        args = defaults_of(&qualified(&format!("{network}_facts")), task, cx)?;
    }
    let resolved = ResolvedTask { check: false, action: found.action, foreign: found.foreign, args, ..task.clone() };
    let mut result = Box::pin(module::run(&resolved, cx)).await?.result;
    let subset = task.args.get(SUBSET).filter(|subset| !is_everything(subset)).map(|value| ("subset", value));
    let kept = subset.into_iter().chain(task.args.get(TIMEOUT).map(|value| ("timeout", value)));
    let kept: Vec<Value> =
        kept.map(|(what, value)| format!("Not passing {what}({}) to {name}", value.repr()).into()).collect();
    if !kept.is_empty() {
        let own = result.data.get("warnings").and_then(Value::as_list).unwrap_or_default();
        result.set("warnings", Value::list([own, &kept].concat()));
    }
    Ok(result)
}

fn is_everything(subset: &Value) -> bool {
    let items = subset.as_list().unwrap_or(std::slice::from_ref(subset));
    matches!(items, [only] if only.as_str() == Some("all"))
}

fn defaults_of(action: &str, task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<Map, ActionError> {
    let written = defaults(cx.run, &task.task.scope, action, cx.vars, cx.cx);
    let rendered = written.and_then(|args| map_arguments(cx.run, &task.task, &args, action, cx.vars, cx.cx));
    rendered.map_err(|report| {
        ActionError::Failed(Box::new(super::Failure { report, extra: Map::new(), kind: super::FailureKind::Caused }))
    })
}

/// Mappings are merged at all depths; of lists both keep their items, those of `over` once and at the end.
fn merge(base: &mut Map, over: &Map) {
    for (key, value) in over {
        let merged = match (base.get(key), value) {
            (Some(Value::Map(old)), Value::Map(new)) => {
                let mut merged = old.as_ref().clone();
                merge(&mut merged, new);
                Value::map(merged)
            }
            (Some(Value::List(old)), Value::List(new)) => {
                let kept = old.iter().filter(|item| !new.contains(item));
                Value::list(kept.chain(new.iter()).cloned().collect())
            }
            _ => value.clone(),
        };
        base.insert(key.clone(), merged);
    }
}

/// The facts of several modules, and those that had none.
#[derive(Default)]
struct Gathered {
    facts: Map,
    failed: Map,
    skipped: Map,
    warnings: Vec<Value>,
    deprecations: Vec<Value>,
    any: bool,
}

impl Gathered {
    fn add(&mut self, name: &str, mut result: TaskResult) {
        for (key, list) in [("warnings", &mut self.warnings), ("deprecations", &mut self.deprecations)] {
            list.extend(result.data.get(key).and_then(Value::as_list).unwrap_or_default().iter().cloned());
        }
        let is_failed = result.is_failed();
        if is_failed || result.is_skipped() {
            result.data.shift_remove("changed");
        }
        if is_failed {
            if result.data.contains_key("exception") {
                result.set("exception", NO_TRACEBACK);
            }
            self.failed.insert(name.into(), Value::map(result.data));
        } else if result.is_skipped() {
            self.skipped.insert(name.into(), Value::map(result.data));
        } else {
            self.any = true;
            if let Some(Value::Map(facts)) = result.data.shift_remove("ansible_facts") {
                merge(&mut self.facts, &facts);
            }
        }
    }

    fn into_result(self) -> TaskResult {
        let mut result = TaskResult::new(Map::new());
        let names = |modules: &Map| modules.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        result.set("ansible_facts", Value::map(self.facts));
        result.set("changed", false);
        if !self.skipped.is_empty() {
            result.set("msg", format!("The following modules were skipped: {}.", names(&self.skipped)));
            if !self.any && self.failed.is_empty() {
                result.set("skipped", true);
            }
            result.set("skipped_modules", Value::map(self.skipped));
        }
        if !self.failed.is_empty() {
            result.set("msg", format!("The following modules failed to execute: {}.", names(&self.failed)));
            result.set("failed", true);
            result.set("failed_modules", Value::map(self.failed));
        }
        for (key, list) in [("warnings", self.warnings), ("deprecations", self.deprecations)] {
            if !list.is_empty() {
                result.set(key, Value::list(list));
            }
        }
        result
    }
}
