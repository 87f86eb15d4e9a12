//! `Interpreter`: what runs a script on the node: a variable's choice, the script's own, or the Python found there.

use kapell_parsing::{Deprecation, Diagnostic, Map, Origin, Value};
use kapell_template::{Variable, VariableSource, is_omit};

use super::shebang::Shebang;
use crate::action::{ActionContext, ActionError};
use crate::error_report::ErrorReport;
use crate::resolve::ResolvedTask;
use crate::variables::HostVariables;
use crate::{Event, TaskResult};

const PYTHON: &str = "ansible_python_interpreter";
const DISCOVERED: &str = "discovered_interpreter_python";
const FALLBACK: &str = "/usr/bin/python3";
/// What is looked for, in order, unless a variable says otherwise.
const CANDIDATES: &[&str] =
    &["python3.13", "python3.12", "python3.11", "python3.10", "python3.9", "python3.8", "/usr/bin/python3", "python3"];

/// Programs to try, in order, and their first arguments.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Interpreter {
    pub(super) candidates: Vec<String>,
    pub(super) args: Vec<String>,
    pub(super) discovery: Option<Discovery>,
}

/// The node is searched for a Python, and what is found becomes a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Discovery {
    silent: bool,
    /// Asked for by its old name, `auto_legacy`.
    legacy: bool,
    /// Whether there is a host whose fact it is: the implicit localhost has none.
    is_fact: bool,
}

impl Interpreter {
    /// What runs a script with this first line; Python when it has none and `python` is taken for granted.
    pub(super) fn choose(
        shebang: Option<&Shebang>,
        task: &ResolvedTask,
        cx: &ActionContext<'_>,
    ) -> Result<Self, ActionError> {
        let vars = target(task, cx);
        let args = shebang.map(|shebang| shebang.args.clone()).unwrap_or_default();
        match shebang {
            Some(shebang) if shebang.name() != "python" => {
                let set = text(&format!("ansible_{}_interpreter", shebang.name()), &vars, cx)?;
                let program = set.unwrap_or_else(|| shebang.interpreter.clone());
                Ok(Self { candidates: vec![program], args, discovery: None })
            }
            _ => Ok(Self { args, ..Self::python(&vars, cx)? }),
        }
    }

    fn python(vars: &HostVariables, cx: &ActionContext<'_>) -> Result<Self, ActionError> {
        let written = match rendered(PYTHON, vars, cx)? {
            Some(omitted) if is_omit(&omitted) => "auto".to_owned(),
            Some(written) => written.to_string(),
            None => cx.run.settings.interpreter_python.clone(),
        };
        let Some(mut discovery) = Discovery::read(&written) else {
            let mut words = written.split_whitespace().map(str::to_owned);
            return Ok(Self { candidates: words.next().into_iter().collect(), args: words.collect(), discovery: None });
        };
        if let Some(known) = discovered(vars, cx)? {
            return Ok(Self { candidates: vec![known], ..Self::default() });
        }
        let text = format!("<{}> Attempting python interpreter discovery.", vars.host());
        cx.emit(Event::Detail { verbosity: 3, text });
        discovery.is_fact = !vars.world().inventory.host(vars.host()).is_some_and(|host| host.implicit);
        let listed = value("ansible_interpreter_python_fallback", vars, cx)?;
        let candidates = match listed.as_ref().and_then(Value::as_list) {
            Some(list) => list.iter().map(Value::to_string).collect(),
            None => CANDIDATES.iter().map(|&name| name.to_owned()).collect(),
        };
        Ok(Self { candidates, args: Vec::new(), discovery: Some(discovery) })
    }
}

impl Discovery {
    fn read(written: &str) -> Option<Self> {
        let (silent, legacy) = match written {
            "auto" => (false, false),
            "auto_silent" => (true, false),
            "auto_legacy" => (false, true),
            "auto_legacy_silent" => (true, true),
            _ => return None,
        };
        Some(Self { silent, legacy, is_fact: true })
    }

    /// Whether the list can be searched: a name with a quote in it is none, and says so.
    fn check(self, candidates: &[String], host: &str, result: &mut TaskResult) -> bool {
        let Some(wrong) = candidates.iter().find(|name| name.contains(['\'', '"'])) else { return true };
        if !self.silent {
            let warning = format!(
                "Unhandled error in Python interpreter discovery for host '{host}': {wrong} is no name of a program"
            );
            append(result, "warnings", warning.into());
        }
        false
    }

    /// Puts what was found into the result, with what users should know about it. `found` is none when nothing was:
    /// then the usual place is tried.
    pub(super) fn note(self, result: &mut TaskResult, found: Option<&str>, tried: &[String], host: &str) {
        let found = if self.check(tried, host, result) { found } else { Some(FALLBACK) };
        if self.is_fact {
            let mut facts = match result.data.get("ansible_facts") {
                Some(Value::Map(facts)) => facts.as_ref().clone(),
                _ => Map::new(),
            };
            facts.insert(DISCOVERED.into(), found.unwrap_or(FALLBACK).into());
            result.set("ansible_facts", Value::map(facts));
        }
        if self.legacy {
            let message = "The 'auto_legacy' option for 'INTERPRETER_PYTHON' now has the same effect as 'auto'.";
            append(result, "deprecations", Deprecation::of_core(message, "2.21").to_entry());
        }
        if self.silent || !self.is_fact {
            return;
        }
        let warning = match found {
            Some(path) => format!(
                "Host '{host}' is using the discovered Python interpreter at '{path}', but future installation of \
                 another Python interpreter could cause a different interpreter to be discovered. See \
                 https://docs.ansible.com/ansible-core/2.19/reference_appendices/interpreter_discovery.html for more \
                 information."
            ),
            None => {
                let tried: Vec<String> = tried.iter().map(|name| format!("'{name}'")).collect();
                format!("No python interpreters found for host '{host}' (tried [{}]).", tried.join(", "))
            }
        };
        append(result, "warnings", warning.into());
    }
}

