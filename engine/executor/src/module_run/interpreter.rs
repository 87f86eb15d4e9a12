//! `Interpreter`: what runs a script on the node: a variable's choice, the script's own, or the Python found there.

use kapell_parsing::{Map, Value};
use kapell_template::{Variable, VariableSource};

use super::shebang::Shebang;
use crate::TaskResult;
use crate::action::{ActionContext, ActionError};
use crate::resolve::ResolvedTask;
use crate::variables::HostVariables;

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
        let written = text(PYTHON, vars, cx)?.unwrap_or_else(|| cx.run.settings.interpreter_python.clone());
        let Some(mut discovery) = Discovery::read(&written) else {
            let mut words = written.split_whitespace().map(str::to_owned);
            return Ok(Self { candidates: words.next().into_iter().collect(), args: words.collect(), discovery: None });
        };
        if let Some(known) = discovered(vars, cx)? {
            return Ok(Self { candidates: vec![known], ..Self::default() });
        }
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
            let entry = Map::from_iter([("msg".into(), message.into()), ("version".into(), "2.21".into())]);
            append(result, "deprecations", Value::map(entry));
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
pub(crate) async fn note_discovery(
    task: &ResolvedTask,
    cx: &ActionContext<'_>,
    result: &mut TaskResult,
) -> Result<(), ActionError> {
    let vars = target(task, cx);
    if text(PYTHON, &vars, cx)?.is_none_or(|written| Discovery::read(&written).is_none()) {
        return Ok(());
    }
    let Interpreter { candidates, discovery: Some(discovery), .. } = Interpreter::python(&vars, cx)? else {
        return Ok(());
    };
    let found = super::invocation::first_program(task, cx, &candidates).await?;
    discovery.note(result, found.as_deref(), &candidates, vars.host());
    Ok(())
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
    let written = match vars.get(name) {
        Some(Variable::Value(written)) => written,
        Some(Variable::Map(map)) => return Ok(map_entry(map.as_ref(), DISCOVERED)),
        _ => return Ok(None),
    };
    let rendered = cx.run.templar.render(&written, &vars.as_source(), cx.cx)?;
    Ok(Some(rendered).filter(|value| !value.is_null() && !value.is_undefined()))
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