/// What a script falls back on when discovery finds nothing.
pub(super) fn fallback() -> String {
    FALLBACK.to_owned()
}

/// For native modules: when a variable asks for discovery, others may count on its fact.
pub(crate) fn asked_discovery(
    task: &ResolvedTask,
    cx: &ActionContext<'_>,
) -> Result<Option<AskedDiscovery>, ActionError> {
    let vars = target(task, cx);
    if text(PYTHON, &vars, cx)?.is_none_or(|written| Discovery::read(&written).is_none()) {
        return Ok(None);
    }
    let Interpreter { candidates, discovery: Some(discovery), .. } = Interpreter::python(&vars, cx)? else {
        return Ok(None);
    };
    Ok(Some(AskedDiscovery { candidates, discovery, host: vars.host().to_owned() }))
}

/// A discovery that no module of the task needs.
pub(crate) struct AskedDiscovery {
    candidates: Vec<String>,
    discovery: Discovery,
    host: String,
}

impl AskedDiscovery {
    pub(crate) async fn make(
        self,
        task: &ResolvedTask,
        cx: &ActionContext<'_>,
        result: &mut TaskResult,
    ) -> Result<(), ActionError> {
        let found = super::invocation::first_program(task, cx, &self.candidates).await?;
        self.discovery.note(result, found.as_deref(), &self.candidates, &self.host);
        Ok(())
    }
}

/// For who asks whether Python can be used: an interpreter that the task itself names has to be there. (What an inventory
/// says of a host's Python does not matter to native modules.)
pub(crate) async fn demanded(task: &ResolvedTask, cx: &ActionContext<'_>) -> Result<Option<TaskResult>, ActionError> {
    let Some(written) = cx.vars.own(PYTHON) else { return Ok(None) };
    let rendered = cx.run.templar.render(&written, &cx.vars.as_source(), cx.cx)?;
    if is_omit(&rendered) || Discovery::read(&rendered.to_string()).is_some() {
        return Ok(None);
    }
    let Some(program) = rendered.to_string().split_whitespace().next().map(str::to_owned) else { return Ok(None) };
    let found = super::invocation::first_program(task, cx, std::slice::from_ref(&program)).await?;
    Ok(found.is_none().then(|| missing(&program, &task.task.origin)))
}

/// The result of a module whose interpreter is not on the node: what a shell says that does not find it.
pub(super) fn missing(program: &str, origin: &Origin) -> TaskResult {
    let message = format!("The module interpreter '{program}' was not found.");
    let hint = "Consider overriding the configured interpreter path for this host. See stdout/stderr for the returned \
                output.";
    let cause = Diagnostic::error(message.as_str()).hint(hint);
    let report = ErrorReport { causes: vec![cause] }.wrap("Task failed: Action failed.", Some(origin));
    let mut result = TaskResult::failed(report);
    result.set("msg", message);
    result.set("module_stderr", format!("/bin/sh: 1: {program}: not found\n"));
    result.set("module_stdout", "");
    result.set("rc", 127);
    result
}

/// The variables of the host on which the module runs.
fn target(task: &ResolvedTask, cx: &ActionContext<'_>) -> HostVariables {
    match &task.delegate_to {
        Some(host) if host != cx.host => cx.vars.of_other_host(host),
        _ => cx.vars.clone(),
    }
}

fn discovered(vars: &HostVariables, cx: &ActionContext<'_>) -> Result<Option<String>, ActionError> {
    let facts = value("ansible_facts", vars, cx)?;
    Ok(facts.as_ref().and_then(|facts| facts.get(DISCOVERED)).map(Value::to_string))
}

fn text(name: &str, vars: &HostVariables, cx: &ActionContext<'_>) -> Result<Option<String>, ActionError> {
    Ok(value(name, vars, cx)?.map(|value| value.to_string()))
}

fn value(name: &str, vars: &HostVariables, cx: &ActionContext<'_>) -> Result<Option<Value>, ActionError> {
    Ok(rendered(name, vars, cx)?.filter(|value| !is_omit(value)))
}

fn rendered(name: &str, vars: &HostVariables, cx: &ActionContext<'_>) -> Result<Option<Value>, ActionError> {
    let written = match vars.get(name) {
        Some(Variable::Value(written)) => written,
        Some(Variable::Map(map)) => return Ok(map_entry(map.as_ref(), DISCOVERED)),
        _ => return Ok(None),
    };
    let rendered = cx.run.templar.render(&written, &vars.as_source(), cx.cx)?;
    Ok(Some(rendered).filter(|value| is_omit(value) || !value.is_null() && !value.is_undefined()))
}

/// The one entry of a lazy map that is asked for, as a map.
fn map_entry(map: &dyn VariableSource, name: &str) -> Option<Value> {
    match map.get(name) {
        Some(Variable::Value(value)) => Some(Value::map(Map::from_iter([(name.into(), value)]))),
        _ => None,
    }
}

fn append(result: &mut TaskResult, key: &str, entry: Value) {
    let mut list = result.data.get(key).and_then(Value::as_list).map(<[Value]>::to_vec).unwrap_or_default();
    list.push(entry);
    result.set(key, Value::list(list));
}
